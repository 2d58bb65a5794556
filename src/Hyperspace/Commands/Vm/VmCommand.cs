using System.CommandLine;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions.Schema;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Commands.Vm;

/// <summary><c>hyperspace vm</c>: VMs and their definitions.</summary>
internal static class VmCommand
{
    public static Command Build(HyperspacePaths paths) => Build(new VmContext(paths));

    public static Command Build(VmContext context) => new("vm", "Make, change and control VMs. Each is one YAML file; docs/definitions.md has the keys.")
    {
        CreateCommand.Build(context),
        ImportCommand.Build(context),
        ListCommand.Build(context),
        ShowCommand.Build(context),
        EditCommand.Build(context),
        ValidateCommand.Build(context),
        ActCommand.Build(context, VmAction.Start, "start", "Start VMs that are off.", "runs"),
        ActCommand.Build(context, VmAction.Stop, "stop", "Ask the guests to power themselves off; one that has not by its stopDeadline is ended.", "is off"),
        ActCommand.Build(context, VmAction.Kill, "kill", "End VMs at once, as if their plug were pulled: what a guest has not written yet is lost. Asks on a terminal.", "is off", "Pull the plug of"),
        ActCommand.Build(context, VmAction.Reset, "reset", "Press the reset button: what a guest has not written yet is lost. Asks on a terminal.", "has been reset", "Reset"),
        ActCommand.Build(context, VmAction.Pause, "pause", "Stop the VMs' CPUs for a while.", "is paused"),
        ActCommand.Build(context, VmAction.Resume, "resume", "Let paused VMs go on.", "runs"),
        ActCommand.Build(context, VmAction.Sleep, "sleep", "Press the VMs' sleep button; what the guests do about it is their own business.", "has had its sleep button pressed"),
        ActCommand.Build(context, VmAction.Wake, "wake", "Wake VMs that have put themselves to sleep.", "is awake"),
        LogCommand.Build(context),
        DeleteCommand.Build(context),
        Schema(context),
    };

    private static Command Schema(VmContext context) => context.Does(
        new Command("schema", "Print the JSON Schema of definitions, for editors."),
        (_, screen, _) =>
        {
            screen.Out.Write(VmSchema.ToJsonSchema());
            return Task.FromResult(0);
        });
}
