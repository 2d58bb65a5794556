using System.CommandLine;
using Hyperspace.Linux;

namespace Hyperspace.Commands.Seat;

/// <summary>
/// <c>hyperspace seat --output window|terminal|drm|headless</c>: one keyboard and one screen for all VMs; with a subcommand, the hands of programs on the seat that runs.
/// </summary>
internal static class SeatCommand
{
    public static Command Build(HyperspacePaths paths)
    {
        var options = new SeatOptions();
        var command = new Command("seat", "Take keyboard and screen, and hand them from VM to VM like a KVM switch; or, with a subcommand, control the seat that runs.");
        options.AddTo(command);
        command.SetAction(result => options.Run(result, paths));
        foreach (Command control in SeatControlCommands.Build(paths))
        {
            command.Subcommands.Add(control);
        }

        return command;
    }
}
