using System.CommandLine;
using Hyperspace.Linux;

namespace Hyperspace.Commands.Power;

/// <summary><c>hyperspace power</c>: what the machine does about lid, buttons, battery and brightness.</summary>
internal static class PowerCommand
{
    public static Command Build(HyperspacePaths paths) => new("power", "Battery, lid, buttons and brightness, and the rules about them.")
    {
        RulesCommand.Build(paths),
        ExplainCommand.Build(paths),
    };
}
