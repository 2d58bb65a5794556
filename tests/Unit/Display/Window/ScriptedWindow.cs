using Hyperspace.Linux.Sdl;

namespace Hyperspace.Tests.Unit.Display.Window;

/// <summary>A window that shows when the test says so.</summary>
internal sealed class ScriptedWindow : IWindow
{
    private readonly Queue<WindowEvent> _events = new();
    private uint[] _pixels = [];
    private bool _isCallers;

    public ScriptedWindow(int width, int height)
    {
        (Width, Height) = (width, height);
        Renewed(width, height);
    }

    public string Driver => "scripted";

    public double MillimetresPerPixel => 25.4 / 96;

    public string? Problem { get; set; }

    public Action? Readable { get; set; }

    public Span<uint> Pixels => _isCallers ? _pixels : default;

    /// <summary>Some words more than are seen, as graphics have it.</summary>
    public int Stride => Width + 8;

    public int Width { get; private set; }

    public int Height { get; private set; }

    /// <summary>What was shown last; null when nothing was since the last <see cref="Shown"/>.</summary>
    public (int X, int Y, int Width, int Height)? Showing { get; private set; }

    public int Renewals { get; private set; }

    public WindowLook? Look { get; private set; }

    /// <summary>A pixel of the window.</summary>
    public uint this[int x, int y] => _pixels[y * Stride + x];

    public bool TryRead(out WindowEvent e)
    {
        bool any = _events.TryDequeue(out e);
        _isCallers |= e.Kind is WindowEventKind.Renewed or WindowEventKind.Shown;
        return any;
    }

    public void Show(int x, int y, int width, int height)
    {
        Assert.True(_isCallers);
        (_isCallers, Showing) = (false, (x, y, width, height));
    }

    public void Renew()
    {
        Assert.True(_isCallers);
        _isCallers = false;
        Renewals++;
    }

    public void Set(WindowLook look) => Look = look;

    public void Happens(WindowEventKind kind, int code = 0, bool down = false, int x = 0, int y = 0)
    {
        _events.Enqueue(new WindowEvent(kind, code, down, x, y, Hyperspace.Linux.Reactor.Reactor.Now));
        Readable?.Invoke();
    }

    /// <summary>What was given away last is on the screen.</summary>
    public void Shown()
    {
        Showing = null;
        Happens(WindowEventKind.Shown);
    }

    /// <summary>Pixels of another size.</summary>
    public void Renewed(int width, int height)
    {
        (Width, Height, _pixels) = (width, height, new uint[(width + 8) * height]);
        Happens(WindowEventKind.Renewed, x: width, y: height);
    }

    public void Dispose()
    {
    }
}
