using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Protocols.Control;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Machines.Supervision;

/// <summary>
/// One VM over all its runs. Its state is one immutable value that changes under one lock; what takes long (a start, a stop) happens outside of it, and one such thing at a time.
/// </summary>
internal sealed class Machine
{
    private static readonly TimeSpan RestartWindow = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(60);

    private readonly IEngine _engine;
    private readonly TimeProvider _clock;
    private readonly MachineLog _log;
    private readonly Action _changed;
    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly List<DateTimeOffset> _restarts = [];
    private CancellationTokenSource? _restartWait;
    private int _generation;

    /// <param name="changed">Called after each change, on any thread.</param>
    public Machine(LoadedDefinition definition, IEngine engine, TimeProvider clock, MachineLog log, Action changed)
    {
        (_engine, _clock, _log, _changed) = (engine, clock, log, changed);
        Definition = definition;
        Current = new MachineState(VmState.Off, null, null, 0);
    }

    public string Name => Definition.Name;

    /// <summary>The file as it was read last. A running VM keeps what it was started with until it is started again.</summary>
    public LoadedDefinition Definition { get; private set; }

    public MachineState Current { get; private set; }

    /// <summary>CPU and memory of the process; the fleet samples them.</summary>
    public Usage Usage { get; set; }

    /// <summary>True when nothing of it is left but its status: its file is gone and it does not run.</summary>
    public bool IsForgotten => Definition.Definition is null && Definition.Errors.Count == 0 && !Status().IsAlive;

    public void Redefine(LoadedDefinition definition) => Definition = definition;

    public VmStatus Status()
    {
        VmDefinition? d = Definition.Definition;
        MachineState s = Current;
        bool invalid = d is null && s.Run is null;
        string? reason = invalid ? string.Join("; ", Definition.Errors.Select(e => e.ToString())) : s.Reason;
        return new VmStatus(
            Name, d?.Label ?? Name, d?.Color ?? "#8b93a1", d?.Port, invalid ? VmState.Invalid : s.State, reason, d?.MemoryMiB ?? 0, d?.Cpus ?? 0,
            s.Run?.Accelerator ?? (d is null ? "" : _engine.AcceleratorOf(d)), Usage.CpuPercent, Usage.ResidentBytes, s.Run?.StartedAt, s.Restarts, s.Run?.Generation ?? _generation)
        {
            Pid = s.Run?.Pid,
        };
    }

    /// <summary>Goes on with a run of an earlier daemon, if there is one.</summary>
    public async Task AdoptAsync(CancellationToken cancel)
    {
        if (await _engine.AdoptAsync(Name, cancel) is not { } run)
        {
            return;
        }

        _generation = run.Generation;
        _log.Write($"A daemon has started and found this VM running (process {run.Pid}).");
        Watch(run, restarts: 0);
    }

    public async Task StartAsync(CancellationToken cancel)
    {
        CancelRestart();
        _restarts.Clear();
        await StartOnceAsync(restarts: 0, cancel);
    }

    /// <summary>Presses the power button, waits for as long as the definition says, and then ends the process.</summary>
    public async Task StopAsync(CancellationToken cancel)
    {
        CancelRestart();
        if (!TryRun(out IRunningMachine? run))
        {
            return;
        }

        Set(s => s with { State = VmState.Stopping, Reason = null });
        _log.Write("The power button was pressed.");
        if (run.IsPaused)
        {
            await run.ResumeAsync(cancel);
        }

        await run.PowerDownAsync(cancel);
        TimeSpan deadline = Definition.Definition?.StopDeadline ?? TimeSpan.FromSeconds(30);
        if (await Task.WhenAny(run.Ended, Task.Delay(deadline, _clock, cancel)) != run.Ended)
        {
            cancel.ThrowIfCancellationRequested();
            _log.Write($"It did not power itself off within {deadline.TotalSeconds:0} s and is ended.");
            await run.KillAsync();
        }

        await EndedAsync(run);
    }

    public async Task KillAsync()
    {
        CancelRestart();
        if (TryRun(out IRunningMachine? run))
        {
            Set(s => s with { State = VmState.Stopping, Reason = null });
            await run.KillAsync();
            await EndedAsync(run);
        }
    }

    public Task ResetAsync(CancellationToken cancel) => Need().ResetAsync(cancel);

    public Task PauseAsync(CancellationToken cancel) => Need().PauseAsync(cancel);

    public Task ResumeAsync(CancellationToken cancel) => Need().ResumeAsync(cancel);

    public Task<SafeFileHandle> OpenDisplayAsync(int generation, CancellationToken cancel)
    {
        IRunningMachine run = Need();
        return run.Generation == generation
            ? run.OpenDisplayAsync(cancel)
            : throw new MachineStateException($"{Name} has been started again; its display is another one now.");
    }

    /// <summary>Lets go of the run and leaves it running.</summary>
    public async Task ReleaseAsync()
    {
        CancelRestart();
        if (Current.Run is { } run)
        {
            await run.DisposeAsync();
        }
    }

