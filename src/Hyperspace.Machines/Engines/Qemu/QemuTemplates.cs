using System.Collections.Concurrent;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Definitions.Schema;
using Hyperspace.Machines.Instant;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>The templates of QEMU's VMs: which can be used, how they are made, and engines that wait for the next open. docs/instant.md has the rules.</summary>
internal sealed class QemuTemplates : ITemplates
{
    private readonly QemuLauncher _launcher;
    private readonly HyperspacePaths _paths;
    private readonly TemplateStore _store;
    private readonly QemuTemplateBuilder _builder;
    private readonly QemuWarmPool _warm;
    private readonly Func<VmDefinition, string> _acceleratorOf;
    private readonly Func<string> _version;
    private readonly ConcurrentDictionary<string, SemaphoreSlim> _making = new();

    public QemuTemplates(QemuLauncher launcher, QemuNames names, Func<VmDefinition, string> acceleratorOf, Func<string> version)
    {
        (_launcher, _paths, _acceleratorOf, _version) = (launcher, launcher.Paths, acceleratorOf, version);
        _store = new TemplateStore(_paths);
        _builder = new QemuTemplateBuilder(launcher, _store);
        _warm = new QemuWarmPool(_paths, names, LaunchAsync);
    }

    /// <summary>The template that a start of this VM goes on from; null when it boots.</summary>
    /// <param name="why">Why it boots, the rest of a sentence; null when it has no template and wants none.</param>
    public Template? Usable(VmDefinition vm, out string? why)
    {
        why = null;
        string owner = vm.CloneOf ?? vm.Name;
        try
        {
            if (_store.Find(owner) is not { } template)
            {
                why = vm.Instant is null ? null : Disposables.Obstacle(vm);
                return null;
            }

            if (template.Manifest.Misfit(HostOf(vm)) is { } misfit)
            {
                why = misfit;
                return null;
            }

            // Without the key only a checkpoint is used: the user took the key out and wants it to boot.
            if (vm.Instant is null && !template.Manifest.IsCheckpoint)
            {
                return null;
            }

            _store.CheckState(template);
            return template.Manifest.IsCheckpoint && vm.CloneOf is not null ? null : template;
        }
        catch (MachineException e)
        {
            why = e.Message;
            return null;
        }
    }

    /// <summary>An engine that waits for this start, with the template loaded; null when there is none that fits.</summary>
    public Task<QemuLaunch?> TakeWarmAsync(VmDefinition vm, Template? template) => _warm.TakeAsync(vm, template);

    /// <summary>Starts an engine and loads a template into it. The guest stands still afterwards.</summary>
    /// <exception cref="MachineException">The engine does not answer.</exception>
    /// <exception cref="TemplateException">The template cannot be loaded, and will not be used again, or another has taken its place. The engine is gone.</exception>
    public async Task<QemuLaunch> LaunchAsync(VmDefinition vm, QemuFiles files, Template template, CancellationToken cancel)
    {
        var plan = new MemoryPlan(template.Manifest.Host.Machine, template.Ram, Shared: false, Incoming: true);
        QemuLaunch launch = await _launcher.LaunchAsync(vm, files, _acceleratorOf(vm), plan, template, behind: false, cancel);
        try
        {
            await LoadAsync(launch, vm, template, cancel);
            return launch;
        }
        catch
        {
            await launch.EndAsync();
            throw;
        }
    }

    private async Task LoadAsync(QemuLaunch launch, VmDefinition vm, Template template, CancellationToken cancel)
    {
        QemuMigration migration = QemuMigration.Of(launch.Qmp);
        try
        {
            await migration.LeaveRamAsync(true, cancel);
            await migration.LoadAsync(template.State, cancel);
        }
        catch (Exception e) when (e is MachineException or Protocols.Qmp.QmpException)
        {
            string why = $"QEMU cannot load it: {e.Message}";
            _store.MarkDamaged(vm.CloneOf ?? vm.Name, why);
            throw new TemplateException(why, e);
        }

        // RAM, state and overlays were opened one after the other; a template that took this one's place meanwhile would have given parts of two.
        if (_store.Find(vm.CloneOf ?? vm.Name)?.Manifest.Ram != template.Manifest.Ram)
        {
            throw new TemplateException("it was replaced while it was opened", null);
        }
    }

    /// <summary>Lets the guest of an engine that has loaded a template go on.</summary>
    public async Task GoOnAsync(QemuLaunch launch, VmDefinition vm, QemuFiles files, Template template, CancellationToken cancel)
    {
        if (vm.HasHome)
        {
            await PlugHomeAsync(launch, files, cancel);
        }

        if (template.Manifest.IsCheckpoint)
        {
            // Before the guest writes to its disks again.
            _store.Remove(vm.Name);
        }

        await launch.Qmp.ExecuteAsync("cont", null, cancel);
    }

    public TemplateLook Look(VmDefinition vm)
    {
        bool usable = Usable(vm, out string? why) is not null;
        Template? template = null;
        try
        {
            template = _store.Find(vm.CloneOf ?? vm.Name);
        }
        catch (MachineException)
        {
            // Said in why.
        }

        TemplateState state = usable ? TemplateState.Ready : template is not null || Directory.Exists(_store.Folder(vm.CloneOf ?? vm.Name)) ? TemplateState.Outdated : TemplateState.None;
        return new TemplateLook(state, why, template?.Manifest.Bytes, template?.Manifest.SavedAt, template?.Manifest.IsCheckpoint ?? false);
    }

    public bool IsWarm(string vm) => _warm.Has(vm);

