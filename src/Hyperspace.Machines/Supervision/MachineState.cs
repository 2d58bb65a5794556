using Hyperspace.Machines.Engines;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Supervision;

/// <summary>Where a VM is; immutable.</summary>
/// <param name="Run">Null while there is no process.</param>
internal sealed record MachineState(VmState State, string? Reason, IRunningMachine? Run, int Restarts);

/// <summary>A start that is under way.</summary>
internal sealed class Launch(int generation)
{
    private readonly CancellationTokenSource _giveUp = new();
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Generation { get; } = generation;

    public CancellationToken GivenUp => _giveUp.Token;

    /// <summary>Completes when the VM runs; faults with a <see cref="MachineException"/>.</summary>
    public Task Done => _done.Task;

    public void GiveUp() => _giveUp.Cancel();

    public void Succeeded() => _done.SetResult();

    public void Failed(MachineException problem)
    {
        _done.SetException(problem);

        // A restart or an autostart may have nobody who waits for it.
        _ = _done.Task.Exception;
    }

    /// <summary>Completes when it is over, however it ended.</summary>
    public Task OverAsync() => _done.Task.ContinueWith(static _ => { }, TaskScheduler.Default);
}

/// <summary>What a VM takes of the host; immutable.</summary>
/// <param name="CpuSeconds">Used so far, for the next sample.</param>
/// <param name="At">CLOCK_MONOTONIC, in nanoseconds.</param>
internal sealed record Usage(double CpuPercent, long ResidentBytes, double CpuSeconds, long At)
{
    public static Usage None { get; } = new(0, 0, 0, 0);

    public static Usage Sample(MachineUse? use, Usage last, long at)
    {
        if (use is not { } now)
        {
            return None;
        }

        double percent = last.At == 0 || at <= last.At ? 0 : Math.Max(0, (now.CpuSeconds - last.CpuSeconds) / ((at - last.At) / 1e9) * 100);
        return new Usage(Math.Round(percent, 1), now.ResidentBytes, now.CpuSeconds, at);
    }
}
