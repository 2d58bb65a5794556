using Hyperspace.Linux.Sdl;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Display.Outputs.Window;

/// <summary>
/// A window on a desktop. Frames are drawn straight into the window's pixels while these are the seat's, only what has changed, and the window's thread shows that part. A window that is made larger or smaller is a monitor
/// with another mode: bar and console follow at once, guests when the size has stayed for a moment.
/// </summary>
public sealed class WindowOutput : IOutput
{
    /// <summary>No seat is smaller; a window that is shows the upper left of it.</summary>
    private const int LeastWidth = 320, LeastHeight = 200;

    private readonly IWindow _window;
    private WindowLook _look;
    private ShownPort _shown;
    private bool _isOurs;
    private bool _isOld;
    private bool _hasFocus;
    private bool _isHeld;

    /// <param name="window">Taken over. Its first pixels have not been read yet.</param>
    /// <param name="look">What the window was opened with.</param>
    public WindowOutput(IWindow window, PsfFont font, WindowLook look)
    {
        (_window, Font, _look) = (window, font, look);
        TakeSize();
        window.Readable = Drain;
    }

    public string Kind => "window";

    public (int Width, int Height) Size { get; private set; }

    public (int Columns, int Rows) TextSize => Compositor.ScreenCompositor.TextSize(Size, Font);

    public bool WantsPixelText => true;

    public PsfFont Font { get; }

    public double MillimetresPerPixel => _window.MillimetresPerPixel;

    public TimeSpan SettleTime => TimeSpan.FromMilliseconds(150);

    public bool IsReady => _isOurs;

    public Action? Resized { get; set; }

    public Action? ReadyAgain { get; set; }

    public Action<long>? Shown { get; set; }

    /// <summary>Takes the events of keyboard, mouse and focus.</summary>
    public Action<WindowEvent>? Input { get; set; }

    /// <summary>The window was closed, or cannot go on: then with the reason, as a sentence.</summary>
    public Action<string?>? Closed { get; set; }

    /// <summary>Frames that the window has shown.</summary>
    public long Frames { get; private set; }

    /// <summary>The pointer is held in the window and moves the guest's by its motion.</summary>
    public bool HoldsPointer => _look.TakesMotion;

    public void Announce(in ShownPort shown)
    {
        if (shown != _shown)
        {
            // The pointer is held for one guest, after a click into its picture.
            _isHeld &= shown.Port == _shown.Port && shown.TakesMotion;
            _shown = shown;
            UpdateLook();
        }
    }

    public bool ToggleFullScreen()
    {
        SetLook(_look with { FullScreen = !_look.FullScreen });
        return true;
    }

    /// <summary>Reads what the window's thread has told. Called by the window; the first time by whoever has connected all ends.</summary>
    public void Drain()
    {
        while (_window.TryRead(out WindowEvent e))
        {
            switch (e.Kind)
            {
                case WindowEventKind.Renewed:
                    TakePixels();
                    break;
                case WindowEventKind.Shown:
                    Frames++;
                    Shown?.Invoke(e.Time);
                    OnOurs();
                    break;
                case WindowEventKind.SizeChanged when _isOurs:
                    RenewPixels();
                    break;
                case WindowEventKind.SizeChanged:
                    _isOld = true;
                    break;
                case WindowEventKind.CloseAsked:
                    Closed?.Invoke(null);
                    break;
                case WindowEventKind.Failed:
                    Closed?.Invoke(_window.Problem);
                    break;
                default:
                    OnInput(e);
                    break;
            }
        }
    }

    public void Present(Frame frame, PixelRect damage)
    {
        PixelRect drawn = damage.Intersect(new PixelRect(0, 0, _window.Width, _window.Height));
        if (!_isOurs || drawn.IsEmpty)
        {
            return;
        }

        ReadOnlySpan<uint> from = frame.Pixels;
        Span<uint> to = _window.Pixels;
        for (int y = drawn.Y; y < drawn.Bottom; y++)
        {
            from.Slice(y * frame.Width + drawn.X, drawn.Width).CopyTo(to[(y * _window.Stride + drawn.X)..]);
        }

        _isOurs = false;
        _window.Show(drawn.X, drawn.Y, drawn.Width, drawn.Height);
    }

    private void OnInput(in WindowEvent e)
    {
        switch (e.Kind)
        {
            case WindowEventKind.FocusGained:
                _hasFocus = true;
                UpdateLook();
                break;
            case WindowEventKind.FocusLost:
                (_hasFocus, _isHeld) = (false, false);
                UpdateLook();
                break;
            case WindowEventKind.Button when e.Down && _shown is { HasGuest: true, TakesMotion: true } && _hasFocus && !_isHeld:
                _isHeld = true;
                UpdateLook();
                break;
        }

        Input?.Invoke(e);
    }

    private void TakePixels()
    {
        TakeSize();
        _isOurs = true;
        if (_isOld)
        {
            RenewPixels();
            return;
        }

        // Everything is drawn anew, whether the size is another or not: nothing is in the pixels.
        Resized?.Invoke();
        ReadyAgain?.Invoke();
    }

    private void TakeSize() => Size = (Math.Max(_window.Width, LeastWidth), Math.Max(_window.Height, LeastHeight));

    private void OnOurs()
    {
        _isOurs = true;
        if (_isOld)
        {
            RenewPixels();
        }
        else
        {
            ReadyAgain?.Invoke();
        }
    }

    private void RenewPixels()
    {
        (_isOurs, _isOld) = (false, false);
        _window.Renew();
    }

    /// <summary>On port 0 the desktop's own keys work, so that Ctrl+Alt+Esc is the way out of a guest that has all of them.</summary>
    private void UpdateLook() => SetLook(_look with
    {
        Title = _shown.Port == 0 ? "Hyperspace" : $"{_shown.Port} {Compositor.TrustedBar.Harmless(_shown.Label)} - Hyperspace",
        GrabsKeyboard = _shown.HasGuest,
        TakesMotion = _isHeld && _shown.TakesMotion,
        ShowsPointer = !_shown.HasGuest,
    });

    private void SetLook(WindowLook look)
    {
        if (look != _look)
        {
            _look = look;
            _window.Set(look);
        }
    }

    public void Dispose() => _window.Dispose();
}
