using Hyperspace.Machines.Definitions;
using Hyperspace.Protocols.Control;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Machines.Engines;

/// <summary>What runs VMs: QEMU here; Xen through xl could stand in its place, and neither the seat nor the console would notice.</summary>
public interface IEngine
{
    /// <summary>What <c>auto</c> means on this host, <c>kvm</c> or <c>tcg</c>, and why.</summary>
    (string Accelerator, string Reason) Accelerator { get; }

    /// <summary>The engine's own version, such as <c>10.0.2</c>; says so when it is missing.</summary>
    string Version { get; }

    /// <summary>What works less well on this host than it could.</summary>
    IReadOnlyList<Degradation> Degraded { get; }

    /// <summary>The accelerator that a VM gets, or would.</summary>
    string AcceleratorOf(VmDefinition definition);

    /// <summary>Starts a VM's process; returns when it can be controlled.</summary>
    /// <param name="generation">The run's number, kept for those who adopt it.</param>
    /// <exception cref="MachineException">It cannot be started; says why. Nothing of it is left.</exception>
    Task<IRunningMachine> StartAsync(VmDefinition definition, int generation, CancellationToken cancel);

    /// <summary>
    /// Takes over a run that an earlier daemon began. Null when there is none. One that ended meanwhile is given with its <see cref="IRunningMachine.Ended"/> done.
    /// </summary>
    Task<IRunningMachine?> AdoptAsync(string name, CancellationToken cancel);
}

/// <summary>How a run ended.</summary>
/// <param name="Crashed">True when neither guest nor user wanted it.</param>
/// <param name="Reason">A sentence for people.</param>
public sealed record MachineEnd(bool Crashed, string Reason);

/// <summary>One run of a VM. Disposing it lets go of it and leaves it running.</summary>
public interface IRunningMachine : IAsyncDisposable
{
    /// <summary>The process to measure, and to look at when debugging.</summary>
    int Pid { get; }

    int Generation { get; }

    DateTimeOffset StartedAt { get; }

    string Accelerator { get; }

    bool IsPaused { get; }

    /// <summary>Raised when <see cref="IsPaused"/> has changed, on any thread.</summary>
    event Action? PausedChanged;

    /// <summary>Completes when the process is gone; never faults.</summary>
    Task<MachineEnd> Ended { get; }

    /// <summary>Presses the power button (ACPI); what the guest does about it is its own business.</summary>
    Task PowerDownAsync(CancellationToken cancel);

    /// <summary>Ends the process and waits until it is gone.</summary>
    Task KillAsync();

    Task ResetAsync(CancellationToken cancel);

    Task PauseAsync(CancellationToken cancel);

    Task ResumeAsync(CancellationToken cancel);

    /// <summary>Connects a client to the display; see <see cref="Supervision.IFleet.OpenDisplayAsync"/>.</summary>
    Task<SafeFileHandle> OpenDisplayAsync(CancellationToken cancel);
}
