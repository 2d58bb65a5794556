using Hyperspace.Machines.Definitions;
using Hyperspace.Protocols.Control;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Machines.Engines;

/// <summary>
/// What runs VMs: QEMU here; Xen through xl could stand in its place, and neither the supervision nor the seat nor the console would notice. Thread-safe; different VMs do not wait for
/// each other.
/// </summary>
public interface IEngine
{
    /// <summary>What <c>auto</c> means on this host, <c>kvm</c> or <c>tcg</c> for QEMU, and why.</summary>
    (string Accelerator, string Reason) Accelerator { get; }

    /// <summary>The engine's own version, such as <c>10.0.2</c>; says so when it is missing.</summary>
    string Version { get; }

    /// <summary>What works less well on this host than it could.</summary>
    IReadOnlyList<Degradation> Degraded { get; }

    /// <summary>The accelerator that a VM gets, or would.</summary>
    string AcceleratorOf(VmDefinition definition);

    /// <summary>Starts a VM; returns when it can be controlled.</summary>
    /// <param name="generation">The run's number, kept for those who adopt it.</param>
    /// <exception cref="MachineException">It cannot be started; says why. Nothing of it is left.</exception>
    /// <exception cref="OperationCanceledException">Nothing of it is left then either.</exception>
    Task<IRunningMachine> StartAsync(VmDefinition definition, int generation, CancellationToken cancel);

    /// <summary>Saves booted machines and opens VMs from them; null for an engine that cannot.</summary>
    ITemplates? Templates => null;

    /// <summary>The names of the VMs of which an earlier daemon has left a run, whether or not there still are definitions of them.</summary>
    IReadOnlyList<string> FindRuns();

    /// <summary>
    /// Takes over a run that an earlier daemon began. Null when there is none. One that ended meanwhile is given with its <see cref="IRunningMachine.Ended"/> done; one that
    /// does not answer is given with <see cref="IRunningMachine.Trouble"/>.
    /// </summary>
    Task<IRunningMachine?> AdoptAsync(string name, CancellationToken cancel);
}

/// <summary>How a run ended.</summary>
/// <param name="Crashed">True when neither guest nor user wanted it.</param>
/// <param name="Reason">A sentence for people.</param>
public sealed record MachineEnd(bool Crashed, string Reason);

/// <summary>What a run has taken from the host.</summary>
/// <param name="CpuSeconds">Used by all its CPUs and devices since it began.</param>
/// <param name="ResidentBytes">Memory of the host that it holds now, the guest's own included.</param>
/// <param name="ProportionalBytes">The same with what it shares with others counted in parts; null when it cannot be measured.</param>
public readonly record struct MachineUse(double CpuSeconds, long ResidentBytes, long? ProportionalBytes = null);

/// <summary>
/// One run of a VM. Disposing it lets go of it and leaves it running. What cannot be done throws a <see cref="MachineException"/>, after ten seconds without an answer at the latest.
/// </summary>
public interface IRunningMachine : IAsyncDisposable
{
    /// <summary>The process to look at when debugging; null when it runs in none.</summary>
    int? Pid { get; }

    int Generation { get; }

    DateTimeOffset StartedAt { get; }

    string Accelerator { get; }

    /// <summary>See <see cref="VmStatus.StartedBy"/>.</summary>
    string StartedBy => "cold";

    bool IsPaused { get; }

    /// <summary>The guest has put itself to sleep (ACPI S3). A paused one counts as awake.</summary>
    bool IsAsleep { get; }

    /// <summary>What is wrong while it runs, a sentence for people, such as a full disk of the host that has paused it; null when all is well.</summary>
    string? Trouble { get; }

    /// <summary>Raised when <see cref="IsPaused"/>, <see cref="IsAsleep"/> or <see cref="Trouble"/> has changed, on any thread.</summary>
    event Action? Changed;

    /// <summary>Completes when it is gone; never faults. Not after this was disposed.</summary>
    Task<MachineEnd> Ended { get; }

    /// <summary>Null when it cannot be measured.</summary>
    MachineUse? Measure();

    /// <summary>Presses the power button (ACPI); what the guest does about it is its own business.</summary>
    Task PowerDownAsync(CancellationToken cancel);

    /// <summary>Ends it by force and returns when it is gone. Works without any answer from it.</summary>
    Task KillAsync();

    /// <summary>Sets the guest's clock to this host's. False when nothing in the guest does it.</summary>
    Task<bool> SetClockAsync(CancellationToken cancel);

    /// <summary>Has it take the CPUs that others leave, or its usual share again. An engine that cannot do both does nothing.</summary>
    void SetBehind(bool behind);

    Task ResetAsync(CancellationToken cancel);

    Task PauseAsync(CancellationToken cancel);

    Task ResumeAsync(CancellationToken cancel);

    /// <summary>Wakes a guest that sleeps; nothing happens to one that is awake.</summary>
    Task WakeAsync(CancellationToken cancel);

    /// <summary>Connects a client to the display; see <see cref="Supervision.IFleet.OpenDisplayAsync"/>.</summary>
    Task<SafeFileHandle> OpenDisplayAsync(CancellationToken cancel);

    /// <summary>Connects a client to the port for a clipboard agent; see <see cref="Supervision.IFleet.OpenAgentAsync"/>.</summary>
    Task<SafeFileHandle> OpenAgentAsync(CancellationToken cancel);
}
