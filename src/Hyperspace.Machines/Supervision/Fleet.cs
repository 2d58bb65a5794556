using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Machines.Supervision;

/// <summary>All VMs of this host. Disposing it lets go of them and leaves them running.</summary>
public sealed class Fleet : IFleet, IAsyncDisposable
{
    private static readonly TimeSpan SamplePeriod = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(200);

    private readonly IDefinitionStore _store;
    private readonly IEngine _engine;
    private readonly HyperspacePaths _paths;
    private readonly TimeProvider _clock;
    private readonly HostSampler _sampler;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Machine> _machines = [];
    private readonly CancellationTokenSource _ending = new();
    private readonly FileSystemWatcher? _watcher;
    private readonly Timer _settled;
    private Task _sampling = Task.CompletedTask;

    private Fleet(IDefinitionStore store, IEngine engine, HyperspacePaths paths, TimeProvider clock)
    {
        (_store, _engine, _paths, _clock) = (store, engine, paths, clock);
        _sampler = new HostSampler(engine, paths);
        Host = _sampler.Sample();
        _settled = new Timer(_ => ReloadSettled());
        _watcher = WatchDefinitions();
    }

    public IReadOnlyList<VmStatus> Vms { get; private set; } = [];

    public HostStatus Host { get; private set; }

    public event Action? Changed;

    /// <summary>Reads the definitions, finds the VMs that run already, and starts those with <c>autostart</c> that do not.</summary>
    public static async Task<Fleet> OpenAsync(IDefinitionStore store, IEngine engine, HyperspacePaths paths, TimeProvider clock, CancellationToken cancel)
    {
        var fleet = new Fleet(store, engine, paths, clock);
        fleet.Reload();
        await fleet.AdoptAllAsync(cancel);
        fleet.Publish();
        fleet.Autostart();
        fleet._sampling = fleet.SampleAsync();
        return fleet;
    }

    public Task ActAsync(string vm, VmAction action, CancellationToken cancel)
    {
        Machine machine = Find(vm);
        return action switch
        {
            VmAction.Start => machine.StartAsync(cancel),
            VmAction.Stop => machine.StopAsync(cancel),
            VmAction.Kill => machine.KillAsync(cancel),
            VmAction.Reset => machine.ResetAsync(cancel),
            VmAction.Pause => machine.PauseAsync(cancel),
            VmAction.Resume => machine.ResumeAsync(cancel),
            _ => throw new ArgumentOutOfRangeException(nameof(action)),
        };
    }

    public Task<IReadOnlyList<string>> LogAsync(string vm, string log, int maxLines, CancellationToken cancel)
    {
        string name = Find(vm).Name;
        if (log is not ("serial" or "qemu" or "events"))
        {
            throw new MachineException($"There is no log \"{log}\"; expected serial, qemu or events.");
        }

        try
        {
            return Task.FromResult(LogTail.Lines(Path.Combine(_paths.VmState(name), log + ".log"), Math.Clamp(maxLines, 1, 10_000)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"The log {log} of {name} cannot be read: {e.Message}", e);
        }
    }

    public Task MoveAsync(string vm, int? port, CancellationToken cancel)
    {
        if (port is < 1 or > 9)
        {
            throw new MachineException($"There is no port {port} for a VM; expected 1 to 9.");
        }

        lock (_lock)
        {
            Machine machine = Find(vm);
            int? old = machine.Status().Port;
            if (old == port)
            {
                return Task.CompletedTask;
            }

            var ports = new Dictionary<string, int?> { [vm] = port };
            if (port is not null && _machines.Values.FirstOrDefault(m => m.Status().Port == port) is { } other)
            {
                ports[other.Name] = old;
            }

            _store.SetPorts(ports);
        }

        Reload();
        return Task.CompletedTask;
    }

    public Task<SafeFileHandle> OpenDisplayAsync(string vm, int generation, CancellationToken cancel) => Find(vm).OpenDisplayAsync(generation, cancel);

    public Task<SafeFileHandle> OpenAgentAsync(string vm, int generation, CancellationToken cancel) => Find(vm).OpenAgentAsync(generation, cancel);

    private void ReloadSettled()
    {
        try
        {
            Reload();
        }
        catch (Exception e)
        {
            // On a timer's thread an exception would end the daemon.
            Console.Error.WriteLine($"hyperspace: the definitions cannot be read again: {e.Message}");
        }
    }

    public Task ReloadAsync(CancellationToken cancel)
    {
        Reload();
        return Task.CompletedTask;
    }

    /// <summary>Reads the definitions again. A VM whose file is gone stays in the list for as long as it runs.</summary>
    private void Reload()
    {
        lock (_lock)
        {
            IReadOnlyList<LoadedDefinition> found = LoadDefinitions();
            foreach (LoadedDefinition definition in found)
            {
                Machine machine = _machines.TryGetValue(definition.Name, out Machine? known) ? known : _machines[definition.Name] = NewMachine(definition);
                machine.Redefine(definition);
            }

            foreach (Machine gone in _machines.Values.Where(m => found.All(d => d.Name != m.Name)).ToArray())
            {
                gone.Redefine(gone.Definition with { Definition = null, Errors = [] });
            }
        }

        Publish();
    }

    /// <summary>A folder that cannot be read takes no VM away: the definitions stay as they were.</summary>
    private IReadOnlyList<LoadedDefinition> LoadDefinitions()
    {
        try
        {
            return _store.Load();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"hyperspace: the definitions in {_paths.Definitions} cannot be read: {e.Message}");
            return [.. _machines.Values.Select(m => m.Definition)];
        }
    }

