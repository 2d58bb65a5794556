namespace Hyperspace.Linux.Sdl;

/// <summary>
/// A window of SDL 2. SDL wants one thread to itself and has no descriptor to wait for, so the window has a thread: it sleeps in SDL until there is an event of the desktop or one that the seat's thread pushed, and
/// wakes the seat's thread through the reactor's eventfd. Nothing polls; an event and a frame allocate nothing.
/// </summary>
public sealed unsafe class SdlWindow : IWindow
{
    /// <summary>SDL holds back for up to 200 ms what X11 says of the focus, and looks at its clock only when it is called: so long after an event it is called again, and then no more.</summary>
    private const int SettleMilliseconds = 250;

    private const int Forever = -1;
    private const double Inch = 25.4;

    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    private enum Order
    {
        Show,
        Renew,
        Look,
        Close,
    }

    private readonly Reactor.Reactor _reactor;
    private readonly WindowQueue _queue = new();
    private readonly ManualResetEventSlim _opened = new();
    private readonly Action _read;
    private readonly Thread _thread;
    private readonly (int Width, int Height) _wanted;

    /// <summary>Of the window's thread.</summary>
    private nint _window;
    private LibSdl.Surface* _surface;
    private LibSdl.Surface* _converted;
    private WindowLook _shown;
    private bool _closing;
    private WindowException? _refusal;

    /// <summary>Written by one side while the pixels are its own.</summary>
    private uint* _pixels;
    private int _stride, _width, _height;

    private volatile WindowLook _look;
    private volatile string? _problem;

    /// <summary>Of the seat's thread.</summary>
    private bool _isOurs;
    private bool _disposed;

    private SdlWindow(Reactor.Reactor reactor, int width, int height, WindowLook look)
    {
        (_reactor, _wanted, _look, _shown, _read) = (reactor, (width, height), look, look, () => Readable?.Invoke());
        _thread = new Thread(Run) { Name = "window", IsBackground = true };
        _thread.Start();
        _opened.Wait();
    }

    /// <summary>Opens a window and shows it.</summary>
    /// <param name="reactor">Runs on the caller's thread.</param>
    /// <param name="width">In the desktop's points, which are pixels unless it scales; less on a smaller desktop.</param>
    /// <exception cref="WindowException">Says why not, and what there is instead.</exception>
    public static SdlWindow Open(Reactor.Reactor reactor, int width, int height, WindowLook look)
    {
        var window = new SdlWindow(reactor, width, height, look);
        if (window._refusal is { } refusal)
        {
            window._thread.Join();
            throw refusal;
        }

        return window;
    }

    public string Driver { get; private set; } = "";

    public double MillimetresPerPixel { get; private set; } = Inch / 96;

    public string? Problem => _problem;

    public Action? Readable { get; set; }

    // SAFETY: the window's thread leaves the pixels alone, and alive, until it is asked for others.
    public Span<uint> Pixels => _isOurs ? new Span<uint>(_pixels, _stride * _height) : default;

    public int Stride => _stride;

    public int Width => _width;

    public int Height => _height;

    public bool TryRead(out WindowEvent e)
    {
        bool any = _queue.TryRead(out e);
        _isOurs |= e.Kind is WindowEventKind.Renewed or WindowEventKind.Shown;
        return any;
    }

    public void Show(int x, int y, int width, int height)
    {
        if (_isOurs)
        {
            _isOurs = false;
            Push(Order.Show, Packed(x, y), Packed(width, height));
        }
    }

    public void Renew()
    {
        if (_isOurs)
        {
            _isOurs = false;
            Push(Order.Renew);
        }
    }

    public void Set(WindowLook look)
    {
        _look = look;
        Push(Order.Look);
    }

    private static long Packed(int high, int low) => ((long)high << 32) | (uint)low;

    private void Push(Order order, long data1 = 0, long data2 = 0)
    {
        if (!_disposed)
        {
            var e = new SdlEvent { Type = SdlEvent.User, UserCode = (int)order, UserData1 = data1, UserData2 = data2 };

            // SAFETY: SDL copies the event before it returns. This function may be called on any thread (SDL_events.h).
            _ = LibSdl.PushEvent(&e);
        }
    }

    private void Run()
    {
        try
        {
            Start();
        }
        catch (WindowException e)
        {
            _refusal = e;
            _opened.Set();
            return;
        }

        Add(WindowEventKind.Renewed, x: _width, y: _height);
        _opened.Set();
        Pump();
        End();
    }

    private void End()
    {
        FreeConverted();
        LibSdl.DestroyWindow(_window);
        LibSdl.VideoQuit();
        LibSdl.Quit();
    }

