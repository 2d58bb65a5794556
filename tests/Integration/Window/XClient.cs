using System.Runtime.InteropServices;

namespace Hyperspace.Tests.Integration.Window;

/// <summary>
/// A client of an X server, as a person and as other programs of a desktop are: it presses keys and moves the mouse of the server itself (XTEST), photographs the screen, opens a window, asks windows to close. Not for
/// several threads.
/// </summary>
internal sealed class XClient : IDisposable
{
    private const string X11 = "libX11.so.6", Xtst = "libXtst.so.6";

    /// <summary>XK codes of the server are the kernel's plus eight.</summary>
    private const uint FirstKey = 8;

    private const int ZPixmap = 2, ClientMessage = 33, GrabSuccess = 0, AlreadyGrabbed = 1;

    private static readonly ErrorHandler Ignore = (_, _) => 0;
    private readonly nint _display;

    static XClient() => XSetErrorHandler(Ignore);

    public XClient(string display)
    {
        _display = XOpenDisplay(display);
        Assert.NotEqual(0, _display);
        Root = XDefaultRootWindow(_display);

        // As on every desktop with a toolkit; without it SDL calls its window a dialogue of the screen's.
        XInternAtom(_display, "_MOTIF_WM_HINTS", 0);
    }

    private delegate int ErrorHandler(nint display, nint error);

    public nint Root { get; }

    /// <summary>A key of the server's keyboard goes down or up.</summary>
    /// <param name="key">Its Linux key code.</param>
    public void Key(int key, bool down)
    {
        XTestFakeKeyEvent(_display, (uint)key + FirstKey, down ? 1 : 0, 0);
        XSync(_display, 0);
    }

    /// <summary>The mouse is moved to a place of the screen.</summary>
    public void MoveTo(int x, int y)
    {
        XTestFakeMotionEvent(_display, -1, x, y, 0);
        XSync(_display, 0);
    }

    /// <summary>A button of the mouse is clicked: 1 left, 3 right, 4 and 5 the wheel.</summary>
    public void Click(uint button)
    {
        XTestFakeButtonEvent(_display, button, 1, 0);
        XTestFakeButtonEvent(_display, button, 0, 0);
        XSync(_display, 0);
    }

    /// <summary>The first window on the screen whose title is so; 0 for none.</summary>
    public nint FindWindow(Func<string, bool> title) => Windows().FirstOrDefault(window => title(Title(window)));

    public string Title(nint window)
    {
        if (XFetchName(_display, window, out nint text) == 0 || text == 0)
        {
            return "";
        }

        string title = Marshal.PtrToStringUTF8(text)!;
        XFree(text);
        return title;
    }

    /// <summary>Where a window is on the screen, and how large.</summary>
    public (int X, int Y, int Width, int Height) Place(nint window)
    {
        XGetGeometry(_display, window, out _, out _, out _, out uint width, out uint height, out _, out _);
        XTranslateCoordinates(_display, window, Root, 0, 0, out int x, out int y, out _);
        return (x, y, (int)width, (int)height);
    }

    /// <summary>Another program's window opens; the window manager gives it the keyboard.</summary>
    public nint OpenWindow()
    {
        nint window = XCreateSimpleWindow(_display, Root, 0, 0, 300, 200, 0, 0, 0x306030);
        XMapWindow(_display, window);
        XSync(_display, 0);
        return window;
    }

    public void CloseOwnWindow(nint window)
    {
        XDestroyWindow(_display, window);
        XSync(_display, 0);
    }

    public void Resize(nint window, int width, int height)
    {
        XResizeWindow(_display, window, (uint)width, (uint)height);
        XSync(_display, 0);
    }

    /// <summary>The window that keys go to.</summary>
    public nint Focused()
    {
        XGetInputFocus(_display, out nint window, out _);
        return window;
    }

    public void Focus(nint window)
    {
        XSetInputFocus(_display, window, revertTo: 1, time: 0);
        XSync(_display, 0);
    }

    /// <summary>What a click on a window's cross is to the program (ICCCM 4.2.8.1, WM_DELETE_WINDOW).</summary>
    public void AskToClose(nint window)
    {
        byte[] e = new byte[192];
        BitConverter.TryWriteBytes(e, ClientMessage);
        BitConverter.TryWriteBytes(e.AsSpan(32), (long)window);
        BitConverter.TryWriteBytes(e.AsSpan(40), (long)XInternAtom(_display, "WM_PROTOCOLS", 0));
        BitConverter.TryWriteBytes(e.AsSpan(48), 32);
        BitConverter.TryWriteBytes(e.AsSpan(56), (long)XInternAtom(_display, "WM_DELETE_WINDOW", 0));
        XSendEvent(_display, window, 0, 0, e);
        XSync(_display, 0);
    }

    /// <summary>Whether another program has the whole keyboard for itself.</summary>
    public bool IsKeyboardGrabbed()
    {
        int result = XGrabKeyboard(_display, Root, 0, 1, 1, 0);
        Assert.Contains(result, (int[])[GrabSuccess, AlreadyGrabbed]);
        XUngrabKeyboard(_display, 0);
        XSync(_display, 0);
        return result == AlreadyGrabbed;
    }

