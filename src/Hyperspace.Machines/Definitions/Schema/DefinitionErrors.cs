using YamlDotNet.RepresentationModel;

namespace Hyperspace.Machines.Definitions.Schema;

/// <summary>Collects the errors of one file: a user mends all of them at once.</summary>
internal sealed class DefinitionErrors(string file)
{
    private const int MaxKey = 80;

    private readonly List<DefinitionError> _all = [];

    public IReadOnlyList<DefinitionError> All => _all;

    /// <summary>Goes with the errors that are added while a key is read.</summary>
    public string? Example { get; set; }

    /// <returns>Null, for readers that give no value after an error.</returns>
    public object? Add(YamlNode? node, string untrustedKey, string untrustedProblem, string? example = null)
    {
        Add((int)(node?.Start.Line ?? 0), untrustedKey, untrustedProblem, example ?? Example);
        return null;
    }

    /// <summary>An error of the whole file, or of a place that is no key.</summary>
    public void AddAt(int line, string untrustedProblem, string? example = null) => Add(line, "", untrustedProblem, example);

    public void Add(int line, string untrustedKey, string untrustedProblem, string? example) =>
        _all.Add(new DefinitionError(file, line, Harmless(Clipped(untrustedKey, MaxKey)), Harmless(untrustedProblem), example));

    /// <summary>Errors are printed on terminals: no control characters of the file's go there.</summary>
    private static string Harmless(string untrustedText) => string.Concat(untrustedText.Select(c => char.IsControl(c) ? '\uFFFD' : c));

    /// <summary>The text, or its beginning with an ellipsis.</summary>
    public static string Clipped(string text, int most) => text.Length <= most ? text : $"{text[..most]}...";
}
