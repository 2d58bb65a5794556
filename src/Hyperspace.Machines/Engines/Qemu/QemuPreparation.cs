using System.Diagnostics;
using Hyperspace.Linux.Files;
using Hyperspace.Machines.Definitions;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>Makes ready what a QEMU needs before it starts: folders, logs, firmware variables, overlays, and that its user may open its files.</summary>
internal static class QemuPreparation
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PrivateFolder = Private | UnixFileMode.UserExecute;

    /// <param name="user">The VM's own user as root, or null.</param>
    public static async Task PrepareAsync(VmDefinition vm, QemuFiles files, uint? user, CancellationToken cancel)
    {
        Directory.CreateDirectory(files.State);
        Directory.CreateDirectory(files.Runtime);
        if (Directory.Exists(files.Sockets))
        {
            Directory.Delete(files.Sockets, recursive: true);
        }

        Directory.CreateDirectory(files.Sockets, PrivateFolder);
        Give(files.Sockets, user);
        Rotate(files.QemuLog);
        Rotate(files.Serial);
        Create(files.Serial, user);
        if (vm.Firmware == Firmware.Uefi)
        {
            PrepareVariables(files, user);
        }

        for (int i = 0; i < vm.Disks.Count; i++)
        {
            await PrepareDiskAsync(vm, vm.Disks[i], i, files, user, cancel);
        }

        if (System.Text.Encoding.UTF8.GetByteCount(files.Qmp) > 107)
        {
            throw new MachineException($"The path {files.Qmp} is longer than a socket's may be (107 bytes); use a shorter HYPERSPACE_HOME or XDG_RUNTIME_DIR.");
        }
    }

    /// <summary>Removes what only a running VM has.</summary>
    public static void CleanUp(QemuFiles files)
    {
        File.Delete(files.RunRecord);
        if (Directory.Exists(files.Sockets))
        {
            Directory.Delete(files.Sockets, recursive: true);
        }

        foreach (string overlay in Directory.Exists(files.State) ? Directory.EnumerateFiles(files.State, "overlay-*.qcow2") : [])
        {
            File.Delete(overlay);
        }
    }

    private static async Task PrepareDiskAsync(VmDefinition vm, DiskDefinition disk, int index, QemuFiles files, uint? user, CancellationToken cancel)
    {
        if (!File.Exists(disk.File) && disk.SizeBytes is { } size && Path.GetDirectoryName(disk.File) == files.State)
        {
            await DiskImage.CreateAsync(disk.File, disk.Format, size, cancel);
        }
        else if (!File.Exists(disk.File))
        {
            throw new MachineException($"{vm.Name} cannot be started: its disk {disk.File} does not exist.");
        }

        bool ours = Path.GetFullPath(disk.File).StartsWith(files.State + "/", StringComparison.Ordinal);
        if (ours && disk.Mode == DiskMode.Persistent)
        {
            Give(disk.File, user);
        }

        if (disk.Mode == DiskMode.Ephemeral)
        {
            await CreateOverlayAsync(disk, files.Overlay(index), cancel);
            Give(files.Overlay(index), user);
        }
    }

    private static async Task CreateOverlayAsync(DiskDefinition disk, string overlay, CancellationToken cancel)
    {
        string format = disk.Format == DiskFormat.Qcow2 ? "qcow2" : "raw";
        var start = new ProcessStartInfo("qemu-img", ["create", "-q", "-f", "qcow2", "-b", disk.File, "-F", format, overlay]) { RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        string error = await process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode != 0)
        {
            throw new MachineException($"The overlay for {disk.File} cannot be made: {error.Trim()}");
        }
    }

    /// <summary>The firmware's variables are copied to a temporary file and renamed: a machine that dies meanwhile has all or nothing of them.</summary>
    private static void PrepareVariables(QemuFiles files, uint? user)
    {
        if (!File.Exists(Ovmf.Code))
        {
            throw new MachineException($"There is no UEFI firmware {Ovmf.Code}; install the package ovmf, or set \"firmware: bios\".");
        }

        if (!File.Exists(files.Variables))
        {
            string temporary = files.Variables + ".new";
            File.Copy(Ovmf.EmptyVariables, temporary, overwrite: true);
            File.SetUnixFileMode(temporary, Private);
            File.Move(temporary, files.Variables);
        }

        Give(files.Variables, user);
    }

    /// <summary>One log is kept of the run before.</summary>
    private static void Rotate(string log)
    {
        if (File.Exists(log))
        {
            File.Move(log, Path.ChangeExtension(log, ".1.log"), overwrite: true);
        }
    }

    private static void Create(string file, uint? user)
    {
        File.Create(file).Dispose();
        File.SetUnixFileMode(file, Private | UnixFileMode.GroupRead);
        Give(file, user);
    }

    private static void Give(string path, uint? user)
    {
        if (user is { } id)
        {
            FileOwner.Give(path, id);
        }
    }
}