    public async Task BuildAsync(VmDefinition vm, bool behind, Action<int, string> progress, CancellationToken cancel)
    {
        if (Disposables.Obstacle(vm) is { } obstacle)
        {
            throw new MachineException($"{vm.Name} can have no template: {obstacle}.");
        }

        await MakeAsync(vm, () => _builder.BuildAsync(vm, HostOf(vm), behind, progress, cancel));
    }

    public bool Import(VmDefinition vm, HyperspacePaths other, CancellationToken cancel)
    {
        try
        {
            if (new TemplateStore(other).Find(vm.Name) is not { Manifest.IsCheckpoint: false } foreign || foreign.Manifest.Misfit(HostOf(vm)) is not null)
            {
                return false;
            }

            uint? user = QemuUser.Of(_paths, vm.Name);
            _store.Import(vm.Name, foreign, file => QemuTemplateBuilder.GiveToReaders(file, user), cancel);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"The template of {vm.Name} cannot be copied: {e.Message}", e);
        }
    }

    public Task CheckpointAsync(VmDefinition vm, IRunningMachine run, CancellationToken cancel) =>
        MakeAsync(vm, () => _builder.CheckpointAsync(vm, (QemuMachine)run, HostOf(vm), cancel));

    public Task VerifyAsync(VmDefinition vm, CancellationToken cancel) => Task.Run(() =>
    {
        try
        {
            Template template = _store.Find(vm.Name) ?? throw new MachineException($"{vm.Name} has no template; \"hyperspace instant build {vm.Name}\" makes one.");
            try
            {
                TemplateStore.Verify(template, cancel);
            }
            catch (MachineException e) when (_store.Find(vm.Name)?.Manifest.Ram == template.Manifest.Ram)
            {
                _store.MarkDamaged(vm.Name, e.Message);
                throw;
            }
        }
        catch (MachineException e) when (!e.Message.StartsWith(vm.Name, StringComparison.Ordinal))
        {
            throw new MachineException($"The template of {vm.Name} is not used: {e.Message}. \"hyperspace instant build {vm.Name}\" makes a new one.", e);
        }
    }, cancel);

    public Task KeepWarmAsync(IReadOnlyCollection<VmDefinition> next, CancellationToken cancel) =>
        _warm.KeepAsync([.. next.Select(vm => (vm, Usable(vm, out _))).Where(pair => pair.Item2 is { Manifest.IsCheckpoint: false }).Select(pair => (pair.vm, pair.Item2!))], cancel);

    public async Task SweepAsync(IReadOnlyCollection<string> vms)
    {
        foreach (string name in FoldersOf(_paths.VmState("any")).Union(FoldersOf(_paths.VmRuntime("any"))).ToArray())
        {
            var files = new QemuFiles(_paths, name);
            bool waits = File.Exists(files.WarmMark) && !File.Exists(files.RunRecord);
            if (!VmSchema.IsName(name) || waits)
            {
                await QemuNames.EndStrayAsync(_paths, name);
                QemuPreparation.CleanUp(files);
            }

            if (!VmSchema.IsName(name) || (waits && !vms.Contains(name)))
            {
                Forget(name);
            }
            else
            {
                _store.DropNew(name);
            }
        }

        // What of a disposable is left when it has ended while no daemon watched, or was never opened.
        HashSet<string> running = [.. QemuProcess.FindAll(_paths).Keys];
        foreach (string name in FoldersOf(_paths.VmState("any")).Where(name => !vms.Contains(name) && !running.Contains(name) && DisposableRecord.IsThere(_paths, name)).ToArray())
        {
            Forget(name);
        }
    }

    public void Forget(string disposable)
    {
        foreach (string folder in new[] { _paths.VmState(disposable), _paths.VmRuntime(disposable) })
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (DirectoryNotFoundException)
            {
                // As it should be.
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"hyperspace: {folder} cannot be removed: {e.Message}");
            }
        }
    }

    private TemplateHost HostOf(VmDefinition vm) => _launcher.HostOf(vm, _acceleratorOf(vm), _version());

    /// <summary>One at a time for each VM.</summary>
    private async Task MakeAsync(VmDefinition vm, Func<Task> make)
    {
        SemaphoreSlim one = _making.GetOrAdd(vm.Name, _ => new SemaphoreSlim(1, 1));
        if (!await one.WaitAsync(0))
        {
            throw new MachineStateException($"A template of {vm.Name} is being made already.");
        }

        try
        {
            await make();
        }
        finally
        {
            one.Release();
        }
    }

    private static async Task PlugHomeAsync(QemuLaunch launch, QemuFiles files, CancellationToken cancel)
    {
        await launch.Qmp.ExecuteAsync("blockdev-add", w =>
        {
            w.WriteString("driver", "raw");
            w.WriteString("node-name", "home");
            w.WriteString("discard", "unmap");
            w.WriteStartObject("file");
            w.WriteString("driver", "file");
            w.WriteString("filename", files.Home);
            w.WriteEndObject();
        }, cancel);
        await launch.Qmp.ExecuteAsync("device_add", w =>
        {
            w.WriteString("driver", "virtio-blk-pci");
            w.WriteString("drive", "home");
            w.WriteString("bus", QemuCommandLine.HomeSlot);
        }, cancel);
    }

    private static IEnumerable<string> FoldersOf(string sibling) =>
        Path.GetDirectoryName(sibling) is { } folder && Directory.Exists(folder) ? Directory.EnumerateDirectories(folder).Select(f => Path.GetFileName(f)) : [];
}

/// <summary>A template cannot be opened; the message is the rest of a sentence. The VM can boot instead.</summary>
internal sealed class TemplateException(string message, Exception? inner) : Exception(message, inner);
