using System.Collections.Frozen;
using System.Text;
using Hyperspace.Protocols.Terminal;

namespace Hyperspace.Seat.Input.KeyMaps;

/// <summary>Terminals' keys as physical keys.</summary>
public static class TerminalKeyMap
{
    private static readonly FrozenDictionary<int, KeyCode> Named = new Dictionary<int, KeyCode>
    {
        [TerminalKeys.Tab] = KeyCode.Tab, [TerminalKeys.Enter] = KeyCode.Enter, [TerminalKeys.Escape] = KeyCode.Esc, [TerminalKeys.Space] = KeyCode.Space,
        [TerminalKeys.Backspace] = KeyCode.Backspace, [TerminalKeys.Insert] = KeyCode.Insert, [TerminalKeys.Delete] = KeyCode.Delete,
        [TerminalKeys.Left] = KeyCode.Left, [TerminalKeys.Right] = KeyCode.Right, [TerminalKeys.Up] = KeyCode.Up, [TerminalKeys.Down] = KeyCode.Down,
        [TerminalKeys.PageUp] = KeyCode.PageUp, [TerminalKeys.PageDown] = KeyCode.PageDown, [TerminalKeys.Home] = KeyCode.Home, [TerminalKeys.End] = KeyCode.End,
        [TerminalKeys.CapsLock] = KeyCode.CapsLock, [TerminalKeys.ScrollLock] = KeyCode.ScrollLock, [TerminalKeys.NumLock] = KeyCode.NumLock,
        [TerminalKeys.PrintScreen] = KeyCode.SysRq, [TerminalKeys.Pause] = KeyCode.Pause, [TerminalKeys.Menu] = KeyCode.Compose,
        [TerminalKeys.KeypadDecimal] = KeyCode.KpDot, [TerminalKeys.KeypadDivide] = KeyCode.KpSlash, [TerminalKeys.KeypadMultiply] = KeyCode.KpAsterisk,
        [TerminalKeys.KeypadSubtract] = KeyCode.KpMinus, [TerminalKeys.KeypadAdd] = KeyCode.KpPlus, [TerminalKeys.KeypadEnter] = KeyCode.KpEnter,
        [TerminalKeys.KeypadEqual] = KeyCode.KpEqual, [TerminalKeys.KeypadSeparator] = KeyCode.KpComma,
        [TerminalKeys.KeypadLeft] = KeyCode.Kp4, [TerminalKeys.KeypadRight] = KeyCode.Kp6, [TerminalKeys.KeypadUp] = KeyCode.Kp8, [TerminalKeys.KeypadDown] = KeyCode.Kp2,
        [TerminalKeys.KeypadPageUp] = KeyCode.Kp9, [TerminalKeys.KeypadPageDown] = KeyCode.Kp3, [TerminalKeys.KeypadHome] = KeyCode.Kp7, [TerminalKeys.KeypadEnd] = KeyCode.Kp1,
        [TerminalKeys.KeypadInsert] = KeyCode.Kp0, [TerminalKeys.KeypadDelete] = KeyCode.KpDot, [TerminalKeys.KeypadBegin] = KeyCode.Kp5,
        [TerminalKeys.LeftShift] = KeyCode.LeftShift, [TerminalKeys.LeftControl] = KeyCode.LeftCtrl, [TerminalKeys.LeftAlt] = KeyCode.LeftAlt,
        [TerminalKeys.LeftSuper] = KeyCode.LeftMeta, [TerminalKeys.LeftMeta] = KeyCode.LeftMeta, [TerminalKeys.RightShift] = KeyCode.RightShift,
        [TerminalKeys.RightControl] = KeyCode.RightCtrl, [TerminalKeys.RightAlt] = KeyCode.RightAlt, [TerminalKeys.RightSuper] = KeyCode.RightMeta,
        [TerminalKeys.RightMeta] = KeyCode.RightMeta, [TerminalKeys.Level3Shift] = KeyCode.RightAlt,
    }.ToFrozenDictionary();

    private static readonly KeyCode[] Digits =
        [KeyCode.Kp0, KeyCode.Kp1, KeyCode.Kp2, KeyCode.Kp3, KeyCode.Kp4, KeyCode.Kp5, KeyCode.Kp6, KeyCode.Kp7, KeyCode.Kp8, KeyCode.Kp9];

    /// <summary>F1 to F24: three runs in Linux's numbering.</summary>
    private static readonly KeyCode[] Functions =
    [
        KeyCode.F1, KeyCode.F2, KeyCode.F3, KeyCode.F4, KeyCode.F5, KeyCode.F6, KeyCode.F7, KeyCode.F8, KeyCode.F9, KeyCode.F10, KeyCode.F11, KeyCode.F12,
        KeyCode.F13, KeyCode.F14, KeyCode.F15, KeyCode.F16, KeyCode.F17, KeyCode.F18, KeyCode.F19, KeyCode.F20, KeyCode.F21, KeyCode.F22, KeyCode.F23, KeyCode.F24,
    ];

    /// <summary>In the order of <see cref="TerminalKeys.MediaPlay"/>; None where Linux has no such key.</summary>
    private static readonly KeyCode[] Media =
    [
        KeyCode.Play, KeyCode.Pausecd, KeyCode.Playpause, KeyCode.None, KeyCode.Stopcd, KeyCode.Fastforward, KeyCode.Rewind, KeyCode.Nextsong, KeyCode.Previoussong,
        KeyCode.Record, KeyCode.VolumeDown, KeyCode.VolumeUp, KeyCode.Mute,
    ];

    /// <summary>The key with that name, or <see cref="KeyCode.None"/>.</summary>
    /// <param name="code">Of <see cref="TerminalKeys"/>.</param>
    public static KeyCode OfName(int code) =>
        Named.TryGetValue(code, out KeyCode key) ? key
        : At(Digits, code - TerminalKeys.Keypad0) is var digit and not KeyCode.None ? digit
        : At(Functions, code - TerminalKeys.F1) is var function and not KeyCode.None ? function
        : At(Media, code - TerminalKeys.MediaPlay);

    /// <summary>The key that gives the character on a US keyboard; false when none does.</summary>
    public static bool TryCharacter(int code, out LayoutKey key)
    {
        key = default;
        bool found = Rune.TryCreate(code, out Rune rune) && KeyLayout.Us.TryGet(rune, out CharacterKeys keys) && (key = keys.First).Key != KeyCode.None;
        return found;
    }

    /// <summary>The physical key of a terminal that reports keys: by name, by what it has on a US keyboard, or the extra key of European keyboards.</summary>
    public static KeyCode Physical(in TerminalKey key)
    {
        if (OfName(key.Code) is var named and not KeyCode.None)
        {
            return named;
        }

        if (TryCharacter(key.BaseCode != 0 ? key.BaseCode : key.Code, out LayoutKey layout) && !layout.Shift)
        {
            return layout.Key;
        }

        // Only the 105th key has this without Shift.
        return key is { Code: '<', BaseCode: 0 } ? KeyCode.Iso102 : KeyCode.None;
    }

    private static KeyCode At(KeyCode[] keys, int index) => (uint)index < (uint)keys.Length ? keys[index] : KeyCode.None;
}
