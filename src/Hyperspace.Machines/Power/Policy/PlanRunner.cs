using Hyperspace.Machines.Power.Rules;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Policy;

/// <summary>How a plan ended.</summary>
/// <param name="Words">For people.</param>
internal sealed record PlanEnd(bool Done, string Words);

/// <summary>
/// Does one plan: its steps one after the other, each with its deadline. Guests that a plan with <c>suspend host</c> has paused or put to sleep go on when the plan is over, however it ends: after the machine
/// has resumed, when it cannot be suspended, when the plan is cancelled.
/// </summary>
/// <param name="goToConsole">Moves the seat to port 0.</param>
/// <param name="log">Takes a sentence for each thing that was done or failed.</param>
/// <param name="resumed">Called as soon as the machine is awake again, before guests go on.</param>
internal sealed class PlanRunner(IPolicyGuests guests, IHostPower host, Func<CancellationToken, Task> goToConsole, SuspendRecord record, TimeProvider clock, Action<string> log, Action resumed)
{
    private static readonly TimeSpan PauseDeadline = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan ResumeDeadline = TimeSpan.FromSeconds(10);
    private const int ResumeAttempts = 3;

    /// <summary>logind waits for 5 s by default (logind.conf(5), InhibitDelayMaxSec).</summary>
    private static readonly TimeSpan HoldDeadline = TimeSpan.FromSeconds(4);

    private readonly HashSet<string> _heldForOthers = [];
    private volatile bool _suspends;
    private volatile bool _others;

