namespace Hyperspace.Protocols.Terminal;

/// <summary>A cell of a terminal. Colours are 0xRRGGBB.</summary>
public readonly record struct TerminalCell(char Character, uint Foreground, uint Background, bool Bold = false);

/// <summary>
/// What a terminal shows, as far as we have sent it: only cells that differ are sent again, with the fewest cursor movements and colour changes that follow from
/// the order in which they come. Row by row from the left is the cheapest.
/// </summary>
public sealed class CellScreen
{
    private static readonly TerminalCell Unknown = new('\uFFFF', uint.MaxValue, uint.MaxValue);

    private TerminalCell[] _cells = [];
    private int _cursorColumn = -1;
    private int _cursorRow = -1;

    /// <summary>The colours and weight that the terminal draws with now; null when that is not known.</summary>
    private uint? _foreground, _background;
    private bool? _bold;

    public int Columns { get; private set; }

    public int Rows { get; private set; }

    /// <summary>Takes a size; everything is sent anew.</summary>
    public void Resize(int columns, int rows)
    {
        (Columns, Rows) = (columns, rows);
        _cells = new TerminalCell[columns * rows];
        Invalidate();
    }

    /// <summary>Nothing is known of the terminal any more.</summary>
    public void Invalidate()
    {
        Array.Fill(_cells, Unknown);
        ForgetPen();
    }

    /// <summary>Rows are covered by something that is not a cell: they are sent again when they are text.</summary>
    public void Forget(int row, int rows) => _cells.AsSpan(row * Columns, rows * Columns).Fill(Unknown);

    /// <summary>Something else has moved the cursor.</summary>
    public void ForgetCursor() => (_cursorColumn, _cursorRow) = (-1, -1);

    private void ForgetPen()
    {
        ForgetCursor();
        (_foreground, _background, _bold) = (null, null, null);
    }

    /// <summary>Brings a cell to the terminal; outside the screen nothing happens.</summary>
    public void Put(TerminalWriter writer, int column, int row, TerminalCell cell)
    {
        if ((uint)column >= (uint)Columns || (uint)row >= (uint)Rows)
        {
            return;
        }

        if (!IsOneCellWide(cell.Character))
        {
            cell = cell with { Character = '\uFFFD' };
        }

        // A blank has no ink: two blanks on the same paper are the same.
        if (cell.Character == ' ')
        {
            cell = cell with { Foreground = 0, Bold = false };
        }

        ref TerminalCell shown = ref _cells[row * Columns + column];
        if (shown == cell)
        {
            return;
        }

        shown = cell;
        if (_cursorColumn != column || _cursorRow != row)
        {
            writer.MoveTo(column, row);
        }

        SetPen(writer, cell);
        writer.Character(cell.Character);

        // In the last column the cursor stays where it is, because wrapping is off.
        (_cursorColumn, _cursorRow) = column + 1 < Columns ? (column + 1, row) : (-1, -1);
    }

    private void SetPen(TerminalWriter writer, TerminalCell cell)
    {
        if (cell.Character != ' ' && _bold != cell.Bold)
        {
            writer.Write(cell.Bold ? "\u001b[1m"u8 : "\u001b[22m"u8);
            _bold = cell.Bold;
        }

        if (cell.Character != ' ' && _foreground != cell.Foreground)
        {
            Color(writer, "\u001b[38;2;"u8, cell.Foreground);
            _foreground = cell.Foreground;
        }

        if (_background != cell.Background)
        {
            Color(writer, "\u001b[48;2;"u8, cell.Background);
            _background = cell.Background;
        }
    }

    /// <summary>SGR 38 and 48 with semicolons, which every terminal with 24-bit colour takes (ITU-T T.416 has colons, which some do not).</summary>
    private static void Color(TerminalWriter writer, ReadOnlySpan<byte> what, uint color)
    {
        writer.Write(what);
        writer.Number((int)(color >> 16) & 0xFF);
        writer.Write((byte)';');
        writer.Number((int)(color >> 8) & 0xFF);
        writer.Write((byte)';');
        writer.Number((int)color & 0xFF);
        writer.Write((byte)'m');
    }

    /// <summary>
    /// Whether a character takes exactly one cell in all terminals: no control, format or combining character, and none that is wide (Unicode
    /// Standard Annex #11: W and F; and symbols that terminals draw as wide emoji). One that is not would shift the rest of its row.
    /// </summary>
    public static bool IsOneCellWide(char c)
    {
        if (c is >= ' ' and <= '~')
        {
            return true;
        }

        return char.GetUnicodeCategory(c) switch
        {
            System.Globalization.UnicodeCategory.Control or System.Globalization.UnicodeCategory.Format or System.Globalization.UnicodeCategory.Surrogate
                or System.Globalization.UnicodeCategory.NonSpacingMark or System.Globalization.UnicodeCategory.EnclosingMark
                or System.Globalization.UnicodeCategory.SpacingCombiningMark or System.Globalization.UnicodeCategory.OtherNotAssigned
                or System.Globalization.UnicodeCategory.PrivateUse or System.Globalization.UnicodeCategory.LineSeparator
                or System.Globalization.UnicodeCategory.ParagraphSeparator => false,
            _ => !IsWide(c),
        };
    }

    private static bool IsWide(char c) => c is (>= '\u1100' and <= '\u11FF') or (>= '\u2E80' and <= '\uA4CF') or (>= '\uA960' and <= '\uA97F')
        or (>= '\uAC00' and <= '\uD7FF') or (>= '\uF900' and <= '\uFAFF') or (>= '\uFE10' and <= '\uFE6F') or (>= '\uFF00' and <= '\uFF60')
        or (>= '\uFFE0' and <= '\uFFE6') or '\u231A' or '\u231B' or '\u2329' or '\u232A' or (>= '\u23E9' and <= '\u23F3') or '\u25FD' or '\u25FE'
        or '\u2614' or '\u2615' or (>= '\u2648' and <= '\u2653') or '\u267F' or '\u2693' or '\u26A1' or '\u26AA' or '\u26AB' or '\u26BD' or '\u26BE'
        or '\u26C4' or '\u26C5' or '\u26CE' or '\u26D4' or '\u26EA' or (>= '\u26F2' and <= '\u26F5') or '\u26FA' or '\u26FD' or '\u2705'
        or '\u270A' or '\u270B' or '\u2728' or '\u274C' or '\u274E' or (>= '\u2753' and <= '\u2757') or (>= '\u2795' and <= '\u2797') or '\u27B0'
        or '\u27BF' or '\u2B1B' or '\u2B1C' or '\u2B50' or '\u2B55';
}
