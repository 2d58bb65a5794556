using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Protocols.Control;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Unit.Machines;

/// <summary>An engine whose runs a test plays. It counts what lives, and it is an error of the supervision when two runs of one VM do.</summary>
internal class ScriptedEngine : IEngine
{
    private readonly Lock _lock = new();
    private readonly List<ScriptedRun> _runs = [];

    public (string Accelerator, string Reason) Accelerator => ("tcg", "It is scripted.");

    public string Version => "1.0";

    public IReadOnlyList<Degradation> Degraded => [];

    /// <summary>Runs that an earlier daemon has left.</summary>
    public Dictionary<string, ScriptedRun> Left { get; } = [];

    /// <summary>All runs so far.</summary>
    public IReadOnlyList<ScriptedRun> Runs
    {
        get
        {
            lock (_lock)
            {
                return [.. _runs];
            }
        }
    }

    /// <summary>The most runs of one VM that lived at the same time.</summary>
    public int MostAtOnce { get; private set; }

    /// <summary>What a run does about the power button.</summary>
    public Action<ScriptedRun> OnPowerDown { get; set; } = run => run.End(new MachineEnd(false, "The guest powered itself off."));

    public string AcceleratorOf(VmDefinition definition) => "tcg";

    public IReadOnlyList<string> FindRuns() => [.. Left.Keys];

    public Task<IRunningMachine?> AdoptAsync(string name, CancellationToken cancel) => Task.FromResult<IRunningMachine?>(Left.GetValueOrDefault(name));

    public virtual Task<IRunningMachine> StartAsync(VmDefinition definition, int generation, CancellationToken cancel) =>
        Task.FromResult<IRunningMachine>(Begin(definition.Name, generation));

    protected ScriptedRun Begin(string name, int generation)
    {
        lock (_lock)
        {
            var run = new ScriptedRun(name, generation) { OnPowerDown = OnPowerDown };
            _runs.Add(run);
            MostAtOnce = Math.Max(MostAtOnce, _runs.Count(r => r.Name == name && r.IsAlive));
            return run;
        }
    }
}

/// <summary>An engine whose starts wait until the test lets them go on, and then do what it says.</summary>
internal sealed class EngineThatWaits : ScriptedEngine
{
    private readonly Lock _lock = new();
    private readonly Queue<TaskCompletionSource<string?>> _waiting = new();

    public int Waiting
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count;
            }
        }
    }

    /// <summary>Lets the oldest start go on.</summary>
    /// <param name="problem">Why it fails; null when it succeeds.</param>
    public bool Release(string? problem)
    {
        lock (_lock)
        {
            while (_waiting.TryDequeue(out TaskCompletionSource<string?>? start))
            {
                if (start.TrySetResult(problem))
                {
                    return true;
                }
            }

            return false;
        }
    }

    public override async Task<IRunningMachine> StartAsync(VmDefinition definition, int generation, CancellationToken cancel)
    {
        var gate = new TaskCompletionSource<string?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiting.Enqueue(gate);
        }

        await using (cancel.Register(() => gate.TrySetCanceled(cancel)))
        {
            return await gate.Task is { } problem ? throw new MachineException(problem) : Begin(definition.Name, generation);
        }
    }
}

/// <summary>An engine that fails so many starts and then works.</summary>
internal sealed class EngineThatFailsStarts(int failures) : ScriptedEngine
{
    private int _failures = failures;

    public int Failures
    {
        set => Volatile.Write(ref _failures, value);
    }

    public override Task<IRunningMachine> StartAsync(VmDefinition definition, int generation, CancellationToken cancel) =>
        Interlocked.Decrement(ref _failures) >= 0
            ? Task.FromException<IRunningMachine>(new MachineException("QEMU ended at once."))
            : base.StartAsync(definition, generation, cancel);
}

/// <summary>One run, played by a test.</summary>
internal sealed class ScriptedRun(string name, int generation) : IRunningMachine
{
    private readonly TaskCompletionSource<MachineEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name { get; } = name;
    public int? Pid => 4242;
    public int Generation { get; } = generation;
    public DateTimeOffset StartedAt { get; } = DateTimeOffset.UnixEpoch;
    public string Accelerator => "tcg";
    public bool IsPaused { get; private set; }
    public bool IsAsleep { get; private set; }
    public string? Trouble { get; private set; }
    public event Action? Changed;
    public Task<MachineEnd> Ended => _ended.Task;
    public bool IsAlive => !_ended.Task.IsCompleted;
    public int Disposals { get; private set; }
    public List<string> Calls { get; } = [];
    public MachineUse? Use { get; set; }
    public required Action<ScriptedRun> OnPowerDown { get; init; }

    public MachineUse? Measure() => Use;

    public void End(MachineEnd why) => _ended.TrySetResult(why);

    public void Pause(bool paused, string? trouble = null)
    {
        (IsPaused, Trouble) = (paused, trouble);
        Changed?.Invoke();
    }

    public Task PowerDownAsync(CancellationToken cancel)
    {
        Record("power");
        OnPowerDown(this);
        return Task.CompletedTask;
    }

    public Task KillAsync()
    {
        Record("kill");
        End(new MachineEnd(false, "It was ended by force."));
        return Task.CompletedTask;
    }

    public Task<bool> SetClockAsync(CancellationToken cancel) => Task.FromResult(false);

    /// <summary>Each call, in order.</summary>
    public List<bool> Behind { get; } = [];

    public void SetBehind(bool behind) => Behind.Add(behind);

    public Task ResetAsync(CancellationToken cancel) => Done("reset");

    public Task PauseAsync(CancellationToken cancel)
    {
        Pause(true);
        return Done("pause");
    }

    public Task ResumeAsync(CancellationToken cancel)
    {
        Pause(false);
        return Done("resume");
    }

    public Task WakeAsync(CancellationToken cancel)
    {
        FallAsleep(false);
        return Done("wake");
    }

    public void FallAsleep(bool asleep)
    {
        IsAsleep = asleep;
        Changed?.Invoke();
    }
    public Task<SafeFileHandle> OpenAgentAsync(CancellationToken cancel) => Task.FromResult(new SafeFileHandle(-1, ownsHandle: false));

    public Task<SafeFileHandle> OpenDisplayAsync(CancellationToken cancel) => Task.FromResult(new SafeFileHandle(-1, ownsHandle: false));

    public ValueTask DisposeAsync()
    {
        Disposals++;
        return ValueTask.CompletedTask;
    }

    private Task Done(string call)
    {
        Record(call);
        return Task.CompletedTask;
    }

    private void Record(string call)
    {
        lock (Calls)
        {
            Calls.Add(call);
        }
    }
}
