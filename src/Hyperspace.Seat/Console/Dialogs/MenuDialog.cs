using Hyperspace.Protocols.Control;

namespace Hyperspace.Seat.Console;

/// <summary>Everything that can be done to a VM, and elsewhere, in one list: for people who do not know the letters.</summary>
/// <param name="vm">The VM as it is now; null when there is none, or no longer.</param>
/// <param name="obstacle">What stands in the way of a deed now, or null.</param>
/// <param name="chosen">Gets a deed that can be done, after the menu has closed.</param>
internal sealed class MenuDialog(Func<VmStatus?> vm, bool canQuit, Func<Deed, Obstacle?> obstacle, Action<Deed> chosen) : ConsoleDialog
{
    private const int Width = 46;
    private const int ReasonRows = 2;
    private readonly List<Deed> _deeds = [];
    private int _selected;

    public override void Draw(Canvas screen)
    {
        List();
        Canvas box = Box(screen, Width, _deeds.Count + ReasonRows + 3);
        box.Frame(vm()?.Label ?? "Console", Theme.Dialog, Theme.Accent);
        int rows = Math.Max(1, box.Rows - ReasonRows - 3);
        int top = Math.Clamp(_selected - rows + 1, 0, Math.Max(0, _deeds.Count - rows));
        Canvas list = box.Part(1, 1, box.Columns - 2, rows);
        for (int i = 0; i < rows && top + i < _deeds.Count; i++)
        {
            DrawItem(list, i, _deeds[top + i], top + i == _selected);
        }

        box.Repeat(1, rows + 1, box.Columns - 2, '─', Theme.Dialog.With(Theme.Faint));
        if (box.Rows > rows + 2)
        {
            string? reason = obstacle(_deeds[_selected])?.ToString();
            Style style = Theme.Dialog.With(reason is null ? Theme.Dim : Theme.Warning);
            box.Wrap(3, rows + 2, Math.Max(1, box.Columns - 6), Math.Min(ReasonRows, box.Rows - rows - 3), reason ?? "Enter does it, Esc goes back.", style);
        }
    }

    private void DrawItem(Canvas list, int row, Deed deed, bool selected)
    {
        bool can = obstacle(deed) is null;
        Style style = selected ? new Style(Theme.Ink, Theme.Selection) : Theme.Dialog;
        list.Part(0, row, list.Columns, 1).Clear(style);
        list.Write(1, row, selected ? "▸" : " ", style.With(Theme.Accent).Strong);
        list.Write(3, row, Deeds.KeyOf(deed), style.With(can ? Theme.Accent : Theme.Dim).Strong);
        list.Fit(10, row, list.Columns - 11, Deeds.SentenceOf(deed), style.With(can ? Theme.Ink : Theme.Dim));
    }

    public override void Key(ConsoleKeyPress key)
    {
        List();
        int? to = key.Name switch
        {
            ConsoleKeyName.Up => _selected - 1,
            ConsoleKeyName.Down or ConsoleKeyName.Tab => _selected + 1,
            ConsoleKeyName.Home or ConsoleKeyName.PageUp => 0,
            ConsoleKeyName.End or ConsoleKeyName.PageDown => _deeds.Count - 1,
            _ => null,
        };
        if (to is { } index)
        {
            _selected = (index + _deeds.Count) % _deeds.Count;
        }
        else if (key.Name is ConsoleKeyName.Escape or ConsoleKeyName.Backspace or ConsoleKeyName.Left)
        {
            Close();
        }
        else if (key.Name == ConsoleKeyName.Enter)
        {
            Choose(_deeds[_selected]);
        }
        else if (Deeds.OfKey(key, vm()) is { } deed && _deeds.Contains(deed))
        {
            _selected = _deeds.IndexOf(deed);
            Choose(deed);
        }
    }

    /// <summary>One that cannot be done stays selected, with the reason below the list.</summary>
    private void Choose(Deed deed)
    {
        if (obstacle(deed) is null)
        {
            Close();
            chosen(deed);
        }
    }

    /// <summary>The list depends on the VM, and that may change while the menu is open; what was selected stays so.</summary>
    private void List()
    {
        Deed? selected = _selected < _deeds.Count ? _deeds[_selected] : null;
        VmStatus? now = vm();
        _deeds.Clear();
        if (now is not null)
        {
            foreach (Deed deed in Deeds.OfVm)
            {
                if (deed != (now.State is VmState.Paused or VmState.Sleeping ? Deed.Pause : Deed.Resume))
                {
                    _deeds.Add(deed);
                }
            }
        }

        _deeds.Add(Deed.Host);
        _deeds.Add(Deed.Power);
        _deeds.Add(Deed.Help);
        if (canQuit)
        {
            _deeds.Add(Deed.Quit);
        }

        _selected = selected is { } deed2 && _deeds.IndexOf(deed2) is var at and >= 0 ? at : Math.Min(_selected, _deeds.Count - 1);
    }
}
