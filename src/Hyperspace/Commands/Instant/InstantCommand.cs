using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hyperspace.Client;
using Hyperspace.Commands.Vm;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands.Instant;

/// <summary><c>hyperspace instant</c>: VMs that are opened from templates.</summary>
internal static class InstantCommand
{
    private static readonly string[] Heading = ["NAME", "STATE", "PORT", "TEMPLATE", "SIZE", "SAVED", "READY", "MEMORY", "WHY"];
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(300);

    public static Command Build(HyperspacePaths paths) => Build(new VmContext(paths));

    public static Command Build(VmContext context) => new("instant", "Open VMs from templates, in tens of milliseconds, as many at a time as you like. docs/instant.md explains it.")
    {
        List(context),
        Open(context),
        Close(context),
        Build(context, "build", InstantAction.Build, "Make the templates of VMs: boot each out of sight, wait until it is up, and save it. Without a name: of all instant VMs.", "has a new template"),
        Build(context, "verify", InstantAction.Verify, "Compare templates with their checksums. Without a name: those of all instant VMs.", "has a good template"),
    };

    private static Command List(VmContext context)
    {
        var json = new Option<bool>("--json") { Arity = ArgumentArity.Zero, Description = "A JSON array, one object a VM." };
        return context.Does(new Command("list", "List the instant VMs, their templates, and the disposables that run.") { json }, async (result, screen, cancel) =>
        {
            using IVmControl daemon = context.Connect();
            VmStatus[] vms = [.. (await daemon.GetVmsAsync(cancel)).Where(vm => vm.Instant is not null)];
            if (result.GetValue(json))
            {
                screen.Line(VmJson.Text(new JsonArray([.. vms.Select(VmJson.Of)])));
            }
            else if (vms.Length == 0)
            {
                screen.Line("There is no instant VM; \"instant: true\" in a definition makes it one.");
            }
            else
            {
                screen.Table([Heading, .. vms.Select(Row)], (row, column) => row == 0 ? "1" : column == 3 ? Color(vms[row - 1].Instant!.Template) : null);
            }

            return 0;
        });
    }

    private static Command Open(VmContext context)
    {
        Argument<string> name = context.NameArgument<string>("The VM; without it the first instant VM by its port.", ArgumentArity.ZeroOrOne);
        return context.Does(new Command("open", "Open an instant VM; when it runs already, another one of it, which is forgotten when it is closed.") { name }, async (result, screen, cancel) =>
        {
            using IVmControl daemon = context.Connect();
            string vm = result.GetValue(name) ?? (await InstantVmsAsync(daemon, cancel))[0];
            VmStatus opened = await daemon.InstantAsync(vm, InstantAction.Open, cancel);
            string where = opened.Port is { } port ? string.Create(CultureInfo.InvariantCulture, $" on port {port}") : "; no port is free for it";
            screen.Line($"{opened.Name} runs{where}{(opened.StartedBy == "cold" ? ", and boots" : "")}.");
            if (opened.StartedBy == "cold" && opened.Reason is { } reason)
            {
                screen.Warning(reason);
            }

            return 0;
        });
    }

    private static Command Close(VmContext context)
    {
        Argument<string[]> names = context.NameArgument<string[]>("The VMs.", ArgumentArity.OneOrMore);
        return context.Does(
            new Command("close", "Close instant VMs. What keeps nothing is ended at once and forgotten; one that keeps a home powers itself off.") { names },
            async (result, screen, cancel) => await EachAsync(context, screen, [.. result.GetRequiredValue(names).Distinct()], InstantAction.Close, "is closed", cancel));
    }

    private static Command Build(VmContext context, string verb, InstantAction action, string description, string done)
    {
        Argument<string[]> names = context.NameArgument<string[]>("The VMs.", ArgumentArity.ZeroOrMore);
        return context.Does(new Command(verb, description) { names }, async (result, screen, cancel) =>
        {
            string[] vms = [.. (result.GetValue(names) ?? []).Distinct()];
            if (vms.Length == 0)
            {
                using IVmControl daemon = context.Connect();
                vms = [.. await InstantVmsAsync(daemon, cancel)];
            }

            return await EachAsync(context, screen, vms, action, done, cancel);
        });
    }

    /// <exception cref="ControlException">There is none, or no daemon.</exception>
    private static async Task<string[]> InstantVmsAsync(IVmControl daemon, CancellationToken cancel)
    {
        string[] vms = [.. (await daemon.GetVmsAsync(cancel)).Where(vm => vm is { Instant: not null, DisposableOf: null }).Select(vm => vm.Name)];
        return vms.Length > 0 ? vms : throw new ControlException("There is no instant VM; \"instant: true\" in a definition makes it one.");
    }

    private static async Task<int> EachAsync(VmContext context, Screen screen, string[] vms, InstantAction action, string done, CancellationToken cancel)
    {
        using IVmControl daemon = context.Connect();
        bool good = true;
        foreach (string vm in vms)
        {
            try
            {
                Task<VmStatus> doing = daemon.InstantAsync(vm, action, cancel);
                await ShowAsync(daemon, screen, vm, doing, cancel);
                VmStatus after = await doing;
                screen.Line($"{vm} {done}{(action == InstantAction.Build && after.Instant?.Bytes is { } bytes ? $" of {ByteSize.Human(bytes)}" : "")}.");
            }
            catch (ControlException e)
            {
                screen.Error($"{vm}: {e.Message}");
                good = false;
            }
        }

        return good ? 0 : 1;
    }

    /// <summary>Shows on a terminal what the daemon is doing, until it is done.</summary>
    private static async Task ShowAsync(IVmControl daemon, Screen screen, string vm, Task doing, CancellationToken cancel)
    {
        bool shown = false;
        while (screen.IsTerminal && await Task.WhenAny(doing, Task.Delay(Poll, cancel)) != doing)
        {
            if ((await daemon.GetVmsAsync(cancel)).FirstOrDefault(v => v.Name == vm)?.Instant is { Progress: { } percent, Why: { } what })
            {
                screen.Progress($"{vm}: {what}", Math.Min(percent, 99));
                shown = true;
            }
        }

        if (shown)
        {
            screen.Progress(vm, 100);
        }
    }

    private static string[] Row(VmStatus vm)
    {
        InstantStatus instant = vm.Instant!;
        string template = instant.Template switch
        {
            TemplateState.Building => $"building, {instant.Progress} %",
            TemplateState.Ready => instant.IsCheckpoint ? "checkpoint" : "ready",
            TemplateState.Outdated => "outdated",
            _ => "none",
        };
        string state = vm.IsAlive ? $"{VmJson.Word(vm.State)}{(vm.StartedBy is "template" or "warm" ? $" ({vm.StartedBy})" : "")}" : VmJson.Word(vm.State);
        return
        [
            vm.Name, state, vm.Port?.ToString(CultureInfo.InvariantCulture) ?? "-", template, instant.Bytes is { } bytes ? ByteSize.Human(bytes) : "",
            instant.SavedAt is { } saved ? $"{ListCommand.Duration(DateTimeOffset.Now - saved)} ago" : "", vm.DisposableOf is null ? $"{instant.Warm} waiting" : "",
            vm.IsAlive && (vm.ProportionalBytes ?? vm.ResidentBytes) is > 0 and var memory ? ByteSize.Human(memory) : "", vm.DisposableOf is { } parent ? $"a disposable of {parent}" : instant.Why ?? "",
        ];
    }

    private static string Color(TemplateState state) => state switch
    {
        TemplateState.Ready => "32",
        TemplateState.Outdated => "31",
        _ => "33",
    };
}
