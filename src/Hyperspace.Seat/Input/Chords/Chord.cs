namespace Hyperspace.Seat.Input.Chords;

/// <summary>One key that goes down or up.</summary>
public readonly record struct KeyStroke(KeyCode Key, bool Down);

/// <summary>
/// Keys to be pressed as a person would: steps after each other, and within a step the keys down from left to right and up again from right
/// to left.
/// </summary>
public sealed class Chord
{
    /// <summary>More is a mistake or text; <c>seat type</c> is for text.</summary>
    public const int MaxSteps = 16, MaxKeysPerStep = 8, MaxLength = 256;

    private Chord(string text, IReadOnlyList<KeyStroke> strokes, bool isAttention)
    {
        Text = text;
        Strokes = strokes;
        IsAttention = isAttention;
    }

    /// <summary>As it was written.</summary>
    public string Text { get; }

    public IReadOnlyList<KeyStroke> Strokes { get; }

    /// <summary>It contains Ctrl+Alt+Esc, which waits for nothing.</summary>
    public bool IsAttention { get; }

    /// <summary>
    /// <c>leader 2</c>, <c>leader tab</c>, <c>leader shift+tab</c>, <c>ctrl+alt+esc</c>, <c>ctrl+c</c>, <c>right</c>, <c>f1</c>: steps separated by
    /// spaces, keys of a step joined by <c>+</c>. The step <c>leader</c> taps the first configured leader key twice.
    /// </summary>
    /// <param name="error">When null is returned: a sentence with the place and what is expected.</param>
    public static Chord? Parse(string text, ChordOptions options, out string? error)
    {
        error = null;
        string[] steps = text.Length > MaxLength ? [] : text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (steps.Length is 0 or > MaxSteps)
        {
            error = text.Length > MaxLength || steps.Length > MaxSteps
                ? $"The chord is too long: expected at most {MaxSteps} steps and {MaxLength} characters. Text is typed with `seat type`."
                : "The chord is empty: expected keys such as \"leader 2\", \"ctrl+alt+esc\" or \"f1\".";
            return null;
        }

        var strokes = new List<KeyStroke>();
        bool isAttention = false;
        foreach (string step in steps)
        {
            if (step.Equals("leader", StringComparison.OrdinalIgnoreCase))
            {
                KeyCode leader = options.Leaders[0];
                strokes.AddRange([new(leader, true), new(leader, false), new(leader, true), new(leader, false)]);
                continue;
            }

            if (ParseStep(step, out error) is not { } keys)
            {
                return null;
            }

            strokes.AddRange(keys.Select(key => new KeyStroke(key, true)));
            strokes.AddRange(keys.AsEnumerable().Reverse().Select(key => new KeyStroke(key, false)));
            isAttention |= keys.Contains(KeyCode.Esc) && keys.Any(KeyKinds.IsCtrl) && keys.Any(KeyKinds.IsAlt);
        }

        return new Chord(text, strokes, isAttention);
    }

    private static List<KeyCode>? ParseStep(string step, out string? error)
    {
        var keys = new List<KeyCode>();
        foreach (string name in step.Split('+'))
        {
            error = Problem(step, name, out KeyCode key) ?? (keys.Contains(key)
                ? $"\"{Printable(step)}\" names {KeyNames.Of(key)} twice: a key can only be pressed once in a step; write it as two steps with a space between them."
                : keys.Count == MaxKeysPerStep ? $"\"{Printable(step)}\" has more than {MaxKeysPerStep} keys in one step." : null);
            if (error is not null)
            {
                return null;
            }

            keys.Add(key);
        }

        error = null;
        return keys;
    }

    private static string? Problem(string step, string name, out KeyCode key)
    {
        if (KeyNames.TryParse(name, out key))
        {
            return null;
        }

        if (name.Length == 0)
        {
            return $"\"{Printable(step)}\" has a + without a key beside it: expected keys joined by +, such as ctrl+c. The plus key itself is shift+equal, or kpplus on the keypad.";
        }

        return name.Equals("leader", StringComparison.OrdinalIgnoreCase)
            ? $"\"{Printable(step)}\": the leader is a step of its own; expected a space after it, such as \"leader 2\"."
            : $"\"{Printable(name)}\" is not a key: expected leader, {KeyNames.Expected}.";
    }

    /// <summary>The text comes from a user of the control API and ends up in terminals.</summary>
    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
