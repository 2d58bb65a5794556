using System.CommandLine;
using System.Runtime.InteropServices;
using Hyperspace.Daemon;
using Hyperspace.Linux;
using Hyperspace.Linux.Files;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Power.Host;
using Hyperspace.Machines.Power.Mailbox;
using Hyperspace.Machines.Supervision;

namespace Hyperspace.Commands;

/// <summary><c>hyperspace daemon</c>: owns the VMs' lifetimes. Whatever ends it, they go on.</summary>
internal static class DaemonCommand
{
    public static Command Build(HyperspacePaths paths)
    {
        var command = new Command("daemon", "Run the daemon in the foreground: it starts VMs, watches them, and serves the control API. SIGTERM and Ctrl+C end it and leave VMs running.");
        command.SetAction(_ => RunAsync(paths).GetAwaiter().GetResult());
        return command;
    }

    private static async Task<int> RunAsync(HyperspacePaths paths)
    {
        using FileLock place = DaemonHost.TakePlace(paths);
        using var ending = new CancellationTokenSource();
        using PosixSignalRegistration term = EndOn(PosixSignal.SIGTERM, ending);
        using PosixSignalRegistration interrupt = EndOn(PosixSignal.SIGINT, ending);
        using PosixSignalRegistration hangUp = EndOn(PosixSignal.SIGHUP, ending);
        try
        {
            var store = new DefinitionStore(paths, HostFacts.Read());
            await using Fleet fleet = await Fleet.OpenAsync(store, new QemuEngine(paths), paths, TimeProvider.System, ending.Token);
            using var machine = new SysfsPower();
            using var control = new PowerControl(machine);
            await using var guests = new GuestPowers(fleet, control, paths);
            DaemonHost? shown = null;
            await using PolicySetup policy = await PolicySetup.OpenAsync(paths, fleet, control, () => shown?.Seat, stop => shown?.GoToConsoleAsync(stop) ?? Task.CompletedTask);
            await using DaemonHost host = await DaemonHost.OpenAsync(paths, fleet, ending.Token, power: new PowerDesk(control, guests), policy: policy.Desk);
            shown = host;
            int running = fleet.Vms.Count(vm => vm.IsAlive);
            Console.Out.WriteLine($"hyperspace daemon {ProductVersion.Text} is ready: {fleet.Vms.Count} {(fleet.Vms.Count == 1 ? "VM" : "VMs")}, {running} running; control API on {paths.ApiSocket}");
            Console.Out.Flush();
            ServiceManager.Notify("READY=1");
            await Task.Delay(Timeout.InfiniteTimeSpan, ending.Token);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            ServiceManager.Notify("STOPPING=1");
        }

        return 0;
    }

    private static PosixSignalRegistration EndOn(PosixSignal signal, CancellationTokenSource ending) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        ending.Cancel();
    });
}
