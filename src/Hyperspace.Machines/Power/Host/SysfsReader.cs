using System.Globalization;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Host;

/// <summary>Reads the power of a machine out of sysfs and procfs, at one moment. Files only, no notice of changes: see <see cref="SysfsPower"/>.</summary>
/// <param name="root">The folder that has <c>sys</c>, <c>proc</c> and <c>dev</c>: <c>/</c> for this machine.</param>
internal sealed class SysfsReader(string root)
{
    private static readonly string[] LidFolders = ["proc/acpi/button/lid"];

    public string Root => root;

    public PowerState Read()
    {
        string[] supplies = [.. SysfsFolder.Folders(Path.Combine(root, "sys/class/power_supply")).Where(OfTheMachine)];
        bool? ac = AcOnline(supplies);
        BatteryState[] batteries = [.. supplies.Where(s => SysfsFolder.Text(s, "type") == "Battery").Select(s => BatteryReader.Read(s, ac))];
        return new PowerState(batteries, ac ?? WithoutCharger(batteries), LidOpen(), Backlight(), Thermal());
    }

    /// <summary>A mouse has a battery too, and it is not this machine's.</summary>
    private static bool OfTheMachine(string supply) => SysfsFolder.Text(supply, "scope") != "Device";

    /// <summary>Notebooks have one supply a socket: one that is plugged in is enough.</summary>
    private static bool? AcOnline(string[] supplies)
    {
        long[] online = [.. supplies.Where(s => SysfsFolder.Text(s, "type") is "Mains" or "USB" or "Wireless").Select(s => SysfsFolder.Number(s, "online")).OfType<long>()];
        return online.Length == 0 ? null : online.Any(value => value > 0);
    }

    /// <summary>Where no charger is described, what the batteries do says whether there is one.</summary>
    private static bool? WithoutCharger(BatteryState[] batteries)
    {
        BatteryState[] present = [.. batteries.Where(b => b.Present && b.Status != BatteryStatus.Unknown)];
        return present.Length == 0 ? null : present.All(b => b.Status != BatteryStatus.Discharging);
    }

    private bool? LidOpen()
    {
        foreach (string folder in LidFolders.SelectMany(f => SysfsFolder.Folders(Path.Combine(root, f))))
        {
            if (SysfsFolder.Text(folder, "state") is { } state)
            {
                return state.EndsWith("open", StringComparison.Ordinal) ? true : state.EndsWith("closed", StringComparison.Ordinal) ? false : null;
            }
        }

        return null;
    }

    /// <summary>Of several the firmware's own driver comes last: the kernel says the raw one is the panel's (Documentation/ABI/stable/sysfs-class-backlight, "type").</summary>
    private BacklightState? Backlight()
    {
        string? folder = SysfsFolder.Folders(Path.Combine(root, "sys/class/backlight"))
            .OrderBy(f => SysfsFolder.Text(f, "type") switch { "raw" => 0, "platform" => 1, _ => 2 }).FirstOrDefault(f => SysfsFolder.Number(f, "max_brightness") > 0);
        if (folder is null)
        {
            return null;
        }

        long most = SysfsFolder.Number(folder, "max_brightness")!.Value;
        long? now = SysfsFolder.Number(folder, "actual_brightness") ?? SysfsFolder.Number(folder, "brightness");
        return now is { } value and >= 0 ? new BacklightState(Path.GetFileName(folder), (int)Math.Round(Math.Min(value, most) * 100.0 / most)) : null;
    }

    /// <summary>Zones between -20 and 150 °C count; the warmest of those that have a critical point, else the warmest.</summary>
    private ThermalState? Thermal()
    {
        ThermalState[] zones = [.. SysfsFolder.Folders(Path.Combine(root, "sys/class/thermal"))
            .Where(f => Path.GetFileName(f).StartsWith("thermal_zone", StringComparison.Ordinal)).Select(Zone).OfType<ThermalState>()];
        return zones.OrderByDescending(z => z.CriticalCelsius is not null).ThenByDescending(z => z.Celsius).FirstOrDefault();
    }

    private static ThermalState? Zone(string folder)
    {
        if (SysfsFolder.Number(folder, "temp") is not ({ } millidegrees and >= -20_000 and <= 150_000))
        {
            return null;
        }

        double? critical = null;
        for (int i = 0; i < 16 && SysfsFolder.Text(folder, string.Create(CultureInfo.InvariantCulture, $"trip_point_{i}_type")) is { } type; i++)
        {
            if (type == "critical" && SysfsFolder.Number(folder, string.Create(CultureInfo.InvariantCulture, $"trip_point_{i}_temp")) is { } limit and >= 40_000 and <= 200_000)
            {
                critical = limit / 1000.0;
            }
        }

        // Whole degrees: a state that changes with every tenth would wake all who watch it.
        return new ThermalState(Math.Round(millidegrees / 1000.0), critical);
    }
}
