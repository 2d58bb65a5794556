using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Host;

/// <summary>Says what power the machine has. Thread-safe.</summary>
public interface IPowerSource
{
    PowerState Current { get; }

    /// <summary><see cref="Current"/> is another one now. On any thread, never two at once; the receiver returns quickly.</summary>
    event Action? Changed;

    /// <summary>A person pressed a button or moved the lid: once for each, none left out; <see cref="Current"/> says it already. As <see cref="Changed"/> otherwise.</summary>
    event Action<PowerEvent>? Pressed;
}
