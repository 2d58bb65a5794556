namespace Hyperspace.Machines.Power.Policy;

/// <summary>What can be done to the machine itself. Thread-safe. What cannot be done throws a <see cref="MachineException"/> that says why and what would help.</summary>
public interface IHostPower
{
    /// <summary>Who does it, for people: such as <c>logind</c> or <c>this process as root</c>.</summary>
    string Way { get; }

    /// <summary>Suspends to RAM. Returns when the machine is awake again.</summary>
    Task SuspendAsync(CancellationToken cancel);

    /// <summary>Called when the machine is suspended, also by somebody else: true before, false when it is awake again. Never called where nobody tells (without logind).</summary>
    Func<bool, Task>? Sleeping { get; set; }

    /// <summary>Returns when it has been asked for; the machine goes off soon after.</summary>
    Task PowerOffAsync(CancellationToken cancel);

    /// <summary>Locks the sessions of this machine that have a locker.</summary>
    Task LockAsync(CancellationToken cancel);

    /// <summary>Switches the panel's light off or on again; the brightness stays what it was.</summary>
    Task BlankAsync(bool blank, CancellationToken cancel);

    /// <summary>0 to 100; null where there is no backlight.</summary>
    int? BrightnessPercent { get; }

    /// <param name="percent">0 to 100.</param>
    /// <returns>What it is then.</returns>
    Task<int> SetBrightnessAsync(int percent, CancellationToken cancel);
}
