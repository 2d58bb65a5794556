using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Definitions.Schema;
using Hyperspace.Machines.Instant;
using Hyperspace.Tests.Unit.Machines;

namespace Hyperspace.Tests.Unit.Instant;

/// <summary>Names, ports and definitions of disposables, and texts that say that a guest is up.</summary>
public sealed class DisposablesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hsd").FullName;

    private HyperspacePaths Paths => HyperspacePaths.Of(name => name == "HYPERSPACE_HOME" ? _folder : null, root: false);

    [Theory]
    [InlineData("web", "web-2", "web-99")]
    [InlineData("a-name-of-thirty-one-characters", "a-name-of-thirty-one-characte-2", "a-name-of-thirty-one-charact-99")]
    public void Names_are_numbered_and_not_too_long(string vm, string first, string last)
    {
        string[] names = [.. Disposables.Names(vm)];
        Assert.Equal((first, last, 98), (names[0], names[^1], names.Distinct().Count()));
        Assert.All(names, name => Assert.True(VmSchema.IsName(name), name));
    }

    [Fact]
    public void The_lowest_free_port_is_given_and_none_when_all_are_taken()
    {
        Assert.Equal(2, Disposables.FreePort([1, 3, null]));
        Assert.Null(Disposables.FreePort(Enumerable.Range(1, 9).Select(port => (int?)port)));
    }

    [Fact]
    public void A_disposable_is_the_same_machine_without_what_there_is_only_one_of()
    {
        VmDefinition vm = Stage.Definition("web") with
        {
            Label = new string('W', 40), Port = 3, Autostart = true, Instant = new InstantDefinition(1, KeepsHome: true),
            Network = new NetworkDefinition(NetworkMode.User, [new PortForward("tcp", 8080, 80)]), Extra = ["-qmp", $"unix:{Paths.VmRuntime("web")}/qemu/x.sock"],
        };
        VmDefinition disposable = Disposables.Of(vm, "web-12", 7, Paths);
        Assert.Equal(("web-12", $"{new string('W', 37)} 12", 7, "web", false, false), (disposable.Name, disposable.Label, disposable.Port, disposable.CloneOf, disposable.Autostart, disposable.HasHome));
        Assert.Empty(disposable.Network.Forwards);
        Assert.Equal($"unix:{Paths.VmRuntime("web-12")}/qemu/x.sock", disposable.Extra[1]);
        Assert.Equal(RestartPolicy.Never, disposable.Restart.Policy);
    }

    [Fact]
    public void A_folder_with_anothers_disk_is_no_place_for_a_disposable()
    {
        Assert.True(DisposableRecord.MayHave(Paths, "web-2"));
        new DisposableRecord("web", "Web 2", "#112233", null).Write(Paths, "web-2");
        Assert.Equal(new DisposableRecord("web", "Web 2", "#112233", null), DisposableRecord.Read(Paths, "web-2"));
        File.WriteAllText(Path.Combine(Paths.VmState("web-2"), "serial.log"), "");
        Assert.True(DisposableRecord.MayHave(Paths, "web-2"));
        File.WriteAllText(Path.Combine(Paths.VmState("web-2"), "disk1.qcow2"), "");
        Assert.False(DisposableRecord.MayHave(Paths, "web-2"));
    }

    [Fact]
    public void A_text_is_found_across_the_end_of_what_was_there_and_after_the_log_was_cut()
    {
        string file = Path.Combine(_folder, "serial.log");
        var ready = new ReadyText(file, "hs:ready");
        Assert.False(ready.Look());
        File.WriteAllText(file, "noise hs:re");
        Assert.False(ready.Look());
        File.AppendAllText(file, "ady\n");
        Assert.True(ready.Look());

        var again = new ReadyText(file, "second");
        Assert.False(again.Look());
        File.WriteAllText(file, "second");
        Assert.True(again.Look());
    }

    [Fact]
    public void A_hosts_CPU_is_its_model_and_its_flags_in_any_order()
    {
        HostCpu one = HostCpu.Parse("model name\t: Some CPU\nflags\t\t: a b c\n"), other = HostCpu.Parse("model name\t: Some CPU\nflags\t\t: c a b\n");
        Assert.Equal(one, other);
        Assert.NotEqual(one, HostCpu.Parse("model name\t: Some CPU\nflags\t\t: a b\n"));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
