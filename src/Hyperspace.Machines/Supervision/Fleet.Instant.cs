using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Machines.Instant;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Supervision;

/// <summary>The fleet's part in templates: disposables are VMs without files, and what is opened and ended says what is to be kept warm.</summary>
public sealed partial class Fleet : IInstantFleet
{
    /// <summary>What has not come up then will perhaps never say so.</summary>
    private static readonly TimeSpan LongestBoot = TimeSpan.FromMinutes(2);

    private readonly InstantDesk? _desk;
    private long _lastStart;
    private string _alive = "";

    public Task<string> InstantAsync(string vm, InstantAction action, CancellationToken cancel) => action switch
    {
        InstantAction.Open => OpenAsync(vm, cancel),
        InstantAction.Close => CloseAsync(vm, cancel),
        InstantAction.Build => DoAsync(vm, definition => Desk.BuildAsync(definition), cancel),
        InstantAction.Verify => DoAsync(vm, definition => Desk.VerifyAsync(definition, _ending.Token), cancel),
        _ => throw new ArgumentOutOfRangeException(nameof(action)),
    };

    IReadOnlyList<VmDefinition> IInstantFleet.Definitions => [.. Machines().Where(m => !m.IsDisposable).Select(m => m.Definition.Definition).OfType<VmDefinition>()];

    IReadOnlyList<VmDefinition> IInstantFleet.NextOpens
    {
        get
        {
            lock (_lock)
            {
                return [.. ((IInstantFleet)this).Definitions.Where(vm => vm.Instant is not null).SelectMany(vm => NextOpens(vm).Take(vm.Instant!.Warm))];
            }
        }
    }

    bool IInstantFleet.HasStarted(TimeSpan within) =>
        Machines().Any(m => m.Current.State == VmState.Starting) || _clock.GetElapsedTime(Volatile.Read(ref _lastStart)) < within;

    bool IInstantFleet.IsBooting =>
        _clock.GetElapsedTime(Volatile.Read(ref _lastStart)) < LongestBoot && Machines().Any(m => m.IsBooting);

    void IInstantFleet.TemplatesChanged() => Publish();

    void IInstantFleet.Log(string vm, string what) => new MachineLog(Path.Combine(_paths.VmState(vm), "events.log"), _clock).Write(what);

    private InstantDesk Desk => _desk ?? throw new MachineException("This engine knows no templates.");

    private async Task StartAsync(Machine machine, bool cold, CancellationToken cancel)
    {
        Volatile.Write(ref _lastStart, _clock.GetTimestamp());
        try
        {
            await machine.StartAsync(cancel, cold);
        }
        finally
        {
            Volatile.Write(ref _lastStart, _clock.GetTimestamp());
        }
    }

    private async Task CheckpointAsync(Machine machine, CancellationToken cancel)
    {
        if (machine.IsDisposable)
        {
            throw new MachineStateException($"{machine.Name} is a disposable: it is forgotten when it ends, so there is nothing to save it for.");
        }

        await machine.CheckpointAsync(_engine.Templates ?? throw new MachineException("This engine knows no templates."), cancel);
        Desk.Changed();
    }

    private async Task<string> DoAsync(string vm, Func<VmDefinition, Task> action, CancellationToken cancel)
    {
        await action(WithTemplate(vm)).WaitAsync(cancel);
        return vm;
    }

    private VmDefinition WithTemplate(string vm)
    {
        Machine machine = Find(vm);
        VmDefinition definition = machine.Definition.Definition ?? throw new MachineException($"The definition of {vm} has errors: {machine.Status().Reason ?? "the file is gone."}");
        definition = definition.CloneOf is { } parent ? WithTemplate(parent) : definition;
        return definition.Instant is not null ? definition : throw new MachineException($"{vm} is no instant VM; with \"instant: true\" in {definition.SourceFile} it is.");
    }

    private async Task<string> OpenAsync(string vm, CancellationToken cancel)
    {
        VmDefinition definition = WithTemplate(vm);
        while (true)
        {
            Machine machine = Find(definition.Name);
            bool isOff = machine.Current.State is VmState.Off or VmState.Crashed;
            Machine target = isOff ? machine : NewDisposable(definition);
            try
            {
                await StartAsync(target, cold: false, cancel);
                return target.Name;
            }
            catch (MachineStateException) when (isOff && machine.Current.State is not (VmState.Off or VmState.Crashed))
            {
                // Somebody else opens it just now: this one gets the next.
            }
        }
    }

    private async Task<string> CloseAsync(string vm, CancellationToken cancel)
    {
        Machine machine = Find(vm);
        VmDefinition? definition = machine.Definition.Definition;
        bool keeps = definition is null || (definition.CloneOf is null && (definition.Instant is not { KeepsHome: false } || Disposables.Obstacle(definition) is not null));
        await (keeps ? machine.StopAsync(cancel) : machine.KillAsync(cancel));
        return vm;
    }

