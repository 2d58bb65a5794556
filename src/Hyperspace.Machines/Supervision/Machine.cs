using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Protocols.Control;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Machines.Supervision;

/// <summary>
/// One VM over all its runs. Its state is one immutable value that changes under one lock; what takes long (a start, a stop) happens outside of it, one such thing at a time, and goes on
/// when the one who asked for it no longer waits. docs/engine.md has the states.
/// </summary>
internal sealed partial class Machine
{
    private static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(30);

    private readonly IEngine _engine;
    private readonly TimeProvider _clock;
    private readonly MachineLog _log;
    private readonly string _folder;
    private readonly Action _changed;
    private readonly RestartBudget _budget;
    private readonly Lock _lock = new();
    private volatile LoadedDefinition _definition;
    private volatile VmDefinition? _lastGood;
    private volatile MachineState _current = new(VmState.Off, null, null, 0);
    private volatile Usage _usage = Usage.None;
    private Launch? _launch;
    private TaskCompletionSource _over = new();
    private CancellationTokenSource? _restartWait;
    private int _generation;
    private bool _released;
    private volatile bool _hasEnded;
    private volatile bool _coldByWish;
    private volatile BootWatch? _boot;
    private bool _isBehind;

    /// <param name="changed">Called after each change, on any thread.</param>
    /// <param name="folder">Its state folder: its serial line's log is there, and what is known of its boots.</param>
    public Machine(LoadedDefinition definition, IEngine engine, TimeProvider clock, MachineLog log, string folder, Action changed)
    {
        (_engine, _clock, _log, _folder, _changed) = (engine, clock, log, folder, changed);
        (_definition, _lastGood, _budget) = (definition, definition.Definition, new RestartBudget(clock));
    }

    public string Name => _definition.Name;

    /// <summary>The file as it was read last. A running VM keeps what it was started with until it is started again.</summary>
    public LoadedDefinition Definition => _definition;

    public MachineState Current => _current;

    /// <summary>Whether it has no file and is forgotten when it ends.</summary>
    public bool IsDisposable => _definition.Definition?.CloneOf is not null;

    /// <summary>Whether this run boots because somebody wanted it to.</summary>
    public bool IsColdByWish => _coldByWish;

    /// <summary>Of the last definition without errors.</summary>
    public PowerDefinition Power => (_definition.Definition ?? _lastGood)?.Power ?? PowerDefinition.Mirror;

    /// <summary>Of the last definition without errors.</summary>
    public bool OffersS3 => (_definition.Definition ?? _lastGood)?.OffersS3 ?? false;

    /// <summary>True when nothing of it is left but its status: its file is gone and it does not run.</summary>
    public bool IsForgotten => IsDisposable ? _hasEnded && !Status().IsAlive : _definition.Definition is null && _definition.Errors.Count == 0 && !Status().IsAlive;

    public void Redefine(LoadedDefinition definition)
    {
        _definition = definition;
        _lastGood = definition.Definition ?? _lastGood;
    }

    /// <summary>Measures what it takes of the host since the last call.</summary>
    /// <param name="at">CLOCK_MONOTONIC, in nanoseconds.</param>
    public void Sample(long at) => _usage = Usage.Sample(_current.Run?.Measure(), _usage, at);

    /// <summary>Whether it runs and its guest is not up yet.</summary>
    public bool IsBooting => _boot is { Status.IsUp: false } && _current.State == VmState.Running;

    /// <summary>Looks how far its boot is. Not on two threads at once.</summary>
    /// <returns>Whether there is something new to tell.</returns>
    public bool LookAtBoot()
    {
        if (_boot is not { Status.IsUp: false } boot || _current is not { State: VmState.Running, Run: { } run } || !boot.Look(run.Measure()))
        {
            return false;
        }

        lock (_lock)
        {
            _current = ReferenceEquals(_current.Run, run) ? _current with { Boot = boot.Status } : _current;
        }

        if (boot.Status.IsUp)
        {
            _log.Write("Its guest is up.");
        }

        return true;
    }

    /// <summary>Has it take the CPUs that others leave, or its usual share again. Not on two threads at once.</summary>
    public void SetBehind(bool behind)
    {
        if (_isBehind != behind && _current.Run is { } run)
        {
            _isBehind = behind;
            run.SetBehind(behind);
        }
    }

