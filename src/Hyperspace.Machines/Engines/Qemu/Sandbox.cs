using System.Diagnostics;
using System.Globalization;
using Hyperspace.Machines.Definitions;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>
/// What a QEMU process can see: bubblewrap gives it name spaces of its own with the system's programs, read-only, and its VM's files, and nothing else, and <see cref="SystemCallFilter"/>. QEMU adds its own
/// system call filter. <c>HYPERSPACE_SANDBOX=off</c> leaves only that, and the VM's own user. docs/engine.md says what was measured.
/// <para>
/// As a user the process keeps the user's number, in a user name space without any capability, in which no further one can be made.
/// </para>
/// <para>
/// As root there is no user name space: bubblewrap would map root alone into it, and the VM's own user would not exist inside. So bubblewrap makes the other name spaces as root and keeps
/// only what setpriv needs to become the VM's user: three capabilities, which end there. To the kernel the process is then an ordinary user that owns nothing but this VM.
/// </para>
/// <para>
/// There is no name space of processes. In one, a display's client would have the process number 0, which GLib takes for no credentials at all: QEMU then refuses every client of its D-Bus
/// display (measured with QEMU 10.0.2, GLib 2.74: "REJECTED EXTERNAL"). Instead there is no /proc in the sandbox. As root nothing is lost: a user of its own can signal and trace itself alone.
/// As a user the kernel keeps it from tracing what is outside of its user name space, and the filter from sending signals, but for those with which QEMU's own threads wake each other.
/// </para>
/// </summary>
internal sealed class Sandbox
{
    public const string Variable = "HYPERSPACE_SANDBOX";

    private static readonly string[] NameSpaces = ["--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try", "--new-session"];
    private static readonly string[] OfUsers = ["--unshare-user", "--disable-userns"];
    private static readonly string[] OfRoot = ["--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID", "--cap-add", "CAP_SETPCAP"];
    private static readonly string[] SystemFolders = ["/usr", "/bin", "/lib", "/lib64", "/sbin", "/etc/alternatives", "/etc/ld.so.cache", "/etc/qemu"];

    private readonly string? _missing;

    public Sandbox() => _missing = Environment.GetEnvironmentVariable(Variable) == "off" ? $"{Variable} is off." : TryBubblewrap();

    public bool IsOn => _missing is null;

    public Degradation? Degraded => _missing is null
        ? null
        : new Degradation("VMs run without a sandbox of their own", _missing, "Install bubblewrap, and let users make name spaces (kernel.unprivileged_userns_clone=1).");

    /// <summary>Puts the sandbox's arguments in front of QEMU's.</summary>
    /// <param name="user">The VM's own user and group as root; null as a user.</param>
    public IReadOnlyList<string> Wrap(IReadOnlyList<string> qemu, VmDefinition vm, QemuFiles files, uint? user)
    {
        List<string> line = [];
        if (IsOn)
        {
            line.AddRange(["bwrap", .. NameSpaces, .. user is null ? OfUsers : OfRoot, "--seccomp", QemuProcess.FilterFd.ToString(CultureInfo.InvariantCulture)]);
            if (vm.Network.Mode == NetworkMode.None)
            {
                line.Add("--unshare-net");
            }

            line.AddRange(["--dev", "/dev", .. TemporaryFolder("/tmp"), .. TemporaryFolder("/var/tmp")]);
            AddFolders(line, vm, files);
            line.AddRange(["--remount-ro", "/", "--"]);
        }

        if (user is { } id)
        {
            string text = id.ToString(CultureInfo.InvariantCulture);
            line.AddRange(["setpriv", "--reuid", text, "--regid", text, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all", "--no-new-privs", "--"]);
        }

        line.AddRange(qemu);
        return line;
    }

    private static void AddFolders(List<string> line, VmDefinition vm, QemuFiles files)
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

        (string File, bool Writable)[] all = [(files.Sockets, true), .. FilesOf(vm, files)];

        // bubblewrap makes missing folders for its own user only, and QEMU's user has to pass through them.
        foreach (string folder in all.SelectMany(f => FoldersAbove(f.File)).Distinct().Where(f => !SystemFolders.Any(s => f == s || f.StartsWith(s + "/", StringComparison.Ordinal))))
        {
            line.AddRange(["--dir", folder]);
        }

        foreach ((string file, bool writable) in all)
        {
            line.AddRange([writable ? "--bind" : "--ro-bind", file, file]);
        }
    }

    /// <summary>In memory, at most 64 MiB.</summary>
    private static string[] TemporaryFolder(string path) => ["--perms", "1777", "--size", "67108864", "--tmpfs", path];

    private static IEnumerable<string> FoldersAbove(string file)
    {
        for (int slash = file.IndexOf('/', 1); slash > 0; slash = file.IndexOf('/', slash + 1))
        {
            yield return file[..slash];
        }
    }

    /// <summary>Every file that QEMU opens for this VM, but for what the user's own extra arguments name.</summary>
    public static IEnumerable<(string File, bool Writable)> FilesOf(VmDefinition vm, QemuFiles files)
    {
        yield return (files.Serial, true);
        if (vm.Power.Mode != PowerMode.None)
        {
            yield return (files.PowerTable, false);
        }

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

    /// <summary>Tries it: the program may be missing, and a kernel may forbid users to make name spaces.</summary>
    private static string? TryBubblewrap()
    {
        try
        {
            string[] privileges = Environment.IsPrivilegedProcess ? OfRoot : OfUsers;
            var start = new ProcessStartInfo("bwrap", [.. NameSpaces, .. privileges, "--unshare-net", "--ro-bind", "/", "/", "--dev", "/dev", "--", "true"])
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
