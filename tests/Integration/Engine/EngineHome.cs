using System.Diagnostics;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Tests.Integration.Engine;

/// <summary>An installation in a short folder of its own, with real QEMU. Its end ends every process in it, whatever a test did.</summary>
internal sealed class EngineHome : IAsyncDisposable
{
    /// <summary>Keys are pressed over a second monitor, which tests alone have.</summary>
    public const string SideDoor = "side.sock";

    private readonly string _folder = Directory.CreateTempSubdirectory("hs").FullName;
    private readonly List<Fleet> _fleets = [];

    public EngineHome()
    {
        Paths = HyperspacePaths.Of(name => name == "HYPERSPACE_HOME" ? _folder : null, root: false);
        Directory.CreateDirectory(Paths.Definitions);
    }

    public string Folder => _folder;

    public HyperspacePaths Paths { get; }

    /// <summary>Defines a VM that boots <see cref="BootSector"/> under SeaBIOS.</summary>
    /// <param name="more">Further lines of YAML.</param>
    /// <param name="extra">Further arguments of QEMU.</param>
    public void Define(string name, string more = "restart: {policy: never, maximum: 1}", params string[] extra)
    {
        Directory.CreateDirectory(Paths.VmState(name));
        string disk = Path.Combine(Paths.VmState(name), "boot.img");
        if (!File.Exists(disk))
        {
            BootSector.WriteDisk(disk);
        }

        string[] arguments = ["-qmp", $"unix:{Path.Combine(Paths.VmRuntime(name), "qemu", SideDoor)},server=on,wait=off", "-device", "pvpanic", .. extra];
        string disks = more.Contains("disks:", StringComparison.Ordinal) ? "" : "disks: [{file: boot.img, format: raw}]\n";
        string network = more.Contains("network:", StringComparison.Ordinal) ? "" : "network: none\n";
        string text = $"memory: 32MiB\ncpus: 1\nfirmware: bios\naccelerator: tcg\n{disks}{network}{more}\nextra: [{string.Join(", ", arguments.Select(a => $"\"{a}\""))}]\n";
        File.WriteAllText(Definition(name), text);
    }

    public string Definition(string name) => Path.Combine(Paths.Definitions, name + ".yaml");

    public async Task<Fleet> OpenFleetAsync(TimeProvider? clock = null, UefiFirmware? uefi = null)
    {
        var store = new DefinitionStore(Paths, HostFacts.Read());
        Fleet fleet = await Fleet.OpenAsync(store, new QemuEngine(Paths, uefi ?? UefiFirmware.Debian), Paths, clock ?? TimeProvider.System, CancellationToken.None);
        _fleets.Add(fleet);
        return fleet;
    }

    /// <summary>Starts a VM and waits until the guest has booted.</summary>
    public async Task<VmStatus> BootAsync(Fleet fleet, string name)
    {
        await fleet.ActAsync(name, VmAction.Start, CancellationToken.None);
        await SerialAsync(name, BootSector.Ready);
        return Vm(fleet, name);
    }

    public static VmStatus Vm(Fleet fleet, string name) => fleet.Vms.Single(vm => vm.Name == name);

    public string Serial(string name) => File.ReadAllText(Path.Combine(Paths.VmState(name), "serial.log"));

    public Task SerialAsync(string name, string text) => UntilAsync(() => Serial(name).Contains(text, StringComparison.Ordinal), () => $"\"{text}\" on the serial line of {name}, which says: {Serial(name)}");

    public static Task StateAsync(Fleet fleet, string name, VmState state) => UntilAsync(() => Vm(fleet, name).State == state, () => $"{state}, but it is {Vm(fleet, name)}");

    /// <summary>Types into the guest.</summary>
    public async Task TypeAsync(string name, string keys)
    {
        await using QmpClient monitor = await QmpClient.ConnectAsync(Path.Combine(Paths.VmRuntime(name), "qemu", SideDoor), CancellationToken.None);
        foreach (char key in keys)
        {
            await monitor.ExecuteAsync("send-key", w =>
            {
                w.WriteStartArray("keys");
                w.WriteStartObject();
                w.WriteString("type", "qcode");
                w.WriteString("data", key.ToString());
                w.WriteEndObject();
                w.WriteEndArray();
            }, CancellationToken.None);

            // QEMU holds a key for 100 ms and then lets the next one through.
            await Task.Delay(150);
        }
    }

    /// <summary>Waits for a condition.</summary>
    /// <param name="atMost">60 s without it.</param>
    public static async Task UntilAsync(Func<bool> condition, Func<string> what, TimeSpan? atMost = null)
    {
        TimeSpan patience = atMost ?? TimeSpan.FromSeconds(60);
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < patience, $"Waited {patience.TotalSeconds:0} s for {what()}");
            await Task.Delay(20);
        }
    }

    /// <summary>The QEMUs of this home that live.</summary>
    public int[] Processes() => [.. QemuProcess.FindAll(Paths).Values];

    /// <summary>The same with the names that they run for.</summary>
    public (string Name, int Pid)[] Running() => [.. QemuProcess.FindAll(Paths).Select(run => (run.Key, run.Value))];

    /// <summary>Nothing of a VM that does not run may be left: no process, socket, run record or overlay.</summary>
    public void AssertNothingIsLeft(string name)
    {
        var files = new QemuFiles(Paths, name);
        Assert.Empty(Processes());
        Assert.False(File.Exists(files.RunRecord), "a run record is left");
        Assert.False(Directory.Exists(files.Sockets), "sockets are left");
        Assert.Empty(Directory.GetFiles(files.State, "overlay-*"));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Fleet fleet in _fleets)
        {
            await fleet.DisposeAsync();
        }

        foreach (int pid in Processes())
        {
            using ProcessHandle? process = ProcessHandle.Open(pid);
            process?.Kill();
            await (process?.Exited ?? Task.CompletedTask);
        }

        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>Tests with QEMU run one after the other: each has seconds of work for a CPU.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class QemuCollection
{
    public const string Name = "QEMU";
}
