using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Machines.Instant;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Machines.Supervision;

/// <summary>All VMs of this host. Disposing it lets go of them and leaves them running.</summary>
public sealed partial class Fleet : IFleet, IAsyncDisposable
{
    private static readonly TimeSpan SamplePeriod = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BootPeriod = TimeSpan.FromMilliseconds(500);
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
    private readonly Lock _weighing = new();
    private volatile string? _focused;
    private Task _sampling = Task.CompletedTask;
    private Task _autostart = Task.CompletedTask;

    private Fleet(IDefinitionStore store, IEngine engine, HyperspacePaths paths, TimeProvider clock)
    {
        (_store, _engine, _paths, _clock) = (store, engine, paths, clock);
        _lastStart = clock.GetTimestamp();
        _sampler = new HostSampler(engine, paths);
        _desk = engine.Templates is { } templates ? new InstantDesk(templates, this) : null;
        Host = _sampler.Sample();
        _settled = new Timer(_ => ReloadSettled());
        _watcher = WatchDefinitions();
    }

    public IReadOnlyList<VmStatus> Vms { get; private set; } = [];

    public HostStatus Host { get; private set; }

    public event Action? Changed;

    /// <summary>Presses a VM's power button and leaves the rest to its guest.</summary>
    internal Task PressPowerAsync(string vm, CancellationToken cancel) => Find(vm).PressPowerAsync(cancel);

    /// <summary>Sets a guest's clock; false when it has no agent that does it.</summary>
    public Task<bool> SetClockAsync(string vm, CancellationToken cancel) => Find(vm).SetClockAsync(cancel);

    /// <summary>Presses a VM's sleep button; throws a <see cref="MachineException"/>. Set by whoever has the guests' power.</summary>
    internal Action<string>? SleepButton { get; set; }

    /// <summary>Whether a VM's definition lets it sleep (S3); a run that began before it did is not offered it yet.</summary>
    public bool OffersS3(string vm)
    {
        lock (_lock)
        {
            return _machines.TryGetValue(vm, out Machine? machine) && machine.OffersS3;
        }
    }

    /// <summary>The power of a VM's definition as it was read last; a VM without a good one has this machine's.</summary>
    internal PowerDefinition PowerOf(string vm)
    {
        lock (_lock)
        {
            return _machines.TryGetValue(vm, out Machine? machine) ? machine.Power : PowerDefinition.Mirror;
        }
    }

    /// <summary>Reads the definitions, finds the VMs that run already, and starts those with <c>autostart</c> that do not.</summary>
    public static async Task<Fleet> OpenAsync(IDefinitionStore store, IEngine engine, HyperspacePaths paths, TimeProvider clock, CancellationToken cancel)
    {
        var fleet = new Fleet(store, engine, paths, clock);
        fleet.Reload();
        await (engine.Templates?.SweepAsync([.. fleet.Machines().Select(m => m.Name)]) ?? Task.CompletedTask);
        await fleet.AdoptAllAsync(cancel);
        fleet._desk?.Refresh();
        fleet.Publish();
        fleet._autostart = fleet.AutostartAsync();
        fleet._desk?.Begin();
        fleet._sampling = Task.WhenAll(fleet.SampleAsync(), fleet.WatchBootsAsync());
        return fleet;
    }

    public Task ActAsync(string vm, VmAction action, CancellationToken cancel)
    {
        Machine machine = Find(vm);
        return action switch
        {
            VmAction.Start => StartAsync(machine, cold: false, cancel),
            VmAction.StartCold => StartAsync(machine, cold: true, cancel),
            VmAction.Checkpoint => CheckpointAsync(machine, cancel),
            VmAction.Stop => machine.StopAsync(cancel),
            VmAction.Kill => machine.KillAsync(cancel),
            VmAction.Reset => machine.ResetAsync(cancel),
            VmAction.Pause => machine.PauseAsync(cancel),
            VmAction.Resume => machine.ResumeAsync(cancel),
            VmAction.Sleep => PressSleep(machine),
            VmAction.Wake => machine.WakeAsync(cancel),
            _ => throw new ArgumentOutOfRangeException(nameof(action)),
        };
    }

