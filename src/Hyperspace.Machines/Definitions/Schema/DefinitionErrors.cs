using YamlDotNet.RepresentationModel;

namespace Hyperspace.Machines.Definitions.Schema;

/// <summary>Collects the errors of one file: a user mends all of them at once.</summary>
internal sealed class DefinitionErrors(string file)
{
    private readonly List<DefinitionError> _all = [];

    public IReadOnlyList<DefinitionError> All => _all;

    /// <summary>Goes with the errors that are added while a key is read.</summary>
    public string? Example { get; set; }

    /// <returns>Null, for readers that give no value after an error.</returns>
    public object? Add(YamlNode? node, string key, string problem, string? example = null)
    {
        _all.Add(new DefinitionError(file, (int)(node?.Start.Line ?? 0), key, problem, example ?? Example));
        return null;
    }

    public void AddAt(int line, string problem) => _all.Add(new DefinitionError(file, line, "", problem, null));
}
