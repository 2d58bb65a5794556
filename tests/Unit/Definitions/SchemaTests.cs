using System.Text;
using System.Text.Json.Nodes;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Definitions.Schema;

namespace Hyperspace.Tests.Unit.Definitions;

/// <summary>Parser, JSON Schema and documentation come from one source; here they are held against each other.</summary>
public sealed class SchemaTests : IDisposable
{
    private readonly Home _home = new();

    [Theory]
    [InlineData("{}", true)]
    [InlineData("port: 1", true)]
    [InlineData("port: 0", false)]
    [InlineData("port: 1.5", false)]
    [InlineData("port: \"1\"", false)]
    [InlineData("port: ~", false)]
    [InlineData("label: Büro", true)]
    [InlineData("label: 12", false)]
    [InlineData("label: \"12\"", true)]
    [InlineData("label: yes", true)]
    [InlineData("label: true", false)]
    [InlineData("label: \"\"", false)]
    [InlineData("label: \"a\\nb\"", false)]
    [InlineData("label: \"\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\U0001F600\"", true)]
    [InlineData("name: demo", true)]
    [InlineData("name: Demo", false)]
    [InlineData("name: \"demo\\n\"", false)]
    [InlineData("name: null", false)]
    [InlineData("color: blue", true)]
    [InlineData("color: \"#3B82f6\"", true)]
    [InlineData("color: \"#3b82f\"", false)]
    [InlineData("color: 123456", false)]
    [InlineData("memory: 512MiB", true)]
    [InlineData("memory: 512", false)]
    [InlineData("memory: \"1GiB\\n\"", false)]
    [InlineData("cpus: 0", false)]
    [InlineData("autostart: false", true)]
    [InlineData("autostart: no", false)]
    [InlineData("autostart: \"true\"", false)]
    [InlineData("firmware: bios", true)]
    [InlineData("firmware: BIOS", false)]
    [InlineData("kernel: {cmdline: quiet}", false)]
    [InlineData("firmware: linux\nkernel: {image: /bin/sh, cmdline: \"\"}", true)]
    [InlineData("disks: []", true)]
    [InlineData("disks: {}", false)]
    [InlineData("disks: [root.qcow2]", false)]
    [InlineData("disks: [{file: new.qcow2, size: 1GiB}]", true)]
    [InlineData("disks: [{size: 1GiB}]", false)]
    [InlineData("disks: [{file: new.qcow2, size: 1GiB, cache: none}]", false)]
    [InlineData("instant: true", true)]
    [InlineData("instant: false", true)]
    [InlineData("instant: {}", true)]
    [InlineData("instant: {warm: 4, home: keep}", true)]
    [InlineData("instant: {warm: 5}", false)]
    [InlineData("instant: {home: lose}", false)]
    [InlineData("instant: {off: true}", false)]
    [InlineData("instant: yes", false)]
    [InlineData("instant: ~", false)]
    [InlineData("ready: \"login:\"", true)]
    [InlineData("ready: \"\"", false)]
    [InlineData("ready: \"a\\nb\"", false)]
    [InlineData("network: none", true)]
    [InlineData("network: {mode: user}", true)]
    [InlineData("network: {mode: bridge}", false)]
    [InlineData("network: {forwards: []}", false)]
    [InlineData("network: {mode: user, forwards: [\"tcp:1:2\", \"udp:65535:1\"]}", true)]
    [InlineData("network: {mode: user, forwards: [8080]}", false)]
    [InlineData("network: [user]", false)]
    [InlineData("display: {width: 1024, height: 768}", true)]
    [InlineData("display: {width: 1024}", false)]
    [InlineData("display: {width: 639, height: 768}", false)]
    [InlineData("stopDeadline: 90s", true)]
    [InlineData("stopDeadline: 90", false)]
    [InlineData("restart: {policy: never}", true)]
    [InlineData("restart: {maximum: 3}", false)]
    [InlineData("extra: [\"-smp\", \"2\"]", true)]
    [InlineData("extra: [\"-smp\", 2]", false)]
    [InlineData("extra: \"-smp 2\"", false)]
    [InlineData("description: \"two\\nlines\"", true)]
    [InlineData("description: ~", false)]
    [InlineData("sound: true", false)]
    [InlineData("[]", false)]
    [InlineData("text", false)]
    public void The_parser_and_the_JSON_Schema_accept_the_same(string yaml, bool right)
    {
        LoadedDefinition loaded = _home.Read(yaml);
        Assert.True(right == (loaded.Definition is not null), string.Join("\n", loaded.Errors));
        Assert.Equal(right, new SchemaCheck().Problem(SchemaCheck.FromYaml(yaml)) is null);
    }

    /// <summary>What a schema cannot know, or cannot say: the other keys' meaning, this machine, ranges of sizes.</summary>
    [Theory]
    [InlineData("memory: 12GiB")]
    [InlineData("memory: 1MiB")]
    [InlineData("cpus: 255")]
    [InlineData("cdrom: /nowhere.iso")]
    [InlineData("firmware: linux")]
    [InlineData("network: {mode: none, forwards: [\"tcp:1:2\"]}")]
    [InlineData("network: {mode: user, forwards: [\"tcp:0:2\"]}")]
    [InlineData("stopDeadline: 61min")]
    [InlineData("name: other")]
    [InlineData("description: \"a\\tb\"")]
    public void What_only_the_parser_knows_it_refuses(string yaml)
    {
        Assert.Null(_home.Read(yaml).Definition);
        Assert.Null(new SchemaCheck().Problem(SchemaCheck.FromYaml(yaml)));
    }

