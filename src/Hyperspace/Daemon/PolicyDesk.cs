using Hyperspace.Machines.Power.Policy;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Daemon;

/// <summary>What the outside sees of the power rules, and what it can do. Thread-safe.</summary>
internal interface IPolicyDesk
{
    PolicyStatus Status { get; }

    /// <summary><see cref="Status"/> is another one now. On any thread; handlers must not block.</summary>
    event Action? Changed;

    /// <summary>Gives up what is not done yet of the plan that runs; false when none does.</summary>
    bool Cancel();

    /// <summary>Somebody has used the keyboard.</summary>
    void Touched();

    /// <summary>0 to 100; null where there is no backlight.</summary>
    int? BrightnessPercent { get; }

    /// <summary>One step, as of a key; never to 0.</summary>
    /// <exception cref="Machines.MachineException">It cannot be set; says why.</exception>
    Task<int> StepBrightnessAsync(bool up, CancellationToken cancel);

    /// <exception cref="Machines.MachineException">It cannot be set; says why.</exception>
    Task<int> SetBrightnessAsync(int percent, CancellationToken cancel);
}

/// <summary>The daemon's own.</summary>
internal sealed class PolicyDesk(PowerPolicy policy, IHostPower host) : IPolicyDesk
{
    public PolicyStatus Status => policy.Status;

    public event Action? Changed
    {
        add => policy.Changed += value;
        remove => policy.Changed -= value;
    }

    public bool Cancel() => policy.Cancel();

    public void Touched() => policy.Touched();

    public Task<int> StepBrightnessAsync(bool up, CancellationToken cancel) => policy.StepBrightnessAsync(up, cancel);

    public int? BrightnessPercent => host.BrightnessPercent;

    public Task<int> SetBrightnessAsync(int percent, CancellationToken cancel) => host.SetBrightnessAsync(percent, cancel);
}
