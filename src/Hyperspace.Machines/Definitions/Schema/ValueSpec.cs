using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Hyperspace.Machines.Definitions.Schema;

/// <summary>
/// What a value of a definition may be. The one source of three things: how YAML is read, the JSON Schema that editors use, and the words in error messages.
/// </summary>
/// <param name="expected">What is right, in words that follow "expected".</param>
internal abstract class ValueSpec(string expected)
{
    public string Expected { get; } = expected;

    /// <summary>The value; null after an error was reported.</summary>
    public abstract object? Read(YamlNode node, string path, DefinitionErrors errors);

    public abstract JsonObject JsonSchema();

    protected static string? Scalar(YamlNode node) => node is YamlScalarNode { Value: { Length: > 0 } text } ? text : null;

    protected static string Shown(YamlNode node) => node switch
    {
        YamlScalarNode scalar => $"\"{scalar.Value}\"",
        YamlSequenceNode => "a list",
        _ => "a group of keys",
    };

    protected object? Wrong(YamlNode node, string path, DefinitionErrors errors) => errors.Add(node, path, $"{Shown(node)} is not right; expected {Expected}.");
}

internal sealed class TextSpec(string expected, int maxLength, string? pattern = null) : ValueSpec(expected)
{
    private readonly Regex? _pattern = pattern is null ? null : new Regex(pattern, RegexOptions.CultureInvariant);

    public override object? Read(YamlNode node, string path, DefinitionErrors errors) =>
        node is YamlScalarNode { Value: { } text } && text.Length <= maxLength && !text.Any(c => char.IsControl(c) && c != '\n') && _pattern?.IsMatch(text) != false
            ? text
            : Wrong(node, path, errors);

    public override JsonObject JsonSchema()
    {
        var schema = new JsonObject { ["type"] = "string", ["maxLength"] = maxLength };
        if (pattern is not null)
        {
            schema["pattern"] = pattern;
        }

        return schema;
    }
}

internal sealed class IntegerSpec(int least, int most) : ValueSpec($"a whole number from {least} to {most}")
{
    public override object? Read(YamlNode node, string path, DefinitionErrors errors) =>
        int.TryParse(Scalar(node), NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most ? value : Wrong(node, path, errors);

    public override JsonObject JsonSchema() => new() { ["type"] = "integer", ["minimum"] = least, ["maximum"] = most };
}

internal sealed class BooleanSpec() : ValueSpec("true or false")
{
    public override object? Read(YamlNode node, string path, DefinitionErrors errors) => Scalar(node) switch
    {
        "true" or "yes" or "on" => true,
        "false" or "no" or "off" => false,
        _ => Wrong(node, path, errors),
    };

    public override JsonObject JsonSchema() => new() { ["type"] = "boolean" };
}

/// <summary>One of some words; read as the word.</summary>
internal sealed class ChoiceSpec(params string[] words) : ValueSpec(words.Length == 1 ? words[0] : $"{string.Join(", ", words[..^1])} or {words[^1]}")
{
    public override object? Read(YamlNode node, string path, DefinitionErrors errors) =>
        Scalar(node) is { } text && words.Contains(text) ? text : Wrong(node, path, errors);

    public override JsonObject JsonSchema() => new() { ["enum"] = new JsonArray([.. words.Select(word => (JsonNode)word)]) };
}

/// <summary>An amount of memory or disk; read as bytes.</summary>
internal sealed partial class SizeSpec(string expected, long least, long most) : ValueSpec(expected)
{
    private const string Form = "^[0-9]{1,7}(MiB|GiB|TiB)$";

    public override object? Read(YamlNode node, string path, DefinitionErrors errors) => Parse(Scalar(node)) is { } bytes && bytes >= least && bytes <= most ? bytes : Wrong(node, path, errors);

    public override JsonObject JsonSchema() => new() { ["type"] = "string", ["pattern"] = Form };

    /// <summary>Null for what is not a size.</summary>
    public static long? Parse(string? text) => text is not null && Pattern().IsMatch(text)
        ? long.Parse(text.AsSpan(0, text.Length - 3), CultureInfo.InvariantCulture) << text[^3] switch { 'M' => 20, 'G' => 30, _ => 40 }
        : null;

    [GeneratedRegex(Form)]
    private static partial Regex Pattern();
}

/// <summary>A time; read as <see cref="TimeSpan"/>.</summary>
internal sealed partial class DurationSpec(int leastSeconds, int mostSeconds) : ValueSpec($"a time such as 30s or 2min, from {leastSeconds}s to {mostSeconds}s")
{
    private const string Form = "^[0-9]{1,5}(s|min)$";

    public override object? Read(YamlNode node, string path, DefinitionErrors errors)
    {
        if (Scalar(node) is not { } text || !Pattern().IsMatch(text))
        {
            return Wrong(node, path, errors);
        }

        bool minutes = text.EndsWith("min", StringComparison.Ordinal);
        int number = int.Parse(text.AsSpan(0, text.Length - (minutes ? 3 : 1)), CultureInfo.InvariantCulture);
        int seconds = minutes ? number * 60 : number;
        return seconds >= leastSeconds && seconds <= mostSeconds ? TimeSpan.FromSeconds(seconds) : Wrong(node, path, errors);
    }

    public override JsonObject JsonSchema() => new() { ["type"] = "string", ["pattern"] = Form };

    [GeneratedRegex(Form)]
    private static partial Regex Pattern();
}

/// <summary>A list; read as a list of what its items are read as, without those in error.</summary>
internal sealed class ListSpec(ValueSpec item, int maxCount) : ValueSpec($"a list, each item {item.Expected}")
{
    public override object? Read(YamlNode node, string path, DefinitionErrors errors)
    {
        if (node is not YamlSequenceNode list)
        {
            return Wrong(node, path, errors);
        }

        if (list.Children.Count > maxCount)
        {
            return errors.Add(node, path, $"there are {list.Children.Count} items; expected at most {maxCount}.");
        }

        return list.Children.Select((child, i) => item.Read(child, $"{path}[{i}]", errors)).OfType<object>().ToList();
    }

    public override JsonObject JsonSchema() => new() { ["type"] = "array", ["items"] = item.JsonSchema(), ["maxItems"] = maxCount };
}

/// <summary>Either a word or a group of keys; the word is read as a group with <paramref name="key"/> alone.</summary>
internal sealed class ShortFormSpec(GroupSpec group, string key, ChoiceSpec word) : ValueSpec($"{word.Expected}, or keys with \"{key}\"")
{
    public override object? Read(YamlNode node, string path, DefinitionErrors errors)
    {
        if (node is YamlMappingNode)
        {
            return group.Read(node, path, errors);
        }

        return word.Read(node, path, errors) is { } value ? new Group(new Dictionary<string, object> { [key] = value }, new Dictionary<string, YamlNode>()) : null;
    }

    public override JsonObject JsonSchema() => new() { ["oneOf"] = new JsonArray(word.JsonSchema(), group.JsonSchema()) };
}
