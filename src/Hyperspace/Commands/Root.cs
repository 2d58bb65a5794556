using System.CommandLine;
using Hyperspace.Commands.Vm;
using Hyperspace.Linux;

namespace Hyperspace.Commands;

/// <summary>The command line: one subcommand a folder.</summary>
internal static class Root
{
    public static int Invoke(string[] args) => Build(HyperspacePaths.Current).Parse(args).Invoke();

    public static RootCommand Build(HyperspacePaths paths)
    {
        var root = new RootCommand("Hyperspace: the machine's own keyboard, mouse and monitor control the hypervisor and every VM on it.")
        {
            VmCommand.Build(paths),
            CompletionCommand.Build(),
        };
        return root;
    }
}
