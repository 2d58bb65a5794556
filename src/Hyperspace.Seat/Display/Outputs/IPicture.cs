using Hyperspace.Protocols.Terminal;

namespace Hyperspace.Seat.Display.Outputs;

/// <summary>A way in which a terminal shows pixels. The frame consists of whole cells; the bar is the first row of them.</summary>
internal interface IPicture
{
    TerminalGraphics Kind { get; }

    /// <summary>Draws at least the damaged part of the frame, below the bar.</summary>
    void Paint(TerminalWriter writer, CellScreen screen, Frame frame, PixelRect damage);

    /// <summary>Takes away what cells that are written afterwards would not replace.</summary>
    void Remove(TerminalWriter writer);
}

/// <summary>Cells of a frame.</summary>
internal readonly record struct CellArea(int Left, int Top, int Right, int Bottom, int CellWidth, int CellHeight)
{
    /// <summary>The cells that a part of the frame touches, without the bar and within the screen.</summary>
    public static CellArea Of(Frame frame, CellScreen screen, PixelRect damage, int cellWidth, int cellHeight) => new(
        Math.Max(0, damage.X / cellWidth), Math.Max(1, damage.Y / cellHeight),
        Math.Min(Math.Min(screen.Columns, frame.Width / cellWidth), (damage.Right + cellWidth - 1) / cellWidth),
        Math.Min(Math.Min(screen.Rows, frame.Height / cellHeight), (damage.Bottom + cellHeight - 1) / cellHeight), cellWidth, cellHeight);

    public bool IsEmpty => Right <= Left || Bottom <= Top;
}
