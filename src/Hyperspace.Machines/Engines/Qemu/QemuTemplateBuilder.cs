using Hyperspace.Linux.Files;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Instant;
using Hyperspace.Protocols.Qmp;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>Makes templates: of a VM that it boots out of sight, or of one that runs. A template that there was stays until the new one is whole.</summary>
internal sealed class QemuTemplateBuilder(QemuLauncher launcher, TemplateStore store)
{
    /// <summary>State and overlays, beside RAM: in bytes.</summary>
    private const long Beside = 64L << 20;

    private const UnixFileMode ForGroup = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    public async Task BuildAsync(VmDefinition vm, TemplateHost host, bool behind, Action<int, string> progress, CancellationToken cancel)
    {
        VmDefinition hidden = Hidden(vm, "template");
        QemuFiles files = await BeginAsync(vm, hidden, (long)vm.MemoryMiB << 20);
        string folder = store.NewFolder(vm.Name);
        QemuLaunch? launch = null;
        try
        {
            launch = await launcher.LaunchAsync(hidden, files, host.Accelerator, new MemoryPlan(host.Machine, MakeRam(folder, vm), Shared: true, Incoming: false), null, behind, cancel);
            double seconds = await new GuestBoot(hidden, launch, files).WaitAsync(progress, cancel);
            progress(85, "saving");
            await launch.Qmp.ExecuteAsync("stop", null, cancel);
            await SaveStateAsync(launch, folder, cancel);
            await launch.EndAsync();
            launch = null;
            for (int i = 0; i < vm.Disks.Count; i++)
            {
                if (vm.Disks[i].Mode == DiskMode.Ephemeral)
                {
                    File.Move(files.Overlay(i), Path.Combine(folder, OverlayName(i)));
                }
            }

            await CommitAsync(vm, host, isCheckpoint: false, seconds, progress, cancel);
        }
        catch (Exception e) when (e is MachineException or QmpException or IOException or UnauthorizedAccessException)
        {
            throw Failure(vm, "be made", e);
        }
        finally
        {
            await CleanUpAsync(vm, hidden, launch);
        }
    }

    /// <summary>
    /// RAM of a VM that runs is its own memory, so it is saved as QEMU migrates it, and a hidden QEMU that never runs the guest makes a template's RAM file of that. Until that is whole the VM
    /// stands still; then it is ended.
    /// </summary>
    public async Task CheckpointAsync(VmDefinition vm, QemuMachine run, TemplateHost host, CancellationToken cancel)
    {
        if (run.StartedBy != "cold" && vm.Disks.Any(disk => disk.Mode == DiskMode.Ephemeral))
        {
            throw new MachineException(
                $"{vm.Name} cannot be saved: it was opened from a template and has ephemeral disks, so what it has written lies on top of that template. Start it with --cold, and save that.");
        }

        VmDefinition hidden = Hidden(vm, "checkpoint");
        await BeginAsync(vm, hidden, 2 * ((long)vm.MemoryMiB << 20));
        string folder = store.NewFolder(vm.Name);
        var migration = new QemuMigration((command, arguments, token, fd) => run.AskAsync(command, arguments, token, fd));
        bool saved = false;
        try
        {
            await run.PauseAsync(cancel);
            await migration.LeaveRamAsync(false, cancel);
            string plain = Path.Combine(folder, "plain");
            await migration.SaveAsync(plain, null, cancel);
            for (int i = 0; i < vm.Disks.Count; i++)
            {
                if (vm.Disks[i].Mode == DiskMode.Ephemeral)
                {
                    File.Copy(new QemuFiles(launcher.Paths, vm.Name).Overlay(i), Path.Combine(folder, OverlayName(i)));
                }
            }

            await ConvertAsync(vm, hidden, host, plain, cancel);
            await CommitAsync(vm, host, isCheckpoint: vm.Instant is null || Disposables.Obstacle(vm) is not null, 0, null, cancel);
            saved = true;
            await run.EndSavedAsync();
        }
        catch (Exception e) when (!saved)
        {
            await GoOnAsync(run);
            throw e is MachineException or QmpException or IOException or UnauthorizedAccessException ? Failure(vm, "be saved; it goes on", e) : e;
        }
        finally
        {
            await CleanUpAsync(vm, hidden, null);
        }
    }

    private async Task ConvertAsync(VmDefinition vm, VmDefinition hidden, TemplateHost host, string plain, CancellationToken cancel)
    {
        string folder = store.NewFolder(vm.Name);
        VmDefinition still = hidden with { Disks = [.. hidden.Disks.Select(disk => disk with { Mode = disk.Mode == DiskMode.Ephemeral ? DiskMode.Persistent : disk.Mode })] };
        var plan = new MemoryPlan(host.Machine, MakeRam(folder, vm), Shared: true, Incoming: true, WithoutDisks: true);
        QemuLaunch launch = await launcher.LaunchAsync(still, new QemuFiles(launcher.Paths, hidden.Name), host.Accelerator, plan, null, behind: false, cancel);
        try
        {
            await QemuMigration.Of(launch.Qmp).LoadAsync(plain, cancel);
            await SaveStateAsync(launch, folder, cancel);
        }
        finally
        {
            await launch.EndAsync();
        }

        File.Delete(plain);
    }

