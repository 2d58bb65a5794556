using Hyperspace.Linux;
using Hyperspace.Machines.Power.Host;
using Hyperspace.Machines.Power.Policy;
using Hyperspace.Machines.Power.Rules;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Daemon;

/// <summary>Puts the power rules together with this machine: logind, where there is one, the fleet, and the file of rules.</summary>
internal sealed class PolicySetup : IAsyncDisposable
{
    private readonly ILogind? _logind;
    private readonly PowerPolicy _policy;

    private PolicySetup(ILogind? logind, PowerPolicy policy, IHostPower host) => (_logind, _policy, Desk) = (logind, policy, new PolicyDesk(policy, host));

    public IPolicyDesk Desk { get; }

    /// <param name="seat">What the seat shows; asked later, when there is a seat.</param>
    /// <param name="goToConsole">Moves the seat to port 0, if there is one.</param>
    public static async Task<PolicySetup> OpenAsync(HyperspacePaths paths, Fleet fleet, IPowerSource source, Func<SeatStatus?> seat, Func<CancellationToken, Task> goToConsole)
    {
        // An installation of a user, or in a folder of its own, is one beside that of the machine, whose desktop or logind does what is to be done: it must not switch the machine off.
        bool beside = Environment.GetEnvironmentVariable("HYPERSPACE_HOME") is not (null or "");
        bool owns = Environment.IsPrivilegedProcess && !beside;
        bool acts = RulesReader.ReadFile(paths.PowerRules).Rules?.HostActs ?? owns;
        (ILogind? logind, string why) = acts || !beside ? await Logind.OpenAsync(blocks: acts) : (null, "This installation is in a folder of its own (HYPERSPACE_HOME).");
        foreach (string refused in (logind as Logind)?.Refused ?? [])
        {
            Console.Error.WriteLine($"hyperspace: {refused}");
        }

        var host = new HostPower(logind, why);
        var guests = new FleetGuests(fleet, fleet.PressPowerAsync)
        {
            OffersS3 = fleet.OffersS3,
            Checkpoint = (vm, cancel) => fleet.ActAsync(vm, VmAction.Checkpoint, cancel),
            SetClock = async (vm, cancel) => await fleet.SetClockAsync(vm, cancel)
                ? "its clock was set."
                : "it has no guest agent that sets its clock: one that slept reads that of its machine, one that was paused is behind until its own time service corrects it.",
        };
        var world = new PolicyWorld(
            source, guests, host, () => RulesReader.ReadFile(paths.PowerRules), seat, () => Monitors.IsExternalConnected(Monitors.SysClassDrm), TimeProvider.System) { OwnsMachine = owns, GoToConsole = goToConsole };
        var policy = new PowerPolicy(world, paths.PowerLog, Path.Combine(paths.Runtime, "held-for-suspend"));
        policy.Reload();
        await policy.StartAsync();
        return new PolicySetup(logind, policy, host);
    }

    public async ValueTask DisposeAsync()
    {
        await _policy.DisposeAsync();
        _logind?.Dispose();
    }
}