    private void Start()
    {
        Driver = SdlVideo.Start(Environment.GetEnvironmentVariable);
        _ = LibSdl.EventState(SdlEvent.SystemMessage, LibSdl.Enable);
        (int width, int height) = _wanted;
        LibSdl.Rect bounds;

        // SAFETY: a rectangle into a local.
        if (LibSdl.GetDisplayUsableBounds(0, &bounds) == 0 && bounds is { Width: > 0, Height: > 0 })
        {
            (width, height) = (Math.Min(width, bounds.Width), Math.Min(height, bounds.Height));
        }

        _window = LibSdl.CreateWindow(_shown.Title, LibSdl.AnyPosition, LibSdl.AnyPosition, width, height, LibSdl.Hidden | LibSdl.Resizable | LibSdl.AllowHighDpi);
        if (_window == 0)
        {
            throw Refused("the desktop gives none");
        }

        LibSdl.SetWindowMinimumSize(_window, 320, 200);
        if (!TryRenewPixels())
        {
            throw Refused(Driver == "wayland" ? "on Wayland SDL 2 shows pictures through OpenGL, which does not work here" : "it takes no picture");
        }

        // What is in the new pixels would be seen until the first frame.
        new Span<uint>(_pixels, _stride * _height).Clear();
        Look(_look, anew: true);
        LibSdl.ShowWindow(_window);
        if (Driver == "wayland")
        {
            // A compositor that leaves decorations to its clients makes SDL 2.26 hide the window again, for good. Nothing is seen of this: a window without a picture is not mapped.
            LibSdl.HideWindow(_window);
            LibSdl.ShowWindow(_window);
        }

        Measure();
    }

    private WindowException Refused(string what)
    {
        var e = new WindowException($"No window can be opened: {what}: {LibSdl.ErrorText()}. `--output terminal` shows the seat in a terminal.");
        End();
        return e;
    }

    /// <summary>The display's own measure, unless it says what cannot be. Where a point is several pixels, people want what they read to be larger.</summary>
    private void Measure()
    {
        float diagonal, dots, vertical;

        // SAFETY: three numbers into locals.
        bool known = LibSdl.GetDisplayDpi(LibSdl.GetWindowDisplayIndex(_window), &diagonal, &dots, &vertical) == 0 && dots is >= 40 and <= 600;
        LibSdl.GetWindowSize(_window, out int points, out _);
        double scale = points > 0 ? (double)_width / points : 1;
        MillimetresPerPixel = Inch / (known ? Math.Max(dots, 72 * scale) : 96 * scale);
    }

    private void Pump()
    {
        int wait = SettleMilliseconds;
        SdlEvent e;
        while (!_closing)
        {
            // SAFETY: SDL writes one event of its size.
            if (LibSdl.WaitEventTimeout(&e, wait) == 0)
            {
                if (wait == Forever)
                {
                    // It does not wait: the desktop is gone, which it says by an event.
                    Thread.Sleep(10);
                }

                wait = Forever;
                continue;
            }

            wait = SettleMilliseconds;
            do
            {
                Take(e);
            }
            while (LibSdl.PollEvent(&e) != 0);
        }
    }

    private void Take(in SdlEvent e)
    {
        switch (e.Type)
        {
            case SdlEvent.KeyDown or SdlEvent.KeyUp when e.KeyRepeat == 0:
                Add(WindowEventKind.Key, e.Scancode, e.Type == SdlEvent.KeyDown);
                break;
            case SdlEvent.MouseMotion when _shown.TakesMotion:
                Add(WindowEventKind.Motion, x: e.MotionRelativeX, y: e.MotionRelativeY);
                break;
            case SdlEvent.MouseMotion:
                AddAt(WindowEventKind.Position, 0, down: false, e.MotionX, e.MotionY);
                break;
            case SdlEvent.MouseButtonDown or SdlEvent.MouseButtonUp:
                AddAt(WindowEventKind.Button, e.Button, e.Type == SdlEvent.MouseButtonDown, e.ButtonX, e.ButtonY);
                break;
            case SdlEvent.MouseWheel when e.WheelY != 0:
                Add(WindowEventKind.Wheel, y: -e.WheelY);
                break;
            case SdlEvent.Window:
                TakeWindowEvent(e.WindowEvent);
                break;
            case SdlEvent.Quit:
                Add(WindowEventKind.CloseAsked);
                break;
            case SdlEvent.User:
                Obey((Order)e.UserCode, e.UserData1, e.UserData2);
                break;
        }
    }

