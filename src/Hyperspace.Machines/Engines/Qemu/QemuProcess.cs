using System.Diagnostics;
using Hyperspace.Linux;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>QEMU as a process: started so that it belongs to nobody's session, and found again.</summary>
internal static class QemuProcess
{
    /// <summary>The descriptor under which QEMU gets /dev/kvm, already open: its own user may not open it, and its sandbox does not have it.</summary>
    public const int KvmFd = 9;

    /// <summary>The descriptor from which bubblewrap reads the system call filter.</summary>
    public const int FilterFd = 8;

    /// <summary>
    /// Starts it in a session of its own, with its output in a file: no terminal's Ctrl+C and no end of the daemon reaches it. Nothing of the daemon's environment does either.
    /// </summary>
    /// <exception cref="MachineException">KVM is wanted and there is no /dev/kvm. (The shell would make a file of that name.)</exception>
    public static Process Launch(IReadOnlyList<string> line, QemuFiles files, bool kvm)
    {
        if (kvm && !File.Exists("/dev/kvm"))
        {
            throw new MachineException("There is no /dev/kvm for the accelerator kvm. Is virtualisation switched on in the firmware's set-up? With \"accelerator: auto\" a VM runs without, slowly.");
        }

        string script = $"log=$1 filter=$2; shift 2; exec setsid -- \"$@\" </dev/null >>\"$log\" 2>&1 {FilterFd}<\"$filter\"{(kvm ? $" {KvmFd}<>/dev/kvm" : "")}";
        var start = new ProcessStartInfo("/bin/sh", ["-c", script, "sh", files.QemuLog, files.Filter, .. line]) { WorkingDirectory = "/" };
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LC_ALL"] = "C.UTF-8";
        return Process.Start(start)!;
    }

    /// <summary>Ends what was launched and all that it has started, and returns when it is gone.</summary>
    public static async Task EndAsync(Process launched)
    {
        try
        {
            launched.Kill(entireProcessTree: true);
            await launched.WaitForExitAsync();
        }
        catch (Exception e) when (e is InvalidOperationException or AggregateException or System.ComponentModel.Win32Exception)
        {
            // It has ended by itself meanwhile.
        }
    }

    /// <summary>Whether a process is the other one or was started by it, over a few steps: the sandbox lies between.</summary>
    public static bool IsPartOf(int pid, int ancestor)
    {
        int? at = pid;
        for (int step = 0; step < 6 && at is { } here; step++)
        {
            if (here == ancestor)
            {
                return true;
            }

            at = ProcessInfo.Parent(here);
        }

        return false;
    }

    /// <summary>The QEMUs that serve a monitor of one of our VMs, by the VM's name.</summary>
    public static Dictionary<string, int> FindAll(HyperspacePaths paths)
    {
        var found = new Dictionary<string, int>();
        foreach (int pid in ProcessInfo.All())
        {
            // What surrounds QEMU has the same arguments behind its own: only QEMU itself has its name first.
            IReadOnlyList<string> arguments = ProcessInfo.UntrustedArguments(pid);
            if (arguments.Count > 0 && Path.GetFileName(arguments[0]) == QemuCommandLine.Program && ProcessInfo.StartTime(pid) is not null
                && QemuUser.MayRunVms(ProcessInfo.User(pid))
                && arguments.Select(argument => QemuCommandLine.QmpPath(argument)).OfType<string>().Select(path => QemuFiles.NameOfQmp(paths, path)).FirstOrDefault(name => name is not null) is { } vm)
            {
                found[vm] = pid;
            }
        }

        return found;
    }
}
