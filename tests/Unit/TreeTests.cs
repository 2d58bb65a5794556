using System.Text.RegularExpressions;

namespace Hyperspace.Tests.Unit;

/// <summary>The tree is the house that ARCHITECTURE.md describes.</summary>
public sealed partial class TreeTests
{
    /// <summary>The projects, each with those that it may reference: one way only.</summary>
    private static readonly Dictionary<string, string[]> MayReference = new()
    {
        ["Hyperspace.Linux"] = [],
        ["Hyperspace.Protocols"] = [],
        ["Hyperspace.Machines"] = ["Hyperspace.Linux", "Hyperspace.Protocols"],
        ["Hyperspace.Seat"] = ["Hyperspace.Linux", "Hyperspace.Protocols"],
        ["Hyperspace"] = ["Hyperspace.Linux", "Hyperspace.Protocols", "Hyperspace.Machines", "Hyperspace.Seat"],
    };

    private static string Top { get; } = FindTop();

    private static string FindTop()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Combine(folder, "Hyperspace.slnx")))
        {
            folder = Path.GetDirectoryName(folder);
        }

        return folder ?? throw new InvalidOperationException("There is no Hyperspace.slnx above the tests.");
    }

    [Fact]
    public void Folders_and_files_named_in_the_architecture_exist()
    {
        string text = File.ReadAllText(Path.Combine(Top, "ARCHITECTURE.md"));
        string[] paths = [.. Named().Matches(text).Select(m => m.Groups[1].Value).SelectMany(Expanded)];
        Assert.True(paths.Length > 20, "hardly any folder was found in ARCHITECTURE.md");
        Assert.All(paths, path => Assert.True(Path.Exists(Path.Combine(Top, path)), $"ARCHITECTURE.md names {path}, which does not exist"));
    }

    [Fact]
    public void Links_in_the_documents_lead_somewhere()
    {
        foreach (string document in Directory.GetFiles(Top, "*.md").Concat(Directory.GetFiles(Path.Combine(Top, "docs"), "*.md")))
        {
            foreach (string target in Link().Matches(File.ReadAllText(document)).Select(m => m.Groups[1].Value).Where(t => !t.Contains("://", StringComparison.Ordinal)))
            {
                string full = Path.Combine(Path.GetDirectoryName(document)!, target.Split('#')[0]);
                Assert.True(Path.Exists(full), $"{document} leads to {target}, which does not exist");
            }
        }
    }

    [Fact]
    public void Projects_reference_each_other_one_way_only()
    {
        string[] projects = Directory.GetFiles(Path.Combine(Top, "src"), "*.csproj", SearchOption.AllDirectories);
        Assert.Equal(MayReference.Count, projects.Length);
        foreach (string project in projects)
        {
            string[] references = [.. Reference().Matches(File.ReadAllText(project)).Select(m => m.Groups[1].Value)];
            Assert.Empty(references.Except(MayReference[Path.GetFileNameWithoutExtension(project)]));
        }
    }

    [Fact]
    public void Unsafe_code_is_behind_the_fence()
    {
        IEnumerable<string> outside = Directory.GetFiles(Path.Combine(Top, "src"), "*.csproj", SearchOption.AllDirectories)
            .Where(project => File.ReadAllText(project).Contains("AllowUnsafeBlocks", StringComparison.Ordinal))
            .Select(project => Path.GetFileNameWithoutExtension(project));
        Assert.Equal(["Hyperspace.Linux"], outside);
    }

    /// <summary><c>A/{B,C}</c> is A/B and A/C.</summary>
    private static IEnumerable<string> Expanded(string path)
    {
        int open = path.IndexOf('{');
        return open < 0 ? [path] : path[(open + 1)..path.IndexOf('}')].Split(',').Select(part => path[..open] + part.Trim() + path[(path.IndexOf('}') + 1)..]);
    }

    [GeneratedRegex("`((?:src|tests|guests|benchmarks|setup|docs)(?:/[A-Za-z0-9_.{},/-]+)?)`")]
    private static partial Regex Named();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("ProjectReference Include=\"[^\"]*/([^/\"]+)\\.csproj\"")]
    private static partial Regex Reference();
}
