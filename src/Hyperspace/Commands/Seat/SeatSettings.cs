using System.Globalization;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Hyperspace.Commands.Seat;

/// <summary>
/// Reads <c>seat.yaml</c>: what a user may configure of the chords. Strict, like the definitions: an unknown key is an error, and the seat does not
/// start with half of what was meant.
/// </summary>
internal static class SeatSettings
{
    private const int MaxBytes = 64 << 10;

    private const string Keys = "leaders, tapMax, gapMax, commandWait, modifierHoldBack";

    /// <param name="errors">File, line, key, what was expected; empty when all is well.</param>
    /// <returns>The defaults when there is no file or it has errors.</returns>
    public static ChordOptions Read(string file, out IReadOnlyList<string> errors)
    {
        var found = new List<string>();
        errors = found;
        string text;
        try
        {
            if (!File.Exists(file))
            {
                return ChordOptions.Default;
            }

            text = new FileInfo(file).Length <= MaxBytes ? File.ReadAllText(file) : throw new IOException($"it is larger than {MaxBytes} bytes");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            found.Add($"{file}: cannot be read: {e.Message}");
            return ChordOptions.Default;
        }

        ChordOptions options = Parse(file, text, found);
        if (found.Count == 0 && options.Problem() is { } problem)
        {
            found.Add($"{file}: {problem}");
        }

        return found.Count == 0 ? options : ChordOptions.Default;
    }

    private static ChordOptions Parse(string file, string text, List<string> errors)
    {
        ChordOptions options = ChordOptions.Default;
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

    private static ChordOptions With(ChordOptions options, string key, YamlNode value) => key switch
    {
        "leaders" => options with { Leaders = KeyList(value) },
        "tapMax" => options with { TapMax = Milliseconds(value) },
        "gapMax" => options with { GapMax = Milliseconds(value) },
        "commandWait" => options with { CommandWait = Milliseconds(value) },
        "modifierHoldBack" => options with { ModifierHoldBack = Milliseconds(value) },
        _ => throw new FormatException($"there is no such key; expected one of {Keys}."),
    };

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
