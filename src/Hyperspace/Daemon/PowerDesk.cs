using Hyperspace.Machines;
using Hyperspace.Machines.Power.Host;
using Hyperspace.Machines.Power.Mailbox;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Daemon;

/// <summary>What the outside sees of the power, and what it can set. Thread-safe.</summary>
internal interface IPowerDesk
{
    /// <summary>Null while nothing is known.</summary>
    PowerState? Current { get; }

    /// <summary><see cref="Current"/> is another one now. On any thread; handlers must not block.</summary>
    event Action? Changed;

    PowerReport Report();

    /// <exception cref="MachineException">A value is out of its range.</exception>
    void Set(PowerSetting setting);

    void Release();

    /// <summary>A key of a keyboard at the seat: it counts like the machine's own button.</summary>
    /// <exception cref="MachineException">Nobody does anything about it.</exception>
    void PressKey(PowerButton button);
}

/// <summary>The daemon's own.</summary>
internal sealed class PowerDesk(PowerControl control, GuestPowers guests) : IPowerDesk
{
    public PowerState? Current => control.Current;

    public event Action? Changed
    {
        add => control.Changed += value;
        remove => control.Changed -= value;
    }

    public PowerReport Report() => new(control.Current, control.Machine, guests.Vms);

    public void Set(PowerSetting setting) => control.Set(setting);

    public void Release() => control.Release();

    public void PressKey(PowerButton button) => control.PressKey(button);
}

/// <summary>For a daemon without any.</summary>
internal sealed class NoPowerDesk : IPowerDesk
{
    public PowerState? Current => null;

    public event Action? Changed
    {
        add { }
        remove { }
    }

    public PowerReport Report() => new(PowerState.None, PowerState.None, []);

    public void Set(PowerSetting setting) => throw new MachineException("This daemon knows of no power.");

    public void Release() { }

    public void PressKey(PowerButton button) => throw new MachineException("This daemon knows of no power.");
}