    private Machine NewMachine(LoadedDefinition definition)
    {
        var log = new MachineLog(Path.Combine(_paths.VmState(definition.Name), "events.log"), _clock);
        return new Machine(definition, _engine, _clock, log, Publish);
    }

    /// <summary>Also VMs whose definitions are gone are found: nobody else could stop them.</summary>
    private async Task AdoptAllAsync(CancellationToken cancel)
    {
        lock (_lock)
        {
            foreach (string name in _engine.FindRuns().Where(name => !_machines.ContainsKey(name)))
            {
                _machines[name] = NewMachine(new LoadedDefinition(name, Path.Combine(_paths.Definitions, name + ".yaml"), null, []));
            }
        }

        await Task.WhenAll(Machines().Select(machine => AdoptAsync(machine, cancel)));
    }

    private static async Task AdoptAsync(Machine machine, CancellationToken cancel)
    {
        try
        {
            await machine.AdoptAsync(cancel);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            Console.Error.WriteLine($"hyperspace: {machine.Name} seems to run, but it cannot be taken over: {e.Message}");
        }
    }

    private void Autostart()
    {
        foreach (Machine machine in Machines().Where(m => m.Definition.Definition is { Autostart: true } && m.Current is { State: VmState.Off, Run: null }))
        {
            // A failure is in the VM's state and log.
            _ = machine.StartAsync(_ending.Token).ContinueWith(static task => task.Exception, TaskScheduler.Default);
        }
    }

    private async Task SampleAsync()
    {
        using var timer = new PeriodicTimer(SamplePeriod);
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token))
            {
                long now = System.Diagnostics.Stopwatch.GetTimestamp();
                foreach (Machine machine in Machines())
                {
                    machine.Sample(now);
                    LogTail.Trim(Path.Combine(_paths.VmState(machine.Name), "serial.log"));
                    LogTail.Trim(Path.Combine(_paths.VmState(machine.Name), "qemu.log"));
                }

                Host = _sampler.Sample();
                Publish();
            }
        }
        catch (OperationCanceledException)
        {
            // The fleet ends.
        }
    }

    private void Publish()
    {
        lock (_lock)
        {
            foreach (Machine forgotten in _machines.Values.Where(m => m.IsForgotten).ToArray())
            {
                _machines.Remove(forgotten.Name);
            }

            VmStatus[] all = [.. _machines.Values.Select(m => m.Status())];
            Vms = [.. all.Select(vm => vm with { Port = PortOf(vm, all) }).OrderBy(vm => vm.Port ?? int.MaxValue).ThenBy(vm => vm.Name, StringComparer.Ordinal)];
        }

        Announce();
    }

    /// <summary>A VM that runs on without a good file has its port until another one's file takes it.</summary>
    private int? PortOf(VmStatus vm, VmStatus[] all) =>
        _machines[vm.Name].Definition.Definition is null && all.Any(other => other.Port == vm.Port && _machines[other.Name].Definition.Definition is not null) ? null : vm.Port;

    private void Announce()
    {
        try
        {
            Changed?.Invoke();
        }
        catch (Exception e)
        {
            // A listener's mistake must not end the supervision of VMs, on whose thread this is.
            Console.Error.WriteLine($"hyperspace: telling of a change failed: {e}");
        }
    }

    private FileSystemWatcher? WatchDefinitions()
    {
        try
        {
            Directory.CreateDirectory(_paths.Definitions);
            var watcher = new FileSystemWatcher(_paths.Definitions, "*.yaml");
            FileSystemEventHandler changed = (_, _) => _settled.Change(Settle, Timeout.InfiniteTimeSpan);
            watcher.Changed += changed;
            watcher.Created += changed;
            watcher.Deleted += changed;
            watcher.Renamed += (_, _) => _settled.Change(Settle, Timeout.InfiniteTimeSpan);
            watcher.Error += (_, _) => _settled.Change(Settle, Timeout.InfiniteTimeSpan);
            watcher.EnableRaisingEvents = true;
            return watcher;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"hyperspace: changes in {_paths.Definitions} are not noticed ({e.Message}); hyperspace reload reads them.");
            return null;
        }
    }

    private Machine[] Machines()
    {
        lock (_lock)
        {
            return [.. _machines.Values];
        }
    }

    private Machine Find(string vm)
    {
        lock (_lock)
        {
            return _machines.TryGetValue(vm, out Machine? machine) ? machine : throw new UnknownMachineException(vm);
        }
    }

    public async ValueTask DisposeAsync()
    {
        _watcher?.Dispose();
        await _settled.DisposeAsync();
        await _ending.CancelAsync();
        await _sampling;
        foreach (Machine machine in Machines())
        {
            await machine.ReleaseAsync();
        }
    }
}
