using System.CommandLine;
using Hyperspace.Client;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Commands.Vm;

/// <summary><c>hyperspace vm start|stop|kill|reset|pause|resume NAME...</c></summary>
internal static class ActCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);

    /// <param name="done">What is true of the VM afterwards, for the sentence that says so.</param>
    /// <param name="question">For what loses data: the question's beginning, before the VM's name.</param>
    public static Command Build(VmContext context, VmAction action, string verb, string description, string done, string? question = null)
    {
        Argument<string[]> names = context.NameArgument<string[]>("The VMs.", ArgumentArity.OneOrMore);
        var yes = new Option<bool>("--yes", "-y") { Arity = ArgumentArity.Zero, Description = "Do not ask." };
        var cold = new Option<bool>("--cold") { Arity = ArgumentArity.Zero, Description = "Boot it, and leave its template or checkpoint as it is." };
        var command = new Command(verb, description) { names };
        if (action == VmAction.Start)
        {
            command.Add(cold);
        }

        if (question is not null)
        {
            command.Add(yes);
        }

        return context.Does(command, async (result, screen, cancel) =>
        {
            string[] vms = [.. result.GetRequiredValue(names).Distinct()];
            if (question is not null && screen.IsTerminal && !result.GetValue(yes) && !screen.Ask($"{question} {string.Join(", ", vms)}? What has not been written to a disk is lost.", otherwise: false))
            {
                return 1;
            }

            using IVmControl daemon = context.Connect();
            bool[] ok = await Task.WhenAll(vms.Select(vm => ActAsync(daemon, screen, vm, action == VmAction.Start && result.GetValue(cold) ? VmAction.StartCold : action, verb, done, cancel)));
            return ok.All(one => one) ? 0 : 1;
        });
    }

    private static async Task<bool> ActAsync(IVmControl daemon, Screen screen, string vm, VmAction action, string verb, string done, CancellationToken cancel)
    {
        try
        {
            Task acting = daemon.ActAsync(vm, action, cancel);
            if (screen.IsTerminal && await Task.WhenAny(acting, Task.Delay(Patience, cancel)) != acting)
            {
                screen.Line($"{vm}: waiting for its {verb} ...");
            }

            await acting;
            screen.Line($"{vm} {done}.");
            return true;
        }
        catch (ControlException e)
        {
            screen.Error($"{vm}: {e.Message}");
            return false;
        }
    }
}
