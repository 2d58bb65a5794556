namespace Hyperspace.Seat.Input.Chords;

internal enum MatchKind : byte
{
    /// <summary>No chord begins with the first event.</summary>
    None,
    /// <summary>A chord may still come of it, until the deadline.</summary>
    Prefix,
    /// <summary>The first <see cref="ChordMatch.Length"/> events are a chord.</summary>
    Chord,
}

/// <param name="Deadline">For a prefix: the first instant at which it is none any more.</param>
/// <param name="Armed">For a prefix: only the command key is missing.</param>
internal readonly record struct ChordMatch(MatchKind Kind, long Deadline = IDeadline.Never, bool Armed = false, ChordCommand Command = default, int Length = 0);

/// <summary>
/// Says what a sequence of events is. It has no state: each event makes it look at the whole (short) sequence again, so that what follows a
/// broken chord is judged exactly as if nothing had come before it.
/// </summary>
internal sealed class ChordMatcher
{
    private readonly KeySet _leaders;
    private readonly long _tapMax, _gapMax, _commandWait, _holdBack;

    public ChordMatcher(ChordOptions options)
    {
        foreach (KeyCode key in options.Leaders)
        {
            _leaders.Add(key);
        }

        _tapMax = Nanoseconds(options.TapMax);
        _gapMax = Nanoseconds(options.GapMax);
        _commandWait = Nanoseconds(options.CommandWait);
        _holdBack = Nanoseconds(options.ModifierHoldBack);
    }

    /// <param name="shift">Whether a Shift key is down on any keyboard now.</param>
    public ChordMatch Match(HeldBack held, long now, bool shift)
    {
        ChordMatch leader = MatchLeader(held, now, shift), attention = MatchAttentionPrefix(held, now);
        return (leader.Kind, attention.Kind) switch
        {
            // The press of a Right Ctrl can begin both; it is kept as long as either is possible.
            (MatchKind.Prefix, MatchKind.Prefix) => leader with { Deadline = Math.Max(leader.Deadline, attention.Deadline) },
            (MatchKind.None, _) => attention,
            _ => leader,
        };
    }

    /// <summary>Leader, leader, any number of Shift and further taps, then a command key.</summary>
    private ChordMatch MatchLeader(HeldBack held, long now, bool shift)
    {
        KeyEvent first = held[0];
        if (!_leaders.Contains(first.Key))
        {
            return default;
        }

        bool down = false;
        int taps = 0;
        long last = long.MaxValue; // The last instant at which the next event is in time.
        for (int i = 0; i < held.Count; i++)
        {
            ref readonly KeyEvent e = ref held[i];
            if (e.Timestamp > last)
            {
                return default;
            }

            if (e.Key == first.Key && e.Device == first.Device)
            {
                if (down == (e.Action == KeyAction.Down))
                {
                    return default;
                }

                down = !down;
                taps += down ? 0 : 1;
                last = e.Timestamp + (down ? _tapMax : taps < 2 ? _gapMax : _commandWait);
            }
            else if (taps < 2)
            {
                return default;
            }
            else if (KeyKinds.IsShift(e.Key))
            {
                // A Shift that was down before the chord is down in the guest: its release must not wait here.
                if (e.Action == KeyAction.Up && !PressedBefore(held, i))
                {
                    return default;
                }
            }
            else
            {
                return e.Action == KeyAction.Down && ChordCommand.For(e.Key, shift) is { } command
                    ? new ChordMatch(MatchKind.Chord, Command: command, Length: i + 1)
                    : default;
            }
        }

        return now > last ? default : new ChordMatch(MatchKind.Prefix, last + 1, Armed: taps >= 2);
    }

    /// <summary>Presses of Ctrl and Alt only. The chord itself is not matched here: it has no order, and must not depend on what is held back.</summary>
    private ChordMatch MatchAttentionPrefix(HeldBack held, long now)
    {
        for (int i = 0; i < held.Count; i++)
        {
            ref readonly KeyEvent e = ref held[i];
            if (e.Action != KeyAction.Down || !(KeyKinds.IsCtrl(e.Key) || KeyKinds.IsAlt(e.Key)))
            {
                return default;
            }
        }

        long deadline = held[0].Timestamp + _holdBack;
        return now >= deadline ? default : new ChordMatch(MatchKind.Prefix, deadline);
    }

    private static bool PressedBefore(HeldBack held, int index)
    {
        KeyEvent release = held[index];
        for (int i = index - 1; i >= 0; i--)
        {
            ref readonly KeyEvent e = ref held[i];
            if (e.Key == release.Key && e.Device == release.Device)
            {
                return e.Action == KeyAction.Down;
            }
        }

        return false;
    }

    private static long Nanoseconds(TimeSpan time) => time.Ticks * (1_000_000_000 / TimeSpan.TicksPerSecond);
}
