namespace Hyperspace.Protocols.Terminal;

/// <summary>
/// What is switched on in a terminal while it is ours, and off again. Terminals skip the modes that they do not know (ECMA-48, 5.4.1; private parameters).
/// </summary>
public static class TerminalModes
{
    /// <summary>Kitty keyboard flags: disambiguate, report events, report the base layout's key, report all keys as sequences.</summary>
    public const int KittyKeyboardFlags = 1 | 2 | 4 | 8;

    /// <summary>Mouse positions in pixels, after a terminal has said that it knows mode 1016.</summary>
    public const int PixelMouse = 1016;

    /// <summary>The id of the image that <see cref="Ask"/> asks about.</summary>
    public const int QueryImage = 4242;

    /// <summary>Alternate screen, no wrap at the margin, no cursor, bracketed paste, focus reports, kitty keyboard.</summary>
    public const string Enter = "\u001b[?1049h\u001b[?7l\u001b[?25l\u001b[?2004h\u001b[?1004h\u001b[>15u";

    /// <summary>All motion, in SGR reports.</summary>
    public const string MouseOn = "\u001b[?1003h\u001b[?1006h";

    public const string PixelMouseOn = "\u001b[?1016h";

    /// <summary>
    /// All of it off. It begins with ST, for a string that was cut off. Kept free of what a terminal could show when it does not know it, because it is
    /// also sent blindly after a crash.
    /// </summary>
    public const string Leave =
        "\u001b\\\u001b[?2026l\u001b[<u\u001b[?1016l\u001b[?1006l\u001b[?1003l\u001b[?1004l\u001b[?2004l\u001b[0m\u001b[?7h\u001b[?25h\u001b[?1049l";

    /// <summary>
    /// Questions: kitty keyboard flags, name, sizes in pixels, pixel mouse. DSR and DA1 come last: every terminal answers DA1, so that what has not been
    /// answered before will not be.
    /// </summary>
    /// <param name="graphics">Asks for kitty graphics too; not of terminals that take an application program command for a title.</param>
    public static string Ask(bool graphics) =>
        "\u001b[?u\u001b[>q\u001b[14t\u001b[16t\u001b[?1016$p" + (graphics ? $"\u001b_Gi={QueryImage},s=1,v=1,a=q,t=d,f=24;AAAA\u001b\\" : "") + AskStatus + AskAttributes;

    /// <summary>DSR 5: answered when everything before it has been looked at.</summary>
    public const string AskStatus = "\u001b[5n";

    public static ReadOnlySpan<byte> AskStatusBytes => "\u001b[5n"u8;

    /// <summary>DA1.</summary>
    public const string AskAttributes = "\u001b[c";

    /// <summary>Mode 2026: the terminal shows nothing until the end, so that no half frame is seen (Contour's "Synchronized Output").</summary>
    public static ReadOnlySpan<byte> BeginFrame => "\u001b[?2026h"u8;

    public static ReadOnlySpan<byte> EndFrame => "\u001b[?2026l"u8;

    public static ReadOnlySpan<byte> ShowCursor => "\u001b[?25h"u8;

    public static ReadOnlySpan<byte> HideCursor => "\u001b[?25l"u8;
}
