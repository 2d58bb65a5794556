using Hyperspace.Machines.Definitions;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Supervision;

/// <summary>What follows a crash.</summary>
internal sealed partial class Machine
{
    /// <summary>The restart policy; see <see cref="RestartBudget"/>. A start that fails counts as a crash.</summary>
    private async Task RestartAsync(CancellationTokenSource ticket)
    {
        try
        {
            while (_definition.Definition is { Restart: { Policy: RestartPolicy.OnCrash, Maximum: var maximum } })
            {
                if (_budget.Take(maximum, out int used) is not { } wait)
                {
                    _log.Write($"It has been restarted {used} times within ten minutes and now stays as it is.");
                    Amend(ticket, reason => $"{reason} It crashed {used + 1} times within ten minutes and is not restarted any more.");
                    return;
                }

                await Task.Delay(wait, _clock, ticket.Token);
                if (await TryStartAgainAsync(ticket))
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or MachineStateException)
        {
            // Somebody has started or stopped it meanwhile, or the daemon ends.
        }
    }

    private async Task<bool> TryStartAgainAsync(CancellationTokenSource ticket)
    {
        try
        {
            await Begin(_current.Restarts + 1, ticket).Done;
            return true;
        }
        catch (MachineException e) when (e is not MachineStateException)
        {
            Amend(ticket, _ => $"It crashed and could not be started again: {e.Message}");
            return false;
        }
    }

    /// <summary>Leaves it crashed, with another reason, unless somebody has taken it over.</summary>
    private void Amend(CancellationTokenSource ticket, Func<string?, string> reason)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(_restartWait, ticket) || _current.Run is not null || _launch is not null)
            {
                return;
            }

            _current = _current with { State = VmState.Crashed, Reason = reason(_current.Reason) };
        }

        _changed();
    }

    private void CancelRestart()
    {
        CancellationTokenSource? wait;
        lock (_lock)
        {
            (wait, _restartWait) = (_restartWait, null);
        }

        wait?.Cancel();
    }
}
