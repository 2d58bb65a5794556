namespace Hyperspace.Seat.Input.Chords;

/// <summary>
/// Tells chords from typing, by physical key and for all keyboards together. A pure state machine: events and time go in, decisions come
/// out of <see cref="IChordSink"/>; it does no I/O and allocates nothing per event.
/// <para>
/// What may become a chord is held back. If it becomes one, all of it is swallowed, with the later repeats and releases of its keys. If
/// not, the oldest event is passed on and the rest is looked at again, so that the event that broke one chord can begin the next.
/// The release of a key is held back only together with its press: no guest believes a key down because of this class.
/// </para>
/// </summary>
/// <remarks>
/// Read what the devices have before calling <see cref="Tick"/>: a tap that waits in a device's queue is in time by its own time stamp, but
/// not once the clock has been told to be later.
/// </remarks>
public sealed class ChordRecognizer : IDeadline
{
    private readonly IChordSink _sink;
    private readonly ChordMatcher _matcher;
    private readonly HeldBack _held = new();
    private readonly KeysByDevice _down = new();
    private readonly KeysByDevice _swallowed = new();
    private long _now = long.MinValue;

    /// <exception cref="ArgumentException"><see cref="ChordOptions.Problem"/> names one.</exception>
    public ChordRecognizer(ChordOptions options, IChordSink sink)
    {
        if (options.Problem() is { } problem)
        {
            throw new ArgumentException($"The options of the chords cannot be used: {problem}.", nameof(options));
        }

        _sink = sink;
        _matcher = new ChordMatcher(options);
    }

    public long Deadline { get; private set; } = IDeadline.Never;

    public Action? DeadlineChanged { get; set; }

    /// <summary>The leader was tapped twice; the next key is a command.</summary>
    public bool IsArmed { get; private set; }

    /// <summary>Whether events are held back now.</summary>
    public bool IsHolding => _held.Count > 0;

    /// <summary>Keys that are physically down, on any keyboard.</summary>
    public KeySet Down => _down.Union();

    internal KeysByDevice Swallowed => _swallowed;

    /// <summary>A key event of any keyboard. A press of a key that the device holds already means that its release was lost; a release or repeat of one that it does not hold is nothing.</summary>
    public void Key(in KeyEvent e)
    {
        if (!KeyKinds.IsKey(e.Key))
        {
            return;
        }

        Tick(e.Timestamp);
        // Sources stamp their events themselves: two of them may be a little out of order.
        KeyEvent stamped = e with { Timestamp = _now };
        switch (e.Action)
        {
            case KeyAction.Down:
                if (_down.Contains(e.Device, e.Key))
                {
                    Release(stamped with { Action = KeyAction.Up });
                }

                Press(stamped);
                break;
            case KeyAction.Up:
                Release(stamped);
                break;
            case KeyAction.Repeat:
                Repeat(stamped);
                break;
        }
    }

    /// <summary>Lets go what is held back, in order: a pointer button was pressed or the focus moves, so it is no chord.</summary>
    public void Flush()
    {
        SetArmed(false);
        while (_held.Count > 0)
        {
            KeyEvent e = _held.Dequeue();
            _sink.Pass(e);
        }

        SetDeadline(IDeadline.Never);
    }

    public void Tick(long now)
    {
        _now = Math.Max(_now, now);
        if (_now >= Deadline)
        {
            Settle();
        }
    }

    /// <summary>The device is gone: its keys are up. A chord that is under way ends if the device held any.</summary>
    public void DeviceLost(DeviceId device) => Resync(device, default);

