using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Instant;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>Starts QEMU for a VM, in its sandbox and as its user.</summary>
internal sealed class QemuLauncher(HyperspacePaths paths, UefiFirmware uefi, Sandbox sandbox)
{
    /// <summary>For checksums of command lines: nothing of this installation is in them.</summary>
    private static readonly HyperspacePaths NoPlace = new("/c", "/s", "/k", "/r");

    private const int BehindNice = 15;

    public HyperspacePaths Paths => paths;

    /// <summary>Prepares its files, starts it and waits until it answers.</summary>
    /// <param name="template">What it goes on from; null when it boots.</param>
    /// <param name="behind">Run it after everything else.</param>
    /// <exception cref="MachineException">It does not answer. The process is gone then; files may be left.</exception>
    public async Task<QemuLaunch> LaunchAsync(VmDefinition vm, QemuFiles files, string accelerator, MemoryPlan plan, Template? template, bool behind, CancellationToken cancel)
    {
        uint? user = QemuUser.Of(paths, vm.Name);
        (QemuFiles Files, uint? User) owner = vm.CloneOf is { } parent ? (new QemuFiles(paths, parent), QemuUser.Of(paths, parent)) : (files, user);
        await QemuPreparation.PrepareAsync(vm, files, user, uefi, template, owner, cancel);
        if (plan is { Shared: true, File: { } memory })
        {
            QemuPreparation.Give(memory, user);
        }

        IReadOnlyList<string> line = sandbox.Wrap(
            QemuCommandLine.Of(vm, files, accelerator, uefi, plan), vm, files, user, owner.User == user ? null : owner.User, More(vm, plan, template));
        using Process launched = QemuProcess.Launch(line, files, accelerator == "kvm");
        QemuLaunch launch = await new QemuStart(vm, files, user, sandbox.IsOn).ConnectAsync(launched, cancel);
        if (behind)
        {
            ProcessPriority.Set(launch.Process.Pid, BehindNice);
        }

        return launch;
    }

    /// <summary>What a template of a VM would have to fit to, here and now.</summary>
    /// <param name="version">QEMU's, such as <c>10.0.2</c>.</param>
    public TemplateHost HostOf(VmDefinition vm, string accelerator, string version)
    {
        HostCpu? cpu = accelerator == "kvm" ? HostCpu.Current : null;
        return new TemplateHost($"QEMU {version}", MachineType(version), accelerator, cpu?.Model ?? "", cpu?.Features ?? "", Devices(vm, accelerator));
    }

    /// <summary>What the guest sees of this host's files, in the order of the devices.</summary>
    public IEnumerable<string> FilesOf(VmDefinition vm)
    {
        if (vm is { Firmware: Firmware.Linux, Kernel: { } kernel })
        {
            yield return kernel.Image;
            if (kernel.Initrd is { } initrd)
            {
                yield return initrd;
            }
        }

        if (vm.Firmware == Firmware.Uefi)
        {
            yield return uefi.Code;
        }

        foreach (DiskDefinition disk in vm.Disks)
        {
            yield return disk.File;
        }

        if (vm.Cdrom is { } image)
        {
            yield return image;
        }
    }

    /// <summary>QEMU keeps its older machine types: <c>pc-q35-10.0</c> is the same in every later QEMU.</summary>
    private static string MachineType(string version)
    {
        string[] numbers = version.Split('.');
        return numbers.Length < 2 ? "q35" : $"pc-q35-{numbers[0]}.{numbers[1]}";
    }

    private string Devices(VmDefinition vm, string accelerator)
    {
        VmDefinition anywhere = Disposables.Moved(vm, "vm", paths) with { CloneOf = "vm" };
        string line = string.Join('\0', QemuCommandLine.Of(anywhere, new QemuFiles(NoPlace, "vm"), accelerator, uefi));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(line)));
    }

    private static List<(string File, bool Writable)> More(VmDefinition vm, MemoryPlan plan, Template? template)
    {
        List<(string, bool)> more = plan.File is { } memory ? [(memory, plan.Shared)] : [];
        more.AddRange(Enumerable.Range(0, vm.Disks.Count).Select(disk => template?.Overlay(disk)).OfType<string>().Select(overlay => (overlay, false)));
        return more;
    }
}
