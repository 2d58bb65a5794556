using System.Diagnostics;
using System.Globalization;
using Hyperspace.Machines;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Tests.Integration.Engine;

namespace Hyperspace.Tests.Integration.Instant;

/// <summary>Templates that a daemon minds by itself, and what becomes of the old one when a new one cannot be made.</summary>
[Collection(QemuCollection.Name)]
public sealed class TemplateCareTests : IAsyncLifetime
{
    private readonly EngineHome _home = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _home.DisposeAsync().AsTask();

    [Fact]
    public async Task An_autostarted_VM_without_a_template_boots_and_gets_one_behind_its_back_and_another_when_its_image_has_changed()
    {
        _home.DefineInstant("vm", more: "autostart: true\n");
        var clock = new ClockThatSkips();
        Fleet fleet = await _home.OpenFleetAsync(clock);
        await EngineHome.StateAsync(fleet, "vm", VmState.Running);
        VmStatus booted = EngineHome.Vm(fleet, "vm");
        Assert.Equal("cold", booted.StartedBy);
        Assert.StartsWith("It booted. It has no template yet", booted.Reason, StringComparison.Ordinal);
        await _home.SerialAsync("vm", BootSector.Ready);

        DateTimeOffset first = await MadeByItselfAsync(fleet, clock, DateTimeOffset.MinValue);
        Assert.Equal((VmState.Running, booted.Pid), (EngineHome.Vm(fleet, "vm").State, EngineHome.Vm(fleet, "vm").Pid));
        await fleet.CloseAsync("vm");
        Assert.Equal("template", (await fleet.OpenAsync("vm")).StartedBy);
        await fleet.CloseAsync("vm");

        File.AppendAllText(Path.Combine(_home.Paths.VmState("vm"), "boot.img"), new string('x', 512));
        VmStatus opened = await fleet.OpenAsync("vm");
        Assert.Equal("cold", opened.StartedBy);
        await EngineHome.UntilAsync(() => EngineHome.Vm(fleet, "vm").Reason?.Contains("boot.img has another size", StringComparison.Ordinal) == true, () => $"the reason, but it is {EngineHome.Vm(fleet, "vm").Reason}");
        await MadeByItselfAsync(fleet, clock, first);
        await fleet.CloseAsync("vm");
        Assert.Equal("template", (await fleet.OpenAsync("vm")).StartedBy);
    }

    [Fact]
    public async Task A_disk_that_fills_up_while_a_template_is_made_is_said_and_the_old_one_goes_on()
    {
        _home.DefineInstant("vm");
        using var disk = SmallDisk.At(_home.Paths.VmState("vm"));
        Fleet fleet = await _home.OpenFleetAsync();
        await fleet.BuildAsync("vm");
        byte[] old = File.ReadAllBytes(_home.TemplateFile("vm", "manifest.json"));

        Task<string> building = fleet.BuildAsync("vm");
        await EngineHome.UntilAsync(() => building.IsCompleted || _home.Processes().Length > 0, () => "the hidden process");
        disk.Fill(Assert.Single(_home.Processes()));
        var e = await Assert.ThrowsAsync<MachineException>(() => building);
        Assert.Contains(disk.Complaint, e.Message, StringComparison.Ordinal);
        Assert.EndsWith("The old template stays as it is.", e.Message, StringComparison.Ordinal);
        disk.Empty();

        Assert.Equal(old, File.ReadAllBytes(_home.TemplateFile("vm", "manifest.json")));
        Assert.Equal(["template"], Directory.GetDirectories(_home.Paths.VmState("vm")).Select(Path.GetFileName));
        Assert.Equal(["vm"], Directory.GetDirectories(Path.GetDirectoryName(_home.Paths.VmState("vm"))!).Select(Path.GetFileName));
        _home.AssertNothingIsLeft("vm");
        await fleet.InstantAsync("vm", InstantAction.Verify, CancellationToken.None);
        Assert.Equal("template", (await fleet.OpenAsync("vm")).StartedBy);
        await _home.TypeAsync("vm", "a");
        await _home.SerialAsync("vm", "a");
    }

