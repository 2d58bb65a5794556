using System.CommandLine;
using System.CommandLine.Invocation;
using Hyperspace.Commands.Seat;
using Hyperspace.Commands.Tour;
using Hyperspace.Commands.Vm;
using Hyperspace.Linux;

namespace Hyperspace.Commands;

/// <summary>The command line: one subcommand a file or folder. Exit codes: 0, 1 when it could not be done, 2 when the command line is wrong.</summary>
internal static class Root
{
    private const int UsageError = 2;

    /// <summary>How long a command may tidy up after Ctrl+C.</summary>
    private static readonly TimeSpan TidyUp = TimeSpan.FromSeconds(15);

    public static RootCommand Build(HyperspacePaths paths)
    {
        var root = new RootCommand("Hyperspace: the machine's own keyboard, mouse and monitor control the hypervisor and every VM on it.")
        {
            RunCommand.Build(paths),
            ConsoleCommand.Build(paths),
            VmCommand.Build(paths),
            DaemonCommand.Build(paths),
            SeatCommand.Build(paths),
            HostCommand.Build(paths),
            Power.PowerCommand.Build(paths),
            ReloadCommand.Build(paths),
            EventsCommand.Build(paths),
            TourCommand.Build(paths),
            Guests.GuestsCommand.Build(paths),
            CompletionCommand.Build(),
        };
        root.Options.OfType<VersionOption>().Single().Action = new PrintVersion();
        return root;
    }

    public static int Invoke(string[] args)
    {
        try
        {
            HyperspacePaths paths = HyperspacePaths.Of(Environment.GetEnvironmentVariable, Environment.IsPrivilegedProcess);
            ParseResult result = Build(paths).Parse(args);
            int code = result.Invoke(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = TidyUp });
            return result.Action is ParseErrorAction ? UsageError : code;
        }
        catch (OperationCanceledException)
        {
            return 1;
        }
        catch (Exception e) when (Failures.IsForPeople(e))
        {
            Failures.Print(e, Console.Error);
            return 1;
        }
    }

    private sealed class PrintVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            Console.Out.WriteLine($"hyperspace {ProductVersion.Text}");
            return 0;
        }
    }
}
