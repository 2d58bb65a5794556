namespace Hyperspace.Protocols.Terminal;

/// <summary>
/// Key numbers of the kitty keyboard protocol (sw.kovidgoyal.net/kitty/keyboard-protocol, "Functional key definitions"): private use code points, for the
/// keys that legacy sequences name in other ways too.
/// </summary>
public static class TerminalKeys
{
    public const int Tab = 9, Enter = 13, Escape = 27, Space = 32, Backspace = 127;

    public const int Insert = 57348, Delete = 57349, Left = 57350, Right = 57351, Up = 57352, Down = 57353;
    public const int PageUp = 57354, PageDown = 57355, Home = 57356, End = 57357;
    public const int CapsLock = 57358, ScrollLock = 57359, NumLock = 57360, PrintScreen = 57361, Pause = 57362, Menu = 57363;

    /// <summary>F1 to F35 follow each other.</summary>
    public const int F1 = 57364;

    /// <summary>0 to 9 on the keypad follow each other.</summary>
    public const int Keypad0 = 57399;

    public const int KeypadDecimal = 57409, KeypadDivide = 57410, KeypadMultiply = 57411, KeypadSubtract = 57412, KeypadAdd = 57413;
    public const int KeypadEnter = 57414, KeypadEqual = 57415, KeypadSeparator = 57416, KeypadLeft = 57417, KeypadRight = 57418, KeypadUp = 57419;
    public const int KeypadDown = 57420, KeypadPageUp = 57421, KeypadPageDown = 57422, KeypadHome = 57423, KeypadEnd = 57424, KeypadInsert = 57425;
    public const int KeypadDelete = 57426, KeypadBegin = 57427;

    /// <summary>Media keys, in the protocol's order: play, pause, play/pause, reverse, stop, forward, rewind, next, previous, record, lower, raise, mute.</summary>
    public const int MediaPlay = 57428;

    public const int LeftShift = 57441, LeftControl = 57442, LeftAlt = 57443, LeftSuper = 57444, LeftHyper = 57445, LeftMeta = 57446;
    public const int RightShift = 57447, RightControl = 57448, RightAlt = 57449, RightSuper = 57450, RightHyper = 57451, RightMeta = 57452;
    public const int Level3Shift = 57453, Level5Shift = 57454;

    /// <summary>Keys of <c>CSI number ~</c> (xterm's "PC-Style Function Keys", and the VT220's); 0 for none.</summary>
    internal static int OfTilde(int number) => number switch
    {
        1 or 7 => Home,
        2 => Insert,
        3 => Delete,
        4 or 8 => End,
        5 => PageUp,
        6 => PageDown,
        >= 11 and <= 15 => F1 + number - 11,
        >= 17 and <= 21 => F1 + 5 + number - 17,
        23 or 24 => F1 + 10 + number - 23,
        25 or 26 => F1 + 12 + number - 25,
        28 => F1 + 14,
        29 => Menu,
        >= 31 and <= 34 => F1 + 16 + number - 31,
        57427 => KeypadBegin,
        _ => 0,
    };

    /// <summary>Keys of <c>CSI letter</c> and <c>SS3 letter</c>; 0 for none.</summary>
    internal static int OfLetter(byte letter) => letter switch
    {
        (byte)'A' => Up,
        (byte)'B' => Down,
        (byte)'C' => Right,
        (byte)'D' => Left,
        (byte)'E' => KeypadBegin,
        (byte)'F' => End,
        (byte)'H' => Home,
        (byte)'P' => F1,
        (byte)'Q' => F1 + 1,
        (byte)'R' => F1 + 2,
        (byte)'S' => F1 + 3,
        _ => 0,
    };

    /// <summary>Keys of the keypad in application mode, <c>SS3 letter</c> (xterm's "VT220-Style Function Keys"); 0 for none.</summary>
    internal static int OfKeypadLetter(byte letter) => letter switch
    {
        (byte)'M' => KeypadEnter,
        (byte)'X' => KeypadEqual,
        (byte)'j' => KeypadMultiply,
        (byte)'k' => KeypadAdd,
        (byte)'l' => KeypadSeparator,
        (byte)'m' => KeypadSubtract,
        (byte)'n' => KeypadDecimal,
        (byte)'o' => KeypadDivide,
        >= (byte)'p' and <= (byte)'y' => Keypad0 + letter - 'p',
        _ => 0,
    };
}
