using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Hyperspace.Benchmarks;

/// <summary>An X server in memory with a screen of 1280x800 and no window manager (Xvfb), and an eye on the pixel in the middle of the screen.</summary>
internal sealed class XServer : IDisposable
{
    public const int Width = 1280, Height = 800;

    private const string Library = "libX11.so.6";
    private const int ZPixmap = 2;

    private readonly Process _server;
    private readonly nint _display;

    /// <exception cref="InvalidOperationException">It does not start.</exception>
    public XServer()
    {
        var start = new ProcessStartInfo("Xvfb", ["-displayfd", "1", "-screen", "0", $"{Width}x{Height}x24", "-dpi", "96", "-nolisten", "tcp", "-ac"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        _server = Process.Start(start)!;
        _server.BeginErrorReadLine();
        Name = ":" + _server.StandardOutput.ReadLine();
        _display = XOpenDisplay(Name);
        if (_display == 0)
        {
            Dispose();
            throw new InvalidOperationException($"The X server in memory does not answer as {Name}.");
        }
    }

    private string Name { get; }

    /// <summary>Has a program that is to be started open its windows here.</summary>
    public void Give(ProcessStartInfo start) => (start.Environment["DISPLAY"], start.Environment["SDL_VIDEODRIVER"]) = (Name, "x11");

    /// <summary>The colour in the middle of the screen: 0xRRGGBB.</summary>
    public uint Look()
    {
        nint image = XGetImage(_display, XDefaultRootWindow(_display), Width / 2, Height / 2, 1, 1, nuint.MaxValue, ZPixmap);
        if (image == 0)
        {
            throw new InvalidOperationException("The X server in memory shows nothing.");
        }

        // XImage of Xlib.h: data at 16.
        uint pixel = (uint)Marshal.ReadInt32(Marshal.ReadIntPtr(image, 16)) & 0xFFFFFF;
        XDestroyImage(image);
        return pixel;
    }

    public void Dispose()
    {
        if (_display != 0)
        {
            XCloseDisplay(_display);
        }

        _server.Kill();
        _server.WaitForExit();
        _server.Dispose();
    }

    [DllImport(Library)] private static extern nint XOpenDisplay(string name);
    [DllImport(Library)] private static extern int XCloseDisplay(nint display);
    [DllImport(Library)] private static extern nint XDefaultRootWindow(nint display);
    [DllImport(Library)] private static extern nint XGetImage(nint display, nint drawable, int x, int y, uint width, uint height, nuint planes, int format);
    [DllImport(Library)] private static extern int XDestroyImage(nint image);
}
