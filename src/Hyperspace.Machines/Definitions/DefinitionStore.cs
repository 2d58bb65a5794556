using System.Globalization;
using System.Text.RegularExpressions;
using Hyperspace.Linux;
using Hyperspace.Linux.Files;

namespace Hyperspace.Machines.Definitions;

/// <summary>The folder of definitions, one YAML file a VM.</summary>
public sealed partial class DefinitionStore(HyperspacePaths paths, HostFacts host) : IDefinitionStore
{
    private readonly DefinitionReader _reader = new(paths, host);
    private readonly Lock _lock = new();

    public DefinitionReader Reader => _reader;

    public string FileOf(string name) => Path.Combine(paths.Definitions, name + ".yaml");

    public bool Exists(string name) => File.Exists(FileOf(name));

    public IReadOnlyList<LoadedDefinition> Load()
    {
        if (!Directory.Exists(paths.Definitions))
        {
            return [];
        }

        List<LoadedDefinition> all = [.. Directory.EnumerateFiles(paths.Definitions, "*.yaml").Where(f => !Path.GetFileName(f).StartsWith('.')).Order(StringComparer.Ordinal).Select(_reader.ReadFile)];
        return DefinitionConflicts.Find(all);
    }

    /// <summary>Checks a text as it would be together with all other definitions.</summary>
    public LoadedDefinition Check(string name, string text)
    {
        LoadedDefinition own = _reader.Read(FileOf(name), text);
        List<LoadedDefinition> others = [.. Load().Where(d => d.Name != name), own];
        return DefinitionConflicts.Find(others).Single(d => d.Name == name);
    }

    /// <summary>Writes a definition.</summary>
    /// <exception cref="MachineException">It cannot be written; an older one is untouched.</exception>
    public void Write(string name, string text)
    {
        try
        {
            Directory.CreateDirectory(paths.Definitions);
            AtomicFile.WriteAllText(FileOf(name), text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{FileOf(name)} cannot be written: {e.Message} Nothing has changed.", e);
        }
    }

    public void Delete(string name)
    {
        try
        {
            File.Delete(FileOf(name));
            AtomicFile.SyncFolder(paths.Definitions);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{FileOf(name)} cannot be deleted: {e.Message}", e);
        }
    }

    /// <summary>The lowest port that no definition uses; null when all nine are taken.</summary>
    public int? FreePort() => Enumerable.Range(1, 9).Except(Load().Select(d => d.Definition?.Port ?? 0)).Select(p => (int?)p).FirstOrDefault();

    public void SetPorts(IReadOnlyDictionary<string, int?> ports)
    {
        lock (_lock)
        {
            var before = new Dictionary<string, string>();
            try
            {
                foreach ((string name, int? port) in ports)
                {
                    string text = File.ReadAllText(FileOf(name));
                    Write(name, WithPort(text, port));
                    before[name] = text;
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or MachineException)
            {
                foreach ((string name, string text) in before)
                {
                    Write(name, text);
                }

                throw new MachineException($"The ports cannot be changed: {e.Message}", e);
            }
        }
    }

    /// <summary>The text with another <c>port</c>, and everything else as the user wrote it.</summary>
    public static string WithPort(string text, int? port)
    {
        string newline = text.Contains("\r\n", StringComparison.Ordinal) ? "\r\n" : "\n";
        if (PortLine().Match(text) is { Success: true } match)
        {
            return port is { } number
                ? $"{text[..match.Groups[1].Index]}{number.ToString(CultureInfo.InvariantCulture)}{text[(match.Groups[1].Index + match.Groups[1].Length)..]}"
                : text.Remove(match.Index, Math.Min(match.Length + (text.AsSpan(match.Index + match.Length).StartsWith(newline) ? newline.Length : 0), text.Length - match.Index));
        }

        if (port is not { } added)
        {
            return text;
        }

        string before = text.Length == 0 || text.EndsWith('\n') ? text : text + newline;
        return $"{before}port: {added.ToString(CultureInfo.InvariantCulture)}{newline}";
    }

    /// <summary>The line of the key at the top level; its value is group 1, a comment behind it stays.</summary>
    [GeneratedRegex(@"^port[ \t]*:[ \t]*([0-9]+)[ \t]*(#[^\r\n]*)?", RegexOptions.Multiline)]
    private static partial Regex PortLine();
}
