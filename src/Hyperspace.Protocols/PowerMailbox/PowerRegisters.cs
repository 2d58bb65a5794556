using Hyperspace.Protocols.Control;

namespace Hyperspace.Protocols.PowerMailbox;

/// <summary>
/// What a guest's ACPI table knows, as the numbers that it reads (docs/power.md, "Registers"; units of ACPI 6.5, sections 10.2.2 and 11.4). Immutable. Of one state they are always the same.
/// </summary>
public sealed class PowerRegisters : IEquatable<PowerRegisters>
{
    public const int Count = 48;

    /// <summary>The batteries that the table has room for; more are left out.</summary>
    public const int MaxBatteries = 2;

    /// <summary>ACPI's word for a value that is not known.</summary>
    public const uint Unknown = 0xFFFF_FFFF;

    /// <summary>A guest must not switch itself off because the host is warm: it is told at most this much less than critical, in tenths of a kelvin.</summary>
    public const int HeatMargin = 50;

    internal const int Flags = 0, Temperature = 1, Critical = 2, FirstBattery = 0x10, BatteryStride = 0x10;
    internal const uint AcExists = 1, AcOnline = 2, LidExists = 4, LidOpen = 8;
    internal const uint NoBay = 0, EmptyBay = 1, Battery = 2;

    /// <summary>A battery that says its level alone is given this capacity, in mWh.</summary>
    private const int AssumedCapacity = 50_000;

    private const int FreezingPoint = 2732;
    private const int DefaultTemperature = FreezingPoint + 250;
    private const int DefaultCritical = FreezingPoint + 1000;

    private readonly uint[] _values;

    private PowerRegisters(uint[] values) => _values = values;

    public uint this[int register] => _values[register];

    /// <summary>Nothing: a desktop PC.</summary>
    public static PowerRegisters None { get; } = Of(PowerState.None);

    public static PowerRegisters Of(PowerState state)
    {
        uint[] values = new uint[Count];
        values[Flags] = (state.AcOnline is null ? 0 : AcExists) | (state.AcOnline is false ? 0 : AcOnline) | (state.LidOpen is null ? 0 : LidExists) | (state.LidOpen is false ? 0 : LidOpen);
        SetHeat(values, state.Thermal);
        for (int i = 0; i < Math.Min(state.Batteries.Count, MaxBatteries); i++)
        {
            SetBattery(values.AsSpan(FirstBattery + i * BatteryStride, BatteryStride), state.Batteries[i]);
        }

        return new PowerRegisters(values);
    }

    private static void SetHeat(uint[] values, ThermalState? thermal)
    {
        int critical = thermal?.CriticalCelsius is { } limit ? (int)Math.Clamp(FreezingPoint + limit * 10, FreezingPoint + 300, FreezingPoint + 2000) : DefaultCritical;
        int now = thermal is null ? DefaultTemperature : (int)Math.Clamp(FreezingPoint + thermal.Celsius * 10, 0, critical - HeatMargin);
        (values[Temperature], values[Critical]) = ((uint)now, (uint)critical);
    }

    private static void SetBattery(Span<uint> values, BatteryState battery)
    {
        values[0] = battery.Present ? Battery : EmptyBay;
        if (!battery.Present)
        {
            return;
        }

        int? design = battery.EnergyDesignMilliwattHours ?? battery.EnergyFullMilliwattHours;
        int? full = battery.EnergyFullMilliwattHours ?? design;
        int? now = battery.EnergyNowMilliwattHours;
        if (full is null && battery.LevelPercent is not null)
        {
            design = full = AssumedCapacity;
        }

        now ??= battery.LevelPercent is { } level && full is { } whole ? (int)((long)whole * level / 100) : null;
        int? low = battery.LowMilliwattHours ?? full / 20;
        bool critical = battery.Status == BatteryStatus.Discharging && now <= low;
        values[1] = (battery.Status == BatteryStatus.Discharging ? 1u : battery.Status == BatteryStatus.Charging ? 2u : 0) | (critical ? 4u : 0);
        values[2] = Number(battery.RateMilliwatts);
        values[3] = Number(now);
        values[4] = Number(battery.VoltageMillivolts);
        values[5] = Number(design);
        values[6] = Number(full);
        values[7] = Number(battery.DesignMillivolts ?? battery.VoltageMillivolts);
        values[8] = Number(battery.WarnMilliwattHours ?? full / 10);
        values[9] = Number(low);
        values[10] = Number(battery.Cycles);
    }

    /// <summary>Linux takes a capacity beyond 2^31 for unknown, and Windows refuses it.</summary>
    private static uint Number(int? value) => value is { } number and >= 0 ? (uint)number : Unknown;

    /// <summary>What a guest must be told when these follow those: devices first, because a bus check finds the others.</summary>
    public Notices NoticesAfter(PowerRegisters before)
    {
        Notices all = Notices.None;
        uint flags = this[Flags] ^ before[Flags];
        all |= (flags & AcOnline) != 0 ? Notices.Ac : Notices.None;
        all |= (flags & LidOpen) != 0 ? Notices.Lid : Notices.None;
        all |= (flags & (AcExists | LidExists)) != 0 ? Notices.Devices : Notices.None;
        all |= this[Temperature] != before[Temperature] ? Notices.Temperature : Notices.None;
        all |= this[Critical] != before[Critical] ? Notices.TripPoints : Notices.None;
        for (int i = 0; i < MaxBatteries; i++)
        {
            all |= BatteryNotices(before, i);
        }

        return all;
    }

    private Notices BatteryNotices(PowerRegisters before, int battery)
    {
        int first = FirstBattery + battery * BatteryStride;
        Notices all = Notices.None;
        for (int i = 0; i < BatteryStride; i++)
        {
            if (this[first + i] != before[first + i])
            {
                all |= i is >= 1 and <= 4 ? Notices.Battery0Status : Notices.Battery0Status | Notices.Battery0Info;
            }
        }

        bool bay = this[first] != before[first] && (this[first] == NoBay || before[first] == NoBay);
        all = battery == 0 ? all : (Notices)((int)all << 8);
        return bay ? all | Notices.Devices : all;
    }

    public bool Equals(PowerRegisters? other) => other is not null && _values.AsSpan().SequenceEqual(other._values);

    public override bool Equals(object? obj) => Equals(obj as PowerRegisters);

    public override int GetHashCode()
    {
        var hash = new HashCode();
        Array.ForEach(_values, hash.Add);
        return hash.ToHashCode();
    }
}

/// <summary>What a commit tells the guest's system to look at: the value of the frame's register 0x7F.</summary>
[Flags]
public enum Notices
{
    None = 0,
    Battery0Status = 1,
    Battery0Info = 2,
    Ac = 4,
    Lid = 8,
    /// <summary>Devices have come or gone.</summary>
    Devices = 0x10,
    /// <summary>The sleep button is pressed.</summary>
    Sleep = 0x20,
    Temperature = 0x40,
    TripPoints = 0x80,
    Battery1Status = 0x100,
    Battery1Info = 0x200,
    BatteryStatus = Battery0Status | Battery1Status,
    /// <summary>Everything that is a state and not a button.</summary>
    Everything = 0x3FF & ~Sleep,
}