    private static async Task SaveStateAsync(QemuLaunch launch, string folder, CancellationToken cancel)
    {
        QemuMigration migration = QemuMigration.Of(launch.Qmp);
        await migration.LeaveRamAsync(true, cancel);
        await migration.SaveAsync(Path.Combine(folder, TemplateStore.State), null, cancel);
    }

    private async Task<QemuFiles> BeginAsync(VmDefinition vm, VmDefinition hidden, long memory)
    {
        await QemuNames.EndStrayAsync(launcher.Paths, hidden.Name);
        store.Begin(vm.Name, memory + Beside);
        return new QemuFiles(launcher.Paths, hidden.Name);
    }

    private VmDefinition Hidden(VmDefinition vm, string what) =>
        Disposables.Moved(vm, $"{vm.Name}~{what}", launcher.Paths) with { CloneOf = vm.Name, IsHidden = true };

    private static string OverlayName(int disk) => $"overlay-{disk}.qcow2";

    private static string MakeRam(string folder, VmDefinition vm)
    {
        string file = Path.Combine(folder, TemplateStore.Ram);
        using (FileStream stream = File.Create(file))
        {
            stream.SetLength((long)vm.MemoryMiB << 20);
        }

        File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return file;
    }

    private async Task CommitAsync(VmDefinition vm, TemplateHost host, bool isCheckpoint, double seconds, Action<int, string>? progress, CancellationToken cancel)
    {
        string folder = store.NewFolder(vm.Name);
        progress?.Invoke(90, "packing");
        long bytes = 0;
        await Task.Run(() =>
        {
            using SafeFileHandle ram = File.OpenHandle(Path.Combine(folder, TemplateStore.Ram), FileMode.Open, FileAccess.ReadWrite);
            SparseFile.Punch(ram, cancel);
        }, cancel);
        uint? user = QemuUser.Of(launcher.Paths, vm.Name);
        foreach (string file in Directory.GetFiles(folder))
        {
            GiveToReaders(file, user);
            bytes += FileStat.Of(file)?.Allocated ?? 0;
        }

        progress?.Invoke(94, "making checksums");
        var overlays = new TemplatePart?[vm.Disks.Count];
        TemplatePart ramPart = await PartAsync(folder, TemplateStore.Ram, cancel), statePart = await PartAsync(folder, TemplateStore.State, cancel);
        for (int i = 0; i < overlays.Length; i++)
        {
            string overlay = Path.Combine(folder, OverlayName(i));
            if (!File.Exists(overlay))
            {
                continue;
            }

            // QEMU wrote this file: a QEMU that was taken over could have named another file of this host in it.
            if (DiskImage.OtherFileOf(overlay) is { } below && below != vm.Disks[i].File)
            {
                throw new MachineException($"the overlay of its disk {vm.Disks[i].File} names another file, {below}");
            }

            overlays[i] = await PartAsync(folder, OverlayName(i), cancel);
        }

        FileIdentity[] files = [.. launcher.FilesOf(vm).Select(file => FileIdentity.Of(file) ?? throw new MachineException($"{file} is gone"))];
        store.Commit(vm.Name, new TemplateManifest(TemplateManifest.CurrentFormat, host, isCheckpoint, DateTimeOffset.UtcNow, Math.Round(seconds, 1), bytes, files, ramPart, statePart, overlays));
    }

    private static Task<TemplatePart> PartAsync(string folder, string name, CancellationToken cancel) => Task.Run(() => TemplateStore.Part(folder, name, cancel), cancel);

    /// <summary>Nobody's but the daemon's, and to read for the VM's user and those of its disposables, who have its group.</summary>
    public static void GiveToReaders(string file, uint? user)
    {
        if (user is { } group)
        {
            FileOwner.Give(file, 0);
            FileOwner.GiveToGroup(file, group);
        }

        File.SetUnixFileMode(file, ForGroup);
    }

    private static async Task GoOnAsync(QemuMachine run)
    {
        try
        {
            using var late = new CancellationTokenSource(TimeSpan.FromSeconds(10));
            await run.AskAsync("migrate_cancel", null, late.Token);
            await run.ResumeAsync(late.Token);
        }
        catch (Exception e) when (e is MachineException or OperationCanceledException)
        {
            Console.Error.WriteLine($"hyperspace: a VM that could not be saved stays paused: {e.Message}");
        }
    }

    private async Task CleanUpAsync(VmDefinition vm, VmDefinition hidden, QemuLaunch? launch)
    {
        if (launch is not null)
        {
            await launch.EndAsync();
        }

        try
        {
            store.DropNew(vm.Name);
            foreach (string folder in new[] { launcher.Paths.VmState(hidden.Name), launcher.Paths.VmRuntime(hidden.Name) }.Where(Directory.Exists))
            {
                Directory.Delete(folder, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"hyperspace: what is left of a template of {vm.Name} cannot be removed: {e.Message}");
        }
    }

    private MachineException Failure(VmDefinition vm, string what, Exception why)
    {
        string said = why.Message.TrimEnd('.');
        string folder = launcher.Paths.VmState(vm.Name);
        string space = new DriveInfo(folder).AvailableFreeSpace < 1 << 20 ? $" The disk of {folder} is full." : "";
        string kept = Directory.Exists(store.Folder(vm.Name)) ? " The old template stays as it is." : "";
        return new MachineException($"The template of {vm.Name} cannot {what}: {said}.{space}{kept}", why);
    }
}
