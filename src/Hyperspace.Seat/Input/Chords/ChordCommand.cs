namespace Hyperspace.Seat.Input.Chords;

public enum ChordKind : byte
{
    /// <summary>Focus the port <see cref="ChordCommand.Port"/>.</summary>
    Port,
    /// <summary>Focus the next occupied port.</summary>
    Next,
    /// <summary>Focus the previous occupied port.</summary>
    Previous,
    /// <summary>Take the text that the focused guest's clipboard holds.</summary>
    Copy,
    /// <summary>Offer that text to the focused guest.</summary>
    Paste,
    /// <summary>Make the seat's window as large as the monitor, or a window again.</summary>
    FullScreen,
    /// <summary>The leader was a mistake: nothing happens.</summary>
    Forget,
    /// <summary>Ctrl+Alt+Esc: focus port 0, whatever else is going on.</summary>
    Attention,
}

/// <summary>What a chord asks for.</summary>
/// <param name="Port">0 to 9; 0 for the other kinds.</param>
public readonly record struct ChordCommand(ChordKind Kind, int Port = 0)
{
    /// <summary>What a key means after the leader; null when it means nothing there.</summary>
    public static ChordCommand? For(KeyCode key, bool shift) => key switch
    {
        KeyCode.D0 or KeyCode.Kp0 => new(ChordKind.Port, 0),
        >= KeyCode.D1 and <= KeyCode.D9 => new(ChordKind.Port, key - KeyCode.D1 + 1),
        >= KeyCode.Kp7 and <= KeyCode.Kp9 => new(ChordKind.Port, key - KeyCode.Kp7 + 7),
        >= KeyCode.Kp4 and <= KeyCode.Kp6 => new(ChordKind.Port, key - KeyCode.Kp4 + 4),
        >= KeyCode.Kp1 and <= KeyCode.Kp3 => new(ChordKind.Port, key - KeyCode.Kp1 + 1),
        KeyCode.Tab => new(shift ? ChordKind.Previous : ChordKind.Next),
        KeyCode.Right or KeyCode.Down => new(ChordKind.Next),
        KeyCode.Left or KeyCode.Up => new(ChordKind.Previous),
        KeyCode.C => new(ChordKind.Copy),
        KeyCode.V => new(ChordKind.Paste),
        KeyCode.F => new(ChordKind.FullScreen),
        KeyCode.Esc => new(ChordKind.Forget),
        _ => null,
    };
}

/// <summary>Where the recognizer's decisions go, in the order in which the keys were pressed.</summary>
public interface IChordSink
{
    /// <summary>The event is not part of a chord. Downs and ups alternate for each key of each device.</summary>
    void Pass(in KeyEvent e);

    /// <summary>A chord is complete; nothing of it was or will be passed, but for what the hold-back time had already let go.</summary>
    void Chord(ChordCommand command);

    /// <summary>The leader was tapped twice and a command key is waited for, or no longer is.</summary>
    void Armed(bool armed);
}
