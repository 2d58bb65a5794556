using Hyperspace.Linux;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Tests.Integration.Engine;

/// <summary>VMs outlive the daemon, whatever way it ends, and the next one goes on with them.</summary>
[Collection(QemuCollection.Name)]
public sealed class AdoptionTests : IAsyncLifetime
{
    private readonly EngineHome _home = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _home.DisposeAsync().AsTask();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_daemon_that_is_killed_leaves_its_VM_and_the_next_goes_on_with_it(bool paused)
    {
        _home.Define("vm");
        (int pid, int generation) = await RunAndKillDaemonAsync(paused);

        Fleet fleet = await _home.OpenFleetAsync();
        VmStatus vm = EngineHome.Vm(fleet, "vm");
        Assert.Equal((paused ? VmState.Paused : VmState.Running, pid, generation), (vm.State, vm.Pid!.Value, vm.Generation));

        await fleet.ActAsync("vm", VmAction.Resume, CancellationToken.None);
        await _home.TypeAsync("vm", "a");
        await _home.SerialAsync("vm", "ready\r\na");
        await fleet.ActAsync("vm", VmAction.Stop, CancellationToken.None);
        Assert.Equal("The guest powered itself off.", EngineHome.Vm(fleet, "vm").Reason);
        _home.AssertNothingIsLeft("vm");
    }

    [Fact]
    public async Task A_guest_that_powered_off_while_no_daemon_watched_is_off_and_not_crashed()
    {
        _home.Define("vm", "restart: {policy: on-crash, maximum: 3}");
        await RunAndKillDaemonAsync(paused: false);
        await _home.TypeAsync("vm", "p");
        await Task.Delay(300);

        Fleet fleet = await _home.OpenFleetAsync();
        await EngineHome.StateAsync(fleet, "vm", VmState.Off);
        Assert.Equal("The guest powered itself off.", EngineHome.Vm(fleet, "vm").Reason);
        _home.AssertNothingIsLeft("vm");
    }

