using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;

namespace Hyperspace.Tests.Unit.Definitions;

/// <summary>Ports are changed in files that people wrote: nothing else of them changes, and either all change or none.</summary>
public sealed class SetPortsTests : IDisposable
{
    private readonly Home _home = new();

    [Theory]
    [InlineData("port: 1\n", 2, "port: 2\n")]
    [InlineData("# top\nport:   1   # the work machine\nmemory: 1GiB\n", 9, "# top\nport:   9   # the work machine\nmemory: 1GiB\n")]
    [InlineData("memory: 1GiB\r\nport: 1\r\ncpus: 2\r\n", 3, "memory: 1GiB\r\nport: 3\r\ncpus: 2\r\n")]
    [InlineData("memory: 1GiB\r\nport: 1 # x\r\ncpus: 2\r\n", null, "memory: 1GiB\r\ncpus: 2\r\n")]
    [InlineData("memory: 1GiB\nport: 1", null, "memory: 1GiB\n")]
    [InlineData("memory: 1GiB", 4, "memory: 1GiB\nport: 4\n")]
    [InlineData("memory: 1GiB\r\ncpus: 2", 4, "memory: 1GiB\r\ncpus: 2\r\nport: 4\r\n")]
    [InlineData("memory: 1GiB\n", null, "memory: 1GiB\n")]
    [InlineData("description: |\n  port: 7\nport: 1\n", 2, "description: |\n  port: 7\nport: 2\n")]
    [InlineData("\uFEFFport: 1\nlabel: \u00e4\n", 2, "\uFEFFport: 2\nlabel: \u00e4\n")]
    public void Only_the_port_changes(string before, int? port, string after)
    {
        string file = _home.Define("demo", before);
        _home.Store.SetPorts(new Dictionary<string, int?> { ["demo"] = port });
        Assert.Equal(System.Text.Encoding.UTF8.GetBytes(after), File.ReadAllBytes(file));
        Assert.Equal(port, _home.Store.Reader.ReadFile(file).Definition!.Port);
    }

    [Theory]
    [InlineData("{port: 1, memory: 1GiB}\n")]
    [InlineData("\"port\": 1\n")]
    [InlineData("memory: 1GiB\n...\n")]
    [InlineData("memory: [\n")]
    public void What_only_a_person_can_change_is_refused_and_nothing_has_changed(string text)
    {
        string first = _home.Define("alpha", "port: 2\n");
        string file = _home.Define("demo", text);
        MachineException e = Assert.Throws<MachineException>(() => _home.Store.SetPorts(new Dictionary<string, int?> { ["alpha"] = 1, ["demo"] = 2 }));
        Assert.Contains($"{file} is written in a way in which only a person can change its port; expected a line \"port: 2\".", e.Message, StringComparison.Ordinal);
        Assert.Equal(("port: 2\n", text), (File.ReadAllText(first), File.ReadAllText(file)));
    }

    [Fact]
    public void Two_swap()
    {
        _home.Define("alpha", "port: 1 # a\n");
        _home.Define("beta", "port: 2 # b\n");
        _home.Store.SetPorts(new Dictionary<string, int?> { ["alpha"] = 2, ["beta"] = 1 });
        Assert.Equal([2, 1], _home.Store.Load().Select(d => d.Definition!.Port!.Value));
    }

    [Fact]
    public void When_the_second_file_cannot_be_written_the_first_is_put_back()
    {
        string alpha = _home.Define("alpha", "# mine\nport: 1\n");

        // A name so long that its folder takes no temporary file beside it, also from root.
        string target = _home.Put(new string('b', 250), "port: 2\n");
        File.CreateSymbolicLink(Path.Combine(_home.Paths.Definitions, "beta.yaml"), target);

        MachineException e = Assert.Throws<MachineException>(() => _home.Store.SetPorts(new Dictionary<string, int?> { ["alpha"] = 2, ["beta"] = 1 }));

        Assert.StartsWith("The ports cannot be changed: ", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("old port again", e.Message, StringComparison.Ordinal);
        Assert.Equal(("# mine\nport: 1\n", "port: 2\n"), (File.ReadAllText(alpha), File.ReadAllText(target)));
        Assert.Equal(["alpha.yaml", "beta.yaml"], Directory.EnumerateFileSystemEntries(_home.Paths.Definitions).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_VM_without_a_file_is_an_error_before_anything_has_changed()
    {
        string alpha = _home.Define("alpha", "port: 1\n");
        Assert.Throws<MachineException>(() => _home.Store.SetPorts(new Dictionary<string, int?> { ["alpha"] = 2, ["gone"] = 1 }));
        Assert.Equal("port: 1\n", File.ReadAllText(alpha));
    }

    public void Dispose() => _home.Dispose();
}