    [Fact]
    public void Every_keys_example_is_right_for_the_parser_and_for_the_schema()
    {
        int keys = 0;
        foreach ((string path, GroupSpec group, KeySpec key) in Keys(VmSchema.Root, ""))
        {
            // An example stands at its key's own place; what its group needs besides stands beside it.
            IEnumerable<string> needed = group.Keys.Where(k => k.Required && k != key).Select(k => k.Example);
            string yaml = string.Join("\n", needed.Append(key.Example));
            var errors = new DefinitionErrors("x");
            var stream = new YamlDotNet.RepresentationModel.YamlStream();
            stream.Load(new StringReader(yaml));
            group.Read(stream.Documents[0].RootNode, path, errors);
            Assert.True(errors.All.Count == 0, $"{path}: {string.Join("\n", errors.All)}");
            keys++;
        }

        Assert.True(keys > 30);
    }

    [Fact]
    public void The_schema_names_every_key_and_no_other()
    {
        JsonObject properties = JsonNode.Parse(VmSchema.ToJsonSchema())!["properties"]!.AsObject();
        Assert.Equal(VmSchema.Root.Keys.Select(k => k.Name), properties.Select(pair => pair.Key));
        Assert.Equal(["file", "format", "mode", "size"], properties["disks"]!["items"]!["properties"]!.AsObject().Select(pair => pair.Key));
    }

    [Fact]
    public void The_schema_in_the_documentation_is_the_programs() =>
        Assert.True(VmSchema.ToJsonSchema() == File.ReadAllText(Docs("definition.schema.json")), "docs/definition.schema.json is not what the program prints; \"hyperspace vm schema > docs/definition.schema.json\" mends it.");

    [Fact]
    public void The_table_in_the_documentation_is_the_programs()
    {
        const string begin = "<!-- keys:begin -->\n";
        string text = File.ReadAllText(Docs("definitions.md"));
        int from = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        string table = text[from..text.IndexOf("<!-- keys:end -->", StringComparison.Ordinal)];
        Assert.True(table == VmSchema.ToMarkdown(), $"The table between the marks in docs/definitions.md is not the program's; it must be:\n{VmSchema.ToMarkdown()}");
    }

    [Fact]
    public void Every_example_in_the_documentation_is_right()
    {
        string[] examples = Blocks(File.ReadAllText(Docs("definitions.md")), "yaml");
        Assert.True(examples.Length >= 4);
        var schema = new SchemaCheck();
        foreach (string example in examples)
        {
            Assert.Null(schema.Problem(SchemaCheck.FromYaml(example)));
            string here = MakeFiles(example);
            LoadedDefinition loaded = _home.Read(here);
            Assert.True(loaded.Definition is not null, $"{here}\n{string.Join("\n", loaded.Errors)}");
        }
    }

    [Fact]
    public void The_errors_in_the_documentation_are_what_the_program_says()
    {
        string text = File.ReadAllText(Docs("definitions.md"));
        string wrong = Assert.Single(Blocks(text, "yaml wrong"));
        string said = Assert.Single(Blocks(text, "text"));
        IEnumerable<string> errors = _home.Read(wrong).Errors.Select(e => e.ToString().Replace(_home.Paths.Definitions, "/etc/hyperspace/vms", StringComparison.Ordinal));
        Assert.Equal(said.TrimEnd('\n'), string.Join("\n", errors));
    }

    /// <summary>Puts files where the example says, below this test's folder.</summary>
    private string MakeFiles(string example)
    {
        var text = new StringBuilder();
        foreach (string line in example.Split('\n'))
        {
            string changed = line;
            foreach (string word in line.Split(' ', ',', '}').Where(w => w.StartsWith('/')))
            {
                string file = word.EndsWith(".qcow2", StringComparison.Ordinal) ? _home.PutQcow2(word[1..]) : _home.Put(word[1..]);
                changed = changed.Replace(word, file, StringComparison.Ordinal);
            }

            if (line.Contains("file: ", StringComparison.Ordinal) && changed == line && !line.Contains("size:", StringComparison.Ordinal))
            {
                string name = line.Split("file: ")[1].Split(',', '}')[0].Trim();
                _ = name.EndsWith(".qcow2", StringComparison.Ordinal) ? _home.PutQcow2(Path.Combine(_home.Paths.VmState("demo"), name)) : _home.Put(Path.Combine(_home.Paths.VmState("demo"), name));
            }

            text.Append(changed).Append('\n');
        }

        return text.ToString();
    }

    private static string[] Blocks(string markdown, string kind) =>
        [.. markdown.Split($"```{kind}\n").Skip(1).Select(part => part[..part.IndexOf("```", StringComparison.Ordinal)])];

    private static IEnumerable<(string Path, GroupSpec Group, KeySpec Key)> Keys(GroupSpec group, string path) => group.Keys.SelectMany(key => Inner(key.Value) is { } inner
        ? Keys(inner, $"{path}.{key.Name}").Prepend((path, group, key))
        : [(path, group, key)]);

    private static GroupSpec? Inner(ValueSpec value) => value switch
    {
        GroupSpec group => group,
        ListSpec { Item: GroupSpec item } => item,
        ShortFormSpec { Group: { } form } => form,
        SwitchSpec { Group: { } form } => form,
        _ => null,
    };

    private static string Docs(string file) => Path.Combine(Repository.Folder, "docs", file);

    public void Dispose() => _home.Dispose();
}

/// <summary>The folder that the tests were built in.</summary>
internal static class Repository
{
    public static string Folder { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder) => File.Exists(Path.Combine(folder, "Hyperspace.slnx")) ? folder : Find(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run in the repository."));
}
