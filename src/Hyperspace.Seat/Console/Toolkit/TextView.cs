using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Console;

/// <summary>A line of a page of text.</summary>
/// <param name="Text">Harmless or not: it is made so when it is drawn.</param>
internal readonly record struct TextLine(string Text, Rgb Ink)
{
    /// <summary>Stands before the text, in a column of its own.</summary>
    public string? Label { get; init; }

    /// <summary>A heading begins in the labels' column.</summary>
    public bool Heading { get; init; }

    /// <summary>A meter before the text, 0 to 1; null for none.</summary>
    public double? Meter { get; init; }

    /// <summary>So many characters at the beginning are less important: a time.</summary>
    public int Quiet { get; init; }

    public static TextLine Empty => new("", Theme.Dim);
}

/// <summary>Text that is wrapped and scrolled, and that can follow its end. Its rows are laid out again when its lines or its width change.</summary>
internal sealed class TextView
{
    private const int MeterWidth = 30;

    private readonly List<Row> _rows = [];
    private IReadOnlyList<TextLine> _lines = [];
    private int _laidOutFor = -1;
    private int _shown = 1;

    private readonly record struct Row(int Line, int Start, int Length);

    /// <summary>The labels' column, gap included; 0 for none.</summary>
    public int LabelWidth { get; init; }

    /// <summary>Longer rows are hard to read.</summary>
    public int MaxWidth { get; init; } = int.MaxValue;

    /// <summary>Keeps the last row in sight when lines are added.</summary>
    public bool Following { get; set; }

    public IReadOnlyList<TextLine> Lines => _lines;

    /// <summary>The first row in sight.</summary>
    public int Top { get; private set; }

    public int Count => _rows.Count;

    public bool AtEnd => Top + _shown >= _rows.Count;

    /// <summary>Replaces the text. The place is kept, unless the end is followed.</summary>
    /// <param name="gone">How many of the old text's first lines are no longer there.</param>
    public void Set(IReadOnlyList<TextLine> lines, int gone = 0)
    {
        (int line, int into) = Place();
        _lines = lines;
        int width = _laidOutFor;
        _laidOutFor = -1;
        if (width > 0)
        {
            LayOut(width);
            Top = line < gone ? 0 : FirstRowOf(line - gone) + into;
        }
    }

    /// <summary>Moves; false for a key that does not.</summary>
    public bool Key(ConsoleKeyPress key)
    {
        int page = Math.Max(1, _shown - 1);
        int last = Math.Max(0, _rows.Count - _shown);
        int? top = key.Name switch
        {
            ConsoleKeyName.Up => Top - 1,
            ConsoleKeyName.Down => Top + 1,
            ConsoleKeyName.PageUp => Top - page,
            ConsoleKeyName.PageDown => Top + page,
            ConsoleKeyName.Home => 0,
            ConsoleKeyName.End => last,
            ConsoleKeyName.Character when key.Character == ' ' => Top + page,
            _ => null,
        };
        if (top is null)
        {
            return false;
        }

        Top = Math.Clamp(top.Value, 0, last);
        Following = AtEnd;
        return true;
    }

    /// <summary>Draws what is in sight, with a scroll bar when there is more.</summary>
    public void Draw(Canvas canvas, Style style)
    {
        LayOut(Math.Min(canvas.Columns - 2, MaxWidth));
        _shown = Math.Max(1, canvas.Rows);
        int last = Math.Max(0, _rows.Count - _shown);
        Top = Following ? last : Math.Clamp(Top, 0, last);
        for (int i = 0; i < canvas.Rows && Top + i < _rows.Count; i++)
        {
            DrawRow(canvas, i, _rows[Top + i], style);
        }

        canvas.ScrollBar(Top, _shown, _rows.Count, style);
    }

    /// <summary>How many rows the text takes at this width.</summary>
    public int RowsAt(int width)
    {
        LayOut(width);
        return _rows.Count;
    }

    private void DrawRow(Canvas canvas, int at, Row row, Style style)
    {
        TextLine line = _lines[row.Line];
        int indent = Indent(line, _laidOutFor);
        bool first = row.Start == 0;
        if (first && line.Label is not null)
        {
            canvas.Fit(0, at, indent - 1, line.Label, style.With(Theme.Dim));
        }

        if (first && line.Meter is { } meter)
        {
            canvas.Meter(indent, at, MeterColumns(indent, _laidOutFor) - 2, meter, style);
        }

        int column = indent + (line.Meter is null ? 0 : MeterColumns(indent, _laidOutFor));
        ReadOnlySpan<char> text = line.Text.AsSpan(row.Start, row.Length);
        int quiet = first ? Math.Min(line.Quiet, text.Length) : 0;
        Style ink = style with { Ink = line.Ink, Bold = line.Heading };
        column = canvas.Write(column, at, text[..quiet], style.With(Theme.Dim));
        canvas.Write(column, at, text[quiet..], ink);
    }

    private void LayOut(int width)
    {
        width = Math.Max(width, 1);
        if (width == _laidOutFor)
        {
            return;
        }

        (int topLine, int into) = Place();
        _rows.Clear();
        for (int i = 0; i < _lines.Count; i++)
        {
            TextLine line = _lines[i];
            int indent = Indent(line, width);
            int room = Math.Max(1, width - indent - (line.Meter is null ? 0 : MeterColumns(indent, width)));
            ReadOnlySpan<char> rest = line.Text;
            do
            {
                int start = line.Text.Length - rest.Length;
                _rows.Add(new Row(i, start, ConsoleText.TakeRow(ref rest, room).Length));
            }
            while (!rest.IsEmpty);
        }

        bool resized = _laidOutFor > 0;
        _laidOutFor = width;
        if (resized)
        {
            Top = FirstRowOf(topLine) + into;
        }
    }

    /// <summary>The line at the top and how many of its rows are above.</summary>
    private (int Line, int Into) Place()
    {
        if (Top >= _rows.Count)
        {
            return (0, 0);
        }

        int line = _rows[Top].Line;
        return (line, Top - FirstRowOf(line));
    }

    private int FirstRowOf(int line)
    {
        int row = 0;
        while (row < _rows.Count && _rows[row].Line < line)
        {
            row++;
        }

        return row;
    }

    /// <summary>A narrow screen gets narrower labels.</summary>
    private int Indent(TextLine line, int width) => line.Heading ? 0 : Math.Min(LabelWidth, width / 3);

    private static int MeterColumns(int indent, int width) => Math.Clamp((width - indent) / 2, 0, MeterWidth) + 2;
}
