using System.CommandLine;
using Hyperspace.Linux;
using Hyperspace.Linux.Reactor;
using Hyperspace.Seat;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Link;

namespace Hyperspace.Commands.Seat;

/// <summary><c>hyperspace seat --output terminal|headless</c>: one keyboard and one screen for all VMs.</summary>
internal static class SeatCommand
{
    public static Command Build(HyperspacePaths paths)
    {
        var output = new Option<string>("--output") { Description = "Where the screen is: terminal (this one) or headless (in memory only, for tests and screenshots).", DefaultValueFactory = _ => "terminal" };
        output.AcceptOnlyFromAmong("terminal", "headless");
        var width = new Option<int>("--width") { Description = "Pixels across, for headless: 640 to 7680.", DefaultValueFactory = _ => 1280 };
        var height = new Option<int>("--height") { Description = "Pixel rows, trusted bar included, for headless: 400 to 4320.", DefaultValueFactory = _ => 800 };
        InRange(width, 640, 7680);
        InRange(height, 400, 4320);
        var graphics = new Option<string>("--graphics") { Description = "How a terminal shows guests: auto, blocks, sixel or kitty.", DefaultValueFactory = _ => "auto" };
        graphics.AcceptOnlyFromAmong("auto", "blocks", "sixel", "kitty");

        var command = new Command("seat", "Take keyboard and screen, and hand them from VM to VM like a KVM switch; or, with a subcommand, control the seat that runs.") { output, width, height, graphics };
        command.SetAction(result =>
        {
            if (!TryReadChords(paths, out ChordOptions chords))
            {
                return 1;
            }

            return result.GetRequiredValue(output) == "headless"
                ? RunHeadless(paths, chords, result.GetRequiredValue(width), result.GetRequiredValue(height))
                : TerminalSeat.Run(paths, chords, result.GetRequiredValue(graphics));
        });
        return command;
    }

    private static bool TryReadChords(HyperspacePaths paths, out ChordOptions chords)
    {
        chords = SeatSettings.Read(Path.Combine(paths.Config, "seat.yaml"), out IReadOnlyList<string> errors);
        foreach (string error in errors)
        {
            System.Console.Error.WriteLine(error);
        }

        return errors.Count == 0;
    }

    private static int RunHeadless(HyperspacePaths paths, ChordOptions chords, int width, int height)
    {
        if (SystemFont.Load(out string? problem) is not { } font)
        {
            System.Console.Error.WriteLine(problem);
            return 1;
        }

        using var reactor = new Reactor();
        using var output = new HeadlessOutput(width, height, font);
        return SeatRunner.Run(reactor, output, font, chords, paths, attach: null);
    }

    private static void InRange(Option<int> option, int least, int most) => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() is var value && (value < least || value > most))
        {
            result.AddError($"{option.Name} {value} is out of range; expected {least} to {most}.");
        }
    });
}