    /// <summary>Whether another program holds the pointer.</summary>
    public bool IsPointerGrabbed()
    {
        int result = XGrabPointer(_display, Root, 0, 0, 1, 1, 0, 0, 0);
        Assert.Contains(result, (int[])[GrabSuccess, AlreadyGrabbed]);
        XUngrabPointer(_display, 0);
        XSync(_display, 0);
        return result == AlreadyGrabbed;
    }

    /// <summary>Photographs the whole screen.</summary>
    public (int Width, int Height, uint[] Pixels) Photograph()
    {
        (_, _, int width, int height) = Place(Root);
        nint image = XGetImage(_display, Root, 0, 0, (uint)width, (uint)height, nuint.MaxValue, ZPixmap);
        Assert.NotEqual(0, image);

        // XImage of Xlib.h: data at 16, bytes_per_line at 44, bits_per_pixel at 48.
        nint data = Marshal.ReadIntPtr(image, 16);
        int line = Marshal.ReadInt32(image, 44);
        Assert.Equal(32, Marshal.ReadInt32(image, 48));
        int[] pixels = new int[width * height];
        for (int y = 0; y < height; y++)
        {
            Marshal.Copy(data + y * line, pixels, y * width, width);
        }

        XDestroyImage(image);
        return (width, height, [.. pixels.Select(p => (uint)p & 0xFFFFFF)]);
    }

    /// <summary>All windows that are seen, the upper ones first.</summary>
    public IEnumerable<nint> Windows()
    {
        XQueryTree(_display, Root, out _, out _, out nint list, out uint count);
        var windows = new List<nint>();
        for (int i = (int)count - 1; i >= 0; i--)
        {
            windows.Add(Marshal.ReadIntPtr(list, i * nint.Size));
        }

        XFree(list);
        return windows;
    }

    public void Dispose() => XCloseDisplay(_display);

    [DllImport(X11)] private static extern nint XOpenDisplay(string name);
    [DllImport(X11)] private static extern int XCloseDisplay(nint display);
    [DllImport(X11)] private static extern ErrorHandler XSetErrorHandler(ErrorHandler handler);
    [DllImport(X11)] private static extern nint XDefaultRootWindow(nint display);
    [DllImport(X11)] private static extern int XSync(nint display, int discard);
    [DllImport(X11)] private static extern int XFree(nint data);
    [DllImport(X11)] private static extern nint XInternAtom(nint display, string name, int onlyIfExists);
    [DllImport(X11)] private static extern int XQueryTree(nint display, nint window, out nint root, out nint parent, out nint children, out uint count);
    [DllImport(X11)] private static extern int XFetchName(nint display, nint window, out nint name);
    [DllImport(X11)] private static extern int XGetGeometry(nint display, nint drawable, out nint root, out int x, out int y, out uint width, out uint height, out uint border, out uint depth);
    [DllImport(X11)] private static extern int XTranslateCoordinates(nint display, nint from, nint to, int x, int y, out int toX, out int toY, out nint child);
    [DllImport(X11)] private static extern nint XCreateSimpleWindow(nint display, nint parent, int x, int y, uint width, uint height, uint borderWidth, nuint border, nuint background);
    [DllImport(X11)] private static extern int XMapWindow(nint display, nint window);
    [DllImport(X11)] private static extern int XDestroyWindow(nint display, nint window);
    [DllImport(X11)] private static extern int XResizeWindow(nint display, nint window, uint width, uint height);
    [DllImport(X11)] private static extern int XSetInputFocus(nint display, nint window, int revertTo, nuint time);
    [DllImport(X11)] private static extern int XGetInputFocus(nint display, out nint window, out int revertTo);
    [DllImport(X11)] private static extern int XSendEvent(nint display, nint window, int propagate, nint mask, byte[] e);
    [DllImport(X11)] private static extern int XGrabKeyboard(nint display, nint window, int ownerEvents, int pointerMode, int keyboardMode, nuint time);
    [DllImport(X11)] private static extern int XUngrabKeyboard(nint display, nuint time);
    [DllImport(X11)] private static extern int XGrabPointer(nint display, nint window, int ownerEvents, uint mask, int pointerMode, int keyboardMode, nint confineTo, nint cursor, nuint time);
    [DllImport(X11)] private static extern int XUngrabPointer(nint display, nuint time);
    [DllImport(X11)] private static extern nint XGetImage(nint display, nint drawable, int x, int y, uint width, uint height, nuint planes, int format);
    [DllImport(X11)] private static extern int XDestroyImage(nint image);
    [DllImport(Xtst)] private static extern int XTestFakeKeyEvent(nint display, uint keycode, int press, nuint delay);
    [DllImport(Xtst)] private static extern int XTestFakeButtonEvent(nint display, uint button, int press, nuint delay);
    [DllImport(Xtst)] private static extern int XTestFakeMotionEvent(nint display, int screen, int x, int y, nuint delay);
}
