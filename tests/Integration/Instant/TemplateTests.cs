using System.Text.Json;
using Hyperspace.Linux.Files;
using Hyperspace.Machines;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Instant;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Seat.Input;
using Hyperspace.Tests.Integration.Engine;

namespace Hyperspace.Tests.Integration.Instant;

/// <summary>Templates in real QEMU: made, opened, found outdated or damaged, and saved of running VMs.</summary>
[Collection(QemuCollection.Name)]
public sealed class TemplateTests : IAsyncLifetime
{
    private readonly EngineHome _home = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _home.DisposeAsync().AsTask();

    [Fact]
    public async Task A_VM_is_opened_from_its_template_with_a_new_identity_and_hears_the_seats_keys()
    {
        Fleet fleet = await BuiltAsync();
        Assert.Empty(_home.Processes());
        Assert.False(Directory.Exists(_home.Paths.VmState("vm~template")), "the hidden run has left its folder");
        VmStatus first = await fleet.OpenAsync("vm");
        Assert.Equal(("vm", VmState.Running, "template"), (first.Name, first.State, first.StartedBy));
        await fleet.PressAsync("vm", KeyCode.A);
        await _home.SerialAsync("vm", "a");
        Assert.DoesNotContain(BootSector.Ready, _home.Serial("vm"), StringComparison.Ordinal);
        string generation = await AskAsync("vm", "query-vm-generation-id", "guid");
        await fleet.CloseAsync("vm");
        _home.AssertNothingIsLeft("vm");

        await fleet.OpenAsync("vm");
        Assert.NotEqual(generation, await AskAsync("vm", "query-vm-generation-id", "guid"));
    }

    [Theory]
    [InlineData("ram", "has been written to")]
    [InlineData("state", "has been written to")]
    [InlineData("manifest.json", "manifest is damaged")]
    [InlineData("../boot.img", "boot.img has been written to")]
    public async Task What_has_changed_under_a_template_is_said_and_the_VM_boots_until_there_is_a_new_one(string file, string why)
    {
        Fleet fleet = await BuiltAsync();
        using (FileStream stream = File.Open(_home.TemplateFile("vm", file), FileMode.Open))
        {
            stream.Position = stream.Length / 2;
            stream.WriteByte(0x5A);
        }

        VmStatus vm = await fleet.OpenAsync("vm");
        Assert.Equal("cold", vm.StartedBy);
        await _home.SerialAsync("vm", BootSector.Ready);
        await EngineHome.UntilAsync(() => EngineHome.Vm(fleet, "vm").Reason is not null, () => "a reason");
        Assert.Contains(why, EngineHome.Vm(fleet, "vm").Reason, StringComparison.Ordinal);
        Assert.Equal(TemplateState.Outdated, fleet.Template("vm"));
        await fleet.CloseAsync("vm");
        await fleet.BuildAsync("vm");
        Assert.Equal("template", (await fleet.OpenAsync("vm")).StartedBy);
    }