    [Fact]
    public async Task A_daemon_that_is_killed_while_it_makes_a_new_template_leaves_the_old_one_to_the_next()
    {
        _home.DefineInstant("vm");
        using (FleetProcess daemon = await FleetProcess.StartAsync(_home.Folder))
        {
            await daemon.ActAsync("vm", InstantAction.Build);
            daemon.Begin("vm", InstantAction.Build);
            await EngineHome.UntilAsync(() => _home.Processes().Length > 0 && Directory.Exists(_home.TemplateFile("vm", "../template.new")), () => "the hidden process");
            await daemon.KillAsync();
        }

        Fleet fleet = await _home.OpenFleetAsync();
        Assert.Equal("vm", Assert.Single(fleet.Vms).Name);
        _home.AssertNothingIsLeft("vm");
        Assert.Equal(["template"], Directory.GetDirectories(_home.Paths.VmState("vm")).Select(Path.GetFileName));
        await fleet.InstantAsync("vm", InstantAction.Verify, CancellationToken.None);
        Assert.Equal("template", (await fleet.OpenAsync("vm")).StartedBy);
    }

    [Fact]
    public async Task A_machine_with_UEFI_goes_on_from_its_template_too_and_so_does_a_disposable_of_it()
    {
        _home.DefineInstant("vm");
        string definition = File.ReadAllText(_home.Definition("vm"));
        definition = definition.Replace("firmware: bios", "firmware: uefi", StringComparison.Ordinal).Replace("memory: 32MiB", "memory: 128MiB", StringComparison.Ordinal);
        File.WriteAllText(_home.Definition("vm"), definition.Replace($"\"{BootSector.Ready}\"", "\"BdsDxe\"", StringComparison.Ordinal));
        Fleet fleet = await _home.OpenFleetAsync();
        await fleet.BuildAsync("vm");
        foreach (string name in new[] { "vm", "vm-2" })
        {
            VmStatus opened = await fleet.OpenAsync("vm");
            Assert.Equal((name, "template"), (opened.Name, opened.StartedBy));
            Assert.DoesNotContain("BdsDxe", _home.Serial(name), StringComparison.Ordinal);

            // The firmware answers to a key, on the serial line.
            int before = _home.Serial(name).Length;
            await _home.TypeAsync(name, "a");
            await EngineHome.UntilAsync(() => _home.Serial(name).Length > before, () => $"an answer of the firmware of {name}");
        }
    }

    /// <summary>More than a minute passes without a start, and a template is there that is younger.</summary>
    private static async Task<DateTimeOffset> MadeByItselfAsync(Fleet fleet, ClockThatSkips clock, DateTimeOffset after)
    {
        clock.Skip(TimeSpan.FromSeconds(61));
        InstantStatus Now() => EngineHome.Vm(fleet, "vm").Instant!;
        await EngineHome.UntilAsync(() => Now() is { Template: TemplateState.Ready, SavedAt: { } saved } && saved > after, () => $"a template that is made unasked, but it is {Now()}");
        return Now().SavedAt!.Value;
    }

    /// <summary>This machine's clock, but for the time that a test skips.</summary>
    private sealed class ClockThatSkips : TimeProvider
    {
        private long _skipped;

        public void Skip(TimeSpan time) => Interlocked.Add(ref _skipped, (long)(time.TotalSeconds * TimestampFrequency));

        public override long GetTimestamp() => base.GetTimestamp() + Interlocked.Read(ref _skipped);
    }
}

/// <summary>A folder that can be made full: as root it becomes a small file system of its own. Others may not mount one, so there the process that writes may make no file longer.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _folder;

    private SmallDisk(string folder) => _folder = folder;

    private static bool IsMounted => Environment.IsPrivilegedProcess;

    /// <summary>What a build says of it.</summary>
    public string Complaint => IsMounted ? $"The disk of {_folder} is full." : "cannot be made";

    private string Filler => Path.Combine(_folder, "filler");

    /// <param name="folder">What is in it stays in it.</param>
    public static SmallDisk At(string folder)
    {
        if (IsMounted)
        {
            (string Name, byte[] Content)[] files = [.. Directory.GetFiles(folder).Select(file => (file, File.ReadAllBytes(file)))];
            Run("mount", "-t", "tmpfs", "-o", "size=160M,mode=755", "tmpfs", folder);
            foreach ((string name, byte[] content) in files)
            {
                File.WriteAllBytes(name, content);
            }
        }

        return new SmallDisk(folder);
    }

    /// <param name="writer">The process that is to write there.</param>
    public void Fill(int writer)
    {
        if (!IsMounted)
        {
            Run("prlimit", "--pid", writer.ToString(CultureInfo.InvariantCulture), "--fsize=1024");
            return;
        }

        var block = new byte[1 << 20];
        using FileStream filler = File.Create(Filler, 1);
        try
        {
            while (true)
            {
                filler.Write(block);
            }
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    public void Empty() => File.Delete(Filler);

    public void Dispose()
    {
        if (IsMounted)
        {
            Run("umount", "--lazy", _folder);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        Assert.Equal(0, process.ExitCode);
    }
}