    private Task PressSleep(Machine machine)
    {
        machine.CheckMaySleep();
        (SleepButton ?? throw new MachineException($"{machine.Name} has no sleep button here."))(machine.Name);
        return Task.CompletedTask;
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

            if (MoveDisposable(machine, port))
            {
                Publish();
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

            foreach (Machine gone in _machines.Values.Where(m => !m.IsDisposable && found.All(d => d.Name != m.Name)).ToArray())
            {
                gone.Redefine(gone.Definition with { Definition = null, Errors = [] });
            }
        }

        _desk?.Changed();
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
        var log = new MachineLog(definition.Definition?.CloneOf is null ? Path.Combine(_paths.VmState(definition.Name), "events.log") : null, _clock);
        return new Machine(definition, _engine, _clock, log, _paths.VmState(definition.Name), Publish);
    }

    /// <summary>Also VMs whose definitions are gone are found: nobody else could stop them.</summary>
    private async Task AdoptAllAsync(CancellationToken cancel)
    {
        lock (_lock)
        {
            foreach (string name in _engine.FindRuns().Where(name => !_machines.ContainsKey(name)))
            {
                _machines[name] = NewMachine(FoundDisposable(name) ?? new LoadedDefinition(name, Path.Combine(_paths.Definitions, name + ".yaml"), null, []));
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

    /// <summary>Those that are on the screen in a moment come first, and the others do not take that moment's CPUs from them.</summary>
    private async Task AutostartAsync()
    {
        ILookup<bool, Machine> wanted = Machines().Where(m => m.Definition.Definition is { Autostart: true } && m.Current is { State: VmState.Off, Run: null })
            .ToLookup(machine => machine.Definition.Definition!.Instant is not null);
        await Task.WhenAll(wanted[true].Select(StartQuietlyAsync));
        await Task.WhenAll(wanted[false].Select(StartQuietlyAsync));
    }

    private async Task StartQuietlyAsync(Machine machine)
    {
        try
        {
            await StartAsync(machine, cold: false, _ending.Token);
        }
        catch (Exception e) when (e is MachineException or OperationCanceledException)
        {
            // It is in the VM's state and log.
        }
    }

    /// <summary>What the seat shows; null for no VM, or no seat.</summary>
    public void FocusChanged(string? vm)
    {
        _focused = vm;
        Weigh();
    }

    /// <summary>While an instant VM has the focus, those that boot take the CPUs that it leaves.</summary>
    private void Weigh()
    {
        lock (_weighing)
        {
            Machine[] all = Machines();
            bool instant = all.FirstOrDefault(m => m.Name == _focused) is { Definition.Definition.Instant: not null, Current.State: VmState.Running };
            foreach (Machine machine in all)
            {
                machine.SetBehind(instant && machine.IsBooting && machine.Name != _focused);
            }
        }
    }

    private async Task WatchBootsAsync()
    {
        using var timer = new PeriodicTimer(BootPeriod);
        try
        {
            while (await timer.WaitForNextTickAsync(_ending.Token))
            {
                if (Machines().Count(machine => machine.LookAtBoot()) > 0)
                {
                    Publish();
                }

                Weigh();
            }
        }
        catch (OperationCanceledException)
        {
            // The fleet ends.
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
                _desk?.Tick();
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
                ForgetDisposable(forgotten);
            }

            VmStatus[] all = [.. _machines.Values.Select(StatusOf)];
            BalanceWhenOthersRun(all);
            Vms = [.. all.Select(vm => vm with { Port = PortOf(vm, all) }).OrderBy(vm => vm.Port ?? int.MaxValue).ThenBy(vm => vm.Name, StringComparer.Ordinal)];
        }

        Announce();
    }

    /// <summary>A VM that runs on without a good file has its port until another one's file takes it.</summary>
    private int? PortOf(VmStatus vm, VmStatus[] all) =>
        HasFile(vm) || !all.Any(other => other.Port == vm.Port && HasFile(other)) ? vm.Port : null;

    private bool HasFile(VmStatus vm) => _machines[vm.Name] is { Definition.Definition: not null, IsDisposable: false };

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
        await _autostart;
        if (_desk is not null)
        {
            await _desk.DisposeAsync();
        }

        foreach (Machine machine in Machines())
        {
            await machine.ReleaseAsync();
        }
    }
}
