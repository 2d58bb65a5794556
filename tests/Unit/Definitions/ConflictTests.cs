using Hyperspace.Machines.Definitions;

namespace Hyperspace.Tests.Unit.Definitions;

public sealed class ConflictTests : IDisposable
{
    private readonly Home _home = new();

    [Fact]
    public void A_port_used_twice_is_an_error_of_the_later_file_and_the_first_stays_usable()
    {
        _home.Define("alpha", "port: 1\n");
        string file = _home.Define("beta", "memory: 1GiB\nport: 1\n");
        _home.Define("gamma", "port: 2\n");

        IReadOnlyList<LoadedDefinition> all = _home.Store.Load();

        Assert.Equal([true, false, true], all.Select(d => d.Definition is not null));
        DefinitionError error = Assert.Single(all[1].Errors);
        Assert.Equal((file, 2, "port", "port: 3"), (error.File, error.Line, error.Key, error.Example));
        Assert.Contains("1 is the port of alpha already; expected one that is free.", error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_port_that_two_forward_is_an_error()
    {
        _home.Define("alpha", "network: {mode: user, forwards: [\"tcp:8080:80\"]}\n");
        _home.Define("beta", "label: B\nnetwork:\n  mode: user\n  forwards: [\"udp:8080:80\", \"tcp:8080:81\"]\n");

        DefinitionError error = Assert.Single(_home.Store.Load()[1].Errors);

        Assert.Equal((2, "network", "forwards: [\"tcp:8081:81\"]"), (error.Line, error.Key, error.Example));
        Assert.Contains("tcp port 8080 of this host leads to alpha already", error.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("persistent", "persistent", false)]
    [InlineData("persistent", "ephemeral", false)]
    [InlineData("read-only", "persistent", false)]
    [InlineData("read-only", "ephemeral", true)]
    [InlineData("ephemeral", "ephemeral", true)]
    public void An_image_that_one_writes_to_is_no_others(string first, string second, bool right)
    {
        string disk = _home.PutQcow2("shared.qcow2");
        _home.Define("alpha", $"disks: [{{file: {disk}, mode: {first}}}]\n");
        _home.Define("beta", $"label: B\ndisks:\n  - file: {disk}\n    mode: {second}\n");

        LoadedDefinition beta = _home.Store.Load()[1];

        Assert.Equal(right, beta.Definition is not null);
        Assert.Equal(right ? [] : [(3, "disks[0]")], beta.Errors.Select(e => (e.Line, e.Key)));
    }

    [Fact]
    public void The_same_image_by_way_of_a_link_is_the_same_image()
    {
        string disk = _home.PutQcow2("shared.qcow2");
        string link = Path.Combine(_home.Folder, "link.qcow2");
        File.CreateSymbolicLink(link, disk);
        _home.Define("alpha", $"disks: [{{file: {disk}}}]\n");
        _home.Define("beta", $"disks: [{{file: {link}}}]\n");
        Assert.Contains("written to by alpha already", Assert.Single(_home.Store.Load()[1].Errors).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_is_checked_against_the_others_and_not_against_its_own_file()
    {
        _home.Define("alpha", "port: 1\n");
        _home.Define("beta", "port: 2\n");

        Assert.NotNull(_home.Store.Check("beta", "label: B\nport: 2\n").Definition);
        DefinitionError error = Assert.Single(_home.Store.Check("beta", "label: B\n\nport: 1\n").Errors);
        Assert.Equal((3, "port"), (error.Line, error.Key));
    }

    [Fact]
    public void The_error_is_the_texts_own_even_where_a_later_file_has_the_same_port()
    {
        _home.Define("beta", "port: 2\n");
        Assert.Null(_home.Store.Check("alpha", "port: 2\n").Definition);
    }

    [Fact]
    public void Hidden_files_and_those_of_other_names_are_no_definitions()
    {
        _home.Define("alpha", "port: 1\n");
        _home.Put("config/vms/.alpha.yaml.1.new", "garbage: [");
        _home.Put("config/vms/.hidden.yaml", "garbage: [");
        _home.Put("config/vms/notes.txt", "garbage: [");
        Assert.Equal(["alpha"], _home.Store.Names());
        Assert.Single(_home.Store.Load());
    }

    [Fact]
    public void A_free_port_is_one_that_not_even_a_definition_with_errors_has()
    {
        _home.Define("alpha", "port: 1\n");
        _home.Define("beta", "port: 2\nmemroy: 1\n");
        _home.Define("gamma", "port: 3 # mine\nlabel: [\n");
        Assert.Equal(4, _home.Store.FreePort());
        for (int port = 4; port <= 9; port++)
        {
            _home.Define($"vm{port}", $"port: {port}\n");
        }

        Assert.Null(_home.Store.FreePort());
    }

    [Fact]
    public void Without_a_folder_there_are_no_definitions()
    {
        Directory.Delete(_home.Paths.Definitions);
        Assert.Empty(_home.Store.Load());
        Assert.Equal(1, _home.Store.FreePort());
    }

    public void Dispose() => _home.Dispose();
}
