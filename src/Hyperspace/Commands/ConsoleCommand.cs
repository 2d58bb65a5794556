using System.CommandLine;
using System.Runtime.InteropServices;
using Hyperspace.Commands.Seat;
using Hyperspace.Linux;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Terminal;
using Hyperspace.Seat.Console;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Sources;
using Hyperspace.Seat.Link;
using Hyperspace.Seat.Terminals;

namespace Hyperspace.Commands;

/// <summary><c>hyperspace console</c>: what port 0 of the seat shows, in any terminal.</summary>
internal static class ConsoleCommand
{
    public static Command Build(HyperspacePaths paths)
    {
        var command = new Command("console", "Show the management console in this terminal: the VMs, what they do, and the host. It needs no seat; leave it with Q or Ctrl+C.");
        command.SetAction(_ => Run(paths));
        return command;
    }

    private static int Run(HyperspacePaths paths)
    {
        if (TerminalDevice.OpenStandard(out string? reason) is not { } device)
        {
            System.Console.Error.WriteLine(
                $"The console needs a terminal to show itself in, and {reason}; programs use `hyperspace vm list --json`, or `hyperspace seat --output headless` for a seat in memory.");
            return 1;
        }

        using var reactor = new Reactor();
        using var terminal = new TerminalConnection(reactor, device, mouse: false);
        try
        {
            using var signals = new TerminalSignals(reactor, terminal);
            terminal.Probe(TerminalSeat.ProbeTime);
            string? refusal = RunIn(reactor, terminal, paths);
            terminal.Dispose();
            if (refusal is not null)
            {
                System.Console.Error.WriteLine(refusal);
            }

            return refusal is null ? 0 : 1;
        }
        catch
        {
            // Without a handler further up the runtime would print the error before any finally block runs, and onto the terminal's other screen.
            terminal.Dispose();
            throw;
        }
    }

    /// <summary>Runs until the user, a signal, the terminal or the daemon ends it; in the last case with its reason.</summary>
    private static string? RunIn(Reactor reactor, TerminalConnection terminal, HyperspacePaths paths)
    {
        string? refusal = null;
        using var link = new DaemonLink(reactor, paths.LinkSocket, "console", ProductVersion.Text);
        var app = new ConsoleApp(new LinkConsoleBackend(link, seat: null), TimeProvider.System) { Quit = reactor.Stop };
        using var console = new TerminalConsole(reactor, terminal, app);
        link.Changed = app.DataChanged;
        link.Refused = why =>
        {
            refusal = why;
            reactor.Stop();
        };
        var input = new TerminalInput(console, new DeviceId(1), chords: null, () => Reactor.Now) { ReportsReleases = () => terminal.ReportsReleases };
        using var timer = new InputTimer(reactor, input);
        terminal.Input = input;
        terminal.Gone = reactor.Stop;
        using PosixSignalRegistration term = SeatRunner.StopOn(reactor, PosixSignal.SIGTERM);
        using PosixSignalRegistration interrupt = SeatRunner.StopOn(reactor, PosixSignal.SIGINT);
        using PosixSignalRegistration hangUp = SeatRunner.StopOn(reactor, PosixSignal.SIGHUP);
        reactor.Run();
        terminal.Input = null;
        return refusal;
    }
}
