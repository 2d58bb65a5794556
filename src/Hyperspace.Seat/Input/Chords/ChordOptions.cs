namespace Hyperspace.Seat.Input.Chords;

/// <summary>What a user may configure of the chords. The secure attention key Ctrl+Alt+Esc is not among it.</summary>
public sealed record ChordOptions
{
    public static ChordOptions Default { get; } = new();

    /// <summary>Keys that begin a chord when tapped twice: 1 to 8 of them. Key codes, so the layout does not matter.</summary>
    public IReadOnlyList<KeyCode> Leaders { get; init; } = [KeyCode.RightCtrl, KeyCode.ScrollLock];

    /// <summary>The longest time from a leader's press to its release that still is a tap: 50 ms to 2 s.</summary>
    public TimeSpan TapMax { get; init; } = TimeSpan.FromMilliseconds(300);

    /// <summary>The longest time from the first tap's release to the second one's press: 50 ms to 2 s.</summary>
    public TimeSpan GapMax { get; init; } = TimeSpan.FromMilliseconds(400);

    /// <summary>How long the command key is waited for after the second tap: 200 ms to 30 s.</summary>
    public TimeSpan CommandWait { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long the press of a Ctrl or Alt is kept from the guest at most, because it may become Ctrl+Alt+Esc: 0 (never) to 1 s. Any other
    /// key, button or turn of the wheel ends the wait at once, so that Ctrl+C is as quick as ever.
    /// </summary>
    public TimeSpan ModifierHoldBack { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>What is wrong with these options, as a sentence with what was expected; null when nothing is.</summary>
    public string? Problem()
    {
        if (Leaders is not { Count: >= 1 and <= 8 })
        {
            return "leaders: expected 1 to 8 keys, such as [rightctrl, scrolllock]";
        }

        foreach (KeyCode key in Leaders)
        {
            if (!KeyKinds.IsKey(key) || !IsFree(key))
            {
                return $"leaders: {KeyNames.Of(key)} cannot begin a chord, because it is part of one or types text; "
                    + "expected a key such as rightctrl, scrolllock, pause, menu, capslock or f13";
            }
        }

        return Range("tapMax", TapMax, 50, 2000) ?? Range("gapMax", GapMax, 50, 2000)
            ?? Range("commandWait", CommandWait, 200, 30_000) ?? Range("modifierHoldBack", ModifierHoldBack, 0, 1000);
    }

    /// <summary>Text keys are held back until a tap is ruled out, which would delay all typing; Shift, Esc and the command keys have a meaning after the leader.</summary>
    private static bool IsFree(KeyCode key) =>
        !KeyKinds.IsShift(key)
        && ChordCommand.For(key, shift: false) is null
        && key is not (>= KeyCode.D1 and <= KeyCode.Enter or >= KeyCode.A and <= KeyCode.Grave or >= KeyCode.Backslash and <= KeyCode.Slash
            or KeyCode.Space or KeyCode.Iso102);

    private static string? Range(string name, TimeSpan value, int least, int most) =>
        value.TotalMilliseconds >= least && value.TotalMilliseconds <= most
            ? null
            : $"{name}: {value.TotalMilliseconds:0} ms is out of range; expected {least} to {most} ms";
}
