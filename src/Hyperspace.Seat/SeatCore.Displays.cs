using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Display.Outputs;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Seat;

/// <summary>The guests' displays: they are connected to ports, and what they tell is shown.</summary>
public sealed partial class SeatCore : IGuestDisplayEvents
{
    /// <summary>Whether the VM's display of that run is connected.</summary>
    public bool HasDisplay(string vm, int generation) => _ports.OfVm(vm) is { Display: not null } slot && slot.DisplayGeneration == generation;

    /// <summary>Connects a VM's display; the socket is taken over. One of an earlier run is dropped.</summary>
    public void Attach(string vm, int generation, SafeFileHandle socket)
    {
        if (_ports.OfVm(vm) is not { } slot || slot.Info.Generation != generation)
        {
            socket.Dispose();
            return;
        }

        var display = new GuestDisplay(_reactor, vm, socket, this, slot.Info.Sound is null ? null : _sound?.Connect(vm));
        _ports.Attach(slot, display, generation);
        TellMonitor(slot.Info.Number, display);
        ShowPorts();
    }

    void IGuestDisplayEvents.ScanoutChanged(GuestDisplay display)
    {
        if (_output.PansPictures && _ports.OfDisplay(display) is { } slot)
        {
            // Whether it is to be told depends on what it shows.
            TellMonitor(slot.Info.Number, display);
        }

        if (ScreenShowing(display) is { } screen)
        {
            screen.Compositor.Invalidate();
            ShowPorts();
        }

        StatusChanged?.Invoke();
    }

    void IGuestDisplayEvents.Damaged(GuestDisplay display, PixelRect rect)
    {
        if (ScreenShowing(display) is { } screen)
        {
            if (screen.Compositor.Damage(display, rect))
            {
                UpdatePointerMap();
            }

            screen.Ask();
        }
    }

    void IGuestDisplayEvents.CursorChanged(GuestDisplay display, PixelRect before)
    {
        if (ScreenShowing(display) is not { } screen)
        {
            return;
        }

        if (screen.Output.TakesCursor)
        {
            ShowCursor(screen);
        }
        else
        {
            screen.CursorChanged(display, before);
        }
    }

    void IGuestDisplayEvents.LedsChanged(GuestDisplay display)
    {
        UpdateLights();
        UpdateBar();
    }

    void IGuestDisplayEvents.PointerKindChanged(GuestDisplay display)
    {
        if (IsFocused(display))
        {
            Announce();
        }
    }

    void IGuestDisplayEvents.Closed(GuestDisplay display, string why)
    {
        if (_ports.OfDisplay(display) is { } slot)
        {
            int generation = slot.DisplayGeneration;
            _ports.Detach(slot);
            ShowPorts();
            StatusChanged?.Invoke();
            DisplayClosed?.Invoke(slot.Info.Vm, generation, why);
        }
    }

    private bool IsFocused(GuestDisplay display) => ReferenceEquals(_ports[FocusedPort]?.Display, display);
}
