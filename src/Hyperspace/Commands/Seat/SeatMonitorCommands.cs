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

    private static Command Mirror(HyperspacePaths paths)
    {
        Option<bool> json = SeatControlCommands.Json();
        Argument<string> monitor = Monitor();
        var command = new Command("mirror", "Let a monitor show what the primary shows; one that is not plugged in is forgotten.") { monitor, json };
        command.SetAction((result, cancel) => SeatControlCommands.AskAsync(
            paths, result.GetValue(json), client => client.MonitorAsync(result.GetRequiredValue(monitor), null, cancel), seat => Print(seat.Monitors, System.Console.Out)));
        return command;
    }

    private static Command Primary(HyperspacePaths paths)
    {
        Option<bool> json = SeatControlCommands.Json();
        Argument<string> monitor = Monitor();
        var command = new Command("primary", "Show the seat on a monitor, now and whenever it is plugged in: the console, and every port without a monitor of its own.") { monitor, json };
        command.SetAction((result, cancel) => SeatControlCommands.AskAsync(
            paths, result.GetValue(json), client => client.PrimaryMonitorAsync(result.GetRequiredValue(monitor), cancel), seat => Print(seat.Monitors, System.Console.Out)));
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
