using Hyperspace.Seat.Display.Outputs;

namespace Hyperspace.Seat.Display.Compositor;

/// <summary>
/// Where a guest's picture lies on the monitor: in the middle of the area below the bar, pixel for pixel when it fits, else made smaller with its
/// proportions kept.
/// </summary>
/// <param name="Area">All that guests may ever draw on, in pixels of the monitor.</param>
/// <param name="Target">What the picture covers: inside the area, or around it where the picture is panned.</param>
/// <param name="SourceWidth">The guest's own width in pixels.</param>
public readonly record struct Placement(PixelRect Area, PixelRect Target, int SourceWidth, int SourceHeight)
{
    public bool IsScaled => Target.Width != SourceWidth || Target.Height != SourceHeight;

    /// <param name="stepX">Where the picture may begin: at multiples of this many pixels of the monitor, for outputs that consist of cells.</param>
    public static Placement Of(PixelRect area, int width, int height, int stepX = 1, int stepY = 1)
    {
        if (area.IsEmpty || width <= 0 || height <= 0)
        {
            return new Placement(area, default, width, height);
        }

        (int w, int h) = (width, height);
        if (w > area.Width || h > area.Height)
        {
            // The smaller of the two factors, in integers: w/area.Width against h/area.Height.
            (w, h) = (long)w * area.Height > (long)h * area.Width
                ? (area.Width, Math.Max(1, (int)((long)h * area.Width / w)))
                : (Math.Max(1, (int)((long)w * area.Height / h)), area.Height);
        }

        (int x, int y) = (area.X + (area.Width - w) / 2, area.Y + (area.Height - h) / 2);
        return new Placement(area, new PixelRect(Math.Max(area.X, x - x % stepX), Math.Max(area.Y, y - y % stepY), w, h), width, height);
    }

    /// <summary>A picture that is never made smaller: of one that does not fit the part from the pixel (<paramref name="panX"/>, <paramref name="panY"/>) on is in the area.</summary>
    public static Placement Panned(PixelRect area, int width, int height, int panX, int panY, int stepX, int stepY)
    {
        Placement inside = Of(area, Math.Min(width, area.Width), Math.Min(height, area.Height), stepX, stepY);
        (int x, int y) = (width > area.Width ? area.X - panX : inside.Target.X, height > area.Height ? area.Y - panY : inside.Target.Y);
        return inside with { Target = new PixelRect(x, y, width, height), SourceWidth = width, SourceHeight = height };
    }

    /// <summary>The monitor's pixels that show a part of the guest's screen, rounded outwards.</summary>
    public PixelRect ToMonitor(PixelRect guest)
    {
        if (!IsScaled)
        {
            return new PixelRect(guest.X + Target.X, guest.Y + Target.Y, guest.Width, guest.Height).Intersect(Target);
        }

        int left = (int)((long)guest.X * Target.Width / SourceWidth);
        int top = (int)((long)guest.Y * Target.Height / SourceHeight);
        int right = (int)(((long)guest.Right * Target.Width + SourceWidth - 1) / SourceWidth);
        int bottom = (int)(((long)guest.Bottom * Target.Height + SourceHeight - 1) / SourceHeight);
        return new PixelRect(Target.X + left, Target.Y + top, right - left, bottom - top).Intersect(Target);
    }

    /// <summary>The guest's pixel under one of the monitor's; null outside the picture, above all on the bar.</summary>
    public (int X, int Y)? ToGuest(int x, int y)
    {
        if (x < Target.X || y < Target.Y || x >= Target.Right || y >= Target.Bottom)
        {
            return null;
        }

        return ((int)((long)(x - Target.X) * SourceWidth / Target.Width), (int)((long)(y - Target.Y) * SourceHeight / Target.Height));
    }
}
