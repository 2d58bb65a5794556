using System.Text.Json.Serialization;

namespace Hyperspace.Protocols.Control;

/// <summary>What a battery does. As sysfs says it (Linux, Documentation/ABI/testing/sysfs-class-power, "status").</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BatteryStatus>))]
public enum BatteryStatus
{
    [JsonStringEnumMemberName("unknown")] Unknown,
    [JsonStringEnumMemberName("charging")] Charging,
    [JsonStringEnumMemberName("discharging")] Discharging,
    [JsonStringEnumMemberName("full")] Full,
    /// <summary>On AC, neither full nor charging: a charge limit, or too hot.</summary>
    [JsonStringEnumMemberName("not-charging")] NotCharging,
}

/// <summary>A battery. A value that the machine does not give, or gives absurdly, is null. docs/power.md has the rules.</summary>
/// <param name="Name">Its name in sysfs, such as <c>BAT0</c>.</param>
/// <param name="Present">False for a bay without a battery; everything else is null then.</param>
/// <param name="LevelPercent">0 to 100.</param>
/// <param name="EnergyNowMilliwattHours">What is in it: 0 to <paramref name="EnergyFullMilliwattHours"/>.</param>
/// <param name="EnergyFullMilliwattHours">What goes into it today, at least 1.</param>
/// <param name="EnergyDesignMilliwattHours">What went into it when it was new, at least 1.</param>
/// <param name="RateMilliwatts">What flows into or out of it, by <paramref name="Status"/>: never negative.</param>
/// <param name="VoltageMillivolts">Now.</param>
/// <param name="DesignMillivolts">By design.</param>
/// <param name="Cycles">Charge cycles.</param>
/// <param name="WarnMilliwattHours">Where its maker calls it low.</param>
/// <param name="LowMilliwattHours">Where its maker calls it critical.</param>
public sealed record BatteryState(
    string Name,
    bool Present,
    BatteryStatus Status,
    int? LevelPercent,
    int? EnergyNowMilliwattHours = null,
    int? EnergyFullMilliwattHours = null,
    int? EnergyDesignMilliwattHours = null,
    int? RateMilliwatts = null,
    int? VoltageMillivolts = null,
    int? DesignMillivolts = null,
    int? Cycles = null,
    int? WarnMilliwattHours = null,
    int? LowMilliwattHours = null);

/// <summary>A screen's brightness.</summary>
/// <param name="Name">Its name in sysfs, such as <c>intel_backlight</c>.</param>
/// <param name="Percent">0 (darkest; on some machines off) to 100.</param>
public sealed record BacklightState(string Name, int Percent);

/// <summary>The warmest part of the machine that says how warm it may become.</summary>
/// <param name="Celsius">Now, in degrees.</param>
/// <param name="CriticalCelsius">Where the machine switches itself off; null when it does not say.</param>
public sealed record ThermalState(double Celsius, double? CriticalCelsius);

[JsonConverter(typeof(JsonStringEnumConverter<PowerButton>))]
public enum PowerButton
{
    [JsonStringEnumMemberName("power")] Power,
    [JsonStringEnumMemberName("sleep")] Sleep,
    [JsonStringEnumMemberName("lid-closed")] LidClosed,
    [JsonStringEnumMemberName("lid-opened")] LidOpened,
}

/// <summary>A button that a person pressed, or a lid that a person moved.</summary>
/// <param name="Sequence">1 for the first since the daemon started; a higher one is a newer event. Readers of snapshots, which may skip some, tell a new event by it.</param>
public sealed record PowerEvent(long Sequence, PowerButton Button, DateTimeOffset At);

/// <summary>The power of this machine, or what the control API has set in its place: see <see cref="IsSet"/>. Immutable.</summary>
/// <param name="Batteries">By name; empty on a desktop PC.</param>
/// <param name="AcOnline">Whether a charger feeds the machine; null where nothing says (a desktop PC).</param>
/// <param name="LidOpen">Null where there is no lid.</param>
/// <param name="Backlight">Null where there is none.</param>
/// <param name="Thermal">Null where nothing says.</param>
public sealed record PowerState(
    IReadOnlyList<BatteryState> Batteries,
    bool? AcOnline,
    bool? LidOpen,
    BacklightState? Backlight,
    ThermalState? Thermal)
{
    /// <summary>A desktop PC.</summary>
    public static PowerState None { get; } = new([], null, null, null, null);

    /// <summary>True while any of it comes from the control API and not from the machine.</summary>
    public bool IsSet { get; init; }

    /// <summary>The newest button; null before the first.</summary>
    public PowerEvent? LastEvent { get; init; }

    /// <summary>All batteries together, as one: null when none is present. Percent, energy and rate are of all; the status is discharging when one discharges, else charging when one charges.</summary>
    [JsonIgnore]
    public BatteryState? Battery => BatteryMerge.Merge(Batteries);

    /// <summary>Whether the machine lives on a battery: a battery is present, no charger feeds it.</summary>
    [JsonIgnore]
    public bool OnBattery => AcOnline is { } online ? !online && Batteries.Any(b => b.Present) : Battery?.Status == BatteryStatus.Discharging;

    public bool Equals(PowerState? other) =>
        other is not null && AcOnline == other.AcOnline && LidOpen == other.LidOpen && Backlight == other.Backlight && Thermal == other.Thermal && IsSet == other.IsSet && LastEvent == other.LastEvent
        && Batteries.SequenceEqual(other.Batteries);

    public override int GetHashCode() => HashCode.Combine(Batteries.Count, AcOnline, LidOpen, Backlight, Thermal, IsSet, LastEvent);
}

/// <summary>What a VM's guest sees as its power.</summary>
/// <param name="Mode"><c>mirror</c>, <c>fixed</c> or <c>none</c>.</param>
/// <param name="Connected">Whether the guest's mailbox is connected. Not so while the VM is off, and for VMs started without one.</param>
/// <param name="Sees">What it was last told, or would be; null with mode <c>none</c>.</param>
public sealed record VmPower(string Vm, string Mode, bool Connected, PowerState? Sees);

/// <summary>Everything about power, as the control API answers it.</summary>
/// <param name="Host">What counts: the machine's own values, with what is set in their place.</param>
/// <param name="Machine">The machine's own values.</param>
public sealed record PowerReport(PowerState Host, PowerState Machine, IReadOnlyList<VmPower> Vms);

/// <summary>What the control API sets in place of the machine's own values; what is null stays as it is.</summary>
/// <param name="Batteries">Replaces those of the same name and adds others; null leaves them.</param>
/// <param name="NoBatteries">True: the machine has none, as a desktop PC.</param>
/// <param name="Press">A button, as if a person had pressed it.</param>
public sealed record PowerSetting(
    IReadOnlyList<BatteryState>? Batteries = null,
    bool? NoBatteries = null,
    bool? AcOnline = null,
    bool? LidOpen = null,
    int? BacklightPercent = null,
    ThermalState? Thermal = null,
    PowerButton? Press = null);
