using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Console;

/// <summary>
/// A rectangle of a grid to draw on, in its own coordinates. Everything is clipped to it, and every text is made harmless on its way, so that no page has to know
/// which of its texts a guest wrote. Drawing allocates nothing.
/// </summary>
internal readonly struct Canvas
{
    private readonly CellGrid _grid;
    private readonly int _left;
    private readonly int _top;

    public Canvas(CellGrid grid) : this(grid, 0, 0, grid.Columns, grid.Rows) { }

    private Canvas(CellGrid grid, int left, int top, int columns, int rows) =>
        (_grid, _left, _top, Columns, Rows) = (grid, left, top, columns, rows);

    public int Columns { get; }

    public int Rows { get; }

    /// <summary>A part of this canvas; what of it would lie outside is cut off.</summary>
    public Canvas Part(int column, int row, int columns, int rows)
    {
        (int left, int top) = (Math.Clamp(column, 0, Columns), Math.Clamp(row, 0, Rows));
        int right = Math.Clamp(column + Math.Max(columns, 0), left, Columns);
        int bottom = Math.Clamp(row + Math.Max(rows, 0), top, Rows);
        return new Canvas(_grid, _left + left, _top + top, right - left, bottom - top);
    }

    public void Clear(Style style) => _grid.Fill(_left, _top, Columns, Rows, new Cell(' ', style.Ink, style.Paper));

    /// <summary>Writes as much of a text as there is room for. Returns the column after its last character.</summary>
    public int Write(int column, int row, ReadOnlySpan<char> untrustedText, Style style)
    {
        foreach (char c in untrustedText)
        {
            Put(column++, row, ConsoleText.Harmless(c), style);
        }

        return column;
    }

    /// <summary>Writes a text into a field; one that is too long ends in an ellipsis. Returns the column after its last character.</summary>
    public int Fit(int column, int row, int width, ReadOnlySpan<char> untrustedText, Style style)
    {
        if (width <= 0)
        {
            return column;
        }

        if (untrustedText.Length <= width)
        {
            return Write(column, row, untrustedText, style);
        }

        int end = Write(column, row, untrustedText[..(width - 1)], style);
        return Write(end, row, "…", style);
    }

    /// <summary>Like <see cref="Fit"/>, at the field's right.</summary>
    public void FitRight(int column, int row, int width, ReadOnlySpan<char> text, Style style) =>
        Fit(column + Math.Max(0, width - text.Length), row, Math.Min(width, text.Length), text, style);

    public void Center(int row, ReadOnlySpan<char> text, Style style) =>
        Fit(Math.Max(0, (Columns - text.Length) / 2), row, Columns, text, style);

    /// <summary>Writes a text broken at words, in at most so many rows; what does not fit ends in an ellipsis. Returns the row after it.</summary>
    public int Wrap(int column, int row, int width, int maxRows, ReadOnlySpan<char> text, Style style)
    {
        for (int i = 0; i < maxRows && !text.IsEmpty; i++, row++)
        {
            ReadOnlySpan<char> line = ConsoleText.TakeRow(ref text, width);
            int end = Write(column, row, line, style);
            if (i == maxRows - 1 && !text.IsEmpty)
            {
                Write(Math.Min(end, column + Math.Max(width - 1, 0)), row, "…", style);
            }
        }

        return row;
    }

    /// <summary>The same character many times.</summary>
    public void Repeat(int column, int row, int count, char c, Style style)
    {
        for (int i = 0; i < count; i++)
        {
            Put(column + i, row, c, style);
        }
    }

    /// <summary>A horizontal meter.</summary>
    /// <param name="fraction">0 to 1; more is full.</param>
    public void Meter(int column, int row, int width, double fraction, Style style)
    {
        int full = double.IsFinite(fraction) ? (int)Math.Round(Math.Clamp(fraction, 0, 1) * width) : 0;
        Repeat(column, row, full, '━', style.With(Theme.Use(fraction)));
        Repeat(column + full, row, width - full, '─', style.With(Theme.Faint));
    }

    /// <summary>A thin bar in the last column that says which part of something longer is shown; nothing when all of it is.</summary>
    public void ScrollBar(int top, int shown, int count, Style style)
    {
        if (count <= shown || Rows == 0)
        {
            return;
        }

        int length = Math.Max(1, Rows * shown / count);
        int first = (int)((long)(Rows - length) * top / Math.Max(1, count - shown));
        for (int row = 0; row < Rows; row++)
        {
            bool on = row >= first && row < first + length;
            Put(Columns - 1, row, on ? '█' : '│', style.With(Theme.Faint));
        }
    }

    /// <summary>A frame with round corners around the whole canvas, its inside cleared, a title in its upper edge.</summary>
    public void Frame(ReadOnlySpan<char> title, Style style, Rgb edge)
    {
        Clear(style);
        Style line = style.With(edge);
        (int right, int bottom) = (Columns - 1, Rows - 1);
        Repeat(1, 0, right - 1, '─', line);
        Repeat(1, bottom, right - 1, '─', line);
        for (int row = 1; row < bottom; row++)
        {
            Put(0, row, '│', line);
            Put(right, row, '│', line);
        }

        Put(0, 0, '╭', line);
        Put(right, 0, '╮', line);
        Put(0, bottom, '╰', line);
        Put(right, bottom, '╯', line);
        if (Columns > 8)
        {
            Write(2, 0, " ", line);
            int end = Fit(3, 0, Columns - 6, title, style.Strong);
            Write(end, 0, " ", line);
        }
    }

    /// <summary>Takes the strength out of everything that has been drawn, so that what comes on top stands out.</summary>
    public void Fade()
    {
        for (int row = 0; row < Rows; row++)
        {
            for (int column = 0; column < Columns; column++)
            {
                Cell cell = _grid[_left + column, _top + row];
                _grid[_left + column, _top + row] = cell with { Foreground = Between(cell.Foreground, Theme.Paper), Background = Between(cell.Background, Theme.Paper) };
            }
        }
    }

    private static Rgb Between(Rgb a, Rgb b) => new((byte)((a.R * 2 + b.R * 3) / 5), (byte)((a.G * 2 + b.G * 3) / 5), (byte)((a.B * 2 + b.B * 3) / 5));

    private void Put(int column, int row, char c, Style style)
    {
        if ((uint)column < (uint)Columns && (uint)row < (uint)Rows)
        {
            _grid[_left + column, _top + row] = new Cell(c, style.Ink, style.Paper, style.Bold);
        }
    }
}
