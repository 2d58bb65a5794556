using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Supervision;

/// <summary>Where a VM is; immutable.</summary>
/// <param name="Run">Null while there is no process.</param>
/// <param name="Boot">How far this run's boot is.</param>
internal sealed record MachineState(VmState State, string? Reason, IRunningMachine? Run, int Restarts, BootStatus? Boot = null)
{
    /// <summary>What people and programs see of it.</summary>
    /// <param name="lastGood">The last definition without errors; null when there never was one.</param>
    /// <param name="generation">Of the last run, for a VM that has none now.</param>
    public VmStatus ToStatus(LoadedDefinition loaded, VmDefinition? lastGood, Usage usage, int generation, IEngine engine)
    {
        bool lives = State is VmState.Running or VmState.Paused or VmState.Sleeping or VmState.Stopping or VmState.Starting;

        // A file that is broken or gone must not take a running VM from its port.
        VmDefinition? d = loaded.Definition ?? (lives ? lastGood : null);
        bool invalid = loaded.Definition is null && !lives;
        string? errors = loaded.Errors.Count == 0 ? null : string.Join("; ", loaded.Errors.Select(e => e.ToString()));
        string? reason = invalid ? errors : Reason ?? Run?.Trouble ?? (errors is null ? null : $"It runs as it was started; its file has errors now: {errors}");
        return new VmStatus(
            loaded.Name, d?.Label ?? loaded.Name, d?.Color ?? "#8b93a1", d?.Port, invalid ? VmState.Invalid : State, reason, d?.MemoryMiB ?? 0, d?.Cpus ?? 0,
            Run?.Accelerator ?? (d is null ? "" : engine.AcceleratorOf(d)), usage.CpuPercent, usage.ResidentBytes, Run?.StartedAt, Restarts, Run?.Generation ?? generation)
        {
            Pid = Run?.Pid, Boot = Boot, StartedBy = Run?.StartedBy, ProportionalBytes = usage.ProportionalBytes, DisposableOf = d?.CloneOf,
            Sound = d is { Sound: { On: true, Background: var background } } ? background : null,
            Clipboard = d is null or { Clipboard: ClipboardWays.Off } ? null : d.Clipboard switch { ClipboardWays.In => "in", ClipboardWays.Out => "out", _ => "on" },
            AsksFocus = d?.AsksFocus ?? false,
        };
    }
}

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
    public long? ProportionalBytes { get; init; }

    public static Usage None { get; } = new(0, 0, 0, 0);

    public static Usage Sample(MachineUse? use, Usage last, long at)
    {
        if (use is not { } now)
        {
            return None;
        }

        double percent = last.At == 0 || at <= last.At ? 0 : Math.Max(0, (now.CpuSeconds - last.CpuSeconds) / ((at - last.At) / 1e9) * 100);
        return new Usage(Math.Round(percent, 1), now.ResidentBytes, now.CpuSeconds, at) { ProportionalBytes = now.ProportionalBytes };
    }
}
