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

    /// <summary>Whether right values are texts in YAML.</summary>
    protected virtual bool IsText => true;

    /// <summary>The value; null after an error was reported.</summary>
    public abstract object? Read(YamlNode node, string path, DefinitionErrors errors);

    public abstract JsonObject JsonSchema();

    /// <summary>The text of a scalar of that kind, or null.</summary>
    protected static string? Scalar(YamlNode node, ScalarKind kind) => node is YamlScalarNode { Value: { } text } scalar && YamlKind.Of(scalar) == kind ? text : null;

    protected object? Wrong(YamlNode node, string path, DefinitionErrors errors) => errors.Add(node, path, $"{YamlKind.Shown(node, IsText)} is not right; expected {Expected}.");
}

/// <param name="maxLength">In characters of Unicode, as JSON Schema counts.</param>
internal sealed class TextSpec(string expected, int maxLength, string? pattern = null) : ValueSpec(expected)
{
    private readonly Regex? _pattern = pattern is null ? null : new Regex(pattern, RegexOptions.CultureInvariant);

    public override object? Read(YamlNode node, string path, DefinitionErrors errors)
    {
        if (Scalar(node, ScalarKind.Text) is { } text)
        {
            return IsRight(text) ? text : Wrong(node, path, errors);
        }

        return node is YamlScalarNode scalar && YamlKind.Of(scalar) is ScalarKind.Number or ScalarKind.Truth && IsRight(scalar.Value!)
            ? errors.Add(node, path, $"{YamlKind.Shown(node, wantsText: true)} is a {(YamlKind.Of(scalar) == ScalarKind.Number ? "number" : "truth value")} here; expected {Expected}, in quotes.", $"{path[(path.LastIndexOf('.') + 1)..]}: \"{scalar.Value}\"")
            : Wrong(node, path, errors);
    }

    public override JsonObject JsonSchema()
    {
        var schema = new JsonObject { ["type"] = "string", ["maxLength"] = maxLength };
        if (pattern is not null)
        {
            schema["pattern"] = pattern;
        }

        return schema;
    }

    /// <summary>.NET's <c>$</c> would also match before a last newline, that of JSON Schema does not.</summary>
    private bool IsRight(string text) =>
        text.EnumerateRunes().Count() <= maxLength && !text.Any(c => char.IsControl(c) && c != '\n')
        && (_pattern is null || _pattern.Match(text) is { Success: true } match && match.Length == text.Length);
}

internal sealed class IntegerSpec(int least, int most) : ValueSpec($"a whole number from {least} to {most}")
{
    public override object? Read(YamlNode node, string path, DefinitionErrors errors) =>
        int.TryParse(Scalar(node, ScalarKind.Number), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value) && value >= least && value <= most
            ? value
            : Wrong(node, path, errors);

    protected override bool IsText => false;

    public override JsonObject JsonSchema() => new() { ["type"] = "integer", ["minimum"] = least, ["maximum"] = most };
}

internal sealed class BooleanSpec() : ValueSpec("true or false")
{
    public override object? Read(YamlNode node, string path, DefinitionErrors errors) => Scalar(node, ScalarKind.Truth) is { } text ? text[0] is 't' or 'T' : Wrong(node, path, errors);

    protected override bool IsText => false;

    public override JsonObject JsonSchema() => new() { ["type"] = "boolean" };
}

/// <summary>One of some words; read as the word.</summary>
internal sealed class ChoiceSpec(params string[] words) : ValueSpec(words.Length == 1 ? words[0] : $"{string.Join(", ", words[..^1])} or {words[^1]}")
{
    public IReadOnlyList<string> Words => words;

    public override object? Read(YamlNode node, string path, DefinitionErrors errors) =>
        Scalar(node, ScalarKind.Text) is { } text && words.Contains(text) ? text : Wrong(node, path, errors);

    public override JsonObject JsonSchema() => new() { ["enum"] = new JsonArray([.. words.Select(word => (JsonNode)word)]) };
}

/// <summary>An amount of memory or disk; read as bytes.</summary>
internal sealed class SizeSpec(string expected, long least, long most) : ValueSpec(expected)
{
    public override object? Read(YamlNode node, string path, DefinitionErrors errors) =>
        ByteSize.Parse(Scalar(node, ScalarKind.Text)) is { } bytes && bytes >= least && bytes <= most ? bytes : Wrong(node, path, errors);

    public override JsonObject JsonSchema() => new() { ["type"] = "string", ["pattern"] = ByteSize.Form };
}

/// <summary>A time; read as <see cref="TimeSpan"/>.</summary>
internal sealed partial class DurationSpec(int leastSeconds, int mostSeconds) : ValueSpec($"a time such as 30s or 2min, from {leastSeconds}s to {mostSeconds}s")
{
    private const string Form = "^[0-9]{1,5}(s|min)$";

    public override object? Read(YamlNode node, string path, DefinitionErrors errors)
    {
        if (Scalar(node, ScalarKind.Text) is not { } text || !Pattern().IsMatch(text) || text.EndsWith('\n'))
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
    public ValueSpec Item => item;

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

/// <summary>Either true or false or a group of keys; true is read as a group without keys, false as one with <see cref="Off"/>.</summary>
internal sealed class SwitchSpec(GroupSpec group) : ValueSpec("true, false or a group of keys")
{
    public const string Off = "off";

    public GroupSpec Group => group;

    public override object? Read(YamlNode node, string path, DefinitionErrors errors)
    {
        if (node is YamlMappingNode)
        {
            return group.Read(node, path, errors);
        }

        return Scalar(node, ScalarKind.Truth) is { } text
            ? new Group(path, text[0] is 't' or 'T' ? new Dictionary<string, object>() : new Dictionary<string, object> { [Off] = true }, new Dictionary<string, YamlNode>())
            : Wrong(node, path, errors);
    }

    protected override bool IsText => false;

    public override JsonObject JsonSchema() => new() { ["oneOf"] = new JsonArray(new JsonObject { ["type"] = "boolean" }, group.JsonSchema()) };
}

/// <summary>Either a word or a group of keys; the word is read as a group with <paramref name="key"/> alone.</summary>
internal sealed class ShortFormSpec(GroupSpec group, string key, ChoiceSpec word) : ValueSpec($"{word.Expected}, or a group of keys")
{
    public GroupSpec Group => group;

    public override object? Read(YamlNode node, string path, DefinitionErrors errors)
    {
        if (node is YamlMappingNode)
        {
            return group.Read(node, path, errors);
        }

        return Scalar(node, ScalarKind.Text) is { } text && word.Words.Contains(text)
            ? new Group(path, new Dictionary<string, object> { [key] = text }, new Dictionary<string, YamlNode>())
            : Wrong(node, path, errors);
    }

    public override JsonObject JsonSchema() => new() { ["oneOf"] = new JsonArray(word.JsonSchema(), group.JsonSchema()) };
}
