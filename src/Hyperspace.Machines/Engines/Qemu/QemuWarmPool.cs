using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Instant;
using Hyperspace.Protocols.Qmp;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>
/// QEMUs that have started, have loaded a template, and wait to go on: each for one VM, in that VM's own folders, as its user. It has its RAM's file mapped: what it takes of the host is QEMU itself and the state of its devices.
/// A mark in its folder tells a later daemon that it is no VM.
/// </summary>
/// <param name="launch">Starts an engine and loads a template into it (<see cref="QemuTemplates.LaunchAsync"/>).</param>
internal sealed class QemuWarmPool(HyperspacePaths paths, QemuNames names, Func<VmDefinition, QemuFiles, Template, CancellationToken, Task<QemuLaunch>> launch)
{
    private readonly Dictionary<string, Waiting> _waiting = [];
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _one = new(1, 1);

    private sealed record Waiting(VmDefinition Vm, Template Template, QemuLaunch Launch);

    public bool Has(string name)
    {
        lock (_lock)
        {
            return _waiting.ContainsKey(name);
        }
    }

    /// <summary>Takes the one that waits for this VM. The caller holds the name. One that does not fit is ended.</summary>
    public async Task<QemuLaunch?> TakeAsync(VmDefinition vm, Template? template)
    {
        if (Remove(vm.Name) is not { } waiting)
        {
            return null;
        }

        if (!waiting.Launch.Process.Exited.IsCompleted && template is not null && Fits(waiting, vm, template))
        {
            QemuPreparation.TakeLogs(new QemuFiles(paths, vm.Name, warm: true), new QemuFiles(paths, vm.Name));
            return waiting.Launch;
        }

        await waiting.Launch.EndAsync();
        CleanUp(vm.Name);
        return null;
    }

    /// <summary>Makes what waits the same as what is wanted.</summary>
    public async Task KeepAsync(IReadOnlyList<(VmDefinition Vm, Template Template)> wanted, CancellationToken cancel)
    {
        await _one.WaitAsync(cancel);
        try
        {
            string[] had;
            lock (_lock)
            {
                had = [.. _waiting.Keys];
            }

            foreach (string name in had)
            {
                using IDisposable hold = await names.TakeAsync(name, cancel);
                if (Peek(name) is { } waiting
                    && (waiting.Launch.Process.Exited.IsCompleted || !wanted.Any(w => w.Vm.Name == name && Fits(waiting, w.Vm, w.Template))) && Remove(name) is not null)
                {
                    await EndAsync(name, waiting);
                }
            }

            foreach ((VmDefinition vm, Template template) in wanted.Where(w => !Has(w.Vm.Name)))
            {
                await StartAsync(vm, template, cancel);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task StartAsync(VmDefinition vm, Template template, CancellationToken cancel)
    {
        using IDisposable hold = await names.TakeAsync(vm.Name, cancel);

        // Nobody else's either: to prepare a name takes its sockets and its record away.
        if (names.IsRunning(vm.Name) || Has(vm.Name) || QemuProcess.FindAll(paths).ContainsKey(vm.Name))
        {
            return;
        }

        var files = new QemuFiles(paths, vm.Name, warm: true);
        try
        {
            Directory.CreateDirectory(files.Runtime);
            if (vm.CloneOf is { } parent && !DisposableRecord.IsThere(paths, vm.Name))
            {
                // One that is there already is that of an open which is about to ask for the name.
                new DisposableRecord(parent, vm.Label, vm.Color, null).Write(paths, vm.Name);
            }

            QemuLaunch launched = await launch(vm, files, template, cancel);
            lock (_lock)
            {
                _waiting[vm.Name] = new Waiting(vm, template, launched);
            }
        }
        catch (Exception e) when (e is MachineException or TemplateException or QmpException or IOException or UnauthorizedAccessException)
        {
            // Without it the next open takes a little longer, and says what is wrong if it matters then.
            Console.Error.WriteLine($"hyperspace: an engine cannot be kept ready for {vm.Name}: {e.Message}");
            CleanUp(vm.Name);
        }
    }

    private static bool Fits(Waiting waiting, VmDefinition vm, Template template) =>
        waiting.Template.Manifest.Ram == template.Manifest.Ram && waiting.Vm.CloneOf == vm.CloneOf && Machine(waiting.Vm) == Machine(vm);

    /// <summary>The definition without what QEMU does not know of.</summary>
    private static string Machine(VmDefinition vm) => DefinitionText.Yaml(DefinitionText.Keys(vm with
    {
        Label = "", Color = "", Port = null, Autostart = false, Description = "", Ready = null, StopDeadline = TimeSpan.Zero, Restart = new RestartDefinition(RestartPolicy.Never, 1),
        Instant = vm.Instant is { } instant ? instant with { Warm = 0 } : null,
    }));

    private Waiting? Peek(string name)
    {
        lock (_lock)
        {
            return _waiting.GetValueOrDefault(name);
        }
    }

    private Waiting? Remove(string name)
    {
        lock (_lock)
        {
            return _waiting.Remove(name, out Waiting? waiting) ? waiting : null;
        }
    }

    private async Task EndAsync(string name, Waiting waiting)
    {
        await waiting.Launch.EndAsync();
        CleanUp(name);
        if (waiting.Vm.CloneOf is not null)
        {
            DeleteFolder(paths.VmState(name));
            DeleteFolder(paths.VmRuntime(name));
        }
    }

    private void CleanUp(string name)
    {
        var files = new QemuFiles(paths, name, warm: true);
        QemuPreparation.CleanUp(files);
        File.Delete(files.Serial);
        File.Delete(files.QemuLog);
    }

    private static void DeleteFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
