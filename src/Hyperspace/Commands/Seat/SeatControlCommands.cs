using System.Buffers.Binary;
using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hyperspace.Api;
using Hyperspace.Client;
using Hyperspace.Linux;
using Hyperspace.Linux.Files;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands.Seat;

/// <summary><c>hyperspace seat status | switch | press | type | volume | screenshot</c>; the rest is in <see cref="SeatTrustCommands"/> and <see cref="SeatMonitorCommands"/>: what keys and eyes do, for programs.</summary>
internal static class SeatControlCommands
{
    public static IEnumerable<Command> Build(HyperspacePaths paths) => [Status(paths), Switch(paths), Press(paths), Type(paths), Volume(paths), Screenshot(paths), SeatMonitorCommands.Build(paths), .. SeatTrustCommands.Build(paths)];

    private static Command Status(HyperspacePaths paths)
    {
        Option<bool> json = Json();
        var command = new Command("status", "Show which port has keyboard and screen, and what each port shows.") { json };
        command.SetAction((result, cancel) => AskAsync(paths, result.GetValue(json), client => client.GetSeatAsync(cancel), status => Print(status, System.Console.Out)));
        return command;
    }

    private static Command Switch(HyperspacePaths paths)
    {
        Option<bool> json = Json();
        var port = new Argument<int>("port") { Description = "0 is the console, 1 to 9 are VMs." };
        IsPort(port.Validators, result => result.GetValueOrDefault<int>());
        var command = new Command("switch", "Give keyboard and screen to a port.") { port, json };
        command.SetAction((result, cancel) => AskAsync(paths, result.GetValue(json), client => client.SwitchAsync(result.GetRequiredValue(port), cancel), PrintFocus));
        return command;
    }

    private static Command Press(HyperspacePaths paths)
    {
        Option<bool> json = Json();
        var chord = new Argument<string>("chord") { Description = "Keys as docs/keys.md names them, such as \"leader 2\", ctrl+alt+esc, enter or ctrl+c." };
        var command = new Command("press", "Press keys, as if on the seat's own keyboard.") { chord, json };
        command.SetAction((result, cancel) => AskAsync(paths, result.GetValue(json), client => client.PressAsync(result.GetRequiredValue(chord), cancel), PrintFocus));
        return command;
    }

    private static Command Type(HyperspacePaths paths)
    {
        Option<bool> json = Json();
        var text = new Argument<string>("text") { Description = "What a US keyboard can type; a line feed is Enter ($'ls\\n' in bash)." };
        var command = new Command("type", "Type text into what has the focus; returns when the last key is up.") { text, json };
        command.SetAction((result, cancel) => AskAsync(paths, result.GetValue(json), client => client.TypeAsync(result.GetRequiredValue(text), cancel), _ => { }));
        return command;
    }

    private static Command Volume(HyperspacePaths paths)
    {
        Option<bool> json = Json();
        var volume = new Argument<string?>("volume") { Description = "0 to 100, up, down, mute or unmute; without it, what is heard is shown.", Arity = ArgumentArity.ZeroOrOne };
        var command = new Command("volume", "Show or change how loud the guests are.") { volume, json };
        command.SetAction((result, cancel) => AskAsync(
            paths, result.GetValue(json), client => result.GetValue(volume) is { } wanted ? client.SetVolumeAsync(wanted, cancel) : client.GetSeatAsync(cancel),
            seat => PrintSound(seat.Sound, System.Console.Out)));
        return command;
    }

    internal static void PrintSound(SoundStatus? sound, TextWriter output)
    {
        output.WriteLine(Sound(sound));
        if (sound is { Vms.Count: > 0 })
        {
            Columns.Write(output, [["VM", "LABEL", "NOW", "SOUND"], .. sound.Vms.Select(vm => new[] { vm.Vm, vm.Label, vm.Playing ? "playing" : "silent", vm.Heard })]);
        }
    }

    private static string Sound(SoundStatus? sound) => sound is null
        ? "none: this seat plays no sound"
        : $"{sound.Volume} %{(sound.Muted ? ", muted" : "")}, {(sound.Problem is null ? $"on {sound.Device}" : $"no sound: {sound.Problem}")}";