    private Machine NewDisposable(VmDefinition vm)
    {
        if (Disposables.Obstacle(vm) is { } obstacle)
        {
            throw new MachineStateException($"{vm.Name} runs already, and there can be no second one: {obstacle}.");
        }

        lock (_lock)
        {
            string name = FreeNames(vm.Name).FirstOrDefault() ?? throw new MachineStateException($"There are {Disposables.MaxAtOnce} of {vm.Name} already; close some.");
            int? port = Disposables.FreePort(_machines.Values.Select(m => m.Status().Port));
            VmDefinition disposable = Disposables.Of(vm, name, port, _paths);
            try
            {
                new DisposableRecord(vm.Name, disposable.Label, disposable.Color, port).Write(_paths, name);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new MachineException($"{name} cannot be opened: {e.Message}", e);
            }

            return _machines[name] = NewMachine(new LoadedDefinition(name, vm.SourceFile, disposable, []));
        }
    }

    /// <summary>The caller holds the lock.</summary>
    private IEnumerable<VmDefinition> NextOpens(VmDefinition vm)
    {
        if (_machines.TryGetValue(vm.Name, out Machine? machine) && machine.Current.State is VmState.Off or VmState.Crashed)
        {
            yield return vm;
        }

        if (Disposables.Obstacle(vm) is null)
        {
            foreach (string name in FreeNames(vm.Name))
            {
                yield return Disposables.Of(vm, name, null, _paths);
            }
        }
    }

    /// <summary>Names that no VM has or had: a folder of that name may hold the disks of one whose file was deleted.</summary>
    private IEnumerable<string> FreeNames(string vm) =>
        Disposables.Names(vm).Where(name => !_machines.ContainsKey(name) && DisposableRecord.MayHave(_paths, name));

    /// <summary>The definition of a disposable that an earlier daemon has opened; null when it is none.</summary>
    private LoadedDefinition? FoundDisposable(string name)
    {
        if (DisposableRecord.Read(_paths, name) is not { } record || !_machines.TryGetValue(record.Of, out Machine? parent) || parent.Definition.Definition is not { } vm)
        {
            return null;
        }

        return new LoadedDefinition(name, vm.SourceFile, Disposables.Of(vm, name, record.Port, _paths) with { Label = record.Label, Color = record.Color }, []);
    }

    private bool MoveDisposable(Machine machine, int? port)
    {
        Machine? other = port is null ? null : _machines.Values.FirstOrDefault(m => m.Status().Port == port);
        if (!machine.IsDisposable && other is not { IsDisposable: true })
        {
            return false;
        }

        if (!machine.IsDisposable || other is { IsDisposable: false })
        {
            string taker = machine.IsDisposable ? machine.Name : other!.Name;
            throw new MachineException($"Port {port} is taken by {other!.Name}, and {taker} is a disposable, which does not change places with a VM that has a file; expected a free port.");
        }

        int? old = machine.Status().Port;
        SetPort(machine, port);
        if (other is not null)
        {
            SetPort(other, old);
        }

        return true;
    }

    private void SetPort(Machine disposable, int? port)
    {
        VmDefinition moved = disposable.Definition.Definition! with { Port = port };
        new DisposableRecord(moved.CloneOf!, moved.Label, moved.Color, port).Write(_paths, disposable.Name);
        disposable.Redefine(disposable.Definition with { Definition = moved });
    }

    private void ForgetDisposable(Machine ended)
    {
        if (ended.IsDisposable)
        {
            _engine.Templates?.Forget(ended.Name);
        }
    }

    /// <summary>Which VMs run says which are opened next. The caller holds the lock.</summary>
    private void BalanceWhenOthersRun(VmStatus[] all)
    {
        string alive = string.Join(' ', all.Where(vm => vm.IsAlive).Select(vm => vm.Name).Order(StringComparer.Ordinal));
        if (alive != _alive)
        {
            _alive = alive;
            _desk?.Balance(InstantDesk.BehindAnOpen);
        }
    }

    private VmStatus StatusOf(Machine machine)
    {
        VmStatus status = machine.Status();
        if (_desk is null || machine.Definition.Definition is not { } definition)
        {
            return status;
        }

        InstantStatus? instant = _desk.StatusOf(definition);
        bool isBootedForWantOfOne = status is { IsAlive: true, Reason: null, StartedBy: "cold" } && !machine.IsColdByWish && instant is { Template: not TemplateState.Ready, Why: not null };
        return status with { Instant = instant, Reason = isBootedForWantOfOne ? $"It booted. {instant!.Why}" : status.Reason };
    }
}
