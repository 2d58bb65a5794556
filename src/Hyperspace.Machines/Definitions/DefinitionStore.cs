using System.Globalization;
using System.Text;
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

    /// <summary>The file of a VM of that name, whether it exists or not.</summary>
    public string FileOf(string name) => Path.Combine(paths.Definitions, name + ".yaml");

    public bool Exists(string name) => File.Exists(FileOf(name));

    /// <summary>The names of all definitions, without reading them.</summary>
    /// <exception cref="MachineException">The folder cannot be read.</exception>
    public IReadOnlyList<string> Names()
    {
        try
        {
            return [.. Directory.EnumerateFiles(paths.Definitions, "*.yaml").Select(f => Path.GetFileNameWithoutExtension(f)).Where(n => n.Length > 0 && n[0] != '.').Order(StringComparer.Ordinal)];
        }
        catch (DirectoryNotFoundException)
        {
            return [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"The folder of the definitions, {paths.Definitions}, cannot be read: {e.Message}", e);
        }
    }

    public IReadOnlyList<LoadedDefinition> Load() => DefinitionConflicts.Find([.. Names().Select(name => _reader.ReadFile(FileOf(name)))]);

    /// <summary>Checks a text as it would be together with all other definitions.</summary>
    public LoadedDefinition Check(string name, string text)
    {
        LoadedDefinition own = _reader.Read(FileOf(name), text);
        IEnumerable<LoadedDefinition> others = Names().Where(n => n != name).Select(n => _reader.ReadFile(FileOf(n)));
        return DefinitionConflicts.Find([.. others, own])[^1];
    }

    /// <summary>Writes a definition.</summary>
    /// <exception cref="MachineException">It cannot be written; an older one is untouched.</exception>
    public void Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text), overwrite: true);

    /// <summary>Writes the definition of a VM that does not exist yet.</summary>
    /// <exception cref="MachineException">It exists, or cannot be written.</exception>
    public void Create(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text), overwrite: false);

    /// <exception cref="MachineException">It cannot be deleted.</exception>
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

    /// <summary>The lowest port that no definition uses, not even one with errors; null when all nine are taken.</summary>
    public int? FreePort() => Enumerable.Range(1, 9).Except(Names().Select(PortOf).OfType<int>()).Select(p => (int?)p).FirstOrDefault();

    public void SetPorts(IReadOnlyDictionary<string, int?> ports)
    {
        lock (_lock)
        {
            var changed = new List<(string Name, byte[] Before)>();
            try
            {
                // All texts are made before the first file is written: what can be refused is refused before anything has changed.
                List<(string Name, byte[] Before, byte[] After)> changes = [.. ports.Select(pair => Change(pair.Key, pair.Value))];
                foreach ((string name, byte[] before, byte[] after) in changes)
                {
                    Write(name, after, overwrite: true);
                    changed.Add((name, before));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or MachineException or DecoderFallbackException)
            {
                throw new MachineException($"The ports cannot be changed: {e.Message}{PutBack(changed)}", e);
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
                : text.Remove(match.Index, match.Length + (text.AsSpan(match.Index + match.Length).StartsWith(newline) ? newline.Length : 0));
        }

        if (port is not { } added)
        {
            return text;
        }

        string before = text.Length == 0 || text.EndsWith('\n') ? text : text + newline;
        return $"{before}port: {added.ToString(CultureInfo.InvariantCulture)}{newline}";
    }

    private (string Name, byte[] Before, byte[] After) Change(string name, int? port)
    {
        string file = FileOf(name);
        byte[] before = File.ReadAllBytes(file);
        string text = WithPort(DefinitionReader.ReadText(file), port);
        if (DefinitionReader.PortOf(text) != port)
        {
            throw new MachineException($"{file} is written in a way in which only a person can change its port; expected a line \"port: {port ?? 1}\".");
        }

        byte[] mark = before.AsSpan().StartsWith(Encoding.UTF8.Preamble) ? Encoding.UTF8.GetPreamble() : [];
        return (name, before, [.. mark, .. Encoding.UTF8.GetBytes(text)]);
    }

    /// <returns>What to say of it: nothing when all is as it was.</returns>
    private string PutBack(List<(string Name, byte[] Before)> changed)
    {
        string problems = "";
        foreach ((string name, byte[] before) in changed)
        {
            try
            {
                Write(name, before, overwrite: true);
            }
            catch (MachineException e)
            {
                problems += $" It was not possible to give {name} its old port again: {e.Message}";
            }
        }

        return problems;
    }

    private void Write(string name, byte[] content, bool overwrite)
    {
        try
        {
            Directory.CreateDirectory(paths.Definitions);
            AtomicFile.WriteAllBytes(FileOf(name), content, overwrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{FileOf(name)} cannot be written: {e.Message.TrimEnd('.')}. Nothing has changed.", e);
        }
    }

    private int? PortOf(string name)
    {
        try
        {
            string text = DefinitionReader.ReadText(FileOf(name));
            return DefinitionReader.PortOf(text) ?? (PortLine().Match(text) is { Success: true } line && int.TryParse(line.Groups[1].ValueSpan, out int port) ? port : null);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or DecoderFallbackException)
        {
            return null;
        }
    }

    /// <summary>The line of the key at the top level; its value is group 1, a comment behind it stays.</summary>
    [GeneratedRegex(@"^port[ \t]*:[ \t]+([0-9]+)[ \t]*(#[^\r\n]*)?(?=\r?$)", RegexOptions.Multiline)]
    private static partial Regex PortLine();
}
