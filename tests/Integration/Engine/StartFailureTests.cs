using System.Net;
using System.Net.Sockets;
using Hyperspace.Machines;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Tests.Integration.Engine;

/// <summary>A start that fails says why in QEMU's own words and leaves nothing behind.</summary>
[Collection(QemuCollection.Name)]
public sealed class StartFailureTests : IAsyncLifetime
{
    private readonly EngineHome _home = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _home.DisposeAsync().AsTask();

    [Fact]
    public async Task A_bad_extra_argument()
    {
        _home.Define("vm", "disks: [{file: boot.img, format: raw, mode: ephemeral}]", "-device", "no-such-device");
        await AssertFailsAsync("vm", "'no-such-device' is not a valid device model name");
    }

    [Fact]
    public async Task An_extra_argument_that_names_a_file_says_that_the_sandbox_does_not_show_it()
    {
        string file = Path.Combine(_home.Folder, "other.img");
        File.WriteAllBytes(file, new byte[512]);
        _home.Define("vm", "restart: {policy: never, maximum: 1}", "-drive", $"file={file},format=raw,if=virtio");
        await AssertFailsAsync("vm", "outside of this VM's sandbox");
    }

    [Fact]
    public async Task A_port_that_somebody_else_listens_on()
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        int port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        _home.Define("vm", $"network: {{mode: user, forwards: [\"tcp:{port}:80\"]}}");
        await AssertFailsAsync("vm", "Could not set up host forwarding rule");
    }

    [Fact]
    public async Task A_disk_that_another_QEMU_holds()
    {
        string disk = Path.Combine(_home.Folder, "shared.img");
        BootSector.WriteDisk(disk);
        File.SetUnixFileMode(disk, (UnixFileMode)0b110_110_110);
        _home.Define("first", $"disks: [{{file: {disk}, format: raw}}]");
        Fleet fleet = await _home.OpenFleetAsync();
        await _home.BootAsync(fleet, "first");

        // Two definitions of one disk are refused before, also through symbolic links; a second name hides it from them, and the lock is on the file.
        await System.Diagnostics.Process.Start("ln", [disk, disk + ".link"])!.WaitForExitAsync();
        _home.Define("second", $"disks: [{{file: {disk}.link, format: raw}}]");
        await fleet.ReloadAsync(CancellationToken.None);
        var e = await Assert.ThrowsAsync<MachineException>(() => fleet.ActAsync("second", VmAction.Start, CancellationToken.None));
        Assert.Contains("lock", e.Message, StringComparison.Ordinal);
        Assert.Equal((VmState.Running, VmState.Off), (EngineHome.Vm(fleet, "first").State, EngineHome.Vm(fleet, "second").State));
        Assert.Single(_home.Processes());
        Assert.False(Directory.Exists(new QemuFiles(_home.Paths, "second").Sockets));
    }

    [Fact]
    public async Task Firmware_that_is_not_installed()
    {
        _home.Define("vm");
        File.WriteAllText(_home.Definition("vm"), File.ReadAllText(_home.Definition("vm")).Replace("firmware: bios", "firmware: uefi", StringComparison.Ordinal));
        await AssertFailsAsync("vm", "install the package ovmf", new UefiFirmware("/usr/share/no-firmware.fd", "/usr/share/no-variables.fd"));
    }

    [Fact]
    public async Task A_disk_that_has_become_the_difference_to_another()
    {
        _home.Define("vm");
        string disk = Path.Combine(_home.Paths.VmState("vm"), "difference.qcow2");
        await QemuImgAsync("create", "-q", "-f", "qcow2", disk, "1M");
        _home.Define("vm", "disks: [{file: difference.qcow2, format: qcow2}]");
        Fleet fleet = await _home.OpenFleetAsync();
        await QemuImgAsync("create", "-q", "-f", "qcow2", "-b", "/etc/hostname", "-F", "raw", disk);
        var e = await Assert.ThrowsAsync<MachineException>(() => fleet.ActAsync("vm", VmAction.Start, CancellationToken.None));
        Assert.Contains("needs another file, /etc/hostname", e.Message, StringComparison.Ordinal);
        _home.AssertNothingIsLeft("vm");
    }

    private static async Task QemuImgAsync(params string[] arguments)
    {
        using var process = System.Diagnostics.Process.Start("qemu-img", arguments);
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }

    [Fact]
    public async Task A_full_disk_for_the_firmwares_variables()
    {
        _home.Define("vm");
        File.WriteAllText(_home.Definition("vm"), File.ReadAllText(_home.Definition("vm")).Replace("firmware: bios", "firmware: uefi", StringComparison.Ordinal));

        // A device that is always full (null(4)) in the place of the temporary file.
        File.CreateSymbolicLink(new QemuFiles(_home.Paths, "vm").Variables + ".new", "/dev/full");
        await AssertFailsAsync("vm", "No space left on device");
    }

    [Fact]
    public async Task A_file_that_the_VMs_user_may_not_read()
    {
        string disk = Path.Combine(_home.Folder, "private.img");
        BootSector.WriteDisk(disk);
        File.SetUnixFileMode(disk, Environment.IsPrivilegedProcess ? UnixFileMode.UserRead | UnixFileMode.UserWrite : UnixFileMode.None);
        _home.Define("vm", $"disks: [{{file: {disk}, format: raw}}]");
        await AssertFailsAsync("vm", "Permission denied");
    }

    [Fact]
    public async Task A_path_too_long_for_a_socket()
    {
        string home = Path.Combine(_home.Folder, new string('x', 80));
        var paths = Hyperspace.Linux.HyperspacePaths.Of(name => name == "HYPERSPACE_HOME" ? home : null, root: false);
        _home.Define("vm");
        var store = new Hyperspace.Machines.Definitions.DefinitionStore(_home.Paths, Hyperspace.Machines.Definitions.HostFacts.Read());
        var e = await Assert.ThrowsAsync<MachineException>(() => new QemuEngine(paths).StartAsync(store.Load()[0].Definition!, 1, CancellationToken.None));
        Assert.Contains("107 bytes", e.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(paths.Runtime));
    }

    [Fact]
    public async Task A_start_that_is_given_up()
    {
        _home.Define("vm", "disks: [{file: boot.img, format: raw, mode: ephemeral}]");
        Fleet fleet = await _home.OpenFleetAsync();
        Task start = fleet.ActAsync("vm", VmAction.Start, CancellationToken.None);
        await EngineHome.UntilAsync(() => Directory.GetFiles(_home.Paths.VmState("vm"), "overlay-*").Length > 0, () => "the overlay");
        await fleet.ActAsync("vm", VmAction.Kill, CancellationToken.None);
        await start.ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.Equal(VmState.Off, EngineHome.Vm(fleet, "vm").State);
        _home.AssertNothingIsLeft("vm");
    }

    private async Task AssertFailsAsync(string name, string why, UefiFirmware? uefi = null)
    {
        Fleet fleet = await _home.OpenFleetAsync(uefi: uefi);
        var e = await Assert.ThrowsAsync<MachineException>(() => fleet.ActAsync(name, VmAction.Start, CancellationToken.None));
        Assert.Contains(why, e.Message, StringComparison.Ordinal);
        Assert.Equal((VmState.Off, e.Message), (EngineHome.Vm(fleet, name).State, EngineHome.Vm(fleet, name).Reason));
        _home.AssertNothingIsLeft(name);
    }
}
