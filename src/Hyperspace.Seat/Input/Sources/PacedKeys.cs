using Hyperspace.Seat.Input.Chords;

namespace Hyperspace.Seat.Input.Sources;

/// <summary>
/// Keys that come faster than a keyboard's: a guest's emulated one (PS/2: 16 bytes) loses what it has no room for. The first goes at once, the others one
/// <paramref name="pace"/> after each other.
/// </summary>
internal sealed class PacedKeys(IInputSink sink, DeviceId device, TimeSpan pace, Func<long> clock) : IDeadline
{
    /// <summary>More than <see cref="TerminalInput.MaxPaste"/> characters with all their modifiers.</summary>
    public const int MaxWaiting = 16_384;

    private readonly Queue<KeyStroke> _waiting = new();
    private long _nextAt = long.MinValue;

    public long Deadline => _waiting.Count > 0 ? _nextAt : IDeadline.Never;

    public Action? DeadlineChanged { get; set; }

    /// <summary>Whether there is room for that many strokes; a press must not be taken without its release.</summary>
    public bool HasRoom(int strokes) => _waiting.Count + strokes <= MaxWaiting;

    public void Send(KeyCode key, bool down)
    {
        _waiting.Enqueue(new KeyStroke(key, down));
        Tick(clock());
    }

    public void Tick(long now)
    {
        while (now >= _nextAt && _waiting.TryDequeue(out KeyStroke stroke))
        {
            _nextAt = now + pace.Ticks * 100;
            sink.Key(new KeyEvent(device, stroke.Key, stroke.Down ? KeyAction.Down : KeyAction.Up, now));
        }

        DeadlineChanged?.Invoke();
    }

    /// <summary>Forgets what waits; the caller sees to it that what is down goes up.</summary>
    public void Clear()
    {
        _waiting.Clear();
        _nextAt = long.MinValue;
    }
}
