using Hyperspace.Machines;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Tests.Integration.Engine;

namespace Hyperspace.Tests.Integration.Instant;

/// <summary>Several of one VM at a time: apart from each other, forgotten when they end, found again by the next daemon; and engines that wait.</summary>
[Collection(QemuCollection.Name)]
public sealed class DisposableTests : IAsyncLifetime
{
    private readonly EngineHome _home = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _home.DisposeAsync().AsTask();

    [Fact]
    public async Task A_disposable_writes_to_its_own_disk_alone_and_nothing_of_it_is_left()
    {
        Fleet fleet = await BuiltAsync("label: Web\ncolor: green\nport: 4");
        byte[] disk = File.ReadAllBytes(Path.Combine(_home.Paths.VmState("vm"), "boot.img"));
        await fleet.OpenAsync("vm");
        VmStatus second = await fleet.OpenAsync("vm");
        Assert.Equal(("vm-2", "Web 2", "#22c55e", 1, "vm"), (second.Name, second.Label, second.Color, second.Port, second.DisposableOf));

        // It fills its disk, until that refuses.
        await _home.TypeAsync("vm-2", "d");
        await _home.SerialAsync("vm-2", "e");
        long own = new FileInfo(new QemuFiles(_home.Paths, "vm-2").Overlay(0)).Length, other = new FileInfo(new QemuFiles(_home.Paths, "vm").Overlay(0)).Length;
        Assert.True(own > 800 << 10 && other < 300 << 10, $"{own} and {other} bytes were written");
        Assert.Equal("", _home.Serial("vm"));
        Assert.Equal(disk, File.ReadAllBytes(Path.Combine(_home.Paths.VmState("vm"), "boot.img")));

        await fleet.CloseAsync("vm-2");
        Assert.Equal("vm", Assert.Single(fleet.Vms).Name);
        AssertIsForgotten("vm-2");
        Assert.Equal(VmState.Running, EngineHome.Vm(fleet, "vm").State);
    }

    [Fact]
    public async Task A_disposable_that_crashes_is_forgotten_too()
    {
        Fleet fleet = await BuiltAsync();
        await fleet.OpenAsync("vm");
        await fleet.OpenAsync("vm");
        await _home.TypeAsync("vm-2", "c");
        await EngineHome.UntilAsync(() => fleet.Vms.Count == 1, () => "its end");
        AssertIsForgotten("vm-2");
    }

