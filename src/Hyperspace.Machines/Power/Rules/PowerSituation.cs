using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Rules;

/// <param name="StartedAt">When this run began; null when it is off.</param>
public sealed record GuestSituation(string Name, VmState State, DateTimeOffset? StartedAt = null)
{
    public bool IsAlive => State is VmState.Running or VmState.Paused or VmState.Sleeping or VmState.Stopping or VmState.Starting;
}

/// <summary>All of the machine's state that rules can ask for. Immutable.</summary>
/// <param name="LevelPercent">Of all batteries together, 0 to 100; null without a battery.</param>
/// <param name="FocusedPort">0 is the console; null while no seat is connected.</param>
/// <param name="ExternalMonitor">A monitor that is not the notebook's own is connected.</param>
public sealed record PowerSituation(bool OnBattery, int? LevelPercent, string? FocusedVm, int? FocusedPort, bool ExternalMonitor, IReadOnlyList<GuestSituation> Guests)
{
    public static PowerSituation Of(PowerState power, IReadOnlyList<VmStatus> vms, SeatStatus? seat, bool externalMonitor) =>
        new(power.OnBattery, power.Battery?.LevelPercent, seat?.Vm, seat?.Port, externalMonitor, [.. vms.Select(vm => new GuestSituation(vm.Name, vm.State, vm.StartedAt))]);

    /// <summary>Such as <c>on battery at 40 %, work focused, no external monitor</c>.</summary>
    public string InWords()
    {
        string power = OnBattery ? "on battery" : "on AC";
        string level = LevelPercent is { } percent ? $" at {percent} %" : "";
        string focus = FocusedVm is not null ? $"{FocusedVm} focused" : FocusedPort is { } port ? port == 0 ? "the console focused" : $"port {port} focused" : "no seat";
        return $"{power}{level}, {focus}, {(ExternalMonitor ? "with" : "no")} external monitor";
    }
}
