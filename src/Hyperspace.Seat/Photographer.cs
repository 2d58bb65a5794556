using Hyperspace.Seat.Display.Compositor;
using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat;

/// <summary>A picture of a monitor: rows of 32-bit pixels, B G R X in memory, top row first, without gaps.</summary>
public sealed record Photograph(int Width, int Height, uint[] Pixels);

/// <summary>
/// Makes pictures of what a port shows, whether it has the focus or not, and whatever the output is: a terminal has no pixels of its own, so its picture
/// is what a monitor of that size would show.
/// </summary>
internal static class Photographer
{
    public static Photograph Take((int Width, int Height) size, PsfFont font, BarContent bar, CellGrid? page, GuestDisplay? guest)
    {
        using var monitor = new HeadlessOutput(Math.Max(size.Width, 640), Math.Max(size.Height, 400), font);
        var compositor = new ScreenCompositor(monitor);
        TrustedBar.Draw(compositor.Bar, bar);
        if (page is not null)
        {
            compositor.ShowText(page);
        }
        else if (guest is not null)
        {
            compositor.ShowGuest(guest);
        }

        compositor.Compose();
        return new Photograph(compositor.Width, compositor.Height, compositor.Pixels.ToArray());
    }
}