    /// <summary>Never throws.</summary>
    /// <param name="pretends">The host is neither suspended nor powered off; the log says so, and what follows is done as if it had been.</param>
    public async Task<PlanEnd> RunAsync(Decision decision, bool pretends, CancellationToken cancel)
    {
        bool suspends = decision.Plan.Any(step => step.Kind == ActionKind.SuspendHost);
        List<string> wereRunning = [.. decision.Situation.Guests.Where(g => g.State == VmState.Running).Select(g => g.Name)];
        var held = new HashSet<string>();
        PlanEnd end = new(true, "done");
        try
        {
            foreach (PlanStep step in decision.Plan)
            {
                cancel.ThrowIfCancellationRequested();
                if (await StepAsync(step, decision, pretends, held, cancel) is { } problem)
                {
                    end = new PlanEnd(false, problem);
                    break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            end = new PlanEnd(false, "cancelled");
        }
        catch (Exception e)
        {
            // A bug in a step must not leave guests paused, nor end the daemon.
            end = new PlanEnd(false, $"a step failed unexpectedly: {e.Message}");
        }

        if (suspends)
        {
            await GoOnAsync(held, wereRunning);
        }

        return end;
    }

    /// <returns>Why the plan must not go on; null when it may.</returns>
    private Task<string?> StepAsync(PlanStep step, Decision decision, bool pretends, HashSet<string> held, CancellationToken cancel) => step.Kind switch
    {
        ActionKind.SleepGuests => AllAtOnceAsync(step, vm => SleepAsync(vm, step.Deadline, held, cancel)),
        ActionKind.PauseGuests => AllAtOnceAsync(step, vm => PauseAsync(vm, held, cancel)),
        ActionKind.StopGuests => InTurnAsync(step, decision, vm => StopAsync(vm, step.Deadline, cancel)),
        ActionKind.CheckpointGuests => InTurnAsync(step, decision, vm => CheckpointAsync(vm, step.Deadline, cancel)),
        ActionKind.ForwardToGuest => AllAtOnceAsync(step, vm => ForwardAsync(vm, decision.Occasion, cancel)),
        ActionKind.SuspendHost => SuspendAsync(step, pretends, held, cancel),
        ActionKind.PowerOffHost => HostAsync("power off the host", step, pretends ? Pretend("powered off") : host.PowerOffAsync, cancel),
        ActionKind.Lock => LockAsync(step, cancel),
        ActionKind.BlankScreen => OptionalAsync("blank the screen", step, token => host.BlankAsync(true, token), cancel),
        _ => Task.FromResult<string?>(null),
    };

    private static async Task<string?> AllAtOnceAsync(PlanStep step, Func<string, Task<bool>> act)
    {
        await Task.WhenAll(step.Guests.Select(act));
        return null;
    }

    /// <summary>A guest that cannot be stopped ends the plan, so that the machine is not switched off under it; not so with a critical battery, which would switch it off anyway.</summary>
    private static async Task<string?> InTurnAsync(PlanStep step, Decision decision, Func<string, Task<bool>> act)
    {
        string? failed = null;
        foreach (string vm in step.Guests)
        {
            failed = await act(vm) ? failed : vm;
        }

        return failed is null || decision.Occasion.Kind == OccasionKind.BatteryCritical ? null : $"{failed} runs still, so what follows is not done";
    }

    private async Task<bool> SleepAsync(string vm, TimeSpan? deadline, HashSet<string> held, CancellationToken cancel)
    {
        Hold(held, vm);
        if (await TryAsync($"{vm} sleeps", $"{vm} does not sleep and is paused", deadline, token => guests.SleepAsync(vm, token), cancel))
        {
            return true;
        }

        return await PauseAsync(vm, held, cancel);
    }

    private Task<bool> PauseAsync(string vm, HashSet<string> held, CancellationToken cancel, TimeSpan? deadline = null)
    {
        Hold(held, vm);
        return TryAsync($"{vm} is paused", $"{vm} cannot be paused", deadline ?? PauseDeadline, token => guests.PauseAsync(vm, token), cancel);
    }

    private async Task<bool> StopAsync(string vm, TimeSpan? deadline, CancellationToken cancel) =>
        await TryAsync($"{vm} is stopped", $"{vm} does not stop and is ended by force", deadline, token => guests.StopAsync(vm, token), cancel)
        || await TryAsync($"{vm} is ended", $"{vm} cannot be ended", PauseDeadline, token => guests.KillAsync(vm, token), cancel);

    private async Task<bool> CheckpointAsync(string vm, TimeSpan? deadline, CancellationToken cancel) =>
        await TryAsync($"{vm}'s state is kept and it is stopped", $"{vm}'s state cannot be kept, so it is stopped", deadline, token => guests.CheckpointAsync(vm, token), cancel)
        || await StopAsync(vm, deadline, cancel);

    private Task<bool> ForwardAsync(string vm, Occasion occasion, CancellationToken cancel)
    {
        if (occasion.Kind is not (OccasionKind.PowerButton or OccasionKind.SleepButton))
        {
            log($"{vm} sees it itself, if its definition mirrors this machine's power.");
            return Task.FromResult(true);
        }

        return TryAsync($"{vm} has got the {occasion}", $"{vm} does not get the {occasion}", PauseDeadline, token => guests.PressAsync(vm, occasion.Kind == OccasionKind.SleepButton, token), cancel);
    }

    private async Task<string?> SuspendAsync(PlanStep step, bool pretends, HashSet<string> held, CancellationToken cancel)
    {
        await Task.WhenAll(guests.Vms.Where(vm => vm.State == VmState.Running).Select(vm => PauseAsync(vm.Name, held, cancel)));
        cancel.ThrowIfCancellationRequested();
        log($"The host is suspended ({host.Way}).");
        _suspends = true;

        // Once it is asked for, nothing cancels it: the machine may be asleep by then.
        string? problem = await HostAsync("suspend the host", step, pretends ? Pretend("suspended") : host.SuspendAsync, CancellationToken.None);
        _suspends = false;
        if (problem is not null)
        {
            return problem;
        }

        resumed();
        log($"The host is awake again; its time zone is {clock.LocalTimeZone.Id}.");
        return null;
    }

    /// <summary>First away from what a guest shows, then the sessions of this machine.</summary>
    private async Task<string?> LockAsync(PlanStep step, CancellationToken cancel)
    {
        await OptionalAsync("go to the console", step, goToConsole, cancel);
        return await OptionalAsync("lock the sessions of this machine", step, host.LockAsync, cancel);
    }

    private Func<CancellationToken, Task> Pretend(string what) => _ =>
    {
        log($"It was only pretended that the host is {what}: values are set by hand, or this is an installation beside that of the machine; \"host: act\" in the rules changes that.");
        return Task.CompletedTask;
    };

    /// <summary>Somebody else suspends the host: guests are paused before, and go on after it.</summary>
    public async Task HostSleepsAsync(bool before)
    {
        if (before)
        {
            if (_suspends)
            {
                return;
            }

            _others = true;
            log("Somebody suspends the host, so guests are paused.");
            await Task.WhenAll(guests.Vms.Where(vm => vm.State == VmState.Running).Select(vm => PauseAsync(vm.Name, _heldForOthers, CancellationToken.None, HoldDeadline)));
            return;
        }

        if (!_others)
        {
            return;
        }

        _others = false;
        resumed();
        log($"The host is awake again; its time zone is {clock.LocalTimeZone.Id}.");
        string[] held = [.. _heldForOthers];
        _heldForOthers.Clear();
        await GoOnAsync(held.ToHashSet(), []);
    }

    private async Task<string?> HostAsync(string what, PlanStep step, Func<CancellationToken, Task> act, CancellationToken cancel)
    {
        string? why = await WhyNotAsync(step.Deadline, act, cancel);
        if (why is not null)
        {
            log($"It cannot {what}: {why}");
        }

        return why is null ? null : $"it cannot {what}";
    }

    /// <summary>What can be missing without harm to what follows.</summary>
    private async Task<string?> OptionalAsync(string what, PlanStep step, Func<CancellationToken, Task> act, CancellationToken cancel)
    {
        await HostAsync(what, step, act, cancel);
        return null;
    }

    private void Hold(HashSet<string> held, string vm)
    {
        lock (held)
        {
            if (held.Add(vm))
            {
                record.Write(held);
            }
        }
    }

    /// <summary>Lets guests go on that the plan holds; nothing cancels this.</summary>
    /// <param name="wereRunning">Before the plan: one of them that has put itself to sleep, because it saw the lid too, is woken.</param>
    private async Task GoOnAsync(IReadOnlySet<string> held, IEnumerable<string> wereRunning)
    {
        IEnumerable<string> asleep = wereRunning.Where(vm => !held.Contains(vm) && StateOf(vm) == VmState.Sleeping);
        await Task.WhenAll(held.Concat(asleep).Select(GoOnAsync));
        record.Forget();
    }

    /// <summary>Lets guests go on that a daemon held which was ended while its machine slept.</summary>
    public async Task RecoverAsync()
    {
        foreach (string vm in record.Read())
        {
            log($"{vm} was held for a suspended host when the daemon ended.");
            await GoOnAsync(vm);
        }

        record.Forget();
    }

    private async Task GoOnAsync(string vm)
    {
        for (int attempt = 1; attempt <= ResumeAttempts; attempt++)
        {
            // Also one that seems to run: the engine may be about to pause it, and does things in their order.
            VmState? state = StateOf(vm);
            if (state is not (VmState.Paused or VmState.Sleeping or VmState.Running))
            {
                return;
            }

            Func<string, CancellationToken, Task> act = state == VmState.Sleeping ? guests.WakeAsync : guests.ResumeAsync;
            if (await TryAsync($"{vm} goes on", $"{vm} does not go on (attempt {attempt} of {ResumeAttempts})", ResumeDeadline, token => act(vm, token), CancellationToken.None))
            {
                await SetClockAsync(vm);
                return;
            }
        }
    }

    private VmState? StateOf(string vm) => guests.Vms.FirstOrDefault(v => v.Name == vm)?.State;

    private async Task SetClockAsync(string vm)
    {
        string words = "";
        string? why = await WhyNotAsync(ResumeDeadline, async token => words = await guests.SetClockAsync(vm, token), CancellationToken.None);
        log($"{vm}: {words}{(why is null ? "" : $"its clock cannot be set: {why}")}");
    }

    private async Task<bool> TryAsync(string done, string failed, TimeSpan? deadline, Func<CancellationToken, Task> act, CancellationToken cancel)
    {
        string? why = await WhyNotAsync(deadline, act, cancel);
        log(why is null ? $"{done}." : $"{failed}: {why}");
        return why is null;
    }

    /// <returns>Null when it is done, else why not, as a sentence. Also one that never answers has ended by the deadline.</returns>
    /// <exception cref="OperationCanceledException">The plan is cancelled.</exception>
    private async Task<string?> WhyNotAsync(TimeSpan? deadline, Func<CancellationToken, Task> act, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        using var late = new CancellationTokenSource(deadline ?? Timeout.InfiniteTimeSpan, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        try
        {
            Task task = act(either.Token);
            await task.WaitAsync(either.Token);
            return null;
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested)
        {
            return $"it took longer than {Occasion.Time(deadline!.Value)}.";
        }
        catch (Exception e) when (e is MachineException or IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
