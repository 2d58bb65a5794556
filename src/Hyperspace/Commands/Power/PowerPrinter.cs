using System.Globalization;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands.Power;

/// <summary>The power as people read it.</summary>
internal static class PowerPrinter
{
    public static void Print(PowerReport report, TextWriter output)
    {
        PowerState host = report.Host;
        if (host.Batteries.Count == 0)
        {
            output.WriteLine("This machine has no battery.");
        }
        else
        {
            Columns.Write(output, [["BATTERY", "LEVEL", "STATE", "ENERGY", "RATE", "TIME", "HEALTH", "CYCLES"], .. host.Batteries.Select(Row)]);
        }

        output.WriteLine();
        Columns.Write(output,
            ["charger", host.AcOnline switch { true => "plugged in", false => "unplugged", null => "not known" }],
            ["lid", Lid(host)],
            ["backlight", host.Backlight is { } light ? Text($"{light.Percent} % ({light.Name})") : "none"],
            ["temperature", host.Thermal is { } heat ? Text($"{heat.Celsius:0} °C{(heat.CriticalCelsius is { } limit ? Text($", critical at {limit:0} °C") : "")}") : "not known"],
            ["values are", host.IsSet ? "in part set by \"hyperspace power set\"; \"hyperspace power release\" ends that" : "the machine's own"]);
        if (report.Vms.Count > 0)
        {
            output.WriteLine();
            Columns.Write(output, [["VM", "POWER", "TOLD", "BATTERIES", "CHARGER", "LID"], .. report.Vms.Select(Row)]);
        }
    }

    private static IReadOnlyList<string> Row(BatteryState b)
    {
        if (!b.Present)
        {
            return [b.Name, "-", "not there"];
        }

        string energy = b.EnergyNowMilliwattHours is { } now && b.EnergyFullMilliwattHours is { } full ? Text($"{now / 1000.0:0.0} of {full / 1000.0:0.0} Wh") : "-";
        string health = b is { EnergyFullMilliwattHours: { } whole, EnergyDesignMilliwattHours: { } design } ? Text($"{Math.Min(100, whole * 100.0 / design):0} %") : "-";
        return
        [
            b.Name, Level(b), Words(b.Status), energy, b.RateMilliwatts is { } rate ? Text($"{rate / 1000.0:0.0} W") : "-",
            BatteryTime.Of(b) is { } time ? Text($"{(int)time.TotalHours}:{time.Minutes:00} h") : "-", health, b.Cycles?.ToString(CultureInfo.InvariantCulture) ?? "-",
        ];
    }

    private static IReadOnlyList<string> Row(VmPower vm)
    {
        string told = vm.Mode == "none" ? "-" : vm.Connected ? "yes" : "no";
        if (vm.Sees is not { } sees)
        {
            return [vm.Vm, vm.Mode, told, "-", "-", "-"];
        }

        string batteries = sees.Batteries.Count == 0 ? "none" : string.Join(", ", sees.Batteries.Select(b => b.Present ? $"{b.Name} {Level(b)} {Words(b.Status)}" : $"{b.Name} not there"));
        return [vm.Vm, vm.Mode, told, batteries, sees.AcOnline switch { true => "plugged in", false => "unplugged", null => "-" }, Lid(sees)];
    }

    private static string Lid(PowerState state) => state.LidOpen switch { true => "open", false => "closed", null => "none" };

    private static string Level(BatteryState b) => b.LevelPercent is { } level ? Text($"{level} %") : "-";

    private static string Words(BatteryStatus status) => status switch
    {
        BatteryStatus.Charging => "charging",
        BatteryStatus.Discharging => "discharging",
        BatteryStatus.Full => "full",
        BatteryStatus.NotCharging => "not charging",
        _ => "unknown",
    };

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
