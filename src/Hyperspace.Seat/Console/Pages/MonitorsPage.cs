using System.Globalization;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Seat.Console;

/// <summary>The seat's monitors, and what each of them shows: the primary's picture, or a port of its own.</summary>
internal sealed class MonitorsPage : ConsolePage
{
    private string? _selected;

    public MonitorsPage(ConsoleApp app) : base(app) { }

    public override string Title => "Monitors";

    private IReadOnlyList<SeatMonitor>? Monitors => App.Backend.Monitors;

    /// <summary>By its id, because the list changes with what is plugged in.</summary>
    private int Index
    {
        get
        {
            for (int i = 0; i < (Monitors?.Count ?? 0); i++)
            {
                if (Monitors![i].Id == _selected)
                {
                    return i;
                }
            }

            return 0;
        }
    }

    private SeatMonitor? Selected => Monitors is { Count: > 0 } monitors ? monitors[Index] : null;

    public override void AddKeys(List<KeyHint> keys)
    {
        bool here = App.Backend.CanSwitch && Selected is not null;
        keys.Add(new("Esc", "back"));
        keys.Add(new("↑ ↓", "select a monitor", Monitors is { Count: > 1 }));
        keys.Add(new("1-9", "show that port on it", here && Selected is not { Shows: "primary" }));
        keys.Add(new("0", "mirror the primary", here && Selected is { Shows: "port" or "absent" }));
        keys.Add(new("F1", "help"));
    }

    public override void Key(ConsoleKeyPress key)
    {
        if (IsBack(key))
        {
            App.Back();
        }
        else if (key.Name is ConsoleKeyName.Up or ConsoleKeyName.Down && Monitors is { Count: > 0 } monitors)
        {
            _selected = monitors[Math.Clamp(Index + (key.Name == ConsoleKeyName.Up ? -1 : 1), 0, monitors.Count - 1)].Id;
        }
        else if (key is { Name: ConsoleKeyName.Character, Character: >= '0' and <= '9' } && Selected is { } monitor)
        {
            _selected = monitor.Id;
            App.Note = App.Backend.SetMonitor(monitor.Id, key.Character == '0' ? null : key.Character - '0');
        }
    }

    public override void Draw(Canvas canvas)
    {
        if (Monitors is not { Count: > 0 } monitors)
        {
            canvas.Wrap(1, 0, canvas.Columns - 2, canvas.Rows, "There are no monitors to choose for: the seat is not on this computer's own.", Theme.Page.With(Theme.Soft));
            return;
        }

        int index = Index;
        for (int i = 0; i < monitors.Count && i < canvas.Rows; i++)
        {
            DrawMonitor(canvas, i, monitors[i], i == index);
        }

        const string explanation = "A monitor mirrors the primary, or shows one port under a bar of its own, whichever port the primary shows. The keys go to one port only; each bar says whether it is its own.";
        canvas.Wrap(1, monitors.Count + 1, canvas.Columns - 2, canvas.Rows - monitors.Count - 1, explanation, Theme.Page.With(Theme.Dim));
    }

    private void DrawMonitor(Canvas canvas, int row, SeatMonitor monitor, bool selected)
    {
        canvas.Write(1, row, selected ? "▸" : " ", Theme.Page.With(Theme.Accent).Strong);
        canvas.Fit(3, row, 22, monitor.Name, selected ? Theme.Page.Strong : Theme.Page);
        canvas.Fit(26, row, 12, monitor.Connector ?? "", Theme.Page.With(Theme.Dim));
        canvas.Fit(39, row, 10, monitor.Width > 0 ? string.Create(CultureInfo.InvariantCulture, $"{monitor.Width}x{monitor.Height}") : "", Theme.Page.With(Theme.Dim));
        (string shows, var color) = monitor.Shows switch
        {
            "primary" => ("primary", Theme.Soft),
            "mirror" => ("mirrors the primary", Theme.Soft),
            "port" => ($"shows port {PortText(monitor.Port)}", Theme.Good),
            _ => ($"not plugged in; port {PortText(monitor.Port)}", Theme.Dim),
        };
        canvas.Fit(50, row, canvas.Columns - 51, shows, Theme.Page.With(color));
    }

    private string PortText(int port)
    {
        foreach (VmStatus vm in App.Backend.Snapshot?.Vms ?? [])
        {
            if (vm.Port == port)
            {
                return $"{port}, {vm.Label}";
            }
        }

        return $"{port}";
    }
}