    private void TakeWindowEvent(byte what)
    {
        switch (what)
        {
            case SdlEvent.Exposed:
                // It fails while the pixels have another size than the window, and then a whole frame follows. The other side may be writing: then it shows what it has written, soon.
                _ = LibSdl.UpdateWindowSurface(_window);
                break;
            case SdlEvent.Resized or SdlEvent.SizeChanged or SdlEvent.DisplayChanged:
                Add(WindowEventKind.SizeChanged);
                break;
            case SdlEvent.FocusGained:
                Add(WindowEventKind.FocusGained);
                break;
            case SdlEvent.FocusLost:
                Add(WindowEventKind.FocusLost);
                break;
            case SdlEvent.Close:
                Add(WindowEventKind.CloseAsked);
                break;
        }
    }

    private void Obey(Order order, long data1, long data2)
    {
        switch (order)
        {
            case Order.Show:
                Update(new LibSdl.Rect { X = (int)(data1 >> 32), Y = (int)data1, Width = (int)(data2 >> 32), Height = (int)data2 });
                Add(WindowEventKind.Shown);
                break;
            case Order.Renew when TryRenewPixels():
                Add(WindowEventKind.Renewed, x: _width, y: _height);
                break;
            case Order.Renew:
                _problem = $"The window takes no picture any more: {LibSdl.ErrorText()}.";
                Add(WindowEventKind.Failed);
                break;
            case Order.Look:
                Look(_look, anew: false);
                break;
            case Order.Close:
                _closing = true;
                break;
        }
    }

    private void Update(LibSdl.Rect rect)
    {
        if (_converted is not null)
        {
            LibSdl.Rect target = rect;

            // SAFETY: both surfaces are alive; SDL clips the rectangles to them.
            _ = LibSdl.Blit(_converted, &rect, _surface, &target);
        }

        // An error means that the window has another size by now, which is told as an event.
        _ = LibSdl.UpdateWindowSurfaceRects(_window, &rect, 1);
    }

    /// <summary>Takes the window's own pixels, or, where they have another format, a surface that is converted as it is shown.</summary>
    private bool TryRenewPixels()
    {
        FreeConverted();
        _surface = LibSdl.GetWindowSurface(_window);
        if (_surface is null)
        {
            return false;
        }

        LibSdl.Surface* drawn = _surface;
        if (*_surface->Format is not (LibSdl.FormatXrgb or LibSdl.FormatArgb) || _surface->Pitch % sizeof(uint) != 0)
        {
            drawn = _converted = LibSdl.CreateSurface(0, _surface->Width, _surface->Height, 32, LibSdl.FormatXrgb);
            if (drawn is null)
            {
                return false;
            }
        }

        _pixels = (uint*)drawn->Pixels;
        (_stride, _width, _height) = (drawn->Pitch / sizeof(uint), drawn->Width, drawn->Height);
        return true;
    }

    private void FreeConverted()
    {
        if (_converted is not null)
        {
            LibSdl.FreeSurface(_converted);
            _converted = null;
        }
    }

    private void Look(WindowLook look, bool anew)
    {
        WindowLook old = _shown;
        _shown = look;
        if (anew || look.Title != old.Title)
        {
            LibSdl.SetWindowTitle(_window, look.Title);
        }

        if (look.FullScreen != old.FullScreen)
        {
            _ = LibSdl.SetWindowFullscreen(_window, look.FullScreen ? LibSdl.FullScreenDesktop : 0);
        }

        if (anew || look.GrabsKeyboard != old.GrabsKeyboard)
        {
            LibSdl.SetWindowKeyboardGrab(_window, look.GrabsKeyboard ? 1 : 0);
        }

        if (look.TakesMotion != old.TakesMotion)
        {
            _ = LibSdl.SetRelativeMouseMode(look.TakesMotion ? 1 : 0);
        }

        if (anew || look.ShowsPointer != old.ShowsPointer)
        {
            _ = LibSdl.ShowCursor(look.ShowsPointer ? 1 : 0);
        }
    }

    private void AddAt(WindowEventKind kind, int code, bool down, int x, int y)
    {
        LibSdl.GetWindowSize(_window, out int width, out int height);
        Add(kind, code, down, Fraction(x, width), Fraction(y, height));
    }

    /// <summary>The middle of a point as a fraction of 65536; what is outside (a drag) is taken as the edge.</summary>
    private static int Fraction(int position, int extent) => (int)Math.Clamp((position * 2L + 1) * 32768 / Math.Max(extent, 1), 0, 65535);

    private void Add(WindowEventKind kind, int code = 0, bool down = false, int x = 0, int y = 0)
    {
        if (_queue.Add(new WindowEvent(kind, code, down, x, y, Reactor.Reactor.Now)))
        {
            _reactor.Post(_read);
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            Push(Order.Close);
            (_disposed, _isOurs) = (true, false);
            Readable = null;
            _thread.Join(ClosePatience);
        }
    }
}
