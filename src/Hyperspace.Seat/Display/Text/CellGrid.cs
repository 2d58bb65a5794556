namespace Hyperspace.Seat.Display.Text;

/// <summary>A colour as the screen has it: 0xRRGGBB.</summary>
public readonly record struct Rgb(uint Value)
{
    public byte R => (byte)(Value >> 16);
    public byte G => (byte)(Value >> 8);
    public byte B => (byte)Value;

    public Rgb(byte r, byte g, byte b) : this(((uint)r << 16) | ((uint)g << 8) | b) { }
}

/// <summary>One character cell. A character outside the Basic Multilingual Plane, or wider than one cell, is shown as a replacement.</summary>
public readonly record struct Cell(char Character, Rgb Foreground, Rgb Background, bool Bold = false)
{
    public static readonly Cell Blank = new(' ', new Rgb(0xC8C8C8), new Rgb(0x000000));
}

/// <summary>
/// A page of text, as the console and the trusted bar are drawn: rows of cells. A pixel output draws it with a bitmap font, a terminal
/// output sends it as text, so that both show the same thing.
/// </summary>
public sealed class CellGrid
{
    private Cell[] _cells;

    public CellGrid(int columns, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        Columns = columns;
        Rows = rows;
        _cells = new Cell[columns * rows];
        Clear(Cell.Blank);
    }

    public int Columns { get; private set; }
    public int Rows { get; private set; }

    /// <summary>Where a text cursor is shown, or null.</summary>
    public (int Column, int Row)? Cursor { get; set; }

    public Cell this[int column, int row]
    {
        get => _cells[row * Columns + column];
        set => _cells[row * Columns + column] = value;
    }

    public ReadOnlySpan<Cell> Row(int row) => _cells.AsSpan(row * Columns, Columns);

    public void Clear(Cell cell) => Array.Fill(_cells, cell);

    /// <summary>Writes text, clipped to the grid; control characters become spaces. Returns the column after the last one written.</summary>
    public int Write(int column, int row, ReadOnlySpan<char> text, Rgb foreground, Rgb background, bool bold = false)
    {
        if ((uint)row >= (uint)Rows)
        {
            return column;
        }

        foreach (char c in text)
        {
            if ((uint)column < (uint)Columns)
            {
                this[column, row] = new Cell(char.IsControl(c) ? ' ' : c, foreground, background, bold);
            }

            column++;
        }

        return column;
    }

    /// <summary>Fills a rectangle, clipped to the grid.</summary>
    public void Fill(int column, int row, int columns, int rows, Cell cell)
    {
        for (int y = Math.Max(row, 0); y < Math.Min(row + rows, Rows); y++)
        {
            for (int x = Math.Max(column, 0); x < Math.Min(column + columns, Columns); x++)
            {
                this[x, y] = cell;
            }
        }
    }

    public void Resize(int columns, int rows)
    {
        if (columns == Columns && rows == Rows)
        {
            return;
        }

        Columns = columns;
        Rows = rows;
        _cells = new Cell[columns * rows];
        Clear(Cell.Blank);
    }

    /// <summary>The text of a row without colours, trailing spaces removed: for tests and for screen readers.</summary>
    public string TextOf(int row) => string.Concat(Row(row).ToArray().Select(c => c.Character)).TrimEnd();
}
