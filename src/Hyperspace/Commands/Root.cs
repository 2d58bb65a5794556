using System.CommandLine;
using Hyperspace.Linux;

namespace Hyperspace.Commands;

/// <summary>The command line: one subcommand a folder.</summary>
internal static class Root
{
    public static int Invoke(string[] args)
    {
        var root = new RootCommand("Hyperspace: the machine's own keyboard, mouse and monitor control the hypervisor and every VM on it.");
        root.Subcommands.Add(ConsoleCommand.Build(HyperspacePaths.Current));
        root.Subcommands.Add(Guests.GuestsCommand.Build(HyperspacePaths.Current));
        return root.Parse(args).Invoke();
    }
}
