using System.Diagnostics;
using System.Text.RegularExpressions;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Definitions.Schema;
using Hyperspace.Machines.Instant;
using Hyperspace.Protocols.Qmp;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>Runs each VM in a QEMU process of its own, in a sandbox of its own, that outlives the daemon.</summary>
public sealed partial class QemuEngine : IEngine
{
    private readonly HyperspacePaths _paths;
    private readonly QemuLauncher _launcher;
    private readonly QemuTemplates _templates;
    private readonly QemuNames _names = new();
    private readonly Sandbox _sandbox = new();
    private readonly Lazy<string> _version = new(ReadVersion);

    public QemuEngine(HyperspacePaths paths) : this(paths, UefiFirmware.Debian) { }

    internal QemuEngine(HyperspacePaths paths, UefiFirmware uefi)
    {
        _paths = paths;
        Accelerator = AcceleratorProbe.Probe();
        _launcher = new QemuLauncher(paths, uefi, _sandbox);
        _templates = new QemuTemplates(_launcher, _names, AcceleratorOf, () => Version);
    }

    public (string Accelerator, string Reason) Accelerator { get; }

    public string Version => _version.Value;

    public IReadOnlyList<Degradation> Degraded
    {
        get
        {
            var all = new List<Degradation>();
            if (_sandbox.Degraded is { } sandbox)
            {
                all.Add(sandbox);
            }

            if (Accelerator.Accelerator == "tcg")
            {
                all.Add(new Degradation("CPUs are emulated (TCG), many times slower than KVM", Accelerator.Reason, "Use a machine with hardware virtualisation switched on."));
            }

            if (!System.Version.TryParse(Version, out Version? version) || version.Major < 10)
            {
                all.Add(new Degradation("QEMU is missing or older than 10", $"{QemuCommandLine.Program} says: {Version}", "Install QEMU 10 or newer; ./run does it."));
            }

            return all;
        }
    }

    public string AcceleratorOf(VmDefinition definition) => definition.Accelerator switch
    {
        AcceleratorChoice.Kvm => "kvm",
        AcceleratorChoice.Tcg => "tcg",
        _ => Accelerator.Accelerator,
    };

    public ITemplates Templates => _templates;

    public async Task<IRunningMachine> StartAsync(VmDefinition definition, int generation, CancellationToken cancel)
    {
        var files = new QemuFiles(_paths, definition.Name);
        using IDisposable name = await _names.TakeAsync(definition.Name, cancel);
        try
        {
            // A template that cannot be opened is not tried again: the VM boots instead, and its status says why.
            return await TryOpenAsync(definition, files, generation, cancel) ?? await BootAsync(definition, files, generation, cancel);
        }
        catch (Exception e)
        {
            QemuPreparation.CleanUp(files);
            throw e is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception or QmpException
                ? new MachineException($"{definition.Name} cannot be started: {e.Message}", e)
                : e;
        }
    }

    /// <summary>From its template; null when it has none that can be used.</summary>
    private async Task<IRunningMachine?> TryOpenAsync(VmDefinition vm, QemuFiles files, int generation, CancellationToken cancel)
    {
        Template? template = vm.Cold ? null : _templates.Usable(vm, out _);
        QemuLaunch? launch = await _templates.TakeWarmAsync(vm, template);
        if (template is null)
        {
            return null;
        }

        string startedBy = launch is null ? "template" : "warm";
        try
        {
            launch ??= await _templates.LaunchAsync(vm, files, template, cancel);
            await _templates.GoOnAsync(launch, vm, files, template, cancel);
        }
        catch (Exception e)
        {
            if (launch is not null)
            {
                await launch.EndAsync();
            }

            if (e is TemplateException)
            {
                Console.Error.WriteLine($"hyperspace: the template of {vm.Name} cannot be opened, so it boots: {e.Message}");
                return null;
            }

            throw;
        }

        QemuMachine machine = _names.Running(vm.Name, launch.Begin(files, generation, AcceleratorOf(vm), startedBy));
        File.Delete(files.WarmMark);
        _ = machine.SetClockAsync(CancellationToken.None);
        return machine;
    }

    private async Task<IRunningMachine> BootAsync(VmDefinition vm, QemuFiles files, int generation, CancellationToken cancel)
    {
        QemuLaunch launch = await LaunchAsync(vm, files, MemoryPlan.Boot, null, cancel);
        return _names.Running(vm.Name, launch.Begin(files, generation, AcceleratorOf(vm), "cold"));
    }

    private async Task<QemuLaunch> LaunchAsync(VmDefinition vm, QemuFiles files, MemoryPlan plan, Template? template, CancellationToken cancel)
    {
        await QemuNames.EndStrayAsync(_paths, vm.Name);
        return await _launcher.LaunchAsync(vm, files, AcceleratorOf(vm), plan, template, behind: false, cancel);
    }

    public IReadOnlyList<string> FindRuns()
    {
        string folder = Path.GetDirectoryName(_paths.VmRuntime("any"))!;
        IEnumerable<string> recorded = Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder).Select(f => Path.GetFileName(f)).Where(name => File.Exists(new QemuFiles(_paths, name).RunRecord))
            : [];
        return [.. recorded.Union(QemuProcess.FindAll(_paths).Keys.Where(name => !File.Exists(new QemuFiles(_paths, name).WarmMark))).Where(VmSchema.IsName)];
    }

    public async Task<IRunningMachine?> AdoptAsync(string name, CancellationToken cancel)
    {
        var files = new QemuFiles(_paths, name);
        RunRecord? record = RunRecord.Read(files.RunRecord);
        if (record is null && QemuProcess.FindAll(_paths).TryGetValue(name, out int pid))
        {
            record = RunRecord.Guess(pid);
        }

        return record is null ? null : _names.Running(name, await QemuMachine.AdoptAsync(record, files, cancel));
    }

    private static string ReadVersion()
    {
        try
        {
            var start = new ProcessStartInfo(QemuCommandLine.Program, "--version") { RedirectStandardOutput = true };
            using Process process = Process.Start(start)!;
            string text = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return VersionNumber().Match(text) is { Success: true } match ? match.Groups[1].Value : text.Trim();
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "not installed";
        }
    }

    [GeneratedRegex(@"version (\d+\.\d+(\.\d+)?)")]
    private static partial Regex VersionNumber();
}
