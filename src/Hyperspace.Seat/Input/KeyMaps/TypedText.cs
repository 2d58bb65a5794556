using System.Text;
using Hyperspace.Seat.Input.Chords;

namespace Hyperspace.Seat.Input.KeyMaps;

/// <summary>Text as the keys that a person would press for it on some layout.</summary>
public sealed class TypedText
{
    /// <summary>In UTF-16 code units. Longer texts are files, and come into a guest by other ways.</summary>
    public const int MaxLength = 65_536;

    private readonly List<int> _ends = [];
    private readonly List<KeyStroke> _strokes = [];

    private TypedText()
    {
    }

    public IReadOnlyList<KeyStroke> Strokes => _strokes;

    /// <summary>Characters, that is Unicode scalar values; a carriage return before a line feed does not count.</summary>
    public int Characters => _ends.Count;

    /// <summary>How many characters are complete after that many strokes.</summary>
    public int CharactersAfter(int strokes)
    {
        int index = _ends.BinarySearch(strokes);
        return index >= 0 ? index + 1 : ~index;
    }

    /// <summary>All or nothing: text that the layout cannot type is refused as a whole.</summary>
    /// <param name="error">When null is returned: a sentence with the character and its position, counted from 1.</param>
    public static TypedText? Plan(string text, KeyLayout layout, out string? error)
    {
        error = text.Length > MaxLength ? $"The text is too long to be typed: expected at most {MaxLength} characters, got {text.Length}; nothing was typed." : null;
        if (error is not null)
        {
            return null;
        }

        var typed = new TypedText();
        foreach (Rune character in text.Replace("\r\n", "\n").Replace('\r', '\n').EnumerateRunes())
        {
            if (!layout.TryGet(character, out CharacterKeys keys))
            {
                string shown = Rune.IsControl(character) ? "the control character" : $"\"{character}\"";
                error = $"The keyboard layout \"{layout.Name}\" cannot type {shown} (U+{character.Value:X4}), character {typed.Characters + 1} of the text; nothing was typed.";
                return null;
            }

            typed.Append(keys.First);
            if (keys.Then.Key != KeyCode.None)
            {
                typed.Append(keys.Then);
            }

            typed._ends.Add(typed._strokes.Count);
        }

        return typed;
    }

    private void Append(LayoutKey key)
    {
        Modifiers(key, down: true);
        _strokes.Add(new KeyStroke(key.Key, true));
        _strokes.Add(new KeyStroke(key.Key, false));
        Modifiers(key, down: false);
    }

    private void Modifiers(LayoutKey key, bool down)
    {
        if (key.Shift)
        {
            _strokes.Add(new KeyStroke(KeyCode.LeftShift, down));
        }

        if (key.AltGr)
        {
            _strokes.Add(new KeyStroke(KeyCode.RightAlt, down));
        }
    }
}
