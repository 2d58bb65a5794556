using Hyperspace.Protocols.Terminal;

namespace Hyperspace.Seat.Display.Outputs;

/// <summary>The damaged cells as one sixel picture.</summary>
internal sealed class SixelPicture : IPicture
{
    private const int BandHeight = 6;

    private readonly SixelEncoder _encoder = new();

    public TerminalGraphics Kind => TerminalGraphics.Sixel;

    public void Paint(TerminalWriter writer, CellScreen screen, Frame frame, PixelRect damage)
    {
        CellArea area = CellArea.Of(frame, screen, damage, frame.Width / frame.Bar.Columns, frame.BarHeight);
        if (area.IsEmpty)
        {
            return;
        }

        (int x, int y) = (area.Left * area.CellWidth, area.Top * area.CellHeight);
        (int width, int height) = ((area.Right - area.Left) * area.CellWidth, (area.Bottom - area.Top) * area.CellHeight);
        if (area.Bottom == screen.Rows)
        {
            // A band that reaches below the last row makes some terminals scroll: the last one is left out when it is not whole.
            height -= height % BandHeight;
        }

        screen.Forget(area.Top, area.Bottom - area.Top);
        writer.MoveTo(area.Left, area.Top);
        _encoder.Encode(writer, frame.Pixels[(y * frame.Width + x)..], frame.Width, width, height);
        screen.ForgetCursor();
    }

    /// <summary>Cells replace the sixels under them.</summary>
    public void Remove(TerminalWriter writer)
    {
    }
}
