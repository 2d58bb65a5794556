using Hyperspace.Protocols.Terminal;

namespace Hyperspace.Seat.Display.Outputs;

/// <summary>
/// Kitty graphics: each row of cells is a picture with its row's number as id, so that a row that is sent again replaces itself. They lie
/// under the text, over the paper of blank cells.
/// </summary>
internal sealed class KittyPicture : IPicture
{
    private const uint Paper = 0x101014;

    private readonly KittyGraphics _graphics = new();

    public TerminalGraphics Kind => TerminalGraphics.Kitty;

    public void Paint(TerminalWriter writer, CellScreen screen, Frame frame, PixelRect damage)
    {
        CellArea area = CellArea.Of(frame, screen, damage, frame.Width / frame.Bar.Columns, frame.BarHeight);
        int width = Math.Min(screen.Columns * area.CellWidth, frame.Width);
        for (int row = area.Top; row < area.Bottom && !area.IsEmpty; row++)
        {
            for (int column = 0; column < screen.Columns; column++)
            {
                screen.Put(writer, column, row, new TerminalCell(' ', 0, Paper));
            }

            writer.MoveTo(0, row);
            _graphics.Place(writer, row, frame.Pixels[(row * area.CellHeight * frame.Width)..], frame.Width, width, area.CellHeight);
            screen.ForgetCursor();
        }
    }

    public void Remove(TerminalWriter writer) => writer.Write(KittyGraphics.DeleteAll);
}
