using System.Diagnostics;
using System.Text.RegularExpressions;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>Runs each VM in a QEMU process of its own, in a sandbox of its own, that outlives the daemon.</summary>
public sealed partial class QemuEngine : IEngine
{
    private readonly HyperspacePaths _paths;
    private readonly UefiFirmware _uefi;
    private readonly Sandbox _sandbox = new();
    private readonly Lazy<string> _version = new(ReadVersion);

    public QemuEngine(HyperspacePaths paths) : this(paths, UefiFirmware.Debian) { }

    internal QemuEngine(HyperspacePaths paths, UefiFirmware uefi)
    {
        (_paths, _uefi) = (paths, uefi);
        Accelerator = AcceleratorProbe.Probe();
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

    public async Task<IRunningMachine> StartAsync(VmDefinition definition, int generation, CancellationToken cancel)
    {
        var files = new QemuFiles(_paths, definition.Name);
        string accelerator = AcceleratorOf(definition);
        try
        {
            await EndStrayAsync(definition.Name);
            uint? user = QemuUser.Of(_paths, definition.Name);
            await QemuPreparation.PrepareAsync(definition, files, user, _uefi, cancel);
            IReadOnlyList<string> line = _sandbox.Wrap(QemuCommandLine.Of(definition, files, accelerator, _uefi, QemuCommandLine.MaySleep(definition)), definition, files, user);
            using Process launched = QemuProcess.Launch(line, files, accelerator == "kvm");
            var start = new QemuStart(definition, files, user, _sandbox.IsOn);
            return await start.ConnectAsync(launched, generation, accelerator, cancel);
        }
        catch (Exception e)
        {
            QemuPreparation.CleanUp(files);
            throw e is IOException or UnauthorizedAccessException or System.ComponentModel.Win32Exception
                ? new MachineException($"{definition.Name} cannot be started: {e.Message}", e)
                : e;
        }
    }

    public IReadOnlyList<string> FindRuns()
    {
        string folder = Path.GetDirectoryName(_paths.VmRuntime("any"))!;
        IEnumerable<string> recorded = Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder).Select(f => Path.GetFileName(f)).Where(name => File.Exists(new QemuFiles(_paths, name).RunRecord))
            : [];
        return [.. recorded.Union(QemuProcess.FindAll(_paths).Keys)];
    }

    public async Task<IRunningMachine?> AdoptAsync(string name, CancellationToken cancel)
    {
        var files = new QemuFiles(_paths, name);
        RunRecord? record = RunRecord.Read(files.RunRecord);
        if (record is null && QemuProcess.FindAll(_paths).TryGetValue(name, out int pid))
        {
            record = RunRecord.Guess(pid);
        }

        return record is null ? null : await QemuMachine.AdoptAsync(record, files, cancel);
    }

    /// <summary>
    /// A daemon that is killed between the launch and the birth of QEMU leaves one that its successor could not find. Nobody has ever seen it, and it holds the VM's disks.
    /// </summary>
    private async Task EndStrayAsync(string name)
    {
        if (QemuProcess.FindAll(_paths).TryGetValue(name, out int pid) && ProcessHandle.Open(pid) is { } stray)
        {
            using (stray)
            {
                stray.Kill();
                await stray.Exited;
            }
        }
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