    private async Task StartOnceAsync(int restarts, CancellationToken cancel)
    {
        if (!_starting.Wait(0, CancellationToken.None))
        {
            throw new MachineStateException($"{Name} is being started already.");
        }

        try
        {
            if (Current.Run is not null)
            {
                throw new MachineStateException($"{Name} runs already.");
            }

            VmDefinition definition = Definition.Definition
                ?? throw new MachineException($"{Name} cannot be started, because its definition has errors: {Status().Reason}");
            Set(s => s with { State = VmState.Starting, Reason = null });
            Watch(await _engine.StartAsync(definition, ++_generation, cancel), restarts);
            _log.Write($"Started (process {Current.Run?.Pid}, {Current.Run?.Accelerator}).");
        }
        catch (Exception e) when (e is not MachineStateException)
        {
            _log.Write($"The start failed: {e.Message}");
            Set(s => new MachineState(VmState.Off, e.Message, null, s.Restarts));
            throw e is MachineException or OperationCanceledException ? e : new MachineException($"{Name} cannot be started: {e.Message}", e);
        }
        finally
        {
            _starting.Release();
        }
    }

    private void Watch(IRunningMachine run, int restarts)
    {
        run.PausedChanged += () => Set(s => ReferenceEquals(s.Run, run) ? s with { State = Alive(run, s.State) } : s);
        Set(_ => new MachineState(run.IsPaused ? VmState.Paused : VmState.Running, null, run, restarts));
        _ = EndedAsync(run);
    }

    private static VmState Alive(IRunningMachine run, VmState now) => now == VmState.Stopping ? now : run.IsPaused ? VmState.Paused : VmState.Running;

    /// <summary>Completes when what the end of the run leads to has been done; several may wait for it, the first does it.</summary>
    private async Task EndedAsync(IRunningMachine run)
    {
        MachineEnd end = await run.Ended;
        int restarts;
        lock (_lock)
        {
            if (!ReferenceEquals(Current.Run, run))
            {
                return;
            }

            restarts = Current.Restarts;
            Current = new MachineState(end.Crashed ? VmState.Crashed : VmState.Off, end.Reason, null, restarts);
        }

        _log.Write(end.Crashed ? $"Crashed: {end.Reason}" : end.Reason);
        _changed();
        await run.DisposeAsync();
        if (end.Crashed)
        {
            _ = RestartAsync(restarts);
        }
    }

    /// <summary>The restart policy: 1, 2, 4 ... 60 s after a crash, as often within ten minutes as the definition allows.</summary>
    private async Task RestartAsync(int restarts)
    {
        if (Definition.Definition is not { Restart: { Policy: RestartPolicy.OnCrash, Maximum: var maximum } })
        {
            return;
        }

        DateTimeOffset now = _clock.GetUtcNow();
        _restarts.RemoveAll(time => now - time > RestartWindow);
        if (_restarts.Count >= maximum)
        {
            _log.Write($"It has been restarted {_restarts.Count} times within ten minutes and now stays as it is.");
            Set(s => s with { Reason = $"{s.Reason} It crashed {_restarts.Count + 1} times within ten minutes and is not restarted any more." });
            return;
        }

        var back = TimeSpan.FromSeconds(Math.Min(Math.Pow(2, _restarts.Count), LongestBackOff.TotalSeconds));
        _restarts.Add(now);
        var wait = new CancellationTokenSource();
        _restartWait = wait;
        try
        {
            await Task.Delay(back, _clock, wait.Token);
            await StartOnceAsync(restarts + 1, wait.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or MachineException)
        {
            // Somebody started or stopped it meanwhile, or the start failed and said so in the log and in the state.
        }
    }

    private void CancelRestart() => Interlocked.Exchange(ref _restartWait, null)?.Cancel();

    private bool TryRun([System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out IRunningMachine? run) => (run = Current.Run) is not null;

    private IRunningMachine Need() => Current.Run ?? throw new MachineStateException($"{Name} does not run.");

    private void Set(Func<MachineState, MachineState> next)
    {
        lock (_lock)
        {
            Current = next(Current);
        }

        _changed();
    }
}

/// <summary>Where a VM is; immutable.</summary>
/// <param name="Run">Null while there is no process.</param>
internal sealed record MachineState(VmState State, string? Reason, IRunningMachine? Run, int Restarts);

/// <summary>What a VM's process takes.</summary>
/// <param name="CpuSeconds">Used so far, for the next sample.</param>
internal readonly record struct Usage(double CpuPercent, long ResidentBytes, double CpuSeconds, long At)
{
    /// <param name="at">CLOCK_MONOTONIC, in nanoseconds.</param>
    public static Usage Sample(int? pid, Usage last, long at)
    {
        if (pid is not { } id || ProcessInfo.CpuSeconds(id) is not { } cpu)
        {
            return default;
        }

        double percent = last.At == 0 || at <= last.At ? 0 : Math.Max(0, (cpu - last.CpuSeconds) / ((at - last.At) / 1e9) * 100);
        return new Usage(Math.Round(percent, 1), ProcessInfo.ResidentBytes(id) ?? 0, cpu, at);
    }
}
