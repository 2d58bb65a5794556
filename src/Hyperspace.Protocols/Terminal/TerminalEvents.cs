namespace Hyperspace.Protocols.Terminal;

/// <summary>The kitty keyboard protocol's event types; terminals without it only press.</summary>
public enum TerminalKeyAction : byte
{
    Press = 1,
    Repeat = 2,
    Release = 3,
}

/// <summary>Modifiers as the kitty keyboard protocol numbers them; xterm's first three are the same.</summary>
[Flags]
public enum TerminalModifiers : byte
{
    None = 0,
    Shift = 1,
    Alt = 2,
    Ctrl = 4,
    Super = 8,
    Hyper = 16,
    Meta = 32,
    CapsLock = 64,
    NumLock = 128,
}

/// <summary>A key.</summary>
/// <param name="Code">A Unicode scalar value, or one of <see cref="TerminalKeys"/>.</param>
/// <param name="BaseCode">What the key has on a US keyboard, where the terminal says so and it differs; else 0.</param>
/// <param name="IsText">It came as a character, so that which key it was is not known; never followed by a release.</param>
public readonly record struct TerminalKey(int Code, int BaseCode, TerminalModifiers Modifiers, TerminalKeyAction Action, bool IsText);

public enum TerminalMouseAction : byte
{
    Press,
    Release,
    Motion,
    WheelUp,
    WheelDown,
}

public enum TerminalMouseButton : byte
{
    None,
    Left,
    Middle,
    Right,
    Side,
    Extra,
}

/// <summary>The mouse.</summary>
/// <param name="Button">With motion, the button that is held.</param>
/// <param name="X">From 0: cells, or pixels in mode 1016.</param>
public readonly record struct TerminalMouse(TerminalMouseAction Action, TerminalMouseButton Button, int X, int Y, TerminalModifiers Modifiers);

public enum TerminalReplyKind : byte
{
    /// <summary>DA1. First is 1 when the terminal has sixel graphics (attribute 4), else 0.</summary>
    DeviceAttributes,

    /// <summary>The kitty keyboard protocol is there. First are the flags that are set now.</summary>
    KittyKeyboard,

    /// <summary>XTVERSION. Text is the terminal's name and version.</summary>
    Version,

    /// <summary>The text area in pixels. First is the height, Second the width.</summary>
    WindowPixels,

    /// <summary>A cell in pixels. First is the height, Second the width.</summary>
    CellPixels,

    /// <summary>DECRPM. First is the private mode, Second its state: 0 unknown, 1 set, 2 reset, 3 and 4 permanently so.</summary>
    Mode,

    /// <summary>DSR 0: everything sent before the question has been looked at.</summary>
    Status,

    /// <summary>The answer to a kitty graphics query. First is the image id; Text is <c>OK</c> or an error.</summary>
    KittyGraphics,
}

/// <summary>An answer of the terminal to a question of ours, or something that looks like one.</summary>
public readonly record struct TerminalReply(TerminalReplyKind Kind, int First = 0, int Second = 0, string? Text = null);

/// <summary>Where <see cref="TerminalDecoder"/> puts what it finds.</summary>
public interface ITerminalEvents
{
    void Key(in TerminalKey key);

    void Mouse(in TerminalMouse mouse);

    /// <summary>Text that was pasted (bracketed paste, mode 2004).</summary>
    /// <param name="isComplete">False when there was more than <see cref="TerminalDecoder.MaxPasteBytes"/>, or its end never came.</param>
    void Paste(string text, bool isComplete);

    /// <summary>The terminal's window has got or lost the keyboard (mode 1004).</summary>
    void Focus(bool hasFocus);

    void Reply(in TerminalReply reply);
}
