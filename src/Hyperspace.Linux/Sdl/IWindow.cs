namespace Hyperspace.Linux.Sdl;

public enum WindowEventKind : byte
{
    None,
    /// <summary><see cref="WindowEvent.Code"/> is an SDL scancode: the key's place on the keyboard. Never a repeat.</summary>
    Key,
    /// <summary><see cref="WindowEvent.X"/> and Y are fractions of the window: 0 up to, but not including, 65536.</summary>
    Position,
    /// <summary>X and Y are motion in counts; only while <see cref="WindowLook.TakesMotion"/>.</summary>
    Motion,
    /// <summary><see cref="WindowEvent.Code"/> is 1 left, 2 middle, 3 right, 4 or 5 at the side. X and Y as for <see cref="Position"/>, unless the window takes motion.</summary>
    Button,
    /// <summary>Y is in whole notches, positive towards the user.</summary>
    Wheel,
    /// <summary>Keys come here from now on.</summary>
    FocusGained,
    /// <summary>Keys go elsewhere; nothing is told of what is released there.</summary>
    FocusLost,
    /// <summary>The user has closed the window, or the desktop ends.</summary>
    CloseAsked,
    /// <summary>The pixels have another size than the window now: <see cref="IWindow.Renew"/> is asked for.</summary>
    SizeChanged,
    /// <summary>There are new pixels, X wide and Y high, and they are the caller's.</summary>
    Renewed,
    /// <summary>What was given to <see cref="IWindow.Show"/> is on the screen, and the pixels are the caller's again.</summary>
    Shown,
    /// <summary>The window can show nothing any more; <see cref="IWindow.Problem"/> says why.</summary>
    Failed,
}

/// <summary>One event of a window. A value: reading events allocates nothing.</summary>
/// <param name="Time">Nanoseconds of CLOCK_MONOTONIC, when the window's thread had it.</param>
public readonly record struct WindowEvent(WindowEventKind Kind, int Code, bool Down, int X, int Y, long Time);

/// <summary>How a window is to look and behave; one value that says all.</summary>
/// <param name="GrabsKeyboard">While it has the focus, keys that mean something to the desktop (Alt+Tab, Super) come to the window as well, where the desktop allows it.</param>
/// <param name="TakesMotion">The pointer is hidden and held in the window, and its motion is told instead of its place.</param>
/// <param name="ShowsPointer">The desktop's own pointer is seen over the window.</param>
public sealed record WindowLook(string Title, bool FullScreen, bool GrabsKeyboard, bool TakesMotion, bool ShowsPointer);

/// <summary>
/// A window on a desktop. Its pixels belong to one side at a time: to the caller from <see cref="WindowEventKind.Renewed"/> or <see cref="WindowEventKind.Shown"/> on, to the window after
/// <see cref="Show"/> or <see cref="Renew"/>. All members are called on the reactor's thread, and none blocks.
/// </summary>
public interface IWindow : IDisposable
{
    /// <summary>SDL's name of the desktop: <c>wayland</c> or <c>x11</c>.</summary>
    string Driver { get; }

    /// <summary>Of the display that the window was opened on; 25.4 / 96 where it is not known.</summary>
    double MillimetresPerPixel { get; }

    /// <summary>Why the window failed; null while it has not.</summary>
    string? Problem { get; }

    /// <summary>Called when there is something to read.</summary>
    Action? Readable { get; set; }

    /// <summary>Rows of 32-bit pixels (B G R X in memory), <see cref="Stride"/> apart; empty while they are the window's.</summary>
    Span<uint> Pixels { get; }

    /// <summary>Words from one row to the next.</summary>
    int Stride { get; }

    /// <summary>Pixels, of the last <see cref="WindowEventKind.Renewed"/>.</summary>
    int Width { get; }

    /// <inheritdoc cref="Width"/>
    int Height { get; }

    /// <summary>The next event.</summary>
    bool TryRead(out WindowEvent e);

    /// <summary>Puts a part of the pixels onto the screen. Does nothing unless they are the caller's.</summary>
    void Show(int x, int y, int width, int height);

    /// <summary>Gives the pixels back for others in the window's present size. Does nothing unless they are the caller's.</summary>
    void Renew();

    void Set(WindowLook look);
}

/// <summary>No window could be opened. The message is a sentence that says why and what there is instead.</summary>
public sealed class WindowException(string message) : Exception(message);
