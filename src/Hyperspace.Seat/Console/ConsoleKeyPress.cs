using Hyperspace.Seat.Input;

namespace Hyperspace.Seat.Console;

public enum ConsoleKeyName : byte { Character, Enter, Escape, Tab, Backspace, Delete, Up, Down, Left, Right, Home, End, PageUp, PageDown, F1, F5, F10 }

/// <summary>A key as the console understands it: a name, or a character of the US layout (letters lower case unless shifted).</summary>
/// <param name="Character">For <see cref="ConsoleKeyName.Character"/>, else NUL.</param>
public readonly record struct ConsoleKeyPress(ConsoleKeyName Name, char Character, KeyModifiers Modifiers)
{
    private const string Plain = "1234567890-=qwertyuiop[]asdfghjkl;'`\\zxcvbnm,./";
    private const string Shifted = "!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:\"~|ZXCVBNM<>?";

    /// <summary>Null for keys that the console has no use for.</summary>
    public static ConsoleKeyPress? Of(KeyCode key, KeyModifiers modifiers)
    {
        ConsoleKeyName? name = key switch
        {
            KeyCode.Enter or KeyCode.KpEnter => ConsoleKeyName.Enter,
            KeyCode.Esc => ConsoleKeyName.Escape,
            KeyCode.Tab => ConsoleKeyName.Tab,
            KeyCode.Backspace => ConsoleKeyName.Backspace,
            KeyCode.Delete => ConsoleKeyName.Delete,
            KeyCode.Up => ConsoleKeyName.Up,
            KeyCode.Down => ConsoleKeyName.Down,
            KeyCode.Left => ConsoleKeyName.Left,
            KeyCode.Right => ConsoleKeyName.Right,
            KeyCode.Home => ConsoleKeyName.Home,
            KeyCode.End => ConsoleKeyName.End,
            KeyCode.PageUp => ConsoleKeyName.PageUp,
            KeyCode.PageDown => ConsoleKeyName.PageDown,
            KeyCode.F1 => ConsoleKeyName.F1,
            KeyCode.F5 => ConsoleKeyName.F5,
            KeyCode.F10 => ConsoleKeyName.F10,
            _ => null,
        };
        if (name is { } named)
        {
            return new(named, '\0', modifiers);
        }

        int index = IndexOf(key);
        return index < 0 ? null
            : index == Plain.Length ? new(ConsoleKeyName.Character, ' ', modifiers)
            : new(ConsoleKeyName.Character, (modifiers & KeyModifiers.Shift) != 0 ? Shifted[index] : Plain[index], modifiers);
    }

    /// <summary>The place in <see cref="Plain"/> of the key with this code; the codes of the typing area follow its rows.</summary>
    private static int IndexOf(KeyCode key) => key switch
    {
        KeyCode.Space => Plain.Length,
        >= KeyCode.D1 and <= KeyCode.Equal => key - KeyCode.D1,
        >= KeyCode.Q and <= KeyCode.RightBrace => 12 + (key - KeyCode.Q),
        >= KeyCode.A and <= KeyCode.Grave => 24 + (key - KeyCode.A),
        >= KeyCode.Backslash and <= KeyCode.Slash => 36 + (key - KeyCode.Backslash),
        _ => -1,
    };
}
