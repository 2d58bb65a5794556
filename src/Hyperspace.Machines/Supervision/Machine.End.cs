using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Supervision;

/// <summary>How a run ends: by a wish, saved, or by itself.</summary>
internal sealed partial class Machine
{
    private async Task EndAsync(bool force)
    {
        CancelRestart();
        await GiveUpLaunchAsync();
        IRunningMachine? run;
        Task over;
        bool first;
        lock (_lock)
        {
            (run, over) = (_current.Run, _over.Task);
            first = run is not null && _current.State != VmState.Stopping;
            _current = first ? _current with { State = VmState.Stopping, Reason = null } : _current;
        }

        if (run is null)
        {
            return;
        }

        if (first)
        {
            _changed();
        }

        if (force)
        {
            await run.KillAsync();
        }
        else if (first)
        {
            await PowerOffAsync(run);
        }

        // Not the end alone: also what it leads to has been published when a stop returns.
        await over;
    }

    private async Task SaveAsync(ITemplates templates)
    {
        IRunningMachine run;
        VmDefinition definition;
        Task over;
        lock (_lock)
        {
            run = Need();
            definition = _definition.Definition ?? throw new MachineException($"{Name} cannot be saved, because its definition has errors: {Status().Reason ?? "the file is gone."}");
            over = _over.Task;
            _current = _current with { State = VmState.Stopping, Reason = "It is being saved." };
        }

        _changed();
        try
        {
            await templates.CheckpointAsync(definition, run, CancellationToken.None);
        }
        catch (Exception e)
        {
            _log.Write($"It could not be saved: {e.Message}");
            lock (_lock)
            {
                _current = ReferenceEquals(_current.Run, run) ? _current with { State = run.IsPaused ? VmState.Paused : VmState.Running, Reason = null } : _current;
            }

            _changed();
            throw;
        }

        await over;
    }

    private async Task PowerOffAsync(IRunningMachine run)
    {
        TimeSpan deadline = (_definition.Definition ?? _lastGood)?.StopDeadline ?? DefaultDeadline;
        using var over = new CancellationTokenSource(deadline, _clock);
        try
        {
            if (run.IsPaused)
            {
                await run.ResumeAsync(over.Token);
            }

            if (run.IsAsleep)
            {
                await run.WakeAsync(over.Token);
            }

            await run.PowerDownAsync(over.Token);
            _log.Write("The power button was pressed.");
        }
        catch (Exception e) when (e is MachineException or OperationCanceledException)
        {
            // It may be busy and still do what it was told; the deadline is the same.
            _log.Write($"The power button could not be pressed: {e.Message}");
        }

        try
        {
            await run.Ended.WaitAsync(over.Token);
        }
        catch (OperationCanceledException)
        {
            _log.Write($"It did not power itself off within {deadline.TotalSeconds:0} s and is ended by force.");
            await run.KillAsync();
        }
    }

    private async Task GiveUpLaunchAsync()
    {
        Launch? launch;
        lock (_lock)
        {
            launch = _launch;
        }

        if (launch is not null)
        {
            launch.GiveUp();
            await launch.OverAsync();
        }
    }

    /// <summary>Waits for the end of a run and does what it leads to.</summary>
    /// <param name="over">Completed then.</param>
    private async Task EndedAsync(IRunningMachine run, TaskCompletionSource over)
    {
        MachineEnd end = await run.Ended;
        bool crashed;
        CancellationTokenSource? ticket = null;
        lock (_lock)
        {
            _hasEnded = true;

            // Whatever ended it while it was being stopped: that is what was wanted.
            crashed = end.Crashed && _current.State != VmState.Stopping;
            _current = new MachineState(crashed ? VmState.Crashed : VmState.Off, end.Reason, null, _current.Restarts);
            _usage = Usage.None;
            if (crashed && !_released)
            {
                _restartWait = ticket = new CancellationTokenSource();
            }
        }

        _log.Write(crashed ? $"Crashed: {end.Reason}" : end.Reason);
        _changed();
        over.SetResult();
        await run.DisposeAsync();
        if (ticket is not null)
        {
            await RestartAsync(ticket);
        }
    }
}
