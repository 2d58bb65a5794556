using System.Collections.Frozen;
using System.Text;
using Hyperspace.Linux.Xkb;

namespace Hyperspace.Seat.Input.KeyMaps;

/// <summary>A key that gives a character, with the modifiers that it needs.</summary>
public readonly record struct LayoutKey(KeyCode Key, bool Shift = false, bool AltGr = false);

/// <summary>The keys that give one character.</summary>
/// <param name="Then">The key after a dead key; <see cref="KeyCode.None"/> when one key is enough.</param>
public readonly record struct CharacterKeys(LayoutKey First, LayoutKey Then = default);

/// <summary>
/// Which keys give which characters: needed only where text has to become keys (<c>seat type</c>, terminals that send characters). Real
/// keyboards send positions, and the guest has the layout.
/// </summary>
public sealed class KeyLayout
{
    private readonly FrozenDictionary<Rune, CharacterKeys> _keys;

    private KeyLayout(string name, Dictionary<Rune, CharacterKeys> keys)
    {
        Name = name;
        foreach ((char character, KeyCode key) in new[] { ('\n', KeyCode.Enter), ('\t', KeyCode.Tab), (' ', KeyCode.Space), ('\b', KeyCode.Backspace) })
        {
            keys[new Rune(character)] = new CharacterKeys(new LayoutKey(key));
        }

        _keys = keys.ToFrozenDictionary();
    }

    /// <summary>The US layout, built in.</summary>
    public static KeyLayout Us { get; } = new("us", UsKeys());

    /// <summary>As it is asked for: <c>us</c>, <c>de</c>, <c>us:dvorak</c>.</summary>
    public string Name { get; }

    public bool TryGet(Rune character, out CharacterKeys keys) => _keys.TryGetValue(character, out keys);

    /// <summary>A layout by name, <c>layout</c> or <c>layout:variant</c> as XKB calls them; all but <c>us</c> need libxkbcommon.</summary>
    /// <param name="error">When null is returned: a sentence that says why and what follows.</param>
    public static KeyLayout? Find(string name, out string? error)
    {
        error = null;
        if (name == Us.Name)
        {
            return Us;
        }

        string[] parts = name.Split(':');
        if (parts.Length > 2 || !parts.All(IsPlain))
        {
            error = $"\"{string.Concat(name.Take(40).Select(c => char.IsControl(c) ? '?' : c))}\" is not the name of a keyboard layout: expected one such as us, de, fr or us:dvorak.";
            return null;
        }

        if (XkbKeymap.TryLoad(parts[0], parts.ElementAtOrDefault(1) ?? "", out string? reason) is not { } entries)
        {
            error = $"The keyboard layout \"{name}\" cannot be used: {reason}. The layout \"us\" is built in.";
            return null;
        }

        return new KeyLayout(name, XkbKeys(entries));
    }

    private static bool IsPlain(string part) =>
        part.Length is > 0 and <= 32 && part.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-');

    private static Dictionary<Rune, CharacterKeys> UsKeys()
    {
        // The rows of a US keyboard, without and with Shift, beside the code of their first key; codes go up along a row.
        (KeyCode First, string Plain, string Shifted)[] rows =
        [
            (KeyCode.D1, "1234567890-=", "!@#$%^&*()_+"),
            (KeyCode.Q, "qwertyuiop[]", "QWERTYUIOP{}"),
            (KeyCode.A, "asdfghjkl;'`", "ASDFGHJKL:\"~"),
            (KeyCode.Backslash, "\\zxcvbnm,./", "|ZXCVBNM<>?"),
        ];
        var keys = new Dictionary<Rune, CharacterKeys>();
        foreach ((KeyCode first, string plain, string shifted) in rows)
        {
            for (int i = 0; i < plain.Length; i++)
            {
                var key = (KeyCode)((int)first + i);
                keys.Add(new Rune(plain[i]), new CharacterKeys(new LayoutKey(key)));
                keys.Add(new Rune(shifted[i]), new CharacterKeys(new LayoutKey(key, Shift: true)));
            }
        }

        return keys;
    }

    private static Dictionary<Rune, CharacterKeys> XkbKeys(IReadOnlyList<XkbEntry> entries)
    {
        var keys = new Dictionary<Rune, CharacterKeys>();
        var space = new LayoutKey(KeyCode.Space);
        // Fewest modifiers first, so that a character that stands on several keys is typed the easy way.
        XkbEntry[] easiest = [.. entries.Where(e => !IsKeypad((KeyCode)e.Code)).OrderBy(e => (e.Level3 ? 2 : 0) + (e.Shift ? 1 : 0))];
        foreach (XkbEntry entry in easiest)
        {
            var key = new LayoutKey((KeyCode)entry.Code, entry.Shift, entry.Level3);
            if (entry.Character >= 0x20 && entry.Character != 0x7F && Rune.TryCreate(entry.Character, out Rune character))
            {
                keys.TryAdd(character, new CharacterKeys(key));
            }
        }

        foreach (XkbEntry entry in easiest)
        {
            if (Spacing(entry.Keysym) is { } character)
            {
                keys.TryAdd(new Rune(character), new CharacterKeys(new LayoutKey((KeyCode)entry.Code, entry.Shift, entry.Level3), space));
            }
        }

        return keys;
    }

    /// <summary>What NumLock makes of these keys is the guest's state, which is not known here.</summary>
    private static bool IsKeypad(KeyCode key) => key is KeyCode.KpAsterisk or >= KeyCode.Kp7 and <= KeyCode.KpDot or KeyCode.KpJpComma or KeyCode.KpEnter
        or KeyCode.KpSlash or KeyCode.KpEqual or KeyCode.KpPlusMinus or KeyCode.KpComma or KeyCode.Kpleftparen or KeyCode.Kprightparen;

    /// <summary>
    /// The ASCII character that a dead key gives with the space bar (XK_dead_grave, XK_dead_circumflex, XK_dead_tilde). It does so on Linux and on Windows;
    /// for the other dead keys they do not agree.
    /// </summary>
    private static char? Spacing(uint keysym) => keysym switch
    {
        0xFE50 => '`',
        0xFE52 => '^',
        0xFE53 => '~',
        _ => null,
    };
}