    public VmStatus Status() => _current.ToStatus(_definition, _lastGood, _usage, Volatile.Read(ref _generation), _engine);

    /// <summary>Goes on with a run of an earlier daemon, if there is one.</summary>
    public async Task AdoptAsync(CancellationToken cancel)
    {
        if (await _engine.AdoptAsync(Name, cancel) is { } run)
        {
            _log.Write(run.Ended.IsCompleted ? "A daemon has started and found that this VM has ended." : $"A daemon has started and found this VM running (process {run.Pid}).");
            Watch(run, restarts: 0, null);
        }
    }

    /// <summary>Returns when it runs. The start goes on when the caller no longer waits.</summary>
    /// <param name="cold">Without its template.</param>
    public async Task StartAsync(CancellationToken cancel, bool cold = false)
    {
        CancelRestart();
        Launch launch = Begin(restarts: 0, ticket: null, cold);
        _budget.Forget();
        await launch.Done.WaitAsync(cancel);
    }

    /// <summary>
    /// Presses the power button, waits for as long as the definition says, and then ends it by force. A start that is under way is given up. The stop goes on when the
    /// caller no longer waits.
    /// </summary>
    public Task StopAsync(CancellationToken cancel) => EndAsync(force: false).WaitAsync(cancel);

    public Task KillAsync(CancellationToken cancel) => EndAsync(force: true).WaitAsync(cancel);

    /// <summary>Saves it and ends it. When it cannot be saved it runs on. Goes on when the caller no longer waits.</summary>
    public Task CheckpointAsync(ITemplates templates, CancellationToken cancel) => SaveAsync(templates).WaitAsync(cancel);

    public Task ResetAsync(CancellationToken cancel) => Need().ResetAsync(cancel);

    public Task PauseAsync(CancellationToken cancel) => Need().PauseAsync(cancel);

    /// <summary>Lets a paused guest go on, and wakes one that sleeps.</summary>
    public Task ResumeAsync(CancellationToken cancel) => Need() is { IsPaused: false, IsAsleep: true } sleeper ? sleeper.WakeAsync(cancel) : Need().ResumeAsync(cancel);

    public Task<bool> SetClockAsync(CancellationToken cancel) => Need().SetClockAsync(cancel);

    /// <summary>What the guest does about it is its own business.</summary>
    public Task PressPowerAsync(CancellationToken cancel) => Need().PowerDownAsync(cancel);

    /// <summary>Wakes a guest that sleeps; one that is awake stays so.</summary>
    public Task WakeAsync(CancellationToken cancel) => Need().WakeAsync(cancel);

    /// <exception cref="MachineStateException">It is not awake, so that nothing in it would notice its sleep button.</exception>
    public void CheckMaySleep()
    {
        Need();
        if (_current.State is VmState.Sleeping or VmState.Paused)
        {
            throw new MachineStateException(_current.State == VmState.Sleeping ? $"{Name} sleeps already." : $"{Name} is paused.");
        }
    }

    public Task<SafeFileHandle> OpenDisplayAsync(int generation, CancellationToken cancel) => NeedRun(generation, "display").OpenDisplayAsync(cancel);

    public Task<SafeFileHandle> OpenAgentAsync(int generation, CancellationToken cancel) => NeedRun(generation, "clipboard").OpenAgentAsync(cancel);

    private IRunningMachine NeedRun(int generation, string what)
    {
        IRunningMachine run = _current.Run ?? throw new MachineStateException($"{Name} does not run.");
        return run.Generation == generation ? run : throw new MachineStateException($"{Name} has been started again; its {what} is another one now.");
    }

    /// <summary>Lets go of the run and leaves it running. A start that is under way is given up.</summary>
    public async Task ReleaseAsync()
    {
        lock (_lock)
        {
            _released = true;
        }

        CancelRestart();
        await GiveUpLaunchAsync();
        if (_current.Run is { } run)
        {
            await run.DisposeAsync();
        }
    }

