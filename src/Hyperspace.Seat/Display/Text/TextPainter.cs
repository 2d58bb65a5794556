using Hyperspace.Seat.Display.Outputs;

namespace Hyperspace.Seat.Display.Text;

/// <summary>Draws a page of text into pixels with a bitmap font; only the cells that have changed since the last time.</summary>
public sealed class TextPainter(PsfFont font)
{
    private Cell[] _drawn = [];
    private int _columns;
    private (int Column, int Row)? _cursor;

    public PsfFont Font { get; } = font;

    /// <summary>Forgets what was drawn: everything is drawn the next time.</summary>
    public void Invalidate() => _drawn = [];

    /// <summary>Draws into <paramref name="pixels"/> (a row is <paramref name="stride"/> pixels), with the grid's first cell at (x, y).</summary>
    /// <returns>The pixels that have changed.</returns>
    public PixelRect Paint(CellGrid grid, Span<uint> pixels, int stride, int x, int y)
    {
        bool all = _drawn.Length != grid.Columns * grid.Rows || _columns != grid.Columns;
        if (all)
        {
            _drawn = new Cell[grid.Columns * grid.Rows];
            _columns = grid.Columns;
        }

        PixelRect damage = default;
        for (int row = 0; row < grid.Rows; row++)
        {
            ReadOnlySpan<Cell> cells = grid.Row(row);
            for (int column = 0; column < cells.Length; column++)
            {
                int index = row * grid.Columns + column;
                bool underCursor = grid.Cursor == (column, row);
                if (all || _drawn[index] != cells[column] || underCursor != (_cursor == (column, row)))
                {
                    _drawn[index] = cells[column];
                    var place = new PixelRect(x + column * Font.Width, y + row * Font.Height, Font.Width, Font.Height);
                    Draw(cells[column], underCursor, pixels, stride, place);
                    damage = damage.Union(place);
                }
            }
        }

        _cursor = grid.Cursor;
        return damage;
    }

    private void Draw(Cell cell, bool underCursor, Span<uint> pixels, int stride, PixelRect place)
    {
        (uint ink, uint paper) = underCursor ? (cell.Background.Value, cell.Foreground.Value) : (cell.Foreground.Value, cell.Background.Value);
        ReadOnlySpan<byte> glyph = Font.Glyph(cell.Character);
        for (int row = 0; row < Font.Height; row++)
        {
            Span<uint> line = pixels.Slice((place.Y + row) * stride + place.X, Font.Width);
            ReadOnlySpan<byte> bits = glyph.Slice(row * Font.BytesPerRow, Font.BytesPerRow);
            bool left = false;
            for (int column = 0; column < line.Length; column++)
            {
                bool set = (bits[column >> 3] & (0x80 >> (column & 7))) != 0;
                line[column] = set || (cell.Bold && left) ? ink : paper;
                left = set;
            }
        }
    }
}
