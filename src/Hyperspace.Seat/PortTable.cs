using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Input.Routing;

namespace Hyperspace.Seat;

/// <summary>What is plugged into the ports 1 to 9. Displays belong to VMs: a VM that is given another port takes its display along.</summary>
internal sealed class PortTable : IDisposable
{
    private readonly Router _router;
    private readonly PortSlot?[] _slots = new PortSlot?[Router.PortCount];

    /// <summary>What the router was told.</summary>
    private readonly GuestDisplay?[] _attached = new GuestDisplay?[Router.PortCount];

    public PortTable(Router router) => _router = router;

    public PortSlot? this[int port] => (uint)port < (uint)_slots.Length ? _slots[port] : null;

    public IEnumerable<PortSlot> Occupied => _slots.Where(s => s is not null)!;

    public PortSlot? OfVm(string vm) => Array.Find(_slots, s => s?.Info.Vm == vm);

    public PortSlot? OfDisplay(GuestDisplay display) => Array.Find(_slots, s => s is not null && ReferenceEquals(s.Display, display));

    /// <summary>Takes what the daemon says. Displays of VMs that are gone, dead or run anew are closed.</summary>
    /// <returns>True when a VM is on another port than before.</returns>
    public bool Set(IReadOnlyList<PortInfo> ports)
    {
        PortSlot?[] before = [.. _slots];
        Array.Clear(_slots);
        bool moved = false;
        foreach (PortInfo info in ports)
        {
            PortSlot slot = Array.Find(before, s => s?.Info.Vm == info.Vm) ?? new PortSlot(info);
            moved |= slot.Info.Number != info.Number;
            slot.Info = info;
            _slots[info.Number] = slot;
        }

        var closed = new List<GuestDisplay>();
        foreach (PortSlot slot in before.OfType<PortSlot>())
        {
            bool kept = ReferenceEquals(this[slot.Info.Number], slot) && slot.Info.IsAlive && slot.Info.Generation == slot.DisplayGeneration;
            if (!kept && slot.Display is { } display)
            {
                closed.Add(display);
                slot.Display = null;
            }
        }

        for (int port = 1; port < _slots.Length; port++)
        {
            Reattach(port, _slots[port]?.Display);
        }

        closed.ForEach(d => d.Dispose());
        return moved;
    }

    /// <summary>Connects a VM's display, in the place of the one before.</summary>
    public void Attach(PortSlot slot, GuestDisplay display, int generation)
    {
        GuestDisplay? old = slot.Display;
        (slot.Display, slot.DisplayGeneration) = (display, generation);
        Reattach(slot.Info.Number, display);
        old?.Dispose();
    }

    /// <summary>A display is dead.</summary>
    public void Detach(PortSlot slot)
    {
        GuestDisplay? old = slot.Display;
        slot.Display = null;
        Reattach(slot.Info.Number, null);
        old?.Dispose();
    }

    private void Reattach(int port, GuestDisplay? display)
    {
        if (ReferenceEquals(_attached[port], display))
        {
            return;
        }

        _attached[port] = display;
        if (display is null)
        {
            _router.GuestGone(port);
        }
        else
        {
            _router.GuestAttached(port, display);
        }
    }

    public void Dispose()
    {
        foreach (PortSlot slot in Occupied)
        {
            slot.Display?.Dispose();
            slot.Display = null;
        }
    }
}