    [Theory]
    [InlineData("ram")]
    [InlineData("state")]
    public async Task Content_that_has_changed_behind_an_unchanged_date_is_found(string file)
    {
        Fleet fleet = await BuiltAsync();
        string path = _home.TemplateFile("vm", file);
        DateTime date = File.GetLastWriteTimeUtc(path);
        long before = FileStat.Of(path)!.Value.ModifiedNanoseconds;
        using (FileStream stream = File.Open(path, FileMode.Open))
        {
            stream.Position = stream.Length / 2;
            stream.WriteByte(0x5A);
        }

        File.SetLastWriteTimeUtc(path, date);
        Assert.Equal(before / 100, FileStat.Of(path)!.Value.ModifiedNanoseconds / 100);
        string manifest = _home.TemplateFile("vm", "manifest.json");
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace($"{before}", $"{FileStat.Of(path)!.Value.ModifiedNanoseconds}", StringComparison.Ordinal));
        var e = await Assert.ThrowsAsync<MachineException>(() => fleet.InstantAsync("vm", InstantAction.Verify, CancellationToken.None));
        Assert.Contains("is not what was saved", e.Message, StringComparison.Ordinal);
        Assert.Equal(TemplateState.Outdated, fleet.Template("vm"));
        Assert.Equal("cold", (await fleet.OpenAsync("vm")).StartedBy);
    }

    [Fact]
    public async Task Other_devices_or_another_CPU_make_a_template_outdated_and_a_label_does_not()
    {
        Fleet fleet = await BuiltAsync();
        _home.DefineInstant("vm", more: "label: Another\n");
        await fleet.ReloadAsync(CancellationToken.None);
        Assert.Equal(TemplateState.Ready, fleet.Template("vm"));

        _home.DefineInstant("vm", more: "input: usb\n");
        await fleet.ReloadAsync(CancellationToken.None);
        Assert.Equal((TemplateState.Outdated, true), (fleet.Template("vm"), EngineHome.Vm(fleet, "vm").Instant!.Why!.Contains("other devices", StringComparison.Ordinal)));

        _home.DefineInstant("vm");
        string manifest = _home.TemplateFile("vm", "manifest.json");
        File.WriteAllText(manifest, File.ReadAllText(manifest).Replace("\"CpuModel\": \"\"", "\"CpuModel\": \"Elderly CPU\"", StringComparison.Ordinal));
        await fleet.ReloadAsync(CancellationToken.None);
        string why = EngineHome.Vm(fleet, "vm").Instant!.Why!;
        Assert.Contains("saved on the CPU Elderly CPU", why, StringComparison.Ordinal);
        Assert.Contains("or now by \"hyperspace instant build vm\"", why, StringComparison.Ordinal);
        Assert.Equal("cold", (await fleet.OpenAsync("vm")).StartedBy);
    }

    [Fact]
    public async Task A_start_can_be_cold_and_a_failed_build_keeps_the_old_template()
    {
        Fleet fleet = await BuiltAsync();
        await fleet.ActAsync("vm", VmAction.StartCold, CancellationToken.None);
        await _home.SerialAsync("vm", BootSector.Ready);
        Assert.Equal(("cold", null, TemplateState.Ready), (EngineHome.Vm(fleet, "vm").StartedBy, EngineHome.Vm(fleet, "vm").Reason, fleet.Template("vm")));
        await fleet.CloseAsync("vm");

        byte[] old = File.ReadAllBytes(_home.TemplateFile("vm", "manifest.json"));
        _home.DefineInstant("vm", more: "cdrom: /nowhere.iso\n");
        _home.Define("vm", $"disks: [{{file: boot.img, format: raw, mode: ephemeral}}]\ninstant: true\nready: \"{BootSector.Ready}\"", "-device", "no-such-device");
        await fleet.ReloadAsync(CancellationToken.None);
        var e = await Assert.ThrowsAsync<MachineException>(() => fleet.BuildAsync("vm"));
        Assert.Contains("no-such-device", e.Message, StringComparison.Ordinal);
        Assert.Contains("The old template stays", e.Message, StringComparison.Ordinal);
        Assert.Equal(old, File.ReadAllBytes(_home.TemplateFile("vm", "manifest.json")));
        Assert.False(Directory.Exists(_home.TemplateFile("vm", "../template.new")));
        _home.AssertNothingIsLeft("vm");
    }

    [Fact]
    public async Task A_daemon_that_is_killed_while_it_builds_leaves_nothing_behind_the_next_one()
    {
        _home.DefineInstant("vm");
        using (FleetProcess daemon = await FleetProcess.StartAsync(_home.Folder))
        {
            daemon.Begin("vm", InstantAction.Build);
            await EngineHome.UntilAsync(() => _home.Processes().Length > 0, () => "the hidden process");
            await daemon.KillAsync();
        }

        Assert.Single(_home.Processes());
        Fleet fleet = await _home.OpenFleetAsync();
        Assert.Equal("vm", Assert.Single(fleet.Vms).Name);
        _home.AssertNothingIsLeft("vm");
        Assert.Equal([_home.Paths.VmState("vm")], Directory.GetDirectories(Path.GetDirectoryName(_home.Paths.VmState("vm"))!));
        Assert.Empty(Directory.GetDirectories(_home.Paths.VmState("vm")));
        await fleet.BuildAsync("vm");
        Assert.Equal(TemplateState.Ready, fleet.Template("vm"));
    }

    [Fact]
    public async Task A_checkpoint_goes_on_once_and_not_when_its_disk_was_written_to()
    {
        _home.Define("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        await _home.BootAsync(fleet, "vm");
        await fleet.ActAsync("vm", VmAction.Checkpoint, CancellationToken.None);
        Assert.Equal((VmState.Off, true, TemplateState.Ready), (EngineHome.Vm(fleet, "vm").State, EngineHome.Vm(fleet, "vm").Instant!.IsCheckpoint, fleet.Template("vm")));
        Assert.Empty(_home.Processes());

        await fleet.ActAsync("vm", VmAction.Start, CancellationToken.None);
        await _home.TypeAsync("vm", "a");
        await _home.SerialAsync("vm", "a");
        Assert.Equal(("template", "a"), (EngineHome.Vm(fleet, "vm").StartedBy, _home.Serial("vm")));
        Assert.False(Directory.Exists(_home.TemplateFile("vm", "")), "the checkpoint could be used again");

        // One that was opened from a checkpoint can be saved again.
        await fleet.ActAsync("vm", VmAction.Checkpoint, CancellationToken.None);
        File.AppendAllText(Path.Combine(_home.Paths.VmState("vm"), "boot.img"), "x");
        await fleet.ActAsync("vm", VmAction.Start, CancellationToken.None);
        await _home.SerialAsync("vm", BootSector.Ready);
        Assert.Equal("cold", EngineHome.Vm(fleet, "vm").StartedBy);
    }

    [Fact]
    public async Task A_VM_with_a_persistent_disk_gets_no_template_and_no_disposable()
    {
        _home.Define("vm", "instant: true");
        Fleet fleet = await _home.OpenFleetAsync();
        var e = await Assert.ThrowsAsync<MachineException>(() => fleet.BuildAsync("vm"));
        Assert.Contains("is persistent", e.Message, StringComparison.Ordinal);
        await fleet.OpenAsync("vm");
        await Assert.ThrowsAsync<MachineStateException>(() => fleet.OpenAsync("vm"));
        Assert.Equal("vm", Assert.Single(fleet.Vms).Name);
    }

    [Fact]
    public async Task A_home_is_plugged_into_the_VM_itself_and_into_no_disposable()
    {
        Fleet fleet = await BuiltAsync();

        // The template has a slot for it, and nothing in it: it is the same with and without.
        _home.DefineInstant("vm", "{warm: 0, home: keep}");
        await fleet.ReloadAsync(CancellationToken.None);
        Assert.Equal(TemplateState.Ready, fleet.Template("vm"));
        Assert.False(File.Exists(new QemuFiles(_home.Paths, "vm").Home), "a build has made a home");
        await fleet.OpenAsync("vm");
        await fleet.OpenAsync("vm");
        Assert.Contains("\"home\"", await AskAsync("vm", "query-block", null), StringComparison.Ordinal);
        Assert.DoesNotContain("\"home\"", await AskAsync("vm-2", "query-block", null), StringComparison.Ordinal);
        await fleet.CloseAsync("vm-2");
        await fleet.ActAsync("vm", VmAction.Kill, CancellationToken.None);
        Assert.InRange(FileStat.Of(new QemuFiles(_home.Paths, "vm").Home)!.Value.Size, HomeDisk.Bytes, HomeDisk.Bytes);

        await fleet.ActAsync("vm", VmAction.StartCold, CancellationToken.None);
        Assert.Contains("\"home\"", await AskAsync("vm", "query-block", null), StringComparison.Ordinal);
    }

    private async Task<Fleet> BuiltAsync()
    {
        _home.DefineInstant("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        Assert.Equal(TemplateState.None, fleet.Template("vm"));
        await fleet.BuildAsync("vm");
        Assert.Equal(TemplateState.Ready, fleet.Template("vm"));
        return fleet;
    }

    private async Task<string> AskAsync(string vm, string command, string? member)
    {
        await using QmpClient monitor = await QmpClient.ConnectAsync(Path.Combine(_home.Paths.VmRuntime(vm), "qemu", EngineHome.SideDoor), CancellationToken.None);
        JsonElement answer = await monitor.ExecuteAsync(command, null, CancellationToken.None);
        return member is null ? answer.GetRawText() : answer.GetProperty(member).GetString()!;
    }
}
