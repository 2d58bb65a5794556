namespace Hyperspace.Seat.Input.Trust;

/// <summary>
/// The question whether a VM that may not be focused without asking gets the keyboard. While it is open Enter confirms, any other key that types something forgets it, and none of them reaches anybody;
/// modifiers, chords and the attention key work as ever.
/// </summary>
public sealed class FocusQuestion
{
    /// <summary>How long an answer is waited for, in nanoseconds.</summary>
    public const long Patience = 15_000_000_000;

    private readonly KeysByDevice _swallowed = new();
    private KeySet _attention;
    private long _until;

    /// <summary>The port that is asked about; null for no question.</summary>
    public int? Port { get; private set; }

    public void Ask(int port, long now) => (Port, _until) = (port, now + Patience);

    public void Forget() => Port = null;

    /// <summary>Looks at a key before the router.</summary>
    /// <param name="armed">The leader was tapped: the key is the chord's.</param>
    /// <param name="leader">The key may begin a chord.</param>
    /// <param name="confirmed">The port that is to be entered now, or null.</param>
    /// <returns>True when the key is to go no further.</returns>
    public bool Take(in KeyEvent e, bool armed, bool leader, out int? confirmed)
    {
        confirmed = null;
        bool attention = Track(e);
        if (e.Action != KeyAction.Down)
        {
            return e.Action == KeyAction.Up ? _swallowed.Remove(e.Device, e.Key) : _swallowed.Contains(e.Device, e.Key);
        }

        if (Port is not null && e.Timestamp >= _until)
        {
            Port = null;
        }

        if (Port is null || armed || leader || attention || KeyKinds.IsModifier(e.Key))
        {
            // A press that passes ends what was swallowed before: its release was lost.
            _swallowed.Remove(e.Device, e.Key);
            return false;
        }

        confirmed = e.Key is KeyCode.Enter or KeyCode.KpEnter ? Port : null;
        Port = null;
        _swallowed.Add(e.Device, e.Key);
        return true;
    }

    public void DeviceLost(DeviceId device)
    {
        foreach (KeyCode key in _swallowed.Of(device))
        {
            _swallowed.Remove(device, key);
        }
    }

    /// <summary>True for the Esc of Ctrl+Alt+Esc.</summary>
    private bool Track(in KeyEvent e)
    {
        if (KeyKinds.Attention.Contains(e.Key))
        {
            _ = e.Action == KeyAction.Up ? _attention.Remove(e.Key) : _attention.Add(e.Key);
        }

        return e.Key == KeyCode.Esc && KeyKinds.ModifiersOf(_attention) is var held && held.HasFlag(KeyModifiers.Ctrl) && held.HasFlag(KeyModifiers.Alt);
    }
}
