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
    private readonly Sandbox _sandbox = new();
    private readonly Lazy<string> _version = new(ReadVersion);

    public QemuEngine(HyperspacePaths paths)
    {
        _paths = paths;
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

            if (!Version.StartsWith("1", StringComparison.Ordinal) || Version.Length < 2 || !char.IsAsciiDigit(Version[1]))
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
        uint? user = QemuUser.Of(_paths, definition.Name);
        try
        {
            await QemuPreparation.PrepareAsync(definition, files, user, cancel);
            IReadOnlyList<string> line = _sandbox.Wrap(QemuCommandLine.Of(definition, files, accelerator), definition, files, user, accelerator);
            using Process process = QemuProcess.Launch(line, files.QemuLog);
            return await QemuMachine.ConnectAsync(process, files, generation, accelerator, cancel);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{definition.Name} cannot be started: {e.Message}", e);
        }
    }

    public async Task<IRunningMachine?> AdoptAsync(string name, CancellationToken cancel)
    {
        var files = new QemuFiles(_paths, name);
        return RunRecord.Read(files.RunRecord) is { } record ? await QemuMachine.AdoptAsync(record, files, cancel) : null;
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
