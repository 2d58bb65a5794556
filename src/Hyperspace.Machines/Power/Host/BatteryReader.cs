using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Host;

/// <summary>
/// A battery from its folder in /sys/class/power_supply (Linux, Documentation/ABI/testing/sysfs-class-power): µWh, µAh, µW, µA and µV become mWh, mW and mV. Firmware lies: a value that cannot be is as
/// good as none, and what is missing is worked out of the rest. docs/power.md has the rules in words.
/// </summary>
internal static class BatteryReader
{
    private const long MaxEnergy = 1_000_000, MaxRate = 1_000_000, MinVoltage = 1_000, MaxVoltage = 100_000, MaxCycles = 100_000;

    /// <summary>A battery that was made for 50 Wh holds no 100: a design or a full energy beyond this many times the other is a mistake.</summary>
    private const long MostTimesDesign = 2;

    public static BatteryState Read(string folder, bool? acOnline)
    {
        string name = Path.GetFileName(folder);
        if (SysfsFolder.Number(folder, "present") == 0)
        {
            return new BatteryState(name, false, BatteryStatus.Unknown, null);
        }

        long? voltage = Within(SysfsFolder.Number(folder, "voltage_now") / 1000, MinVoltage, MaxVoltage);
        long? designVoltage = Within(SysfsFolder.Number(folder, "voltage_min_design") / 1000, MinVoltage, MaxVoltage);
        long? perCharge = designVoltage ?? voltage;
        long? design = Energy(folder, "full_design", perCharge, least: 1);
        long? full = Energy(folder, "full", perCharge, least: 1) ?? design;
        if (design is { } made && full > made * MostTimesDesign)
        {
            full = made;
        }

        long? now = Energy(folder, "now", perCharge, least: 0);
        now = full is { } whole && now > whole ? whole : now;
        long? level = Within(SysfsFolder.Number(folder, "capacity"), 0, 100) ?? (now is { } n && full is { } f ? (n * 100 + f / 2) / f : null);
        now ??= level is { } percent && full is { } size ? size * percent / 100 : null;
        return new BatteryState(
            name, true, Status(folder, acOnline, level), (int?)level, (int?)now, (int?)full, (int?)design, (int?)Rate(folder, voltage ?? designVoltage), (int?)voltage, (int?)designVoltage,
            (int?)Within(SysfsFolder.Number(folder, "cycle_count"), 0, MaxCycles), (int?)Limit(folder, "alarm", perCharge, full), null);
    }

    /// <summary>From energy_*, else from charge_* and the voltage: by design, so that it does not rise and fall with the load.</summary>
    private static long? Energy(string folder, string what, long? millivolts, long least)
    {
        long? energy = SysfsFolder.Number(folder, "energy_" + what) is { } microwattHours ? microwattHours / 1000 : Charge(folder, "charge_" + what, millivolts);
        return Within(energy, least, MaxEnergy);
    }

    private static long? Charge(string folder, string file, long? millivolts) =>
        SysfsFolder.Number(folder, file) is { } microampHours && millivolts is { } volts && Math.Abs(microampHours) < long.MaxValue / MaxVoltage ? microampHours * volts / 1_000_000 : null;

    /// <summary>Some drivers write what leaves the battery with a minus: the direction is the status's business.</summary>
    private static long? Rate(string folder, long? millivolts)
    {
        long? rate = SysfsFolder.Number(folder, "power_now") is { } microwatts and not long.MinValue ? Math.Abs(microwatts) / 1000 : null;
        if (rate is null && Charge(folder, "current_now", millivolts) is { } flow)
        {
            rate = Math.Abs(flow);
        }

        return Within(rate, 0, MaxRate);
    }

    /// <summary>The driver's alarm is in the unit of the other values.</summary>
    private static long? Limit(string folder, string file, long? millivolts, long? full)
    {
        bool energy = SysfsFolder.Number(folder, "energy_now") is not null;
        long? limit = energy ? SysfsFolder.Number(folder, file) / 1000 : Charge(folder, file, millivolts);
        return full is { } most ? Within(limit, 1, most) : null;
    }

    private static BatteryStatus Status(string folder, bool? acOnline, long? level) => SysfsFolder.Text(folder, "status") switch
    {
        "Charging" => BatteryStatus.Charging,
        "Discharging" => BatteryStatus.Discharging,
        "Full" => BatteryStatus.Full,
        "Not charging" => BatteryStatus.NotCharging,

        // Firmware says this between two states; the charger knows better.
        _ when acOnline == false => BatteryStatus.Discharging,
        _ when acOnline == true && level == 100 => BatteryStatus.Full,
        _ => BatteryStatus.Unknown,
    };

    private static long? Within(long? value, long least, long most) => value >= least && value <= most ? value : null;
}
