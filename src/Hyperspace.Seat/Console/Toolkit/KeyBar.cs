namespace Hyperspace.Seat.Console;

/// <summary>A key and what it does here.</summary>
/// <param name="Enabled">False is drawn dim: pressed, it says why.</param>
internal readonly record struct KeyHint(string Key, string Label, bool Enabled = true)
{
    public int Width => Key.Length + 1 + Label.Length;
}

/// <summary>The keys of the page, in columns, at the bottom of the screen.</summary>
internal static class KeyBar
{
    private const int Gap = 3;

    /// <summary>How many rows these keys take, at most <paramref name="maxRows"/>.</summary>
    public static int RowsFor(List<KeyHint> keys, int width, int maxRows)
    {
        for (int rows = 1; rows < maxRows; rows++)
        {
            if (WidthIn(keys, rows) <= width - 2)
            {
                return rows;
            }
        }

        return maxRows;
    }

    /// <summary>Draws the keys in the canvas's rows; those that find no room are left out.</summary>
    public static void Draw(Canvas canvas, List<KeyHint> keys)
    {
        canvas.Clear(Theme.Bar);
        if (canvas.Rows == 0 || keys.Count == 0)
        {
            return;
        }

        int perRow = (keys.Count + canvas.Rows - 1) / canvas.Rows;
        int spare = canvas.Columns - 2 - WidthIn(keys, canvas.Rows);
        int gap = Gap + Math.Clamp(perRow > 1 ? spare / (perRow - 1) : 0, 0, 3);
        int left = 1;
        for (int column = 0; column < perRow; column++)
        {
            for (int row = 0; row < canvas.Rows && row * perRow + column < keys.Count; row++)
            {
                KeyHint key = keys[row * perRow + column];
                if (left + key.Width < canvas.Columns)
                {
                    int end = canvas.Write(left, row, key.Key, Theme.Bar.With(key.Enabled ? Theme.Accent : Theme.Faint).Strong);
                    canvas.Write(end + 1, row, key.Label, Theme.Bar.With(key.Enabled ? Theme.Soft : Theme.Faint));
                }
            }

            left += ColumnWidth(keys, perRow, column) + gap;
        }
    }

    private static int WidthIn(List<KeyHint> keys, int rows)
    {
        int perRow = (keys.Count + rows - 1) / rows;
        int width = 0;
        for (int column = 0; column < perRow; column++)
        {
            width += ColumnWidth(keys, perRow, column) + (column > 0 ? Gap : 0);
        }

        return width;
    }

    private static int ColumnWidth(List<KeyHint> keys, int perRow, int column)
    {
        int width = 0;
        for (int i = column; i < keys.Count; i += perRow)
        {
            width = Math.Max(width, keys[i].Width);
        }

        return width;
    }
}