    /// <summary>
    /// Events of a device were lost, and these keys are down now. Keys that are no longer held are released. Modifiers among the new ones
    /// are passed as presses; other keys are dead until they are pressed again, because when they went down is not known.
    /// </summary>
    public void Resync(DeviceId device, in KeySet held)
    {
        KeySet before = _down.Of(device);
        if (before == held)
        {
            return;
        }

        foreach (KeyCode key in held - before)
        {
            _down.Add(device, key);
        }

        foreach (KeyCode key in before - held)
        {
            _down.Remove(device, key);
        }

        if (!((held - before) & KeyKinds.Attention).IsEmpty && AttentionIsDown())
        {
            // What went up unseen is not carried to the console either.
            foreach (KeyCode key in (before - held) & KeyKinds.Attention)
            {
                _swallowed.Add(device, key);
            }

            RaiseAttention();
        }

        Flush();
        foreach (KeyCode key in before - held)
        {
            if (!_swallowed.Remove(device, key))
            {
                _sink.Pass(new KeyEvent(device, key, KeyAction.Up, _now));
            }
        }

        foreach (KeyCode key in (held - before) & KeyKinds.Modifiers)
        {
            if (!_swallowed.Contains(device, key))
            {
                _sink.Pass(new KeyEvent(device, key, KeyAction.Down, _now));
            }
        }
    }

    private void Press(in KeyEvent e)
    {
        _down.Add(e.Device, e.Key);
        if (KeyKinds.Attention.Contains(e.Key) && AttentionIsDown())
        {
            RaiseAttention();
            return;
        }

        Consider(e);
    }

    private void Release(in KeyEvent e)
    {
        if (_down.Remove(e.Device, e.Key) && !_swallowed.Remove(e.Device, e.Key))
        {
            Consider(e);
        }
    }

    /// <summary>Repeats are not part of any order: a key that is stuck on one keyboard must not break the chords of another.</summary>
    private void Repeat(in KeyEvent e)
    {
        if (_down.Contains(e.Device, e.Key) && !_swallowed.Contains(e.Device, e.Key) && !_held.Holds(e.Device, e.Key))
        {
            _sink.Pass(e);
        }
    }

    private void Consider(in KeyEvent e)
    {
        if (_held.IsFull)
        {
            KeyEvent oldest = _held.Dequeue();
            _sink.Pass(oldest);
        }

        _held.Enqueue(e);
        Settle();
    }

    /// <summary>Passes on and swallows from the front until what is left may still become a chord. The sink may call back into this class.</summary>
    private void Settle()
    {
        while (_held.Count > 0)
        {
            ChordMatch match = _matcher.Match(_held, _now, IsShiftDown());
            SetArmed(match.Armed);
            switch (match.Kind)
            {
                case MatchKind.Prefix:
                    SetDeadline(match.Deadline);
                    return;
                case MatchKind.Chord:
                    Swallow(match.Length);
                    SetDeadline(IDeadline.Never);
                    _sink.Chord(match.Command);
                    break;
                default:
                    KeyEvent e = _held.Dequeue();
                    _sink.Pass(e);
                    break;
            }
        }

        SetArmed(false);
        SetDeadline(IDeadline.Never);
    }

    private bool IsShiftDown() => _down.Contains(KeyCode.LeftShift) || _down.Contains(KeyCode.RightShift);

    /// <summary>In any order and on any keyboards, because three keys that are pressed at once arrive in any order.</summary>
    private bool AttentionIsDown() =>
        _down.Contains(KeyCode.Esc)
        && (_down.Contains(KeyCode.LeftCtrl) || _down.Contains(KeyCode.RightCtrl))
        && (_down.Contains(KeyCode.LeftAlt) || _down.Contains(KeyCode.RightAlt));

    /// <summary>Everything held back is dropped: it is part of the attention key, or of a leader chord that it cut short.</summary>
    private void RaiseAttention()
    {
        Swallow(_held.Count);
        _swallowed.AddFrom(_down, KeyKinds.Attention);
        SetArmed(false);
        SetDeadline(IDeadline.Never);
        _sink.Chord(new ChordCommand(ChordKind.Attention));
    }

    private void Swallow(int count)
    {
        for (int i = 0; i < count; i++)
        {
            KeyEvent e = _held.Dequeue();
            if (e.Action == KeyAction.Down)
            {
                _swallowed.Add(e.Device, e.Key);
            }
            else
            {
                _swallowed.Remove(e.Device, e.Key);
            }
        }
    }

    private void SetArmed(bool armed)
    {
        if (IsArmed != armed)
        {
            IsArmed = armed;
            _sink.Armed(armed);
        }
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
