namespace Hyperspace.Seat.Console;

/// <summary>A box on top of the page that takes all keys until it closes itself.</summary>
internal abstract class ConsoleDialog
{
    protected const int MaxTextWidth = 58;

    public bool IsClosed { get; private set; }

    /// <summary>Draws it onto the whole screen's canvas; what is below has been faded.</summary>
    public abstract void Draw(Canvas screen);

    public abstract void Key(ConsoleKeyPress key);

    protected void Close() => IsClosed = true;

    /// <summary>A box of that size in the middle, smaller where the screen is.</summary>
    protected static Canvas Box(Canvas screen, int columns, int rows)
    {
        columns = Math.Min(columns, screen.Columns);
        rows = Math.Min(rows, screen.Rows);
        return screen.Part((screen.Columns - columns) / 2, (screen.Rows - rows) * 2 / 5, columns, rows);
    }

    /// <summary>True for a key that is a character, in either case and without Ctrl, Alt or Meta.</summary>
    protected static bool Is(ConsoleKeyPress key, char letter) =>
        key.Name == ConsoleKeyName.Character && char.ToLowerInvariant(key.Character) == letter;
}

/// <summary>Asks before something that cannot be undone. The answer that is selected at first is No.</summary>
internal sealed class ConfirmDialog(string title, string text, string verb, Action confirmed, Action? refused = null) : ConsoleDialog
{
    private readonly string _yes = $"Yes, {verb}";
    private bool _yesSelected;

    public override void Draw(Canvas screen)
    {
        int width = Math.Max(1, Math.Min(MaxTextWidth, screen.Columns - 6));
        int textRows = ConsoleText.RowsOf(text, width);
        Canvas box = Box(screen, width + 6, textRows + 6);
        box.Frame(title, Theme.Dialog, Theme.Warning);
        box.Wrap(3, 2, width, Math.Max(0, box.Rows - 5), text, Theme.Dialog.With(Theme.Soft));
        int row = Math.Max(0, box.Rows - 3);
        int column = Button(box, 3, row, _yes, _yesSelected);
        Button(box, column + 2, row, "No", !_yesSelected);
    }

    private static int Button(Canvas box, int column, int row, string label, bool selected)
    {
        Style style = selected ? new Style(Theme.Ink, Theme.Selection, Bold: true) : Theme.Dialog.With(Theme.Dim);
        column = box.Write(column, row, selected ? "▸ " : "  ", style.With(Theme.Accent));
        column = box.Write(column, row, label, style);
        return box.Write(column, row, "  ", style);
    }

    public override void Key(ConsoleKeyPress key)
    {
        if (key.Name is ConsoleKeyName.Left or ConsoleKeyName.Right or ConsoleKeyName.Up or ConsoleKeyName.Down or ConsoleKeyName.Tab)
        {
            _yesSelected = !_yesSelected;
        }
        else if (Is(key, 'y') || (key.Name == ConsoleKeyName.Enter && _yesSelected))
        {
            Close();
            confirmed();
        }
        else if (Is(key, 'n') || key.Name is ConsoleKeyName.Enter or ConsoleKeyName.Escape or ConsoleKeyName.Backspace)
        {
            Close();
            refused?.Invoke();
        }
    }

    /// <summary>The question has been answered elsewhere.</summary>
    public void Withdraw() => Close();
}

/// <summary>Says what went wrong.</summary>
internal sealed class MessageDialog : ConsoleDialog
{
    private readonly string _title;
    private readonly TextView _text = new();

    public MessageDialog(string title, string text)
    {
        _title = title;
        _text.Set([new TextLine(text, Theme.Soft)]);
    }

    public override void Draw(Canvas screen)
    {
        int width = Math.Max(1, Math.Min(MaxTextWidth, screen.Columns - 6));
        Canvas box = Box(screen, width + 6, _text.RowsAt(width) + 6);
        box.Frame(_title, Theme.Dialog, Theme.Bad);
        _text.Draw(box.Part(3, 2, width + 2, Math.Max(1, box.Rows - 5)), Theme.Dialog);
        var selected = new Style(Theme.Ink, Theme.Selection, Bold: true);
        int row = Math.Max(0, box.Rows - 3);
        int column = box.Write(3, row, "▸ ", selected.With(Theme.Accent));
        box.Write(column, row, "Close  ", selected);
    }

    public override void Key(ConsoleKeyPress key)
    {
        if (key.Name is ConsoleKeyName.Enter or ConsoleKeyName.Escape or ConsoleKeyName.Backspace)
        {
            Close();
        }
        else
        {
            _text.Key(key);
        }
    }
}
