using Hyperspace.Linux;
using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Tests.Unit.Machines;

public sealed class FleetTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hsf").FullName;
    private readonly HyperspacePaths _paths;
    private readonly ScriptedStore _store = new();
    private readonly ScriptedEngine _engine = new();
    private Fleet? _fleet;

    public FleetTests() => _paths = HyperspacePaths.Of(name => name == "HYPERSPACE_HOME" ? _folder : null, root: false);

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        if (_fleet is not null)
        {
            await _fleet.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task VMs_are_listed_by_their_ports_and_then_by_their_names()
    {
        Fleet fleet = await OpenAsync(Stage.Loaded("b"), Stage.Loaded("a"), Stage.Loaded("y", port: 2), Stage.Loaded("z", port: 1));
        Assert.Equal(["z", "y", "a", "b"], fleet.Vms.Select(vm => vm.Name));
    }

    [Fact]
    public async Task Those_with_autostart_start_unless_they_run_already()
    {
        _engine.Left["left"] = Left("left");
        Fleet fleet = await OpenAsync(Stage.Loaded("auto", autostart: true), Stage.Loaded("left", autostart: true), Stage.Loaded("other"));
        await Stage.UntilAsync(() => Vm("auto").State == VmState.Running, () => "the autostart");
        Assert.Equal(("auto", VmState.Running, VmState.Off), (Assert.Single(_engine.Runs).Name, Vm("left").State, Vm("other").State));
    }

    [Fact]
    public async Task A_run_without_a_definition_is_listed_for_as_long_as_it_lasts()
    {
        _engine.Left["orphan"] = Left("orphan");
        Fleet fleet = await OpenAsync();
        Assert.Equal(("orphan", VmState.Running), (Vm("orphan").Label, Vm("orphan").State));
        await fleet.ActAsync("orphan", VmAction.Stop, CancellationToken.None);
        Assert.Empty(fleet.Vms);
        await Assert.ThrowsAsync<UnknownMachineException>(() => fleet.ActAsync("orphan", VmAction.Start, CancellationToken.None));
    }

    [Fact]
    public async Task A_listener_that_throws_does_not_stop_the_supervision()
    {
        Fleet fleet = await OpenAsync(Stage.Loaded("vm"));
        fleet.Changed += () => throw new InvalidOperationException("This listener is broken.");
        await fleet.ActAsync("vm", VmAction.Start, CancellationToken.None);
        _engine.Runs[0].End(new MachineEnd(true, "It fell over."));
        await Stage.UntilAsync(() => Vm("vm").State == VmState.Crashed, () => "the crash");
    }

    [Fact]
    public async Task A_folder_of_definitions_that_cannot_be_read_takes_no_VM_away()
    {
        Fleet fleet = await OpenAsync(Stage.Loaded("vm", port: 1));
        _store.Problem = new UnauthorizedAccessException("Access to the path is denied.");
        await fleet.ReloadAsync(CancellationToken.None);
        Assert.Equal(1, Vm("vm").Port);
    }

    [Fact]
    public async Task A_VM_that_is_deleted_while_it_is_off_is_gone_and_one_that_is_wrong_says_what()
    {
        Fleet fleet = await OpenAsync(Stage.Loaded("gone"), Stage.Loaded("wrong"));
        _store.Definitions = [new LoadedDefinition("wrong", "/nowhere/wrong.yaml", null, [new DefinitionError("/nowhere/wrong.yaml", 3, "memory", "it is too much.", "memory: 2GiB")])];
        await fleet.ReloadAsync(CancellationToken.None);
        VmStatus vm = Assert.Single(fleet.Vms);
        Assert.Equal(VmState.Invalid, vm.State);
        Assert.StartsWith("/nowhere/wrong.yaml:3: memory: it is too much.", vm.Reason, StringComparison.Ordinal);
        var e = await Assert.ThrowsAsync<MachineException>(() => fleet.ActAsync("wrong", VmAction.Start, CancellationToken.None));
        Assert.Contains("has errors", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_exchanged()
    {
        Fleet fleet = await OpenAsync(Stage.Loaded("a", port: 1), Stage.Loaded("b", port: 2));
        await fleet.MoveAsync("a", 2, CancellationToken.None);
        Assert.Equal(new Dictionary<string, int?> { ["a"] = 2, ["b"] = 1 }, _store.LastPorts);
        await Assert.ThrowsAsync<MachineException>(() => fleet.MoveAsync("a", 10, CancellationToken.None));
    }

    [Fact]
    public async Task When_an_action_returns_the_list_says_what_it_has_done()
    {
        Fleet fleet = await OpenAsync(Stage.Loaded("vm"));
        for (int i = 0; i < 300; i++)
        {
            await fleet.ActAsync("vm", VmAction.Start, CancellationToken.None);
            Assert.Equal(VmState.Running, Vm("vm").State);
            await fleet.ActAsync("vm", i % 2 == 0 ? VmAction.Stop : VmAction.Kill, CancellationToken.None);
            Assert.Equal(VmState.Off, Vm("vm").State);
        }
    }

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData("")]
    [InlineData("run")]
    public async Task Only_the_three_logs_can_be_read(string log)
    {
        Fleet fleet = await OpenAsync(Stage.Loaded("vm"));
        await Assert.ThrowsAsync<MachineException>(() => fleet.LogAsync("vm", log, 10, CancellationToken.None));
        Assert.Empty(await fleet.LogAsync("vm", "serial", 10, CancellationToken.None));
    }

    [Fact]
    public async Task The_host_is_described()
    {
        Fleet fleet = await OpenAsync();
        HostStatus host = fleet.Host;
        Assert.Equal((Environment.ProcessorCount, "tcg", "1.0"), (host.CpuCount, host.Accelerator, host.QemuVersion));
        Assert.InRange(host.MemoryAvailableBytes, 1, host.MemoryBytes);
        Assert.InRange(host.DiskFreeBytes, 1, host.DiskBytes);
        Assert.InRange(host.CpuPercent, 0, 100);
    }

    private async Task<Fleet> OpenAsync(params LoadedDefinition[] definitions)
    {
        _store.Definitions = definitions;
        return _fleet = await Fleet.OpenAsync(_store, _engine, _paths, TimeProvider.System, CancellationToken.None);
    }

    private VmStatus Vm(string name) => _fleet!.Vms.Single(vm => vm.Name == name);

    private ScriptedRun Left(string name) => new(name, 7) { OnPowerDown = _engine.OnPowerDown };

    private sealed class ScriptedStore : IDefinitionStore
    {
        public IReadOnlyList<LoadedDefinition> Definitions { get; set; } = [];

        public IReadOnlyDictionary<string, int?>? LastPorts { get; private set; }

        public Exception? Problem { get; set; }

        public IReadOnlyList<LoadedDefinition> Load() => Problem is null ? Definitions : throw Problem;

        public void SetPorts(IReadOnlyDictionary<string, int?> ports) => LastPorts = ports;
    }
}
