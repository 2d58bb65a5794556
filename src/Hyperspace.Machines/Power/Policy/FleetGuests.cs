using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Machines.Power.Policy;

/// <summary>Guests as the rules need them, over the fleet.</summary>
/// <param name="pressPower">Presses a guest's power button and leaves the rest to it.</param>
public sealed class FleetGuests(IFleet fleet, Func<string, CancellationToken, Task> pressPower) : IPolicyGuests
{
    /// <summary>Keeps a guest's state and ends it; null where nothing can.</summary>
    public Func<string, CancellationToken, Task>? Checkpoint { get; set; }

    /// <summary>Whether a guest's firmware offers it S3; one that it is not offered to is not asked, but paused at once.</summary>
    public Func<string, bool> OffersS3 { get; set; } = _ => true;

    /// <summary>Sets a guest's clock and says what came of it; null where there is no guest agent to do it.</summary>
    public Func<string, CancellationToken, Task<string>>? SetClock { get; set; }

    public IReadOnlyList<VmStatus> Vms => fleet.Vms;

    public async Task SleepAsync(string vm, CancellationToken cancel)
    {
        if (!OffersS3(vm))
        {
            throw new MachineStateException($"its definition does not say \"sleep: s3\".");
        }

        await fleet.ActAsync(vm, VmAction.Sleep, cancel);
        await UntilAsync(vm, state => state is not VmState.Running, cancel);
        if (StateOf(vm) is not VmState.Sleeping and var other)
        {
            throw new MachineStateException($"{vm} did not go to sleep but is {other?.ToString().ToLowerInvariant() ?? "gone"}.");
        }
    }

    public Task WakeAsync(string vm, CancellationToken cancel) => fleet.ActAsync(vm, VmAction.Wake, cancel);

    public Task PauseAsync(string vm, CancellationToken cancel) => fleet.ActAsync(vm, VmAction.Pause, cancel);

    public Task ResumeAsync(string vm, CancellationToken cancel) => fleet.ActAsync(vm, VmAction.Resume, cancel);

    public Task StopAsync(string vm, CancellationToken cancel) => fleet.ActAsync(vm, VmAction.Stop, cancel);

    public Task KillAsync(string vm, CancellationToken cancel) => fleet.ActAsync(vm, VmAction.Kill, cancel);

    public Task CheckpointAsync(string vm, CancellationToken cancel) => Checkpoint?.Invoke(vm, cancel) ?? throw new MachineException("States of guests cannot be kept on this machine.");

    public Task PressAsync(string vm, bool sleep, CancellationToken cancel) => sleep ? fleet.ActAsync(vm, VmAction.Sleep, cancel) : pressPower(vm, cancel);

    public async Task<string> SetClockAsync(string vm, CancellationToken cancel)
    {
        if (SetClock is null)
        {
            return "nothing can set its clock; a guest that slept reads that of its machine, one that was paused is behind until its own time service corrects it.";
        }

        await UntilAsync(vm, state => state == VmState.Running, cancel);
        return await SetClock(vm, cancel);
    }

    private VmState? StateOf(string vm) => fleet.Vms.FirstOrDefault(v => v.Name == vm)?.State;

    private async Task UntilAsync(string vm, Func<VmState?, bool> holds, CancellationToken cancel)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Look()
        {
            if (holds(StateOf(vm)))
            {
                reached.TrySetResult();
            }
        }

        fleet.Changed += Look;
        try
        {
            Look();
            await reached.Task.WaitAsync(cancel);
        }
        finally
        {
            fleet.Changed -= Look;
        }
    }
}
