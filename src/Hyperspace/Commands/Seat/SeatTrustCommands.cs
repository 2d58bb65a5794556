using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Hyperspace.Api;
using Hyperspace.Client;
using Hyperspace.Linux;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands.Seat;

/// <summary><c>hyperspace seat lock | unlock | devices</c>: who may have the keyboard, and which keyboards may be it.</summary>
internal static class SeatTrustCommands
{
    public static IEnumerable<Command> Build(HyperspacePaths paths) => [Lock(paths), Unlock(paths), Devices(paths)];

    private static Command Lock(HyperspacePaths paths)
    {
        Option<bool> json = SeatControlCommands.Json();
        var vm = new Argument<string>("vm") { Description = "The VM's name." };
        var command = new Command("lock", "Make a VM the only one that may have keyboard and screen, until it is unlocked in the console or here.") { vm, json };
        command.SetAction((result, cancel) => SeatControlCommands.AskAsync(paths, result.GetValue(json), client => client.LockAsync(result.GetRequiredValue(vm), cancel), PrintLock));
        return command;
    }

    private static Command Unlock(HyperspacePaths paths)
    {
        Option<bool> json = SeatControlCommands.Json();
        var command = new Command("unlock", "Let any VM have keyboard and screen again.") { json };
        command.SetAction((result, cancel) => SeatControlCommands.AskAsync(paths, result.GetValue(json), client => client.LockAsync(null, cancel), PrintLock));
        return command;
    }

    private static void PrintLock(SeatStatus seat) => System.Console.Out.WriteLine(seat.LockedTo is null ? "not locked" : $"locked to {seat.LockedTo}");

    private static Command Devices(HyperspacePaths paths)
    {
        Option<bool> json = new("--json") { Description = "A JSON array." };
        var command = new Command("devices", "List the seat's keyboards, mice and other devices, and those that it remembers.") { json };
        command.SetAction(async (result, cancel) =>
        {
            using var client = new ControlClient(paths.ApiSocket);
            IReadOnlyList<SeatDevice> devices = (await client.GetSeatAsync(cancel)).Devices ?? [];
            if (result.GetValue(json))
            {
                System.Console.Out.WriteLine(JsonSerializer.Serialize(devices, ReadableJson.Default.IReadOnlyListSeatDevice));
            }
            else
            {
                Print(devices, System.Console.Out);
            }

            return 0;
        });
        command.Subcommands.Add(Change(paths, "accept", "Trust a keyboard that is plugged in, now and whenever it comes back."));
        command.Subcommands.Add(Change(paths, "forget", "Trust a device no more; a keyboard that is plugged in is asked about again."));
        return command;
    }

    private static Command Change(HyperspacePaths paths, string action, string description)
    {
        Option<bool> json = SeatControlCommands.Json();
        var id = new Argument<string>("id") { Description = "As `hyperspace seat devices` lists it." };
        var command = new Command(action, description) { id, json };
        command.SetAction((result, cancel) => SeatControlCommands.AskAsync(
            paths, result.GetValue(json), client => client.DeviceAsync(result.GetRequiredValue(id), action, cancel), seat => Print(seat.Devices ?? [], System.Console.Out)));
        return command;
    }

    internal static void Print(IReadOnlyList<SeatDevice> devices, TextWriter output)
    {
        if (devices.Count == 0)
        {
            output.WriteLine("This seat has no devices of its own: it is open in a terminal, or without input.");
            return;
        }

        Columns.Write(output, [["TRUST", "NAME", "KIND", "GRABBED", "EVENTS", "ID"], .. devices.Select(Row)]);
        foreach (SeatDevice device in devices.Where(d => d.Reason is not null))
        {
            output.WriteLine($"{device.Name}: {device.Reason}");
        }
    }

    private static IReadOnlyList<string> Row(SeatDevice d) =>
        [d.Trust, d.Name, d.Kinds.Count == 0 ? "-" : string.Join(",", d.Kinds), d.Grabbed ? "yes" : "no", d.Events.ToString(CultureInfo.InvariantCulture), d.Id];
}
