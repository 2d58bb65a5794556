using System.Globalization;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Seat.Console;

/// <summary>This computer's power: batteries, charger, lid, brightness, temperature.</summary>
internal sealed class PowerPage : ConsolePage
{
    private readonly TextView _text = new() { LabelWidth = 14, MaxWidth = 100 };
    private PowerState? _power;

    public PowerPage(ConsoleApp app) : base(app) => DataChanged();

    public override string Title => "Power";

    public override void DataChanged()
    {
        if (App.Backend.Snapshot?.Power is { } power && !power.Equals(_power))
        {
            _power = power;
            _text.Set(Lines(power));
        }
    }

    public override void AddKeys(List<KeyHint> keys)
    {
        keys.Add(new("Esc", "back"));
        keys.Add(new("↑ ↓ PgUp PgDn", "scroll"));
        keys.Add(new("F1", "help"));
    }

    public override void Key(ConsoleKeyPress key)
    {
        if (IsBack(key))
        {
            App.Back();
        }
        else
        {
            _text.Key(key);
        }
    }

    public override void Draw(Canvas canvas)
    {
        if (_power is null)
        {
            canvas.Wrap(1, 0, canvas.Columns - 2, canvas.Rows, App.Backend.Problem ?? "The daemon has said nothing about power yet.", Theme.Page.With(Theme.Dim));
            return;
        }

        _text.Draw(canvas.Part(1, 0, canvas.Columns - 1, canvas.Rows), Theme.Page);
    }

    private static List<TextLine> Lines(PowerState power)
    {
        var lines = new List<TextLine>();
        if (power.Batteries.Count == 0)
        {
            lines.Add(new TextLine("This computer has no battery.", Theme.Soft));
        }

        foreach (BatteryState battery in power.Batteries)
        {
            AddBattery(lines, battery);
            lines.Add(TextLine.Empty);
        }

        lines.Add(new TextLine("The rest", Theme.Ink) { Heading = true });
        lines.Add(new TextLine(power.AcOnline switch { true => "plugged in", false => "unplugged", null => "not known" }, Theme.Soft) { Label = "Charger" });
        lines.Add(new TextLine(power.LidOpen switch { true => "open", false => "closed", null => "none" }, Theme.Soft) { Label = "Lid" });
        lines.Add(power.Backlight is { } light
            ? new TextLine(Text($"{light.Percent} % ({light.Name})"), Theme.Soft) { Label = "Brightness", Meter = light.Percent / 100.0 }
            : new TextLine("nothing here can set it", Theme.Soft) { Label = "Brightness" });
        lines.Add(new TextLine(Heat(power.Thermal), Theme.Soft) { Label = "Temperature" });
        if (power.IsSet)
        {
            lines.Add(TextLine.Empty);
            lines.Add(new TextLine("Some of these values have been set by \"hyperspace power set\" and are not the machine's; \"hyperspace power release\" ends that.", Theme.Warning));
        }

        return lines;
    }

    private static void AddBattery(List<TextLine> lines, BatteryState battery)
    {
        lines.Add(new TextLine(battery.Name, Theme.Ink) { Heading = true });
        if (!battery.Present)
        {
            lines.Add(new TextLine("Its bay is empty.", Theme.Soft));
            return;
        }

        string time = BatteryTime.Of(battery) is { } left ? Text($", {(int)left.TotalHours}:{left.Minutes:00} h {(battery.Status == BatteryStatus.Charging ? "until it is full" : "left")}") : "";
        lines.Add(new TextLine($"{(battery.LevelPercent is { } level ? Text($"{level} %") : "not known")}, {Words(battery.Status)}{time}", Theme.Soft)
        {
            Label = "Charge",
            Meter = battery.LevelPercent / 100.0,
        });
        if (battery is { EnergyNowMilliwattHours: { } now, EnergyFullMilliwattHours: { } full })
        {
            lines.Add(new TextLine(Text($"{now / 1000.0:0.0} of {full / 1000.0:0.0} Wh{(battery.EnergyDesignMilliwattHours is { } design ? Text($", {design / 1000.0:0.0} Wh when it was new") : "")}"), Theme.Soft) { Label = "Energy" });
        }

        if (battery.RateMilliwatts is { } rate)
        {
            lines.Add(new TextLine(Text($"{rate / 1000.0:0.0} W"), Theme.Soft) { Label = "Rate" });
        }

        if (battery.Cycles is { } cycles)
        {
            lines.Add(new TextLine(Text($"{cycles}"), Theme.Soft) { Label = "Cycles" });
        }
    }

    private static string Words(BatteryStatus status) => status switch
    {
        BatteryStatus.Charging => "charging",
        BatteryStatus.Discharging => "discharging",
        BatteryStatus.Full => "full",
        BatteryStatus.NotCharging => "not charging",
        _ => "what it does is not known",
    };

    private static string Heat(ThermalState? heat) => heat is null ? "not known"
        : Text($"{heat.Celsius:0} °C{(heat.CriticalCelsius is { } limit ? Text($", switches itself off at {limit:0} °C") : "")}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
