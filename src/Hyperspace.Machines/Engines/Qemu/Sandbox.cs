using System.Diagnostics;
using Hyperspace.Machines.Definitions;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>
/// What a QEMU process can see: bubblewrap gives it name spaces of its own with the system's programs, read-only, and its VM's files, and as root setpriv gives it a user of its
/// own and takes all privileges away. QEMU adds its own system call filter. <c>HYPERSPACE_SANDBOX=off</c> leaves only that.
/// </summary>
internal sealed class Sandbox
{
    public const string Variable = "HYPERSPACE_SANDBOX";

    private static readonly string[] SystemFolders = ["/usr", "/bin", "/lib", "/lib64", "/sbin", "/etc/alternatives", "/etc/ld.so.cache", "/etc/qemu"];

    private readonly string? _missing;

    public Sandbox() => _missing = Environment.GetEnvironmentVariable(Variable) == "off" ? $"{Variable} is off." : TryBubblewrap();

    public bool IsOn => _missing is null;

    public Degradation? Degraded => _missing is null
        ? null
        : new Degradation("VMs run without a sandbox of their own", _missing, "Install bubblewrap, and let users make name spaces (kernel.unprivileged_userns_clone=1).");

    /// <summary>Puts the sandbox's arguments in front of QEMU's.</summary>
    /// <param name="user">The VM's own user and group as root; null as a user.</param>
    public IReadOnlyList<string> Wrap(IReadOnlyList<string> qemu, VmDefinition vm, QemuFiles files, uint? user, string accelerator)
    {
        List<string> line = [];
        if (IsOn)
        {
            line.AddRange(["bwrap", "--unshare-user-try", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--as-pid-1", "--new-session"]);
            if (vm.Network.Mode == NetworkMode.None)
            {
                line.Add("--unshare-net");
            }

            line.AddRange(["--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]);
            AddFolders(line, vm, files, accelerator);
            line.Add("--");
        }

        if (user is { } id)
        {
            string text = id.ToString(System.Globalization.CultureInfo.InvariantCulture);
            line.AddRange(["setpriv", "--reuid", text, "--regid", text, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"]);
        }

        line.AddRange(qemu);
        return line;
    }

    private static void AddFolders(List<string> line, VmDefinition vm, QemuFiles files, string accelerator)
    {
        foreach (string folder in SystemFolders.Where(Path.Exists))
        {
            bool link = new FileInfo(folder).LinkTarget is not null;
            line.AddRange(link ? ["--symlink", new FileInfo(folder).LinkTarget!, folder] : ["--ro-bind", folder, folder]);
        }

        if (vm.Network.Mode == NetworkMode.User)
        {
            line.AddRange(["--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf"]);
        }

        if (accelerator == "kvm")
        {
            line.AddRange(["--dev-bind", "/dev/kvm", "/dev/kvm"]);
        }

        Bind(line, "--bind", files.Sockets);
        foreach ((string file, bool writable) in FilesOf(vm, files))
        {
            Bind(line, writable ? "--bind" : "--ro-bind", file);
        }
    }

    /// <summary>Every file that QEMU opens for this VM, but for what the user's own extra arguments name.</summary>
    public static IEnumerable<(string File, bool Writable)> FilesOf(VmDefinition vm, QemuFiles files)
    {
        yield return (files.Serial, true);
        if (vm.Firmware == Firmware.Uefi)
        {
            yield return (files.Variables, true);
        }

        if (vm.Kernel is { } kernel && vm.Firmware == Firmware.Linux)
        {
            yield return (kernel.Image, false);
            if (kernel.Initrd is { } initrd)
            {
                yield return (initrd, false);
            }
        }

        for (int i = 0; i < vm.Disks.Count; i++)
        {
            yield return (vm.Disks[i].File, vm.Disks[i].Mode == DiskMode.Persistent);
            if (vm.Disks[i].Mode == DiskMode.Ephemeral)
            {
                yield return (files.Overlay(i), true);
            }
        }

        if (vm.Cdrom is { } image)
        {
            yield return (image, false);
        }
    }

    private static void Bind(List<string> line, string how, string path) => line.AddRange([how, path, path]);

    /// <summary>Tries it: the program may be missing, and a kernel may forbid users to make name spaces.</summary>
    private static string? TryBubblewrap()
    {
        try
        {
            var start = new ProcessStartInfo("bwrap", ["--unshare-user-try", "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--", "true"])
            {
                RedirectStandardError = true,
            };
            using Process process = Process.Start(start)!;
            string error = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : $"bwrap does not work here: {error.Trim()}";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "The program bwrap (package bubblewrap) is not installed.";
        }
    }
}
