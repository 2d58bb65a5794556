using System.CommandLine;
using System.Diagnostics;
using Hyperspace.Client;
using Hyperspace.Linux;
using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Definitions.Schema;

namespace Hyperspace.Commands.Vm;

/// <summary>What the commands about VMs work with; tests put others in place of the machine's own.</summary>
internal sealed class VmContext(HyperspacePaths paths)
{
    public HyperspacePaths Paths => paths;

    /// <summary>Those of this machine when it is null.</summary>
    public HostFacts? Host { get; init; }

    public DefinitionStore Store => new(paths, Host ?? HostFacts.Read());

    /// <summary>What answers are read from. Asked for with the first question: .NET's own changes the terminal's settings when it is opened.</summary>
    public Func<TextReader> Input { get; init; } = () => System.Console.In;

    public bool IsTerminal { get; init; } = !System.Console.IsInputRedirected && !System.Console.IsOutputRedirected;

    public bool HasColor { get; init; } = !System.Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

    public Func<IVmControl> Connect { get; init; } = () => new DaemonControl(paths.ApiSocket);

    /// <summary>Lets the user edit a file, and returns the editor's exit code.</summary>
    public Func<string, int> Edit { get; init; } = RunEditor;

    public Screen Screen(ParseResult result) => new(result.InvocationConfiguration.Output, result.InvocationConfiguration.Error, Input, IsTerminal, HasColor);

    /// <summary>An argument that is completed with the names of the VMs.</summary>
    public Argument<T> NameArgument<T>(string description, ArgumentArity arity)
    {
        var argument = new Argument<T>("NAME") { Description = description, Arity = arity };
        argument.CompletionSources.Add(_ => NamesOrNone());
        return argument;
    }

    /// <summary>Gives a command its action; what cannot be done is said in a sentence, with exit code 1.</summary>
    public Command Does(Command command, Func<ParseResult, Screen, CancellationToken, Task<int>> action)
    {
        command.SetAction(async (result, cancel) =>
        {
            Screen screen = Screen(result);
            try
            {
                return await action(result, screen, cancel);
            }
            catch (Exception e) when (e is MachineException or ControlException)
            {
                screen.Error(e.Message);
                return 1;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                screen.Error("Interrupted.");
                return 130;
            }
        });
        return command;
    }

    /// <summary>Tells a daemon that definitions have changed. One that is not there reads them when it comes, and one that is watches the folder too.</summary>
    public async Task TellDaemonAsync(CancellationToken cancel)
    {
        using IVmControl daemon = Connect();
        try
        {
            if (await daemon.IsAnsweringAsync(cancel))
            {
                await daemon.ReloadAsync(cancel);
            }
        }
        catch (ControlException)
        {
            // It went away meanwhile.
        }
    }

    /// <exception cref="MachineException">There is no such definition.</exception>
    public string FileOf(string name) => VmSchema.IsName(name) && Store.Exists(name)
        ? Store.FileOf(name)
        : throw new MachineException($"There is no VM \"{name}\": {paths.Definitions} has no {name}.yaml.");

    /// <summary>Files may have been deleted or made unreadable while a user presses Tab: that is no time for a message.</summary>
    private IEnumerable<string> NamesOrNone()
    {
        try
        {
            return Store.Names();
        }
        catch (MachineException)
        {
            return [];
        }
    }

    /// <summary>The editor is a shell command, as git and crontab take it: it may have arguments.</summary>
    private static int RunEditor(string file)
    {
        string editor = new[] { "VISUAL", "EDITOR" }.Select(Environment.GetEnvironmentVariable).FirstOrDefault(e => !string.IsNullOrWhiteSpace(e))
            ?? new[] { "/usr/bin/sensible-editor", "/usr/bin/nano", "/usr/bin/vi" }.FirstOrDefault(File.Exists)
            ?? throw new MachineException("There is no editor; say which in the environment variable EDITOR.");
        using Process process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"{editor} \"$1\"", "sh", file]))!;
        process.WaitForExit();
        return process.ExitCode;
    }
}