    [Fact]
    public async Task A_QEMU_that_died_while_no_daemon_watched_has_crashed()
    {
        _home.Define("vm");
        (int pid, _) = await RunAndKillDaemonAsync(paused: false);
        using (ProcessHandle process = ProcessHandle.Open(pid)!)
        {
            process.Kill();
            await process.Exited;
        }

        Fleet fleet = await _home.OpenFleetAsync();
        await EngineHome.StateAsync(fleet, "vm", VmState.Crashed);
        Assert.StartsWith("It ended while no daemon was watching.", EngineHome.Vm(fleet, "vm").Reason, StringComparison.Ordinal);
        _home.AssertNothingIsLeft("vm");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_VM_without_a_definition_or_a_run_record_is_found_and_can_be_stopped(bool withoutRecord)
    {
        _home.Define("vm");
        (int pid, _) = await RunAndKillDaemonAsync(paused: false);
        File.Delete(_home.Definition("vm"));
        if (withoutRecord)
        {
            File.Delete(new QemuFiles(_home.Paths, "vm").RunRecord);
        }

        Fleet fleet = await _home.OpenFleetAsync();
        VmStatus vm = EngineHome.Vm(fleet, "vm");
        Assert.Equal((VmState.Running, pid, "tcg"), (vm.State, vm.Pid, vm.Accelerator));
        Assert.InRange(vm.StartedAt!.Value, DateTimeOffset.UtcNow - TimeSpan.FromMinutes(5), DateTimeOffset.UtcNow + TimeSpan.FromSeconds(5));
        await fleet.ActAsync("vm", VmAction.Stop, CancellationToken.None);
        Assert.Empty(fleet.Vms);
        _home.AssertNothingIsLeft("vm");
    }

    [Fact]
    public async Task A_daemon_that_is_killed_in_the_middle_of_a_start_leaves_nothing_that_the_next_does_not_find()
    {
        _home.Define("vm");
        using (FleetProcess daemon = await FleetProcess.StartAsync(_home.Folder))
        {
            daemon.Begin("vm", VmAction.Start);
            await EngineHome.UntilAsync(() => _home.Processes().Length > 0, () => "the process");
            await daemon.KillAsync();
        }

        int pid = Assert.Single(_home.Processes());
        Fleet fleet = await _home.OpenFleetAsync();
        VmStatus vm = EngineHome.Vm(fleet, "vm");
        Assert.Equal((VmState.Running, pid), (vm.State, vm.Pid));
    }

    [Fact]
    public async Task A_process_that_a_killed_daemon_left_too_late_to_be_found_gives_way_to_the_next_start()
    {
        _home.Define("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        (int stray, _) = await RunAndKillDaemonAsync(paused: false);
        await _home.BootAsync(fleet, "vm");
        int pid = Assert.Single(_home.Processes());
        Assert.NotEqual(stray, pid);
        Assert.Equal(pid, EngineHome.Vm(fleet, "vm").Pid);
    }

    [Fact]
    public async Task Generations_grow_over_daemons_also_for_a_VM_that_was_off_in_between()
    {
        _home.Define("vm");
        int first;
        using (FleetProcess daemon = await FleetProcess.StartAsync(_home.Folder))
        {
            first = await daemon.ActAsync("vm", VmAction.Start);
            await daemon.ActAsync("vm", VmAction.Kill);
            await daemon.KillAsync();
        }

        Fleet fleet = await _home.OpenFleetAsync();
        await fleet.ActAsync("vm", VmAction.Start, CancellationToken.None);
        Assert.True(EngineHome.Vm(fleet, "vm").Generation > first, $"{EngineHome.Vm(fleet, "vm").Generation} after {first}");
    }

    [Fact]
    public async Task A_process_of_another_boot_is_none_of_ours()
    {
        _home.Define("vm");
        var files = new QemuFiles(_home.Paths, "vm");
        Directory.CreateDirectory(files.Runtime);
        new RunRecord(Environment.ProcessId, ProcessInfo.StartTime(Environment.ProcessId)!.Value, "another-boot", 7, DateTimeOffset.UtcNow, "tcg").Write(files.RunRecord);
        Fleet fleet = await _home.OpenFleetAsync();
        Assert.Equal((VmState.Off, null), (EngineHome.Vm(fleet, "vm").State, EngineHome.Vm(fleet, "vm").Reason));
    }

    [Fact]
    public async Task A_monitor_that_is_another_VMs_is_not_taken_for_its_own()
    {
        _home.Define("one");
        _home.Define("two");
        int two;
        using (FleetProcess daemon = await FleetProcess.StartAsync(_home.Folder))
        {
            await daemon.ActAsync("one", VmAction.Start);
            two = await daemon.ActAsync("two", VmAction.Start);
            await daemon.KillAsync();
        }

        // As a QEMU could do that a guest has taken over: it owns the folder of its sockets.
        string socket = new QemuFiles(_home.Paths, "one").Qmp;
        File.Delete(socket);
        File.CreateSymbolicLink(socket, new QemuFiles(_home.Paths, "two").Qmp);

        Fleet fleet = await _home.OpenFleetAsync();
        await EngineHome.UntilAsync(() => EngineHome.Vm(fleet, "one").Reason is not null, () => "trouble with the monitor");
        Assert.Contains("is that of process", EngineHome.Vm(fleet, "one").Reason, StringComparison.Ordinal);
        await fleet.ActAsync("one", VmAction.Kill, CancellationToken.None);
        VmStatus left = EngineHome.Vm(fleet, "two");
        Assert.Equal((VmState.Off, VmState.Running, two), (EngineHome.Vm(fleet, "one").State, left.State, left.Generation));
    }

    private async Task<(int Pid, int Generation)> RunAndKillDaemonAsync(bool paused)
    {
        using FleetProcess daemon = await FleetProcess.StartAsync(_home.Folder);
        int generation = await daemon.ActAsync("vm", VmAction.Start);
        await _home.SerialAsync("vm", BootSector.Ready);
        if (paused)
        {
            await daemon.ActAsync("vm", VmAction.Pause);
        }

        await daemon.KillAsync();
        return (Assert.Single(_home.Processes()), generation);
    }
}
