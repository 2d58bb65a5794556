using Hyperspace.Protocols.Terminal;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Terminals;

/// <summary>Makes frames of text for a terminal: what has changed, between the marks that keep it from being seen half done.</summary>
internal sealed class TerminalPage
{
    private (int Column, int Row)? _cursor;
    private bool _lost = true;

    public CellScreen Cells { get; } = new();

    /// <summary>The next frame begins with an empty screen.</summary>
    public void Invalidate() => _lost = true;

    /// <summary>Begins a frame.</summary>
    /// <returns>True when nothing of what was shown before is there any more.</returns>
    public bool Begin(TerminalWriter writer, (int Columns, int Rows) size)
    {
        writer.Clear();
        writer.Write(TerminalModes.BeginFrame);
        if (!_lost)
        {
            return false;
        }

        (_lost, _cursor) = (false, null);
        writer.Write("\u001b[0m"u8);
        writer.Write(TerminalModes.HideCursor);
        writer.Write("\u001b[2J"u8);
        Cells.Resize(size.Columns, size.Rows);
        return true;
    }

    /// <summary>Brings rows of text to the screen.</summary>
    /// <param name="top">The screen's row for the first of them.</param>
    public void Put(TerminalWriter writer, CellGrid text, int top)
    {
        for (int row = 0; row < text.Rows; row++)
        {
            ReadOnlySpan<Cell> cells = text.Row(row);
            for (int column = 0; column < cells.Length; column++)
            {
                Cell cell = cells[column];
                Cells.Put(writer, column, top + row, new TerminalCell(cell.Character, cell.Foreground.Value, cell.Background.Value, cell.Bold));
            }
        }
    }

    /// <summary>Ends a frame, with the text cursor at that place of the screen or nowhere.</summary>
    /// <returns>False when there is nothing to send.</returns>
    public bool End(TerminalWriter writer, (int Column, int Row)? cursor)
    {
        bool isDirty = writer.Length > TerminalModes.BeginFrame.Length;
        if (cursor is { } place && (isDirty || cursor != _cursor))
        {
            writer.MoveTo(place.Column, place.Row);
            writer.Write(TerminalModes.ShowCursor);
            Cells.ForgetCursor();
            isDirty = true;
        }
        else if (cursor is null && _cursor is not null)
        {
            writer.Write(TerminalModes.HideCursor);
            isDirty = true;
        }

        _cursor = cursor;
        writer.Write(TerminalModes.EndFrame);
        return isDirty;
    }
}
