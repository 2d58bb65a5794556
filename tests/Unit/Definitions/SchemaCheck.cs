using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hyperspace.Machines.Definitions.Schema;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Hyperspace.Tests.Unit.Definitions;

/// <summary>As much of JSON Schema (draft 2020-12) as the schema of definitions uses; a keyword that is not known here is an exception, so that none goes unchecked.</summary>
internal sealed partial class SchemaCheck
{
    private static readonly HashSet<string> Annotations = ["$schema", "title", "description"];

    private readonly JsonObject _schema = JsonNode.Parse(VmSchema.ToJsonSchema())!.AsObject();

    /// <summary>Null for a value that satisfies the schema.</summary>
    public string? Problem(JsonNode? value) => Problem(_schema, value, "");

    /// <summary>YAML as an editor's language server understands it: YAML 1.2, core schema.</summary>
    public static JsonNode? FromYaml(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return Convert(stream.Documents[0].RootNode);
    }

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode mapping => new JsonObject(mapping.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Convert(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode { Style: not ScalarStyle.Plain } quoted => quoted.Value,
        YamlScalarNode { Value: "" or "null" or "~" } => null,
        YamlScalarNode { Value: "true" or "false" } truth => truth.Value == "true",
        YamlScalarNode { Value: { } text } when Whole().IsMatch(text) => long.Parse(text, CultureInfo.InvariantCulture),
        YamlScalarNode { Value: { } text } when Real().IsMatch(text) => double.Parse(text, CultureInfo.InvariantCulture),
        YamlScalarNode other => other.Value,
        _ => throw new InvalidOperationException(node.ToString()),
    };

    private static string? Problem(JsonObject schema, JsonNode? value, string path) =>
        schema.Select(pair => Annotations.Contains(pair.Key) ? null : Problem(schema, pair.Key, pair.Value!, value, path)).FirstOrDefault(problem => problem is not null);

    private static string? Problem(JsonObject schema, string keyword, JsonNode rule, JsonNode? value, string path)
    {
        JsonValueKind kind = value?.GetValueKind() ?? JsonValueKind.Null;
        bool right = keyword switch
        {
            "type" => (string?)rule switch
            {
                "object" => kind == JsonValueKind.Object,
                "array" => kind == JsonValueKind.Array,
                "string" => kind == JsonValueKind.String,
                "integer" => kind == JsonValueKind.Number && double.IsInteger(double.Parse(value!.ToJsonString(), CultureInfo.InvariantCulture)),
                "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
                _ => throw new InvalidOperationException($"type {rule}"),
            },
            "enum" => rule.AsArray().Any(item => JsonNode.DeepEquals(item, value)),
            "pattern" => kind != JsonValueKind.String || Regex.Matches((string)value!, (string)rule!, RegexOptions.ECMAScript).Any(m => m.Length == ((string)value!).Length),
            "maxLength" => kind != JsonValueKind.String || ((string)value!).EnumerateRunes().Count() <= (int)rule,
            "minimum" => kind != JsonValueKind.Number || double.Parse(value!.ToJsonString(), CultureInfo.InvariantCulture) >= (int)rule,
            "maximum" => kind != JsonValueKind.Number || double.Parse(value!.ToJsonString(), CultureInfo.InvariantCulture) <= (int)rule,
            "maxItems" => kind != JsonValueKind.Array || value!.AsArray().Count <= (int)rule,
            "required" => kind != JsonValueKind.Object || rule.AsArray().All(key => value!.AsObject().ContainsKey((string)key!)),
            "additionalProperties" => kind != JsonValueKind.Object || value!.AsObject().All(pair => schema["properties"]!.AsObject().ContainsKey(pair.Key)),
            "items" or "properties" or "oneOf" => true,
            _ => throw new InvalidOperationException($"The keyword {keyword} is not known here."),
        };
        return !right ? $"{path}: {keyword} {rule.ToJsonString()}" : keyword switch
        {
            "items" when value is JsonArray list => list.Select((item, i) => Problem(rule.AsObject(), item, $"{path}[{i}]")).FirstOrDefault(p => p is not null),
            "properties" when value is JsonObject group => group.Where(pair => rule.AsObject().ContainsKey(pair.Key)).Select(pair => Problem(rule[pair.Key]!.AsObject(), pair.Value, $"{path}.{pair.Key}")).FirstOrDefault(p => p is not null),
            "oneOf" => rule.AsArray().Count(one => Problem(one!.AsObject(), value, path) is null) == 1 ? null : $"{path}: oneOf",
            _ => null,
        };
    }

    [GeneratedRegex("^[-+]?[0-9]+$")]
    private static partial Regex Whole();

    [GeneratedRegex(@"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$")]
    private static partial Regex Real();
}
