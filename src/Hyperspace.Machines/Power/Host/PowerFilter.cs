using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Host;

/// <summary>Calms what rules act on: the charger, the lid, and each battery's presence and status. Levels pass as they are. Not thread-safe.</summary>
internal sealed class PowerFilter
{
    private readonly FlapFilter<bool?> _ac = new();
    private readonly FlapFilter<bool?> _lid = new();
    private readonly Dictionary<string, FlapFilter<(bool Present, BatteryStatus Status)>> _batteries = [];
    private readonly Dictionary<string, BatteryState> _lastPresent = [];

    /// <summary>True while something is held back: it must be asked again after <see cref="FlapFilter{T}.Quiet"/>, also without any news.</summary>
    public bool IsHolding => _ac.IsHolding || _lid.IsHolding || _batteries.Values.Any(b => b.IsHolding);

    public PowerState Pass(PowerState read, TimeSpan now) => read with
    {
        AcOnline = _ac.Pass(read.AcOnline, now),
        LidOpen = _lid.Pass(read.LidOpen, now),
        Batteries = [.. read.Batteries.Select(b => Pass(b, now))],
    };

    private BatteryState Pass(BatteryState battery, TimeSpan now)
    {
        if (!_batteries.TryGetValue(battery.Name, out FlapFilter<(bool, BatteryStatus)>? filter))
        {
            _batteries[battery.Name] = filter = new FlapFilter<(bool, BatteryStatus)>();
        }

        (bool present, BatteryStatus status) = filter.Pass((battery.Present, battery.Status), now);
        if (battery.Present)
        {
            _lastPresent[battery.Name] = battery;
        }

        return !present ? new BatteryState(battery.Name, false, BatteryStatus.Unknown, null) : _lastPresent.GetValueOrDefault(battery.Name, battery) with { Present = true, Status = status };
    }
}
