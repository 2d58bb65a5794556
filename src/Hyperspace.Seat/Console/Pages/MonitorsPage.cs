using System.Globalization;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Seat.Console;

/// <summary>The seat's monitors, and what each of them shows: the primary's picture, or a port of its own.</summary>
internal sealed class MonitorsPage : ConsolePage
{
    private string? _selected;

    public MonitorsPage(ConsoleApp app) : base(app) { }

    public override string Title => "Monitors";

    private IReadOnlyList<SeatMonitor> Monitors => App.Backend.Monitors ?? [];

    public override void AddKeys(List<KeyHint> keys)
    {
        IReadOnlyList<SeatMonitor> monitors = Monitors;
        SeatMonitor? selected = App.Backend.CanSwitch ? monitors.ElementAtOrDefault(IndexIn(monitors)) : null;
        keys.Add(new("Esc", "back"));
        keys.Add(new("↑ ↓", "select a monitor", monitors.Count > 1));
        keys.Add(new("1-9", "show that port on it", selected is not (null or { Shows: "primary" })));
        keys.Add(new("0", "mirror the primary", selected is { Shows: "port" or "absent" }));
        keys.Add(new("P", "make it the primary", selected is { Shows: "port" or "mirror" }));
        keys.Add(new("F1", "help"));
    }

    public override void Key(ConsoleKeyPress key)
    {
        if (IsBack(key))
        {
            App.Back();
            return;
        }

        IReadOnlyList<SeatMonitor> monitors = Monitors;
        if (monitors.Count == 0)
        {
            return;
        }

        int index = IndexIn(monitors);
        if (key.Name is ConsoleKeyName.Up or ConsoleKeyName.Down)
        {
            _selected = monitors[Math.Clamp(index + (key.Name == ConsoleKeyName.Up ? -1 : 1), 0, monitors.Count - 1)].Id;
        }
        else if (key is { Name: ConsoleKeyName.Character, Character: >= '0' and <= '9' })
        {
            _selected = monitors[index].Id;
            App.Note = App.Backend.SetMonitor(_selected, key.Character == '0' ? null : key.Character - '0');
        }
        else if (key is { Name: ConsoleKeyName.Character, Character: 'p' or 'P' })
        {
            _selected = monitors[index].Id;
            App.Note = App.Backend.SetPrimaryMonitor(_selected);
        }
    }

    public override void Draw(Canvas canvas)
    {
        IReadOnlyList<SeatMonitor> monitors = Monitors;
        if (monitors.Count == 0)
        {
            canvas.Wrap(1, 0, canvas.Columns - 2, canvas.Rows, "There are no monitors to choose for: the seat is not on this computer's own.", Theme.Page.With(Theme.Soft));
            return;
        }

        int index = IndexIn(monitors);
        for (int i = 0; i < monitors.Count && i < canvas.Rows; i++)
        {
            DrawMonitor(canvas, i, monitors[i], i == index);
        }

        const string explanation = "A monitor mirrors the primary, or shows one port under a bar of its own, whichever port the primary shows. The keys go to one port only; each bar says whether it is its own.";
        canvas.Wrap(1, monitors.Count + 1, canvas.Columns - 2, canvas.Rows - monitors.Count - 1, explanation, Theme.Page.With(Theme.Dim));
    }

    /// <summary>Where the selected one is: it is known by its id, because the list changes with what is plugged in.</summary>
    private int IndexIn(IReadOnlyList<SeatMonitor> monitors)
    {
        for (int i = 0; i < monitors.Count; i++)
        {
            if (monitors[i].Id == _selected)
            {
                return i;
            }
        }

        return 0;
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
