using Hyperspace.Seat.Display.Outputs;

namespace Hyperspace.Seat.Input.Routing;

/// <summary>Where the focused guest's picture is on the monitor. Set by whoever lays the picture out.</summary>
/// <param name="MonitorWidth">Pixels of the whole monitor, trusted bar included.</param>
/// <param name="BarHeight">Rows at the top that the trusted bar takes; the pointer is never the guest's there, whatever <paramref name="Guest"/> says.</param>
/// <param name="Guest">The guest's picture in pixels of the monitor; empty when it has none.</param>
/// <param name="GuestWidth">Pixels of the guest's own screen, which the picture may be scaled from.</param>
public readonly record struct PointerMap(int MonitorWidth, int MonitorHeight, int BarHeight, PixelRect Guest, int GuestWidth, int GuestHeight)
{
    /// <summary>Fractions of the monitor to pixels of the guest's screen; a position beside the picture gives the nearest pixel of it.</summary>
    /// <param name="x">0 (left edge) to 65535 (right edge); what is outside is taken as the edge.</param>
    /// <param name="inside">Whether the position is on the guest's picture, and not on the bar.</param>
    /// <returns>False when no guest's picture is shown.</returns>
    public bool TryLocate(int x, int y, out int guestX, out int guestY, out bool inside) =>
        TryLocateFine((long)Math.Clamp(x, 0, 65535) * MonitorWidth, (long)Math.Clamp(y, 0, 65535) * MonitorHeight, out guestX, out guestY, out inside);

    /// <summary>As <see cref="TryLocate"/>, for positions in 65536ths of a pixel of the monitor.</summary>
    public bool TryLocateFine(long x, long y, out int guestX, out int guestY, out bool inside)
    {
        guestX = guestY = 0;
        inside = false;
        if (Guest.IsEmpty || MonitorWidth <= 0 || MonitorHeight <= 0 || GuestWidth <= 0 || GuestHeight <= 0)
        {
            return false;
        }

        inside = y >> 16 >= BarHeight;
        guestX = Scale(x, Guest.X, Guest.Width, GuestWidth, ref inside);
        guestY = Scale(y, Guest.Y, Guest.Height, GuestHeight, ref inside);
        return true;
    }

    /// <summary>Goes through 1/65536 of a monitor pixel, so that a picture that is shown larger or smaller loses no precision of the source.</summary>
    private static int Scale(long fine, int start, int length, int guest, ref bool inside)
    {
        long position = fine - ((long)start << 16);
        long end = (long)length << 16;
        inside &= position >= 0 && position < end;
        return (int)(Math.Clamp(position, 0, end - 1) * guest / end);
    }
}
