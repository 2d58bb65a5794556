namespace Hyperspace.Seat.Input.Sources;

/// <summary>
/// Repeats the key that was pressed last, for the console: libinput gives no repeats, and guests have kernels of their own that repeat. Wakes nobody up while a guest has the keyboard.
/// </summary>
/// <param name="wanted">Whether somebody takes repeats now.</param>
public sealed class KeyRepeater(IInputSink sink, Func<bool> wanted) : IDeadline
{
    /// <summary>Nanoseconds from the press to the first repeat, and from one to the next; what most systems begin with.</summary>
    public const long Delay = 400_000_000;

    /// <inheritdoc cref="Delay"/>
    public const long Period = 33_000_000;

    private static readonly KeySet Silent = KeyKinds.Modifiers | KeySet.Of(KeyCode.CapsLock, KeyCode.NumLock, KeyCode.ScrollLock);

    private DeviceId _device;
    private KeyCode _key = KeyCode.None;

    public long Deadline { get; private set; } = IDeadline.Never;

    public Action? DeadlineChanged { get; set; }

    /// <summary>A press or release, after the sink had it.</summary>
    public void Key(in KeyEvent e)
    {
        if (e.Action == KeyAction.Down && wanted() && !Silent.Contains(e.Key))
        {
            (_device, _key) = (e.Device, e.Key);
            SetDeadline(e.Timestamp + Delay);
        }
        else if (e.Action == KeyAction.Down || (e.Key == _key && e.Device == _device))
        {
            Stop();
        }
    }

    public void DeviceLost(DeviceId device)
    {
        if (device == _device)
        {
            Stop();
        }
    }

    public void Tick(long now)
    {
        if (now < Deadline)
        {
            return;
        }

        if (!wanted())
        {
            Stop();
            return;
        }

        SetDeadline(now + Period);
        sink.Key(new KeyEvent(_device, _key, KeyAction.Repeat, now));
    }

    private void Stop()
    {
        _key = KeyCode.None;
        SetDeadline(IDeadline.Never);
    }

    private void SetDeadline(long deadline)
    {
        if (Deadline != deadline)
        {
            Deadline = deadline;
            DeadlineChanged?.Invoke();
        }
    }
}
