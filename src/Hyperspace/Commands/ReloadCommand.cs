using System.CommandLine;
using Hyperspace.Client;
using Hyperspace.Linux;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands;

/// <summary><c>hyperspace reload</c>: the daemon reads the definitions again. It notices changes by itself, too; this one says what came of it.</summary>
internal static class ReloadCommand
{
    public static Command Build(HyperspacePaths paths)
    {
        var command = new Command("reload", "Make the daemon read all definitions again, and say which of them cannot be used.");
        command.SetAction(async (_, cancel) =>
        {
            using var client = new ControlClient(paths.ApiSocket);
            IReadOnlyList<VmStatus> vms = await client.ReloadAsync(cancel);
            VmStatus[] invalid = [.. vms.Where(vm => vm.State == VmState.Invalid)];
            foreach (VmStatus vm in invalid)
            {
                Console.Error.WriteLine($"{vm.Name} cannot be used: {vm.Reason}");
            }

            Console.Out.WriteLine($"{vms.Count} {(vms.Count == 1 ? "definition" : "definitions")} read, {invalid.Length} with errors.");
            return invalid.Length == 0 ? 0 : 1;
        });
        return command;
    }
}