    private static Command Screenshot(HyperspacePaths paths)
    {
        Option<bool> json = Json();
        var port = new Option<int?>("--port") { Description = "0 to 9, focused or not; without it, what the monitor shows.", HelpName = "N" };
        IsPort(port.Validators, result => result.GetValueOrDefault<int?>() ?? 0);
        var file = new Argument<string>("file") { Description = "The PNG file to write.", HelpName = "FILE.png" };
        var command = new Command("screenshot", "Photograph the seat's screen into a PNG file.") { file, port, json };
        command.SetAction(async (result, cancel) =>
        {
            using var client = new ControlClient(paths.ApiSocket);
            byte[] png = await client.ScreenshotAsync(result.GetValue(port), cancel);
            string path = Path.GetFullPath(result.GetRequiredValue(file));
            AtomicFile.WriteAllBytes(path, png);

            // The picture's size stands at a fixed place (PNG specification, section 11.2.1).
            var taken = new ScreenshotTaken(path, BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(16)), BinaryPrimitives.ReadInt32BigEndian(png.AsSpan(20)), png.Length);
            System.Console.Out.WriteLine(result.GetValue(json)
                ? JsonSerializer.Serialize(taken, SeatControlJson.Default.ScreenshotTaken)
                : $"{taken.File}: {taken.Width}x{taken.Height}");
            return 0;
        });
        return command;
    }

    internal static async Task<int> AskAsync(HyperspacePaths paths, bool json, Func<ControlClient, Task<SeatStatus>> ask, Action<SeatStatus> print)
    {
        using var client = new ControlClient(paths.ApiSocket);
        SeatStatus status = await ask(client);
        if (json)
        {
            System.Console.Out.WriteLine(JsonSerializer.Serialize(status, ReadableJson.Default.SeatStatus));
        }
        else
        {
            print(status);
        }

        return 0;
    }

    internal static void Print(SeatStatus seat, TextWriter output)
    {
        string last = seat.LastSwitchMicroseconds is { } us ? string.Create(CultureInfo.InvariantCulture, $", the last one took {us / 1000:0.00} ms") : "";
        Columns.Write(output,
        [
            ["focus", Focus(seat)],
            .. seat.LockedTo is null ? Array.Empty<IReadOnlyList<string>>() : [["locked to", seat.LockedTo]],
            ["output", $"{seat.Output}, {seat.Width}x{seat.Height}"],
            ["keys down", seat.KeysDown.Count == 0 ? "none" : string.Join(" ", seat.KeysDown)],
            ["switches", $"{seat.Switches}{last}"],
            ["volume", Sound(seat.Sound)],
        ]);
        output.WriteLine();
        Columns.Write(output, [["PORT", "VM", "LABEL", "SCREEN", "SIZE", "FRAMES"], .. seat.Ports.Select(Row)]);
    }

    private static IReadOnlyList<string> Row(SeatPort port) =>
        [$"{port.Port}", port.Vm ?? "-", port.Label, port.Screen, port.Width > 0 ? $"{port.Width}x{port.Height}" : "-", port.Frames.ToString(CultureInfo.InvariantCulture)];

    private static void PrintFocus(SeatStatus seat) => System.Console.Out.WriteLine(Focus(seat));

    private static string Focus(SeatStatus seat)
    {
        string? label = seat.Ports.FirstOrDefault(port => port.Port == seat.Port)?.Label;
        return $"port {seat.Port}{(string.IsNullOrEmpty(label) ? "" : $", {label}")}{(seat.Vm is null ? "" : $" ({seat.Vm})")}";
    }

    internal static Option<bool> Json() => new("--json") { Description = "One JSON object." };

    private static void IsPort<T>(List<Action<T>> validators, Func<T, int> value) where T : System.CommandLine.Parsing.SymbolResult => validators.Add(result =>
    {
        if (value(result) is var port and (< 0 or > 9))
        {
            result.AddError($"There is no port {port}; expected 0 to 9.");
        }
    });
}

/// <summary>What <c>seat screenshot --json</c> prints.</summary>
internal sealed record ScreenshotTaken(string File, int Width, int Height, int Bytes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ScreenshotTaken))]
internal sealed partial class SeatControlJson : JsonSerializerContext;
