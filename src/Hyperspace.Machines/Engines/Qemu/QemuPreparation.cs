using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Hyperspace.Linux.Files;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Power.Table;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>Makes ready what a QEMU needs before it starts: folders, logs, firmware variables, overlays, and that its user may open its files.</summary>
internal static class QemuPreparation
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode PrivateFolder = Private | UnixFileMode.UserExecute;

    /// <param name="user">The VM's own user as root, or null.</param>
    /// <exception cref="MachineException">Something is missing; says what.</exception>
    /// <exception cref="IOException">A file cannot be made.</exception>
    public static async Task PrepareAsync(VmDefinition vm, QemuFiles files, uint? user, UefiFirmware uefi, CancellationToken cancel)
    {
        if (System.Text.Encoding.UTF8.GetByteCount(files.Qmp) > 107)
        {
            throw new MachineException($"The path {files.Qmp} is longer than a socket's may be (107 bytes); use a shorter HYPERSPACE_HOME or XDG_RUNTIME_DIR.");
        }

        Directory.CreateDirectory(files.State);
        Directory.CreateDirectory(files.Runtime);
        CleanUp(files);
        Directory.CreateDirectory(files.Sockets, PrivateFolder);
        Give(files.Sockets, user);
        File.WriteAllBytes(files.Filter, SystemCallFilter.Build());
        if (vm.Power.Mode != PowerMode.None)
        {
            File.WriteAllBytes(files.PowerTable, PowerTable.Bytes);
        }

        Rotate(files.QemuLog);
        Rotate(files.Serial);
        Create(files.Serial, user);
        if (vm.Firmware == Firmware.Uefi)
        {
            PrepareVariables(files, user, uefi);
        }

        for (int i = 0; i < vm.Disks.Count; i++)
        {
            await PrepareDiskAsync(vm, vm.Disks[i], i, files, user, cancel);
        }
    }

    /// <summary>Removes what only a running VM has. What cannot be removed stays: the next start says why, if it matters then.</summary>
    public static void CleanUp(QemuFiles files)
    {
        Try(() => File.Delete(files.RunRecord));
        Try(() => File.Delete(files.Filter));
        Try(() => File.Delete(files.PowerTable));
        Try(() =>
        {
            // QEMU owns this folder: links in it are removed and not followed.
            if (Directory.Exists(files.Sockets))
            {
                Directory.Delete(files.Sockets, recursive: true);
            }
        });
        Try(() =>
        {
            foreach (string overlay in Directory.Exists(files.State) ? Directory.GetFiles(files.State, "overlay-*.qcow2") : [])
            {
                File.Delete(overlay);
            }
        });
    }

    private static void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"hyperspace: {e.Message}");
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

        // A backing file is named by the image itself, which QEMU can write to: to give it to QEMU unasked would let a QEMU that was taken over choose a file of this host to read.
        // The definition was checked for it, and the image may have changed since.
        if (disk.Format == DiskFormat.Qcow2 && DiskImage.OtherFileOf(disk.File) is { } other)
        {
            throw new MachineException(
                $"{vm.Name} cannot be started: its disk {disk.File} needs another file, {other}, which the sandbox does not show. "
                + $"Make it whole: qemu-img convert -O qcow2 {disk.File} NEW-FILE.");
        }

        GiveDisk(disk, files, user);
        if (disk.Mode == DiskMode.Ephemeral)
        {
            await CreateOverlayAsync(disk, files.Overlay(index), cancel);
            Give(files.Overlay(index), user);
        }
    }

    /// <summary>Disks in the VM's own folder belong to its user, or can be read by it. Those elsewhere are left as they are.</summary>
    private static void GiveDisk(DiskDefinition disk, QemuFiles files, uint? user)
    {
        if (user is not { } id || !disk.File.StartsWith(files.State + "/", StringComparison.Ordinal))
        {
            return;
        }

        if (disk.Mode == DiskMode.Persistent)
        {
            FileOwner.Give(disk.File, id);
            return;
        }

        FileOwner.GiveToGroup(disk.File, id);
        File.SetUnixFileMode(disk.File, File.GetUnixFileMode(disk.File) | UnixFileMode.GroupRead);
    }

    /// <summary>Larger empty overlays, of disks of many TiB, are not kept, in bytes.</summary>
    private const int MaxKeptOverlay = 1 << 20;

    /// <summary>An empty overlay is the same each time for the same disk: what qemu-img made is kept, because running it is a tenth of a start.</summary>
    private static readonly ConcurrentDictionary<(string Disk, string Format, long Size), byte[]> Overlays = new();

    /// <summary>qemu-img runs outside of the sandbox: <c>-u</c> keeps it from opening the disk, of which only the size is read here.</summary>
    private static async Task CreateOverlayAsync(DiskDefinition disk, string overlay, CancellationToken cancel)
    {
        bool qcow2 = disk.Format == DiskFormat.Qcow2;
        long size = qcow2 ? (DiskMagic.IsQcow2(disk.File) == true ? DiskImage.GuestSize(disk.File) : null) ?? throw new MachineException($"{disk.File} is no qcow2 image.") : (new FileInfo(disk.File).Length + 511) / 512 * 512;
        string format = qcow2 ? "qcow2" : "raw";
        if (Overlays.TryGetValue((disk.File, format, size), out byte[]? empty))
        {
            await File.WriteAllBytesAsync(overlay, empty, cancel);
            return;
        }

        string[] arguments = ["create", "-q", "-u", "-f", "qcow2", "-b", disk.File, "-F", format, overlay, size.ToString(CultureInfo.InvariantCulture)];
        var start = new ProcessStartInfo("qemu-img", arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        string error = await process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode != 0)
        {
            throw new MachineException($"The overlay for {disk.File} cannot be made: {error.Trim()}");
        }

        if (new FileInfo(overlay).Length <= MaxKeptOverlay)
        {
            Overlays[(disk.File, format, size)] = await File.ReadAllBytesAsync(overlay, cancel);
        }
    }

    /// <summary>The firmware's variables are copied to a temporary file and renamed: a machine that dies meanwhile has all or nothing of them.</summary>
    private static void PrepareVariables(QemuFiles files, uint? user, UefiFirmware uefi)
    {
        if (!File.Exists(uefi.Code) || !File.Exists(uefi.EmptyVariables))
        {
            throw new MachineException($"There is no UEFI firmware {uefi.Code}; install the package ovmf, or set \"firmware: bios\".");
        }

        if (!File.Exists(files.Variables))
        {
            string temporary = files.Variables + ".new";
            File.Copy(uefi.EmptyVariables, temporary, overwrite: true);
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
