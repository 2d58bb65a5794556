using System.Collections.Frozen;

namespace Hyperspace.Seat.Input.Chords;

/// <summary>Keys by the names that people write, in chords and in the configuration. Without regard to case, <c>-</c> and <c>_</c>.</summary>
public static class KeyNames
{
    /// <summary>Names that are not the enumeration's own. The first name of a key is the one that is shown.</summary>
    private static readonly (string Name, KeyCode Key)[] Other =
    [
        ("1", KeyCode.D1), ("2", KeyCode.D2), ("3", KeyCode.D3), ("4", KeyCode.D4), ("5", KeyCode.D5),
        ("6", KeyCode.D6), ("7", KeyCode.D7), ("8", KeyCode.D8), ("9", KeyCode.D9), ("0", KeyCode.D0),
        ("esc", KeyCode.Esc), ("escape", KeyCode.Esc), ("ctrl", KeyCode.LeftCtrl), ("control", KeyCode.LeftCtrl), ("lctrl", KeyCode.LeftCtrl),
        ("rightctrl", KeyCode.RightCtrl), ("rctrl", KeyCode.RightCtrl), ("alt", KeyCode.LeftAlt), ("lalt", KeyCode.LeftAlt),
        ("rightalt", KeyCode.RightAlt), ("ralt", KeyCode.RightAlt), ("altgr", KeyCode.RightAlt), ("shift", KeyCode.LeftShift),
        ("lshift", KeyCode.LeftShift), ("rightshift", KeyCode.RightShift), ("rshift", KeyCode.RightShift), ("meta", KeyCode.LeftMeta),
        ("super", KeyCode.LeftMeta), ("win", KeyCode.LeftMeta), ("enter", KeyCode.Enter), ("return", KeyCode.Enter),
        ("del", KeyCode.Delete), ("ins", KeyCode.Insert), ("pgup", KeyCode.PageUp), ("pgdn", KeyCode.PageDown), ("bksp", KeyCode.Backspace),
        ("print", KeyCode.SysRq), ("printscreen", KeyCode.SysRq), ("break", KeyCode.Pause), ("menu", KeyCode.Compose), ("caps", KeyCode.CapsLock),
        ("scroll", KeyCode.ScrollLock), ("num", KeyCode.NumLock), ("minus", KeyCode.Minus), ("-", KeyCode.Minus), ("equal", KeyCode.Equal),
        ("=", KeyCode.Equal), ("[", KeyCode.LeftBrace), ("]", KeyCode.RightBrace), (";", KeyCode.Semicolon), ("'", KeyCode.Apostrophe),
        ("`", KeyCode.Grave), ("\\", KeyCode.Backslash), (",", KeyCode.Comma), ("period", KeyCode.Dot), (".", KeyCode.Dot), ("/", KeyCode.Slash),
        ("kpplus", KeyCode.KpPlus),
    ];

    /// <summary>
    /// For the rare multimedia keys whose Linux names are what people call other keys: the key with Menu on its cap is KEY_COMPOSE in Linux,
    /// and Print is KEY_SYSRQ; KEY_MENU and KEY_PRINT are <c>mediamenu</c> and <c>mediaprint</c>.
    /// </summary>
    private const string MediaPrefix = "media";

    private static readonly FrozenDictionary<string, KeyCode> ByName = Names();

    private static readonly FrozenDictionary<KeyCode, string> Shown = ShownNames();

    /// <summary>What is expected where a key is named, for error messages.</summary>
    public const string Expected =
        "a letter, a digit, f1 to f24, esc, tab, enter, space, backspace, the arrows left, right, up and down, home, end, pageup, pagedown, insert, "
        + "delete, ctrl, rightctrl, alt, altgr, shift, rightshift, meta, menu, capslock, numlock, scrolllock, pause, print, kp0 to kp9, kpenter";

    public static bool TryParse(ReadOnlySpan<char> name, out KeyCode key)
    {
        key = KeyCode.None;
        if (name.Length is 0 or > 32)
        {
            return false;
        }

        string plain = name.ToString().ToLowerInvariant();
        return ByName.TryGetValue(plain, out key) || ByName.TryGetValue(plain.Replace("-", "").Replace("_", ""), out key);
    }

    /// <summary>The name that <see cref="TryParse"/> understands; <c>key 300</c> for a code without one.</summary>
    public static string Of(KeyCode key) => Shown.GetValueOrDefault(key) ?? $"key {(int)key}";

    private static FrozenDictionary<string, KeyCode> Names()
    {
        var names = new Dictionary<string, KeyCode>();
        foreach ((string name, KeyCode key) in Other)
        {
            names.Add(name, key);
        }

        foreach (KeyCode key in Enum.GetValues<KeyCode>())
        {
            string name = key.ToString().ToLowerInvariant();
            if (key != KeyCode.None && !names.TryAdd(name, key) && names[name] != key)
            {
                names.Add(MediaPrefix + name, key);
            }
        }

        return names.ToFrozenDictionary();
    }

    private static FrozenDictionary<KeyCode, string> ShownNames()
    {
        var shown = new Dictionary<KeyCode, string>();
        foreach ((string name, KeyCode key) in Other)
        {
            shown.TryAdd(key, name);
        }

        foreach (KeyCode key in Enum.GetValues<KeyCode>())
        {
            string name = key.ToString().ToLowerInvariant();
            shown.TryAdd(key, ByName.TryGetValue(name, out KeyCode other) && other != key ? MediaPrefix + name : name);
        }

        return shown.ToFrozenDictionary();
    }
}
