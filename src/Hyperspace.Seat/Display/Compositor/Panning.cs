using Hyperspace.Seat.Display.Outputs;

namespace Hyperspace.Seat.Display.Compositor;

/// <summary>
/// Which part of a guest's picture is shown where it is larger than the area and not made smaller. It follows small changes: those are what is typed, and the text
/// cursor, which blinks.
/// </summary>
public struct Panning
{
    /// <summary>The largest change that is followed, in pixels: two characters. What changes more is a page, or a clock somewhere.</summary>
    private const int MaxWidth = 16, MaxHeight = 32;

    /// <summary>The guest's pixel in the upper left of the area, a multiple of the step.</summary>
    public int X { get; private set; }

    public int Y { get; private set; }

    /// <summary>Moves so that the change is seen, by as little as possible up and down, and by some words to the sides.</summary>
    /// <param name="width">The guest's width in pixels.</param>
    /// <param name="step">A cell of the output in pixels.</param>
    /// <returns>True when it moved.</returns>
    public bool Follow(PixelRect change, PixelRect area, int width, int height, (int X, int Y) step)
    {
        if (change.IsEmpty || change.Width > MaxWidth || change.Height > MaxHeight)
        {
            return false;
        }

        (int x, int y) = (X, Y);
        X = change.Right > x + area.Width ? change.Right - area.Width * 3 / 4 : change.X < x ? change.X - area.Width / 4 : x;
        Y = change.Bottom > y + area.Height ? change.Bottom - area.Height : change.Y < y ? change.Y : y;
        X = Align(X, width - area.Width, step.X);
        Y = Align(Y, height - area.Height, step.Y);
        return (x, y) != (X, Y);
    }

    /// <summary>Another picture: the upper left.</summary>
    public void Reset() => (X, Y) = (0, 0);

    /// <summary>Up to the next step, so that the last row is whole, and not beyond the picture by more than a step.</summary>
    private static int Align(int origin, int most, int step)
    {
        int steps = (Math.Clamp(origin, 0, Math.Max(most, 0)) + step - 1) / step;
        return steps * step;
    }
}