    /// <param name="ticket">The restart that this is part of, unless somebody has cancelled it; null for a start by hand.</param>
    private Launch Begin(int restarts, CancellationTokenSource? ticket, bool cold = false)
    {
        Launch launch;
        VmDefinition definition;
        lock (_lock)
        {
            if (_released)
            {
                throw new MachineStateException($"{Name} cannot be started, because the daemon is ending.");
            }

            if (ticket is not null && !ReferenceEquals(ticket, _restartWait))
            {
                throw new OperationCanceledException();
            }

            CheckMayStart();
            definition = _definition.Definition ?? throw new MachineException($"{Name} cannot be started, because its definition has errors: {Status().Reason ?? "the file is gone."}");

            definition = definition with { Cold = cold };
            _coldByWish = cold;

            // The seat tells displays apart by this number, also after a new daemon: so it grows with the time since boot, in tenths of a second.
            _generation = Math.Max(_generation + 1, (int)(_clock.GetTimestamp() / (_clock.TimestampFrequency / 10)));
            launch = new Launch(_generation);
            (_launch, _current) = (launch, new MachineState(VmState.Starting, null, null, restarts));
        }

        _changed();
        _ = Task.Run(() => LaunchAsync(launch, definition, restarts));
        return launch;
    }

    private void CheckMayStart()
    {
        if (_current.State is VmState.Starting or VmState.Running or VmState.Paused or VmState.Sleeping or VmState.Stopping)
        {
            throw new MachineStateException(_current.State switch
            {
                VmState.Starting => $"{Name} is being started already.",
                VmState.Stopping => $"{Name} is being stopped; start it when that is done.",
                _ => $"{Name} runs already.",
            });
        }
    }

    private async Task LaunchAsync(Launch launch, VmDefinition definition, int restarts)
    {
        try
        {
            IRunningMachine run = await _engine.StartAsync(definition, launch.Generation, launch.GivenUp);
            _log.Write($"Started (process {run.Pid}, {run.Accelerator}{(run.StartedBy == "cold" ? "" : $", {run.StartedBy}")}).");
            Watch(run, restarts, launch);
            launch.Succeeded();
        }
        catch (Exception e)
        {
            MachineException problem = e switch
            {
                OperationCanceledException => new MachineStateException($"The start of {Name} was given up."),
                MachineException known => known,
                _ => new MachineException($"{Name} cannot be started: {e.Message}", e),
            };
            _log.Write($"The start failed: {problem.Message}");
            lock (_lock)
            {
                _hasEnded = true;
                (_launch, _current) = (null, new MachineState(VmState.Off, problem is MachineStateException ? null : problem.Message, null, restarts));
            }

            _changed();
            launch.Failed(problem);
        }
    }

    private void Watch(IRunningMachine run, int restarts, Launch? launch)
    {
        var over = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _over = over;
            _generation = Math.Max(_generation, run.Generation);
            _launch = ReferenceEquals(_launch, launch) ? null : _launch;
            _isBehind = false;
            _boot = NewBoot(run);
            _current = new MachineState(StateOf(run), null, run, restarts, _boot?.Status ?? BootStatus.Up);
        }

        run.Changed += () => RunChanged(run);
        RunChanged(run);
        _ = EndedAsync(run, over);
    }

    /// <summary>Null for a run that did not boot: it was saved when it was up.</summary>
    private BootWatch? NewBoot(IRunningMachine run) => run.StartedBy != "cold"
        ? null
        : new BootWatch((_definition.Definition ?? _lastGood)?.Ready, Path.Combine(_folder, "serial.log"), IsDisposable ? null : Path.Combine(_folder, "boot-cpu-seconds"), _clock);

    private static VmState StateOf(IRunningMachine run) => run.IsPaused ? VmState.Paused : run.IsAsleep ? VmState.Sleeping : VmState.Running;

    private void RunChanged(IRunningMachine run)
    {
        lock (_lock)
        {
            if (ReferenceEquals(_current.Run, run) && _current.State != VmState.Stopping)
            {
                _current = _current with { State = StateOf(run) };
            }
        }

        _changed();
    }

    private IRunningMachine Need() => _current switch
    {
        { State: VmState.Starting } => throw new MachineStateException($"{Name} is being started."),
        { State: VmState.Stopping } => throw new MachineStateException($"{Name} is being stopped."),
        { Run: { } run } => run,
        _ => throw new MachineStateException($"{Name} does not run."),
    };
}
