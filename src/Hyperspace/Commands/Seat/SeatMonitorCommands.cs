using System.CommandLine;
using System.Text.Json;
using Hyperspace.Api;
using Hyperspace.Client;
using Hyperspace.Linux;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands.Seat;

/// <summary><c>hyperspace seat monitors [show | mirror | primary]</c>: which monitor shows what.</summary>
internal static class SeatMonitorCommands
{
    public static Command Build(HyperspacePaths paths)
    {
        Option<bool> json = new("--json") { Description = "A JSON array." };
        var command = new Command("monitors", "List the seat's monitors and what each of them shows, and those that it remembers.") { json };
        command.SetAction(async (result, cancel) =>
        {
            using var client = new ControlClient(paths.ApiSocket);
            IReadOnlyList<SeatMonitor>? monitors = (await client.GetSeatAsync(cancel)).Monitors;
            if (result.GetValue(json))
            {
                System.Console.Out.WriteLine(JsonSerializer.Serialize(monitors ?? [], ReadableJson.Default.IReadOnlyListSeatMonitor));
            }
            else
            {
                Print(monitors, System.Console.Out);
            }

            return 0;
        });
        command.Subcommands.Add(Show(paths));
        command.Subcommands.Add(Mirror(paths));
        command.Subcommands.Add(Primary(paths));
        return command;
    }

    private static Command Show(HyperspacePaths paths)
    {
        Option<bool> json = SeatControlCommands.Json();
        Argument<string> monitor = Monitor();
        var port = new Argument<int>("port") { Description = "1 to 9." };
        port.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is var wanted and (< 1 or > 9))
            {
                result.AddError($"There is no port {wanted} that a monitor can have of its own; expected 1 to 9.");
            }
        });
        var command = new Command("show", "Show one port on a monitor, now and whenever it is plugged in.") { monitor, port, json };
        command.SetAction((result, cancel) => SeatControlCommands.AskAsync(
            paths, result.GetValue(json), client => client.MonitorAsync(result.GetRequiredValue(monitor), result.GetRequiredValue(port), cancel), seat => Print(seat.Monitors, System.Console.Out)));
        return command;
    }

    private static Command Mirror(HyperspacePaths paths) => OfMonitor(
        paths, "mirror", "Let a monitor show what the primary shows; one that is not plugged in is forgotten.", static (client, monitor, cancel) => client.MonitorAsync(monitor, null, cancel));

    private static Command Primary(HyperspacePaths paths) => OfMonitor(
        paths, "primary", "Show the seat on a monitor, now and whenever it is plugged in: the console, and every port without a monitor of its own.",
        static (client, monitor, cancel) => client.PrimaryMonitorAsync(monitor, cancel));

    /// <summary>A command whose only argument is a monitor.</summary>
    private static Command OfMonitor(HyperspacePaths paths, string name, string description, Func<ControlClient, string, CancellationToken, Task<SeatStatus>> ask)
    {
        Option<bool> json = SeatControlCommands.Json();
        Argument<string> monitor = Monitor();
        var command = new Command(name, description) { monitor, json };
        command.SetAction((result, cancel) => SeatControlCommands.AskAsync(
            paths, result.GetValue(json), client => ask(client, result.GetRequiredValue(monitor), cancel), seat => Print(seat.Monitors, System.Console.Out)));
        return command;
    }

    private static Argument<string> Monitor() => new("monitor") { Description = "Its id, or the socket that it is plugged into, as `hyperspace seat monitors` lists them." };

    internal static void Print(IReadOnlyList<SeatMonitor>? monitors, TextWriter output)
    {
        if (monitors is null)
        {
            output.WriteLine("This seat has one picture: it is not on this computer's own monitors.");
            return;
        }

        Columns.Write(output, [["SOCKET", "NAME", "SIZE", "SHOWS", "KEYS", "ID"], .. monitors.Select(Row)]);
    }

    private static IReadOnlyList<string> Row(SeatMonitor m) =>
        [m.Connector ?? "-", m.Name, m.Width > 0 ? $"{m.Width}x{m.Height}" : "-", Shows(m), m.HasKeys ? "yes" : "no", m.Id];

    private static string Shows(SeatMonitor m) => m.Shows switch
    {
        "port" => $"port {m.Port}",
        "absent" => $"port {m.Port} when it is plugged in",
        _ => $"{m.Shows}, port {m.Port}",
    };
}
