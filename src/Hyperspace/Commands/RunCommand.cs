using System.CommandLine;
using System.Diagnostics;
using Hyperspace.Client;
using Hyperspace.Commands.Seat;
using Hyperspace.Linux;
using Hyperspace.Linux.Files;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands;

/// <summary><c>hyperspace run</c>: daemon and seat in one step. The daemon that it starts has a session of its own and stays when the seat is left.</summary>
internal static class RunCommand
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan QuietFor = TimeSpan.FromSeconds(2);

    public static Command Build(HyperspacePaths paths)
    {
        var seat = new SeatOptions();
        var command = new Command("run", "Start the daemon if none runs, and open the seat. Leaving the seat leaves the daemon and all VMs running.");
        seat.AddTo(command);
        command.SetAction(result =>
        {
            EnsureDaemonAsync(paths).GetAwaiter().GetResult();
            int code = seat.Run(result, paths);
            SayWhatGoesOnAsync(paths).GetAwaiter().GetResult();
            return code;
        });
        return command;
    }

    /// <exception cref="ControlException">It does not start; says what it said last.</exception>
    private static async Task EnsureDaemonAsync(HyperspacePaths paths)
    {
        using var client = new ControlClient(paths.ApiSocket);
        if (await client.IsAnsweringAsync(CancellationToken.None))
        {
            return;
        }

        string log = Path.Combine(paths.State, "daemon.log");
        using Process daemon = DaemonProcess.Start(log);
        var watch = Stopwatch.StartNew();
        bool told = false;
        while (!await client.IsAnsweringAsync(CancellationToken.None))
        {
            // It ends at once when another one was started in the same moment; then that one answers soon.
            if ((daemon.HasExited && watch.Elapsed > QuietFor) || watch.Elapsed > Patience)
            {
                string what = daemon.HasExited ? $"ended with code {daemon.ExitCode}" : $"does not answer after {Patience.TotalSeconds:0} s";
                throw new ControlException($"The daemon {what}. {DaemonProcess.LastWords(log)}");
            }

            if (!told && watch.Elapsed > QuietFor)
            {
                Console.Error.WriteLine($"Waiting for the daemon; it finds the VMs that run already. Its log: {log}");
                told = true;
            }

            await Task.Delay(20);
        }
    }

    private static async Task SayWhatGoesOnAsync(HyperspacePaths paths)
    {
        using var client = new ControlClient(paths.ApiSocket);
        try
        {
            string[] running = [.. (await client.GetVmsAsync(CancellationToken.None)).Where(vm => vm.IsAlive).Select(vm => vm.Name)];
            Console.Out.WriteLine(running.Length == 0
                ? "The seat is closed. No VM runs; the daemon goes on."
                : $"The seat is closed. The daemon and {(running.Length == 1 ? "this VM go" : "these VMs go")} on: {string.Join(", ", running)}.");
            Console.Out.WriteLine("  hyperspace run              comes back to them");
            foreach (string name in running)
            {
                Console.Out.WriteLine($"  hyperspace vm stop {name,-8} powers {name} off");
            }

            if (FileLock.LastHolder(paths.DaemonLock) is { } pid)
            {
                Console.Out.WriteLine($"  kill {pid,-22} ends the daemon and leaves VMs running");
            }
        }
        catch (ControlException e)
        {
            Console.Error.WriteLine($"The seat is closed. {e.Message}");
        }
    }
}
