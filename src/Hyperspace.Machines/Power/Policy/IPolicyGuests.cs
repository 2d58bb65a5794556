using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Policy;

/// <summary>What rules do to guests. Thread-safe. What cannot be done throws a <see cref="MachineException"/>.</summary>
public interface IPolicyGuests
{
    /// <summary>All VMs; a new list for each change.</summary>
    IReadOnlyList<VmStatus> Vms { get; }

    /// <summary>Presses the guest's sleep button and returns when it sleeps.</summary>
    Task SleepAsync(string vm, CancellationToken cancel);

    Task WakeAsync(string vm, CancellationToken cancel);

    Task PauseAsync(string vm, CancellationToken cancel);

    Task ResumeAsync(string vm, CancellationToken cancel);

    /// <summary>Presses its power button and ends it by force after its own deadline; returns when it is off.</summary>
    Task StopAsync(string vm, CancellationToken cancel);

    Task KillAsync(string vm, CancellationToken cancel);

    /// <summary>Keeps its state in a file, from which it goes on at its next start, and ends it.</summary>
    Task CheckpointAsync(string vm, CancellationToken cancel);

    /// <summary>Presses the guest's own button; what it does about it is its business.</summary>
    /// <param name="sleep">The sleep button, else the power button.</param>
    Task PressAsync(string vm, bool sleep, CancellationToken cancel);

    /// <summary>Sets the clock of a guest that has not seen time pass.</summary>
    /// <returns>What came of it, in words that follow the guest's name and a colon.</returns>
    Task<string> SetClockAsync(string vm, CancellationToken cancel);
}
