using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Engines;

/// <summary>
/// Templates: machines that have booted and were saved, from which <see cref="IEngine.StartAsync"/> opens their VMs in tens of milliseconds. What cannot be done throws a
/// <see cref="MachineException"/> with a sentence. Thread-safe.
/// </summary>
public interface ITemplates
{
    /// <summary>Removes what a daemon that was killed has left: unfinished templates, hidden and waiting runs, disposables that have ended. Called once, before <see cref="IEngine.FindRuns"/>.</summary>
    Task SweepAsync(IReadOnlyCollection<string> vms);

    /// <summary>How a VM's template is; a look at its files' dates, not at their content.</summary>
    TemplateLook Look(VmDefinition vm);

    /// <summary>Boots the VM out of sight, waits until it is up and saves it. The template that there was is used until then, and stays when this fails.</summary>
    /// <param name="behind">Take the CPUs that others leave.</param>
    /// <param name="progress">0 to 100, and what is being done.</param>
    Task BuildAsync(VmDefinition vm, bool behind, Action<int, string> progress, CancellationToken cancel);

    /// <summary>Takes over a copy of the template that another installation on this host has of the same VM. Nobody else may be making one of this VM meanwhile.</summary>
    /// <returns>False when it has none that fits here.</returns>
    bool Import(VmDefinition vm, HyperspacePaths other, CancellationToken cancel);

    /// <summary>Saves a run and ends it. When it cannot be saved it runs on.</summary>
    Task CheckpointAsync(VmDefinition vm, IRunningMachine run, CancellationToken cancel);

    /// <summary>Compares all of a template with its checksums; a damaged one is not used any more.</summary>
    Task VerifyAsync(VmDefinition vm, CancellationToken cancel);

    /// <summary>Keeps engines waiting for these VMs, as far as they have templates, and for no others.</summary>
    Task KeepWarmAsync(IReadOnlyCollection<VmDefinition> next, CancellationToken cancel);

    /// <summary>Whether an engine waits for this very VM.</summary>
    bool IsWarm(string vm);

    /// <summary>Removes all that is left of a disposable that has ended.</summary>
    void Forget(string disposable);
}

/// <summary>What <see cref="ITemplates.Look"/> sees.</summary>
/// <param name="Why">Why there is none or it is outdated: the rest of a sentence; null when there is nothing to say.</param>
public sealed record TemplateLook(TemplateState State, string? Why, long? Bytes, DateTimeOffset? SavedAt, bool IsCheckpoint);