    [Fact]
    public async Task Opens_at_the_same_time_give_a_VM_each_on_a_port_of_its_own()
    {
        Fleet fleet = await BuiltAsync("port: 1");
        string[] names = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => fleet.InstantAsync("vm", InstantAction.Open, CancellationToken.None)));
        Assert.Equal(["vm", "vm-2", "vm-3", "vm-4"], names.Order());
        Assert.Equal(["template", "template", "template", "template"], fleet.Vms.Select(vm => vm.StartedBy));
        Assert.Equal([1, 2, 3, 4], fleet.Vms.Select(vm => vm.Port));
        await fleet.MoveAsync("vm-2", 9, CancellationToken.None);
        await fleet.MoveAsync("vm-3", 9, CancellationToken.None);
        Assert.Equal((3, 9), (EngineHome.Vm(fleet, "vm-2").Port, EngineHome.Vm(fleet, "vm-3").Port));
        await Assert.ThrowsAsync<MachineException>(() => fleet.MoveAsync("vm-2", 1, CancellationToken.None));
        await Task.WhenAll(names.Select(name => fleet.CloseAsync(name)));
        Assert.Empty(_home.Processes());
    }

    [Fact]
    public async Task A_hundred_opens_in_a_row_leave_no_process_file_descriptor_or_memory()
    {
        Fleet fleet = await BuiltAsync();
        for (int i = 0; i < 5; i++)
        {
            await RoundAsync(fleet);
        }

        int descriptors = Descriptors();
        string[] files = Files();
        long memory = GC.GetTotalMemory(forceFullCollection: true), resident = Environment.WorkingSet;
        for (int i = 0; i < 45; i++)
        {
            await RoundAsync(fleet);
        }

        Assert.Empty(_home.Processes());
        Assert.Equal(files, Files());
        await EngineHome.UntilAsync(() => Descriptors() <= descriptors + 3, () => $"descriptors to be closed: {Descriptors()} after {descriptors}");

        // 90 opens: what one of them kept would be there 90 times. A single RAM, a buffer of a display, or a log that is held would be more than this.
        Assert.InRange(GC.GetTotalMemory(forceFullCollection: true) - memory, long.MinValue, 2 << 20);
        Assert.InRange(Environment.WorkingSet - resident, long.MinValue, 64 << 20);
    }

    [Fact]
    public async Task The_next_daemon_ends_what_waited_and_has_another_wait_beside_the_VM_that_goes_on()
    {
        _home.DefineInstant("vm", "{warm: 1}");
        int vm, waited;
        using (FleetProcess daemon = await FleetProcess.StartAsync(_home.Folder))
        {
            await daemon.ActAsync("vm", InstantAction.Build);
            await daemon.ActAsync("vm", InstantAction.Open);
            vm = Assert.Single(_home.Running()).Pid;
            await EngineHome.UntilAsync(() => File.Exists(new QemuFiles(_home.Paths, "vm-2").Agent), () => "an engine that waits");
            waited = _home.Running().Single(run => run.Name == "vm-2").Pid;
            await daemon.KillAsync();
        }

        Fleet fleet = await _home.OpenFleetAsync();
        VmStatus found = Assert.Single(fleet.Vms);
        Assert.Equal(("vm", VmState.Running, vm), (found.Name, found.State, found.Pid));
        Assert.DoesNotContain(waited, _home.Processes());
        await WaitsAsync(fleet, "vm");
        VmStatus second = await fleet.OpenAsync("vm");
        Assert.Equal(("vm-2", "warm"), (second.Name, second.StartedBy));
        await _home.TypeAsync("vm-2", "a");
        await _home.SerialAsync("vm-2", "a");
        await _home.TypeAsync("vm", "b");
        await _home.SerialAsync("vm", "b");
        await fleet.CloseAsync("vm-2");
        await fleet.CloseAsync("vm");
        await WaitsAsync(fleet, "vm");
        Assert.Equal("vm", Assert.Single(_home.Running()).Name);
    }

    [Fact]
    public async Task The_next_daemon_goes_on_with_a_disposable_and_ends_what_waited()
    {
        _home.DefineInstant("vm", "{warm: 1}", "label: Web\ncolor: green\n");
        int generation;
        using (FleetProcess daemon = await FleetProcess.StartAsync(_home.Folder))
        {
            await daemon.ActAsync("vm", InstantAction.Build);
            await daemon.ActAsync("vm", InstantAction.Open);
            generation = await daemon.ActAsync("vm", InstantAction.Open);
            await EngineHome.UntilAsync(() => _home.Processes().Length == 3, () => $"an engine that waits beside two VMs, but there are {_home.Processes().Length}");
            await EngineHome.UntilAsync(() => File.Exists(new QemuFiles(_home.Paths, "vm-3").Agent), () => "its sockets");
            await daemon.KillAsync();
        }

        _home.DefineInstant("vm", "{warm: 0}", "label: Web\ncolor: green\n");
        Fleet fleet = await _home.OpenFleetAsync();
        Assert.Equal(["vm", "vm-2"], fleet.Vms.Select(vm => vm.Name).Order());
        VmStatus found = EngineHome.Vm(fleet, "vm-2");
        Assert.Equal((VmState.Running, generation, "Web 2", "#22c55e", "vm", 1), (found.State, found.Generation, found.Label, found.Color, found.DisposableOf, found.Port));
        Assert.Equal(2, _home.Processes().Length);
        AssertIsForgotten("vm-3");
        await _home.TypeAsync("vm-2", "a");
        await _home.SerialAsync("vm-2", "a");
        await fleet.CloseAsync("vm-2");
        AssertIsForgotten("vm-2");
    }

    [Fact]
    public async Task A_disposable_that_ends_while_no_daemon_watches_is_forgotten_by_the_next()
    {
        _home.DefineInstant("vm");
        using (FleetProcess daemon = await FleetProcess.StartAsync(_home.Folder))
        {
            await daemon.ActAsync("vm", InstantAction.Build);
            await daemon.ActAsync("vm", InstantAction.Open);
            await daemon.ActAsync("vm", InstantAction.Open);
            await daemon.KillAsync();
        }

        await _home.TypeAsync("vm-2", "p");
        Fleet fleet = await _home.OpenFleetAsync();
        await EngineHome.UntilAsync(() => fleet.Vms.Count == 1, () => "its end");
        AssertIsForgotten("vm-2");
    }

    [Fact]
    public async Task An_engine_that_waits_is_no_VM_is_used_for_the_next_open_and_replaced()
    {
        Fleet fleet = await BuiltAsync(instant: "{warm: 1}");
        await WaitsAsync(fleet, "vm");
        Assert.Equal(VmState.Off, Assert.Single(fleet.Vms).State);
        int pid = Assert.Single(_home.Processes());
        VmStatus opened = await fleet.OpenAsync("vm");
        Assert.Equal(("warm", pid), (opened.StartedBy, opened.Pid));
        await WaitsAsync(fleet, "vm");
        VmStatus second = await fleet.OpenAsync("vm");
        Assert.Equal(("vm-2", "warm"), (second.Name, second.StartedBy));
        await _home.TypeAsync("vm-2", "a");
        await _home.SerialAsync("vm-2", "a");

        // Another definition: what waited for the old one is ended.
        await WaitsAsync(fleet, "vm");
        _home.DefineInstant("vm", "{warm: 0}");
        await fleet.ReloadAsync(CancellationToken.None);
        await EngineHome.UntilAsync(() => _home.Processes().Length == 2, () => "the end of what waited");
        await fleet.CloseAsync("vm-2");
        await fleet.CloseAsync("vm");
        Assert.Empty(_home.Processes());
    }

    [Fact]
    public async Task The_logs_of_the_last_run_stay_while_an_engine_waits_for_the_next()
    {
        Fleet fleet = await BuiltAsync(instant: "{warm: 1}");
        await fleet.OpenAsync("vm");
        await _home.TypeAsync("vm", "a");
        await _home.SerialAsync("vm", "a");
        await fleet.CloseAsync("vm");
        await WaitsAsync(fleet, "vm");
        Assert.Equal("a", _home.Serial("vm"));
    }

    private static Task WaitsAsync(Fleet fleet, string vm) => EngineHome.UntilAsync(() => EngineHome.Vm(fleet, vm).Instant!.Warm == 1, () => "an engine that waits");

    private async Task RoundAsync(Fleet fleet)
    {
        await fleet.OpenAsync("vm");
        await fleet.OpenAsync("vm");
        await fleet.CloseAsync("vm");
        await fleet.CloseAsync("vm-2");
    }

    private async Task<Fleet> BuiltAsync(string more = "", string instant = "{warm: 0}")
    {
        _home.DefineInstant("vm", instant, more);
        Fleet fleet = await _home.OpenFleetAsync();
        await fleet.BuildAsync("vm");
        return fleet;
    }

    private void AssertIsForgotten(string name)
    {
        Assert.False(Directory.Exists(_home.Paths.VmState(name)), $"{name} has left its state");
        Assert.False(Directory.Exists(_home.Paths.VmRuntime(name)), $"{name} has left its sockets");
    }

    private string[] Files() => [.. Directory.EnumerateFileSystemEntries(_home.Folder, "*", SearchOption.AllDirectories).Order()];

    private static int Descriptors() => Directory.GetFileSystemEntries("/proc/self/fd").Length;
}
