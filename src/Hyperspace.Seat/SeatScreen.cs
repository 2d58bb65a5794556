using Hyperspace.Linux.Reactor;
using Hyperspace.Seat.Console;
using Hyperspace.Seat.Display.Compositor;
using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input.Routing;

namespace Hyperspace.Seat;

/// <summary>One picture of the seat: a port under its trusted bar, on the primary monitor and its mirrors, or on a monitor that shows a port of its own.</summary>
internal sealed class SeatScreen : IDisposable
{
    private readonly ConsoleApp _console;
    private readonly PortTable _ports;
    private readonly FramePacer _pacer;
    private readonly CellGrid _consolePage;
    private readonly CellGrid _placeholder;
    private bool _pageChanged = true;

    public SeatScreen(Reactor reactor, IOutput output, ConsoleApp console, PortTable ports)
    {
        (Output, _console, _ports) = (output, console, ports);
        Compositor = new ScreenCompositor(output);
        (_consolePage, _placeholder) = (NewPage(), NewPage());
        _pacer = new FramePacer(reactor, () => output.IsReady, Present);
        output.ReadyAgain = Ask;
        output.Shown = at => Shown?.Invoke(this, at);
    }

    public IOutput Output { get; }

    public ScreenCompositor Compositor { get; }

    /// <summary>The port that is shown.</summary>
    public int Port { get; private set; }

    /// <summary>A frame goes to the output now.</summary>
    public Action<SeatScreen>? Presenting { get; init; }

    /// <summary>The output shows the last frame, since that time (<see cref="IOutput.Shown"/>).</summary>
    public Action<SeatScreen, long>? Shown { get; init; }

    /// <summary>True when a guest's picture is shown, and no page in its place.</summary>
    public bool HasGuest => _ports[Port]?.Surface is not null;

    /// <summary>Where the guest's picture is; nowhere while a page is shown.</summary>
    public PointerMap PointerMap => _ports[Port]?.Surface is { } surface
        ? new PointerMap(Compositor.Width, Compositor.Height, Compositor.BarHeight, Compositor.Placement.Target, surface.Width, surface.Height)
        : default;

    public bool IsShowing(GuestDisplay display) => ReferenceEquals(_ports[Port]?.Display, display);

    /// <summary>Shows the port's picture, or the page that stands for it, from the next frame on.</summary>
    public void Show(int port)
    {
        Port = port;
        if (Page is { } page)
        {
            _pageChanged = true;
            Compositor.ShowText(page);
        }
        else
        {
            Compositor.ShowGuest(_ports[port]!.Display!);
        }
    }

    /// <summary>What the page says is new.</summary>
    public void PageChanged()
    {
        if (Page is { } page)
        {
            _pageChanged = true;
            Compositor.ShowText(page);
            Ask();
        }
    }

    /// <summary>Draws a port's page, the console or what stands for a guest's picture.</summary>
    public void DrawPage(int port, CellGrid page)
    {
        if (port == 0)
        {
            _console.Draw(page);
        }
        else
        {
            Placeholder.Draw(page, port, _ports[port]?.Info);
        }
    }

    public CellGrid NewPage() => new(Output.TextSize.Columns, Output.TextSize.Rows);

    public void ShowBar(BarContent bar)
    {
        TrustedBar.Draw(Compositor.Bar, bar);
        Compositor.BarChanged();
        Ask();
    }

    /// <summary>Shows the guest's pointer, where the output does that itself.</summary>
    /// <param name="at">Where the seat has it, in pixels of the monitor; null: where the guest has put it.</param>
    public void ShowCursor((int X, int Y)? at)
    {
        if (Output.TakesCursor)
        {
            GuestDisplay? guest = _ports[Port]?.Display;
            CursorState cursor = Compositor.CursorFor(guest, guest is { IsAbsolute: true } ? at : null);
            Output.ShowCursor(cursor);
        }
    }

    /// <summary>The pointer of the guest that is shown has changed, and is drawn into the frames.</summary>
    public void CursorChanged(GuestDisplay display, PixelRect before)
    {
        if (Compositor.Placement.IsScaled)
        {
            // The pointer is not scaled with the picture, so what it covers is not known in the guest's pixels.
            Compositor.Invalidate();
        }
        else
        {
            Compositor.Damage(display, before.Union(display.Cursor.Bounds));
        }

        Ask();
    }

    /// <summary>Takes the output's size.</summary>
    public void Resize()
    {
        Compositor.Resize(Output);
        (int columns, int rows) = Output.TextSize;
        _consolePage.Resize(columns, rows);
        _placeholder.Resize(columns, rows);
    }

    /// <summary>What has changed is shown as soon as a frame is due.</summary>
    public void Ask()
    {
        if (Compositor.IsDirty)
        {
            _pacer.Ask();
        }
    }

    /// <summary>Shows what has changed now, however recent the last frame is; the output is to be ready.</summary>
    public void Present()
    {
        if (!Compositor.IsDirty)
        {
            return;
        }

        if (_pageChanged && Page is { } page)
        {
            _pageChanged = false;
            DrawPage(Port, page);
        }

        PixelRect damage = Compositor.Compose();
        if (!damage.IsEmpty)
        {
            Presenting?.Invoke(this);
            Output.Present(Compositor, damage);
        }

        _pacer.Presented();
    }

    /// <summary>The page that is shown, as it was drawn last; null for a guest's picture.</summary>
    private CellGrid? Page => Port == 0 ? _consolePage : HasGuest ? null : _placeholder;

    public void Dispose()
    {
        (Output.ReadyAgain, Output.Shown) = (null, null);
        _pacer.Dispose();
    }
}
