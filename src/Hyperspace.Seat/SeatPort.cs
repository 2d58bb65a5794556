using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat;

/// <summary>What is plugged into a port: a VM as the seat needs to know it.</summary>
/// <param name="Number">1 to 9.</param>
/// <param name="Generation">Counts the VM's runs: another number, another display.</param>
public sealed record PortInfo(int Number, string Vm, string Label, Rgb Color, VmState State, string? Reason, int Generation)
{
    /// <summary>What becomes of its sound while another has the focus; null for a VM without sound.</summary>
    public BackgroundSound? Sound { get; init; } = BackgroundSound.Duck;

    /// <summary><c>on</c>, <c>in</c> or <c>out</c>: the ways that text may take; null for a VM without a clipboard.</summary>
    public string? Clipboard { get; init; }

    /// <summary>How far its boot is: null and up are the same to people.</summary>
    public BootStatus? Boot { get; init; }

    /// <summary>It may not be focused without asking.</summary>
    public bool AsksFocus { get; init; }

    public bool IsAlive => State is VmState.Running or VmState.Paused or VmState.Sleeping or VmState.Stopping;
}

/// <summary>A port and, while there is one, the display of its VM.</summary>
internal sealed class PortSlot(PortInfo info)
{
    public PortInfo Info { get; set; } = info;
    public GuestDisplay? Display { get; set; }

    /// <summary>The generation that <see cref="Display"/> belongs to.</summary>
    public int DisplayGeneration { get; set; }

    public GuestSurface? Surface => Display?.Surface;

    /// <summary>One word for the API: what a person would see there.</summary>
    public string Screen => Surface is not null ? "live" : Info.IsAlive ? "waiting" : "off";
}
