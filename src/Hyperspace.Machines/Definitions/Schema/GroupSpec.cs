using System.Text.Json.Nodes;
using YamlDotNet.RepresentationModel;

namespace Hyperspace.Machines.Definitions.Schema;

/// <summary>A key of a group.</summary>
/// <param name="Description">What it is for, one sentence.</param>
/// <param name="Example">YAML that is right.</param>
/// <param name="Otherwise">What it is when it is left out, in words that a value of it may be too.</param>
internal sealed record KeySpec(string Name, ValueSpec Value, string Description, string Example, bool Required = false, string? Otherwise = null);

/// <summary>What a group of keys was read as.</summary>
/// <param name="Path">The group's own place, such as <c>disks[0]</c>; empty for the root.</param>
/// <param name="Values">Keys that were there and right.</param>
/// <param name="Nodes">Where the keys stand, for errors that are found later.</param>
internal sealed record Group(string Path, IReadOnlyDictionary<string, object> Values, IReadOnlyDictionary<string, YamlNode> Nodes)
{
    public T Get<T>(string key, T otherwise) => Values.TryGetValue(key, out object? value) ? (T)value : otherwise;

    /// <summary>The items of a list; none when the key is missing.</summary>
    public IEnumerable<T> List<T>(string key) => Get(key, new List<object>()).Cast<T>();

    public bool Has(string key) => Values.ContainsKey(key);

    /// <summary>The key is there, and an error of its value has been reported: what depends on it is not worth a second one.</summary>
    public bool IsWrong(string key) => Nodes.ContainsKey(key) && !Has(key);
}

/// <summary>A group of keys, none of which may be unknown.</summary>
internal sealed class GroupSpec(params KeySpec[] keys) : ValueSpec("a group of keys")
{
    public IReadOnlyList<KeySpec> Keys => keys;

    public override object? Read(YamlNode node, string path, DefinitionErrors errors)
    {
        if (node is not YamlMappingNode mapping)
        {
            return errors.Add(node, path, $"{YamlKind.Shown(node, wantsText: true)} is not right; expected a group of keys: {string.Join(", ", keys.Select(k => k.Name))}.");
        }

        var values = new Dictionary<string, object>();
        var nodes = new Dictionary<string, YamlNode>();
        foreach ((YamlNode keyNode, YamlNode value) in mapping.Children)
        {
            string name = (keyNode as YamlScalarNode)?.Value ?? "";
            string full = path.Length == 0 ? name : $"{path}.{name}";
            if (Array.Find(keys, k => k.Name == name) is not { } key)
            {
                KeySpec? near = Nearest(name);
                errors.Add(keyNode, full, near is null ? $"there is no such key; expected one of {string.Join(", ", keys.Select(k => k.Name))}." : $"there is no such key; is \"{near.Name}\" meant?", near?.Example ?? keys[0].Example);
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

        return new Group(path, values, nodes);
    }

    public override JsonObject JsonSchema()
    {
        var properties = new JsonObject();
        foreach (KeySpec key in keys)
        {
            JsonObject schema = key.Value.JsonSchema();
            schema["description"] = key.Otherwise is null ? key.Description : $"{key.Description} Without it: {key.Otherwise}.";
            properties[key.Name] = schema;
        }

        var group = new JsonObject { ["type"] = "object", ["properties"] = properties, ["additionalProperties"] = false };
        if (keys.Any(k => k.Required))
        {
            group["required"] = new JsonArray([.. keys.Where(k => k.Required).Select(k => (JsonNode)k.Name)]);
        }

        return group;
    }

    private KeySpec? Nearest(string name)
    {
        string lower = DefinitionErrors.Clipped(name, 40).ToLowerInvariant();
        (KeySpec key, int distance) = keys.Select(k => (k, Distance(k.Name.ToLowerInvariant(), lower))).MinBy(pair => pair.Item2);
        return distance <= Math.Max(2, name.Length / 3) ? key : null;
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
