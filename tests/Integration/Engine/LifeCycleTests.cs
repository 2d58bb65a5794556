using Hyperspace.Linux;
using Hyperspace.Machines;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Tests.Integration.Engine;

/// <summary>The life of a VM in real QEMU, from a start to each of its ends.</summary>
[Collection(QemuCollection.Name)]
public sealed class LifeCycleTests : IAsyncLifetime
{
    private readonly EngineHome _home = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _home.DisposeAsync().AsTask();

    [Fact]
    public async Task A_guest_boots_and_powers_itself_off()
    {
        _home.Define("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        VmStatus running = await _home.BootAsync(fleet, "vm");
        Assert.Equal((VmState.Running, "tcg"), (running.State, running.Accelerator));
        Assert.Equal(running.Pid, Assert.Single(_home.Processes()));

        await _home.TypeAsync("vm", "p");
        await EngineHome.StateAsync(fleet, "vm", VmState.Off);
        Assert.Equal("The guest powered itself off.", EngineHome.Vm(fleet, "vm").Reason);
        _home.AssertNothingIsLeft("vm");
    }

    [Fact]
    public async Task A_stop_presses_the_power_button_also_of_a_paused_guest()
    {
        _home.Define("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        await _home.BootAsync(fleet, "vm");
        await fleet.ActAsync("vm", VmAction.Pause, CancellationToken.None);
        await EngineHome.StateAsync(fleet, "vm", VmState.Paused);
        await fleet.ActAsync("vm", VmAction.Stop, CancellationToken.None);
        Assert.Equal((VmState.Off, "The guest powered itself off."), (EngineHome.Vm(fleet, "vm").State, EngineHome.Vm(fleet, "vm").Reason));
        _home.AssertNothingIsLeft("vm");
    }

    [Fact]
    public async Task A_guest_that_ignores_the_power_button_is_ended_at_the_deadline()
    {
        _home.Define("vm", "stopDeadline: 1s");
        Fleet fleet = await _home.OpenFleetAsync();
        await _home.BootAsync(fleet, "vm");
        await _home.TypeAsync("vm", "h");
        await _home.SerialAsync("vm", "h");
        await fleet.ActAsync("vm", VmAction.Stop, CancellationToken.None);
        Assert.Equal((VmState.Off, "It was ended by force."), (EngineHome.Vm(fleet, "vm").State, EngineHome.Vm(fleet, "vm").Reason));
        Assert.Contains((await fleet.LogAsync("vm", "events", 10, CancellationToken.None)), line => line.Contains("within 1 s", StringComparison.Ordinal));
        _home.AssertNothingIsLeft("vm");
    }

    [Fact]
    public async Task Pause_resume_and_reset_keep_the_process()
    {
        _home.Define("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        int? pid = (await _home.BootAsync(fleet, "vm")).Pid;
        await fleet.ActAsync("vm", VmAction.Pause, CancellationToken.None);
        await EngineHome.StateAsync(fleet, "vm", VmState.Paused);
        await fleet.ActAsync("vm", VmAction.Resume, CancellationToken.None);
        await EngineHome.StateAsync(fleet, "vm", VmState.Running);
        await fleet.ActAsync("vm", VmAction.Reset, CancellationToken.None);
        await _home.SerialAsync("vm", "ready\r\nready");
        Assert.Equal((VmState.Running, pid), (EngineHome.Vm(fleet, "vm").State, EngineHome.Vm(fleet, "vm").Pid));
    }

    [Fact]
    public async Task A_guest_resets_itself_and_runs_on()
    {
        _home.Define("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        int? pid = (await _home.BootAsync(fleet, "vm")).Pid;
        await _home.TypeAsync("vm", "r");
        await _home.SerialAsync("vm", "ready\r\nrready");
        Assert.Equal((VmState.Running, pid), (EngineHome.Vm(fleet, "vm").State, EngineHome.Vm(fleet, "vm").Pid));
    }

    [Fact]
    public async Task A_guest_that_panics_has_crashed()
    {
        _home.Define("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        await _home.BootAsync(fleet, "vm");
        await _home.TypeAsync("vm", "c");
        await EngineHome.StateAsync(fleet, "vm", VmState.Crashed);
        Assert.StartsWith("The guest's kernel panicked.", EngineHome.Vm(fleet, "vm").Reason, StringComparison.Ordinal);
        _home.AssertNothingIsLeft("vm");
    }

    [Fact]
    public async Task A_killed_QEMU_has_crashed_and_the_reason_has_its_last_words()
    {
        _home.Define("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        VmStatus vm = await _home.BootAsync(fleet, "vm");
        using (ProcessHandle process = ProcessHandle.Open(vm.Pid!.Value)!)
        {
            process.Kill();
        }

        await EngineHome.StateAsync(fleet, "vm", VmState.Crashed);
        string reason = EngineHome.Vm(fleet, "vm").Reason!;
        Assert.StartsWith("QEMU ended unexpectedly.", reason, StringComparison.Ordinal);
        Assert.EndsWith("The guest's last words: ready", reason, StringComparison.Ordinal);
        _home.AssertNothingIsLeft("vm");
    }

    [Fact]
    public async Task A_signal_from_outside_is_no_power_off_of_the_guest()
    {
        _home.Define("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        VmStatus vm = await _home.BootAsync(fleet, "vm");
        await System.Diagnostics.Process.Start("kill", ["-TERM", vm.Pid!.Value.ToString(System.Globalization.CultureInfo.InvariantCulture)])!.WaitForExitAsync();
        await EngineHome.StateAsync(fleet, "vm", VmState.Crashed);
        Assert.Contains("signal", EngineHome.Vm(fleet, "vm").Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_crashed_VM_is_started_again_with_another_generation()
    {
        _home.Define("vm", "restart: {policy: on-crash, maximum: 1}");
        Fleet fleet = await _home.OpenFleetAsync();
        VmStatus first = await _home.BootAsync(fleet, "vm");
        await _home.TypeAsync("vm", "c");
        await EngineHome.UntilAsync(() => EngineHome.Vm(fleet, "vm") is { State: VmState.Running, Restarts: 1 }, () => $"a restart, but it is {EngineHome.Vm(fleet, "vm")}");
        VmStatus second = EngineHome.Vm(fleet, "vm");
        Assert.True(second.Generation > first.Generation);
        Assert.NotEqual(first.Pid, second.Pid);
        await _home.SerialAsync("vm", BootSector.Ready);

        await _home.TypeAsync("vm", "c");
        await EngineHome.UntilAsync(
            () => EngineHome.Vm(fleet, "vm") is { State: VmState.Crashed, Reason: { } reason } && reason.Contains("not restarted any more", StringComparison.Ordinal),
            () => $"an end of the restarts, but it is {EngineHome.Vm(fleet, "vm")}");
    }

    [Fact]
    public async Task A_kernel_is_booted_directly_with_its_command_line_and_its_initial_RAM_disk()
    {
        string kernel = Path.Combine(_home.Folder, "kernel"), initrd = Path.Combine(_home.Folder, "initrd");
        TinyKernel.Write(kernel);
        File.WriteAllText(initrd, "and a RAM disk");
        _home.Define("vm", "disks: []\nrestart: {policy: never, maximum: 1}");
        File.WriteAllText(_home.Definition("vm"), $"memory: 64MiB\ncpus: 1\naccelerator: tcg\nnetwork: none\nfirmware: linux\nkernel: {{image: {kernel}, initrd: {initrd}, cmdline: \"commas, and = signs\"}}\n");
        Fleet fleet = await _home.OpenFleetAsync();
        await fleet.ActAsync("vm", VmAction.Start, CancellationToken.None);
        await _home.SerialAsync("vm", "commas, and = signsand a RAM disk");
    }

    [Fact]
    public async Task Uefi_firmware_comes_up_and_its_variables_are_kept()
    {
        _home.Define("vm");
        string definition = File.ReadAllText(_home.Definition("vm")).Replace("firmware: bios", "firmware: uefi", StringComparison.Ordinal).Replace("memory: 32MiB", "memory: 128MiB", StringComparison.Ordinal);
        File.WriteAllText(_home.Definition("vm"), definition);
        Fleet fleet = await _home.OpenFleetAsync();
        await fleet.ActAsync("vm", VmAction.Start, CancellationToken.None);
        await _home.SerialAsync("vm", "BdsDxe");
        await fleet.ActAsync("vm", VmAction.Kill, CancellationToken.None);
        byte[] variables = File.ReadAllBytes(new QemuFiles(_home.Paths, "vm").Variables);
        Assert.NotEqual(File.ReadAllBytes(UefiFirmware.Debian.EmptyVariables), variables);
        _home.AssertNothingIsLeft("vm");

        await fleet.ActAsync("vm", VmAction.Start, CancellationToken.None);
        await fleet.ActAsync("vm", VmAction.Kill, CancellationToken.None);
        Assert.NotEqual(File.ReadAllBytes(UefiFirmware.Debian.EmptyVariables), File.ReadAllBytes(new QemuFiles(_home.Paths, "vm").Variables));
    }

    [Fact]
    public async Task Starts_stops_and_resets_at_once_leave_one_process_or_none()
    {
        _home.Define("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        VmAction[] actions = [VmAction.Start, VmAction.Start, VmAction.Reset, VmAction.Stop, VmAction.Start, VmAction.Pause, VmAction.Kill, VmAction.Start, VmAction.Stop];
        int most = 0;
        Task[] all = [.. actions.Select(async action =>
        {
            try
            {
                await fleet.ActAsync("vm", action, CancellationToken.None);
            }
            catch (MachineException)
            {
                // It was refused with a sentence.
            }
        })];
        while (!Task.WhenAll(all).IsCompleted)
        {
            most = Math.Max(most, _home.Processes().Length);
            await Task.Delay(5);
        }

        Assert.InRange(most, 0, 1);
        await fleet.ActAsync("vm", VmAction.Kill, CancellationToken.None);
        Assert.Equal(VmState.Off, EngineHome.Vm(fleet, "vm").State);
        _home.AssertNothingIsLeft("vm");
    }

    [Fact]
    public async Task What_is_measured_is_QEMU_itself_and_its_memory_holds_the_guests()
    {
        _home.Define("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        await _home.BootAsync(fleet, "vm");
        await EngineHome.UntilAsync(() => EngineHome.Vm(fleet, "vm").ResidentBytes > 0, () => "a sample of the VM's process");
        VmStatus vm = EngineHome.Vm(fleet, "vm");
        Assert.Equal(QemuCommandLine.Program, Path.GetFileName(ProcessInfo.UntrustedArguments(vm.Pid!.Value)[0]));
        Assert.InRange(vm.ResidentBytes, 30L << 20, 300L << 20);
        Assert.InRange(vm.CpuPercent, 0, 400);
    }

    [Fact]
    public async Task A_full_disk_of_the_host_pauses_the_guest_and_does_not_end_it()
    {
        // With snapshot=on QEMU writes to a file in its sandbox's /tmp, which holds 64 MiB: a disk that fills up for real.
        _home.Define("vm", "disks: [{file: boot.img, format: raw, mode: read-only}]\nstopDeadline: 1s");
        string disk = Path.Combine(_home.Paths.VmState("vm"), "boot.img");
        BootSector.WriteDisk(disk, size: 256 << 20);
        _home.Define("vm", "disks: [{file: boot.img, format: raw, mode: read-only}]\nstopDeadline: 1s",
            "-drive", $"if=none,id=full,format=raw,file={disk},snapshot=on", "-device", "virtio-blk-pci,drive=full,bootindex=0");
        Fleet fleet = await _home.OpenFleetAsync();
        int? pid = (await _home.BootAsync(fleet, "vm")).Pid;
        await _home.TypeAsync("vm", "d");
        await EngineHome.UntilAsync(
            () => EngineHome.Vm(fleet, "vm") is { State: VmState.Paused, Reason: { } reason } && reason.Contains("No space left on device", StringComparison.Ordinal),
            () => $"a pause, but it is {EngineHome.Vm(fleet, "vm")}");

        // Nothing was mended: it tries again and is paused again.
        await fleet.ActAsync("vm", VmAction.Resume, CancellationToken.None);
        await EngineHome.UntilAsync(
            () => EngineHome.Vm(fleet, "vm") is { State: VmState.Paused, Reason: not null }, () => $"another pause, but it is {EngineHome.Vm(fleet, "vm")}");
        Assert.Equal(pid, EngineHome.Vm(fleet, "vm").Pid);
    }
}
