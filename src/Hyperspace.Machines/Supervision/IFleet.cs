using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Machines.Supervision;

/// <summary>What can be done about templates.</summary>
public enum InstantAction
{
    /// <summary>Start the VM, or when it runs another one of it, a disposable.</summary>
    Open,
    /// <summary>End it: at once when it keeps nothing, else as a stop does.</summary>
    Close,
    /// <summary>Make a new template.</summary>
    Build,
    /// <summary>Compare the template with its checksums.</summary>
    Verify,
}

/// <summary>
/// All VMs of this host and what can be done with them: what the control API and the link offer, and all that they know of machines.
/// Thread-safe. What cannot be done throws a <see cref="MachineException"/> with a message for people.
/// </summary>
public interface IFleet
{
    /// <summary>All VMs, in the order of their ports, then of their names. A new list for each change.</summary>
    IReadOnlyList<VmStatus> Vms { get; }

    HostStatus Host { get; }

    /// <summary>Something in <see cref="Vms"/> or <see cref="Host"/> is new. Raised on any thread; handlers must not block.</summary>
    event Action? Changed;

    /// <summary>
    /// Does it and returns when it is done: a start when the VM can be controlled, a stop when it has ended, after the deadline by force. Starts and stops go on when the caller no longer waits.
    /// </summary>
    Task ActAsync(string vm, VmAction action, CancellationToken cancel);

    /// <summary>Does something about templates and returns when it is done. It goes on when the caller no longer waits.</summary>
    /// <returns>The VM that it is about afterwards: for <see cref="InstantAction.Open"/> the one that was opened.</returns>
    Task<string> InstantAsync(string vm, InstantAction action, CancellationToken cancel);

    /// <summary>The seat shows another VM; null for no VM, or no seat.</summary>
    void FocusChanged(string? vm);

    /// <summary>The last lines of a log.</summary>
    /// <param name="log"><c>serial</c>, <c>qemu</c> or <c>events</c>.</param>
    Task<IReadOnlyList<string>> LogAsync(string vm, string log, int maxLines, CancellationToken cancel);

    /// <summary>Gives the VM that port; a VM that has it gets the other's old one.</summary>
    Task MoveAsync(string vm, int? port, CancellationToken cancel);

    /// <summary>Connects a new client to the VM's D-Bus display; the end returned is not yet authenticated. The caller disposes it.</summary>
    Task<SafeFileHandle> OpenDisplayAsync(string vm, int generation, CancellationToken cancel);

    /// <summary>Connects to the VM's port for a clipboard agent; a client before has to have gone. The caller disposes it.</summary>
    Task<SafeFileHandle> OpenAgentAsync(string vm, int generation, CancellationToken cancel);

    /// <summary>Reads the definitions again.</summary>
    Task ReloadAsync(CancellationToken cancel);
}
