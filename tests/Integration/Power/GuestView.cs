using System.Globalization;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.PowerMailbox;

namespace Hyperspace.Tests.Integration.Power;

/// <summary>What a Linux guest must show in /sys/class/power_supply and /proc/acpi/button, in the order in which it lists it.</summary>
internal static class GuestView
{
    public static string Of(PowerState state)
    {
        var lines = new List<string>();
        for (int i = 0; i < Math.Min(state.Batteries.Count, PowerRegisters.MaxBatteries); i++)
        {
            if (state.Batteries[i] is { Present: true } battery)
            {
                Add(lines, $"BAT{i}", battery);
            }
        }

        if (state.AcOnline is { } online)
        {
            lines.Add($"AC0.online={(online ? 1 : 0)}");
        }

        if (state.LidOpen is { } open)
        {
            lines.Add($"lid=state:      {(open ? "open" : "closed")}");
        }

        return string.Join('\n', lines);
    }

    /// <summary>The tests give all energies: the guest shows them to the microwatt hour.</summary>
    private static void Add(List<string> lines, string name, BatteryState b)
    {
        int now = b.EnergyNowMilliwattHours!.Value, full = b.EnergyFullMilliwattHours!.Value;
        string status = b.Status switch
        {
            BatteryStatus.Charging => "Charging",
            BatteryStatus.Discharging => "Discharging",
            _ when now == full => "Full",
            _ => "Not charging",
        };
        (string, string)[] values =
        [
            ("status", status), ("capacity", Text(now * 100L / full)), ("energy_now", Micro(now)), ("energy_full", Micro(full)), ("energy_full_design", Micro(b.EnergyDesignMilliwattHours!.Value)),
            ("power_now", Micro(b.RateMilliwatts!.Value)), ("voltage_now", Micro(b.VoltageMillivolts!.Value)), ("cycle_count", Text(b.Cycles!.Value)),
        ];
        lines.AddRange(values.Select(v => $"{name}.{v.Item1}={v.Item2}"));
    }

    private static string Micro(int milli) => Text(milli * 1000L);

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
