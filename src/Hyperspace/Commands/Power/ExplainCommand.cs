using System.CommandLine;
using Hyperspace.Client;
using Hyperspace.Linux;
using Hyperspace.Machines.Power.Rules;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands.Power;

/// <summary>
/// <c>hyperspace power explain "lid closed"</c>: which rule would match, why the others do not, and what would happen. It does nothing. What the options leave open is as it is now.
/// </summary>
internal static class ExplainCommand
{
    /// <summary>How long a daemon may take to say how things are; without one they are taken as off and on AC.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static Command Build(HyperspacePaths paths)
    {
        var occasion = new Argument<string>("event") { Description = $"What happens: {Occasion.Expected}." };
        var on = new Option<string?>("--on") { Description = "battery or ac.", HelpName = "battery|ac" };
        on.AcceptOnlyFromAmong("battery", "ac");
        var level = new Option<int?>("--level") { Description = "The battery's level, 0 to 100.", HelpName = "PERCENT" };
        var focused = new Option<string?>("--focused") { Description = "A VM's name, or \"port N\".", HelpName = "VM" };
        var vm = new Option<string[]>("--vm") { Description = "A VM's name and state, such as \"work running\"; may be given several times.", HelpName = "NAME STATE" };
        var monitor = new Option<bool?>("--external-monitor") { Description = "Whether an external monitor is connected." };
        var command = new Command("explain", "Say which power rule would match and what would happen, without doing it.") { occasion, on, level, focused, vm, monitor };
        command.SetAction(async (result, cancel) =>
        {
            if (!Occasion.TryParse(result.GetValue(occasion)!, out Occasion asking))
            {
                throw new IOException($"\"{result.GetValue(occasion)}\" is not an event; expected {Occasion.Expected}.");
            }

            if (RulesCommand.Load(paths, Console.Error) is not { } rules)
            {
                return 1;
            }

            PowerSituation now = await NowAsync(paths, cancel);
            PowerSituation asked = With(now, result.GetValue(on), result.GetValue(level), result.GetValue(focused), result.GetValue(vm) ?? [], result.GetValue(monitor));
            foreach (string line in DecisionText.Lines(Decision.Make(rules, asked, asking)))
            {
                Console.Out.WriteLine(line);
            }

            return 0;
        });
        return command;
    }

    /// <summary>The situation with what is given in place of what is.</summary>
    /// <exception cref="IOException">Something given makes no sense.</exception>
    internal static PowerSituation With(PowerSituation now, string? on, int? level, string? focused, IReadOnlyList<string> vms, bool? externalMonitor)
    {
        if (level is < 0 or > 100)
        {
            throw new IOException($"A level of {level} % makes no sense; expected 0 to 100.");
        }

        PowerSituation asked = now with
        {
            OnBattery = on is null ? now.OnBattery : on == "battery",
            LevelPercent = level ?? now.LevelPercent,
            ExternalMonitor = externalMonitor ?? now.ExternalMonitor,
        };
        foreach (string vm in vms)
        {
            string[] parts = vm.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length != 2 || int.TryParse(parts[1], out _) || !Enum.TryParse(parts[1], ignoreCase: true, out VmState state))
            {
                throw new IOException($"\"{vm}\" is not a VM and its state; expected for example \"work running\".");
            }

            asked = asked with { Guests = [.. asked.Guests.Where(g => g.Name != parts[0]), new GuestSituation(parts[0], state, DateTimeOffset.MinValue)] };
        }

        return focused is null ? asked : Focused(asked, focused);
    }

    private static PowerSituation Focused(PowerSituation asked, string focused)
    {
        if (!focused.StartsWith("port ", StringComparison.Ordinal))
        {
            // Who asks about a focused VM means one that runs.
            IReadOnlyList<GuestSituation> guests = asked.Guests.Any(g => g.Name == focused) ? asked.Guests : [.. asked.Guests, new GuestSituation(focused, VmState.Running)];
            return asked with { FocusedVm = focused, FocusedPort = null, Guests = guests };
        }

        return int.TryParse(focused.AsSpan(5), out int port) && port is >= 0 and <= 9
            ? asked with { FocusedVm = asked.FocusedPort == port ? asked.FocusedVm : null, FocusedPort = port }
            : throw new IOException($"\"{focused}\" is not a port; expected port 0 to port 9.");
    }

    /// <summary>As it is now, says the daemon; without one all VMs are off and the machine is on AC.</summary>
    private static async Task<PowerSituation> NowAsync(HyperspacePaths paths, CancellationToken cancel)
    {
        using var client = new ControlClient(paths.ApiSocket);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        try
        {
            await foreach (Snapshot snapshot in client.WatchAsync(patience.Token))
            {
                return PowerSituation.Of(snapshot.Power ?? PowerState.None, snapshot.Vms, snapshot.Seat, externalMonitor: Monitors.IsExternalConnected(Monitors.SysClassDrm));
            }
        }
        catch (Exception e) when (e is ControlException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            Console.Error.WriteLine("No daemon answers: all VMs are taken as off and the machine as on AC, but for what you say.");
        }

        return PowerSituation.Of(PowerState.None, [], null, externalMonitor: false);
    }
}
