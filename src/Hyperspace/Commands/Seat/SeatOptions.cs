using System.CommandLine;
using Hyperspace.Linux;
using Hyperspace.Linux.Input;
using Hyperspace.Linux.Reactor;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Commands.Seat;

/// <summary>How a seat is opened: the options that <c>hyperspace seat</c> and <c>hyperspace run</c> share.</summary>
internal sealed class SeatOptions
{
    private readonly Option<string> _output = new("--output") { Description = "Where the screen is: window (on a desktop), terminal (this one), drm (this computer's own monitors, without a desktop) or headless (in memory only, for tests and screenshots); auto is a window on a desktop, else the terminal.", DefaultValueFactory = _ => "auto" };
    private readonly Option<int> _width = new("--width") { Description = "Pixels across, for headless, or for the window at first: 640 to 7680.", DefaultValueFactory = _ => 1280 };
    private readonly Option<int> _height = new("--height") { Description = "Pixel rows, trusted bar included, for headless, or for the window at first: 400 to 4320.", DefaultValueFactory = _ => 800 };
    private readonly Option<string> _input = new("--input") { Description = "For headless: none, or libinput for the keyboards and mice of this computer.", DefaultValueFactory = _ => "none" };
    private readonly Option<string> _graphics = new("--graphics") { Description = "How a terminal shows guests: auto, blocks, sixel or kitty.", DefaultValueFactory = _ => "auto" };

    private readonly Option<string> _sound = new("--sound") { Description = "ALSA's name of the device that plays the guests' sound, such as default or hw:0; off for none.", DefaultValueFactory = _ => "default" };

    public SeatOptions()
    {
        _output.AcceptOnlyFromAmong("auto", "window", "terminal", "drm", "headless");
        _input.AcceptOnlyFromAmong("none", "libinput");
        _graphics.AcceptOnlyFromAmong("auto", "blocks", "sixel", "kitty");
        InRange(_width, 640, 7680);
        InRange(_height, 400, 4320);
    }

    public void AddTo(Command command)
    {
        command.Options.Add(_output);
        command.Options.Add(_width);
        command.Options.Add(_height);
        command.Options.Add(_input);
        command.Options.Add(_graphics);
        command.Options.Add(_sound);
    }

    /// <summary>Runs the seat on this thread until it is left.</summary>
    /// <returns>The exit code.</returns>
    public int Run(ParseResult result, HyperspacePaths paths)
    {
        if (!TryRead(paths, out SeatSettings settings))
        {
            return 1;
        }

        string sound = result.GetRequiredValue(_sound);
        (int width, int height) = (result.GetRequiredValue(_width), result.GetRequiredValue(_height));
        int InTerminal() => TerminalSeat.Run(paths, settings.Chords, result.GetRequiredValue(_graphics), sound);
        return result.GetRequiredValue(_output) switch
        {
            "drm" => DrmSeat.Run(paths, settings, sound),
            "headless" => RunHeadless(paths, settings, width, height, result.GetRequiredValue(_input) == "libinput", sound),
            "window" => WindowSeat.Run(paths, settings, width, height, sound) ?? 1,
            "auto" when IsOnDesktop(Environment.GetEnvironmentVariable) => WindowSeat.Run(paths, settings, width, height, sound) ?? InTerminal(),
            _ => InTerminal(),
        };
    }

    /// <summary>Somebody sits in front of a desktop here. Over SSH the terminal is where the user is, even if windows could be forwarded.</summary>
    internal static bool IsOnDesktop(Func<string, string?> environment)
    {
        bool Has(string name) => environment(name) is { Length: > 0 };
        return (Has("WAYLAND_DISPLAY") || Has("DISPLAY")) && !Has("SSH_CONNECTION");
    }

    private static bool TryRead(HyperspacePaths paths, out SeatSettings settings)
    {
        settings = SeatSettings.Read(Path.Combine(paths.Config, "seat.yaml"), out IReadOnlyList<string> errors);
        foreach (string error in errors)
        {
            System.Console.Error.WriteLine(error);
        }

        return errors.Count == 0;
    }

    private static int RunHeadless(HyperspacePaths paths, SeatSettings settings, int width, int height, bool input, string sound)
    {
        if (SystemFont.Load(out string? problem) is not { } font)
        {
            System.Console.Error.WriteLine(problem);
            return 1;
        }

        using var reactor = new Reactor();
        using var output = new HeadlessOutput(width, height, font);
        return SeatRunner.Run(reactor, output, settings.Chords, paths, sound, input ? seat => RealInput.Attach(reactor, seat, new DirectDeviceOpener(), settings.Input) : null);
    }

    private static void InRange(Option<int> option, int least, int most) => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() is var value && (value < least || value > most))
        {
            result.AddError($"{option.Name} {value} is out of range; expected {least} to {most}.");
        }
    });
}
