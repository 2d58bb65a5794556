using System.Globalization;
using Hyperspace.Linux.Input;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Hyperspace.Commands.Seat;

/// <summary>
/// What a user may configure of the seat in <c>seat.yaml</c>. Strict, like the definitions: an unknown key is an error, and the seat does not start with half of what was meant.
/// </summary>
internal sealed record SeatSettings(ChordOptions Chords, InputSettings Input)
{
    public static SeatSettings Default { get; } = new(ChordOptions.Default, new InputSettings(new PointerSettings(), Strict: false));

    private const int MaxBytes = 64 << 10;

    private const string Keys = "leaders, tapMax, gapMax, commandWait, modifierHoldBack, strictInput, tap, naturalScroll, pointerSpeed";

    /// <param name="errors">File, line, key, what was expected; empty when all is well.</param>
    /// <returns>The defaults when there is no file or it has errors.</returns>
    public static SeatSettings Read(string file, out IReadOnlyList<string> errors)
    {
        var found = new List<string>();
        errors = found;
        string text;
        try
        {
            if (!File.Exists(file))
            {
                return Default;
            }

            text = new FileInfo(file).Length <= MaxBytes ? File.ReadAllText(file) : throw new IOException($"it is larger than {MaxBytes} bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            found.Add($"{file}: cannot be read: {e.Message}");
            return Default;
        }

        SeatSettings options = Parse(file, text, found);
        if (found.Count == 0 && options.Chords.Problem() is { } problem)
        {
            found.Add($"{file}: {problem}");
        }

        return found.Count == 0 ? options : Default;
    }

    private static SeatSettings Parse(string file, string text, List<string> errors)
    {
        SeatSettings options = Default;
        var stream = new YamlStream();
        try
        {
            stream.Load(new StringReader(text));
        }
        catch (YamlException e)
        {
            errors.Add($"{file}:{e.Start.Line}: this is not YAML: {e.Message}");
            return options;
        }

        if (stream.Documents.Count == 0)
        {
            return options;
        }

        if (stream.Documents[0].RootNode is not YamlMappingNode root)
        {
            errors.Add($"{file}:1: expected keys and values such as \"tapMax: 300 ms\".");
            return options;
        }

        foreach ((YamlNode key, YamlNode value) in root.Children)
        {
            try
            {
                options = With(options, key.ToString(), value);
            }
            catch (FormatException e)
            {
                errors.Add($"{file}:{key.Start.Line}: {key}: {e.Message}");
            }
        }

        return options;
    }

    private static SeatSettings With(SeatSettings options, string key, YamlNode value) => key switch
    {
        "leaders" => options with { Chords = options.Chords with { Leaders = KeyList(value) } },
        "tapMax" => options with { Chords = options.Chords with { TapMax = Milliseconds(value) } },
        "gapMax" => options with { Chords = options.Chords with { GapMax = Milliseconds(value) } },
        "commandWait" => options with { Chords = options.Chords with { CommandWait = Milliseconds(value) } },
        "modifierHoldBack" => options with { Chords = options.Chords with { ModifierHoldBack = Milliseconds(value) } },
        "strictInput" => options with { Input = options.Input with { Strict = Boolean(value) } },
        "tap" => options with { Input = options.Input with { Pointer = options.Input.Pointer with { Tap = Boolean(value) } } },
        "naturalScroll" => options with { Input = options.Input with { Pointer = options.Input.Pointer with { NaturalScroll = Boolean(value) } } },
        "pointerSpeed" => options with { Input = options.Input with { Pointer = options.Input.Pointer with { Speed = Speed(value) } } },
        _ => throw new FormatException($"there is no such key; expected one of {Keys}."),
    };

    private static bool Boolean(YamlNode value) => value.ToString() switch
    {
        "true" => true,
        "false" => false,
        var other => throw new FormatException($"\"{other}\" is neither; expected true or false."),
    };

    private static double Speed(YamlNode value) =>
        double.TryParse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double speed) && speed is >= -1 and <= 1
            ? speed
            : throw new FormatException($"\"{value}\" is no speed; expected -1 (slow) to 1 (fast), such as 0.3.");

    private static List<KeyCode> KeyList(YamlNode value) => value is YamlSequenceNode list
        ? [.. list.Children.Select(Key)]
        : throw new FormatException("expected a list of keys, such as [rightctrl, scrolllock].");

    private static KeyCode Key(YamlNode value) =>
        KeyNames.TryParse(value.ToString(), out KeyCode key) ? key : throw new FormatException($"\"{value}\" is not a key; expected a name such as rightctrl or f13.");

    private static TimeSpan Milliseconds(YamlNode value)
    {
        string text = value.ToString().Replace("ms", "", StringComparison.Ordinal).Trim();
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int ms)
            ? TimeSpan.FromMilliseconds(ms)
            : throw new FormatException($"\"{value}\" is not a time; expected milliseconds, such as 300 ms.");
    }
}

/// <param name="Strict">Devices that are there when the seat starts are not trusted for that.</param>
internal sealed record InputSettings(PointerSettings Pointer, bool Strict);
