using Hyperspace.Linux.Drm;

namespace Hyperspace.Seat.Display.Outputs.Drm;

/// <summary>Brings a frame to a monitor; to one of another size as large as fits, in the middle, proportions kept.</summary>
internal static class Mirror
{
    /// <summary>What the frame covers on the monitor.</summary>
    public static PixelRect Target(int width, int height, PixelRect monitor)
    {
        (int w, int h) = (long)width * monitor.Height > (long)height * monitor.Width
            ? (monitor.Width, Math.Max(1, (int)((long)height * monitor.Width / width)))
            : (Math.Max(1, (int)((long)width * monitor.Height / height)), monitor.Height);
        return new PixelRect((monitor.Width - w) / 2, (monitor.Height - h) / 2, w, h);
    }

    /// <summary>The monitor's pixels that show a part of the frame, rounded outwards.</summary>
    public static PixelRect ToMonitor(PixelRect part, Frame frame, PixelRect monitor)
    {
        PixelRect target = Target(frame.Width, frame.Height, monitor);
        int left = (int)((long)part.X * target.Width / frame.Width), top = (int)((long)part.Y * target.Height / frame.Height);
        int right = (int)(((long)part.Right * target.Width + frame.Width - 1) / frame.Width), bottom = (int)(((long)part.Bottom * target.Height + frame.Height - 1) / frame.Height);
        return new PixelRect(target.X + left, target.Y + top, right - left, bottom - top).Intersect(target);
    }

    /// <summary>Draws a part of the frame on a monitor of its size.</summary>
    public static void Copy(Frame frame, PixelRect drawn, DumbBuffer buffer)
    {
        ReadOnlySpan<uint> from = frame.Pixels;
        Span<uint> to = buffer.Pixels;
        for (int y = drawn.Y; y < drawn.Bottom; y++)
        {
            from.Slice(y * frame.Width + drawn.X, drawn.Width).CopyTo(to[(y * buffer.Stride + drawn.X)..]);
        }
    }

    /// <summary>Draws what of the monitor shows the frame; the rest of the buffer stays black, as it began.</summary>
    public static void Copy(Frame frame, PixelRect drawn, DumbBuffer buffer, PixelRect monitor)
    {
        PixelRect target = Target(frame.Width, frame.Height, monitor);
        PixelRect rect = drawn.Intersect(target);
        ReadOnlySpan<uint> from = frame.Pixels;
        Span<uint> to = buffer.Pixels;
        for (int y = rect.Y; y < rect.Bottom; y++)
        {
            ReadOnlySpan<uint> row = from.Slice((int)((long)(y - target.Y) * frame.Height / target.Height) * frame.Width, frame.Width);
            Span<uint> line = to.Slice(y * buffer.Stride + rect.X, rect.Width);
            for (int x = 0; x < line.Length; x++)
            {
                line[x] = row[(int)((long)(rect.X + x - target.X) * frame.Width / target.Width)];
            }
        }
    }
}
