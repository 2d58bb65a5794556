using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace Hyperspace.Machines.Definitions.Schema;

/// <summary>A key of a group.</summary>
/// <param name="Description">What it is for, one sentence.</param>
/// <param name="Example">YAML that is right.</param>
internal sealed record KeySpec(string Name, ValueSpec Value, string Description, string Example, bool Required = false);

/// <summary>What a group of keys was read as.</summary>
/// <param name="Values">Keys that were there and right.</param>
/// <param name="Nodes">Where the keys stand, for errors that are found later.</param>
internal sealed record Group(IReadOnlyDictionary<string, object> Values, IReadOnlyDictionary<string, YamlNode> Nodes)
{
    public T Get<T>(string key, T otherwise) => Values.TryGetValue(key, out object? value) ? (T)value : otherwise;

    /// <summary>The items of a list; none when the key is missing.</summary>
    public IEnumerable<T> List<T>(string key) => Get(key, new List<object>()).Cast<T>();

    public bool Has(string key) => Values.ContainsKey(key);
}

/// <summary>A group of keys, none of which may be unknown.</summary>
internal sealed class GroupSpec(params KeySpec[] keys) : ValueSpec("a group of keys")
{
    public IReadOnlyList<KeySpec> Keys => keys;

    public override object? Read(YamlNode node, string path, DefinitionErrors errors)
    {
        if (node is not YamlMappingNode mapping)
        {
            return errors.Add(node, path, $"{Shown(node)} is not right; expected keys: {string.Join(", ", keys.Select(k => k.Name))}.");
        }

        var values = new Dictionary<string, object>();
        var nodes = new Dictionary<string, YamlNode>();
        foreach ((YamlNode keyNode, YamlNode value) in mapping.Children)
        {
            string name = (keyNode as YamlScalarNode)?.Value ?? "";
            string full = path.Length == 0 ? name : $"{path}.{name}";
            if (Array.Find(keys, k => k.Name == name) is not { } key)
            {
                errors.Add(keyNode, full, $"there is no such key; {Suggestion(name)}.");
                continue;
            }

            nodes[name] = keyNode;
            errors.Example = key.Example;
            if (key.Value.Read(value, full, errors) is { } read)
            {
                values[name] = read;
            }

            errors.Example = null;
        }

        foreach (KeySpec missing in keys.Where(k => k.Required && !nodes.ContainsKey(k.Name)))
        {
            errors.Example = missing.Example;
            errors.Add(node, path.Length == 0 ? missing.Name : $"{path}.{missing.Name}", $"this key is missing; expected {missing.Value.Expected}.");
            errors.Example = null;
        }

        return new Group(values, nodes);
    }

    public override JsonObject JsonSchema()
    {
        var properties = new JsonObject();
        foreach (KeySpec key in keys)
        {
            JsonObject schema = key.Value.JsonSchema();
            schema["description"] = key.Description;
            properties[key.Name] = schema;
        }

        var group = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        if (keys.Any(k => k.Required))
        {
            group["required"] = new JsonArray([.. keys.Where(k => k.Required).Select(k => (JsonNode)k.Name)]);
        }

        return group;
    }

    private string Suggestion(string name)
    {
        KeySpec nearest = keys.MinBy(k => Distance(k.Name.ToLowerInvariant(), name.ToLowerInvariant()))!;
        return Distance(nearest.Name.ToLowerInvariant(), name.ToLowerInvariant()) <= Math.Max(2, name.Length / 3)
            ? $"is \"{nearest.Name}\" meant?"
            : $"expected one of {string.Join(", ", keys.Select(k => k.Name))}";
    }

    /// <summary>Levenshtein's edit distance.</summary>
    private static int Distance(string a, string b)
    {
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            (int diagonal, row[0]) = (row[0], i);
            for (int j = 1; j <= b.Length; j++)
            {
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
            }
        }

        return row[b.Length];
    }
}
