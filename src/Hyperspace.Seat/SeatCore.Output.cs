using Hyperspace.Linux.Reactor;
using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Display.Outputs;

namespace Hyperspace.Seat;

/// <summary>What the output and the guests are told of each other: the monitor's size, and what is around the picture.</summary>
public sealed partial class SeatCore
{
    /// <summary>Below 400 rows of pixels Linux takes a font of 8x8 pixels for its text console (get_default_font in lib/fonts/fonts.c), which nobody could read.</summary>
    private static readonly (int Width, int Height) LeastPanned = (640, 400);

    private readonly ReactorTimer _settleTimer;

    /// <summary>True when the focused guest follows motion of the pointer and not its place.</summary>
    private bool FocusedTakesMotion => _ports[FocusedPort]?.Display is { Surface: not null, IsAbsolute: false };

    private string Label(int port) => port == 0 ? "Hyperspace" : _ports[port]?.Info.Label ?? "nothing here";

    private void Announce() => _output.Announce(new ShownPort(Primary.Port, Label(Primary.Port), Primary.HasGuest && Primary.Port == FocusedPort, FocusedTakesMotion));

    private void OnFullScreenAsked()
    {
        if (!_output.ToggleFullScreen())
        {
            Said?.Invoke("There is no window here to make larger.");
        }
    }

    private void TellMonitors()
    {
        foreach (PortSlot slot in _ports.Occupied)
        {
            if (slot.Display is { } display)
            {
                TellMonitor(slot.Info.Number, display);
            }
        }
    }

    /// <summary>
    /// Tells the guest on a port the size of the monitor that it is shown on. One that has more pixels keeps them where it is shown in part: the text console of Linux keeps the size that it began with, and would lose
    /// what does not fit. Firmware's pictures do not count, because what comes after them is to have the size.
    /// </summary>
    private void TellMonitor(int port, GuestDisplay display)
    {
        (IOutput output, PixelRect area) = (ScreenOf(port).Output, ScreenOf(port).Compositor.GuestArea);
        if (output.PansPictures && (display.Surface is not { } surface || (!surface.IsFirmware && (surface.Width > area.Width || surface.Height > area.Height))))
        {
            return;
        }

        (int width, int height) = output.PansPictures ? (Math.Max(area.Width, LeastPanned.Width), Math.Max(area.Height, LeastPanned.Height)) : (area.Width, area.Height);
        display.SetMonitor(new MonitorSize(width, height, (int)(width * output.MillimetresPerPixel), (int)(height * output.MillimetresPerPixel)));
    }
}
