using System.Diagnostics;
using Hyperspace.Linux;
using Hyperspace.Machines;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Tests.Integration.Engine;

/// <summary>Where nothing can be written VMs still run, and what cannot be kept is said.</summary>
[Collection(QemuCollection.Name)]
public sealed class FullAndReadOnlyTests : IAsyncLifetime
{
    private readonly EngineHome _home = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _home.DisposeAsync().AsTask();

    [Fact]
    public async Task A_full_disk_for_the_log_of_events_costs_its_lines_and_nothing_else()
    {
        _home.Define("vm");
        File.CreateSymbolicLink(Path.Combine(_home.Paths.VmState("vm"), "events.log"), "/dev/full");
        Fleet fleet = await _home.OpenFleetAsync();
        await _home.BootAsync(fleet, "vm");
        await fleet.ActAsync("vm", VmAction.Stop, CancellationToken.None);
        Assert.Equal("The guest powered itself off.", EngineHome.Vm(fleet, "vm").Reason);
    }

    [Fact]
    public async Task A_full_disk_for_the_run_record_is_said_and_the_next_daemon_finds_the_VM_all_the_same()
    {
        _home.Define("vm");
        var files = new QemuFiles(_home.Paths, "vm");
        Directory.CreateDirectory(files.Runtime);
        File.CreateSymbolicLink(files.RunRecord + ".new", "/dev/full");
        int? pid;
        Fleet first = await _home.OpenFleetAsync();
        VmStatus vm = await _home.BootAsync(first, "vm");
        pid = vm.Pid;
        Assert.Contains("run.json cannot be written", vm.Reason, StringComparison.Ordinal);
        Assert.False(File.Exists(files.RunRecord));
        await first.DisposeAsync();

        Fleet second = await _home.OpenFleetAsync();
        Assert.Equal((VmState.Running, pid), (EngineHome.Vm(second, "vm").State, EngineHome.Vm(second, "vm").Pid));
    }

    [Fact]
    public async Task A_read_only_folder_of_definitions_runs_its_VMs_and_refuses_to_move_them()
    {
        _home.Define("vm", "port: 1");
        using var readOnly = new ReadOnlyFolder(_home.Paths.Definitions);
        Fleet fleet = await _home.OpenFleetAsync();
        await _home.BootAsync(fleet, "vm");
        var e = await Assert.ThrowsAsync<MachineException>(() => fleet.MoveAsync("vm", 2, CancellationToken.None));
        Assert.Contains("The ports cannot be changed", e.Message, StringComparison.Ordinal);
        Assert.Equal((VmState.Running, 1), (EngineHome.Vm(fleet, "vm").State, EngineHome.Vm(fleet, "vm").Port));
    }

    [Fact]
    public async Task A_definition_that_breaks_or_vanishes_takes_no_running_VM_from_its_port()
    {
        _home.Define("vm", "port: 3");
        Fleet fleet = await _home.OpenFleetAsync();
        int? pid = (await _home.BootAsync(fleet, "vm")).Pid;

        File.WriteAllText(_home.Definition("vm"), "memory: much");
        await fleet.ReloadAsync(CancellationToken.None);
        VmStatus broken = EngineHome.Vm(fleet, "vm");
        Assert.Equal((VmState.Running, 3, pid), (broken.State, broken.Port, broken.Pid));
        Assert.Contains("vm.yaml:1", broken.Reason, StringComparison.Ordinal);

        File.Delete(_home.Definition("vm"));
        await fleet.ReloadAsync(CancellationToken.None);
        Assert.Equal((VmState.Running, 3, pid), (EngineHome.Vm(fleet, "vm").State, EngineHome.Vm(fleet, "vm").Port, EngineHome.Vm(fleet, "vm").Pid));

        _home.Define("other", "port: 3");
        await fleet.ReloadAsync(CancellationToken.None);
        Assert.Equal((null, 3), (EngineHome.Vm(fleet, "vm").Port, EngineHome.Vm(fleet, "other").Port));
    }

    /// <summary>Nobody can write there: root is kept off by a read-only mount, a user by the folder's mode.</summary>
    private sealed class ReadOnlyFolder : IDisposable
    {
        private readonly string _folder;
        private readonly UnixFileMode _mode;

        public ReadOnlyFolder(string folder)
        {
            (_folder, _mode) = (folder, File.GetUnixFileMode(folder));
            if (Environment.IsPrivilegedProcess)
            {
                Run("mount", "--bind", folder, folder);
                Run("mount", "-o", "remount,bind,ro", folder);
            }
            else
            {
                File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            }
        }

        public void Dispose()
        {
            if (Environment.IsPrivilegedProcess)
            {
                Run("umount", _folder);
            }
            else
            {
                File.SetUnixFileMode(_folder, _mode);
            }
        }

        private static void Run(string program, params string[] arguments)
        {
            using Process process = Process.Start(program, arguments);
            process.WaitForExit();
            Assert.Equal(0, process.ExitCode);
        }
    }
}
