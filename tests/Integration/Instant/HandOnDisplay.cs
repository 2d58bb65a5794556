using System.Diagnostics;
using Hyperspace.Linux.Reactor;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Png;
using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Input;
using Hyperspace.Tests.Integration.Engine;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Integration.Instant;

/// <summary>A seat's display of one VM, with a hand on its keyboard and pointer: what arrives in the guest comes the way of a seat's.</summary>
internal sealed class HandOnDisplay : IDisposable
{
    /// <summary>Below the trusted bar of a monitor of 1280 by 800.</summary>
    public const int Width = 1280, Height = 776;

    private static readonly TimeSpan BetweenKeys = TimeSpan.FromMilliseconds(60);

    private readonly Reactor _reactor = new();
    private readonly GuestDisplay _display;

    private HandOnDisplay(string vm, SafeFileHandle socket) => _display = new GuestDisplay(_reactor, vm, socket, new Events());

    public static async Task<HandOnDisplay> OpenAsync(Fleet fleet, string vm)
    {
        var hand = new HandOnDisplay(vm, await fleet.OpenDisplayAsync(vm, EngineHome.Vm(fleet, vm).Generation, CancellationToken.None));
        hand.Pump(() => hand._display.Surface is not null);
        return hand;
    }

    /// <summary>The guest's monitor becomes one of <see cref="Width"/> by <see cref="Height"/>.</summary>
    public void SetMonitor()
    {
        _display.SetMonitor(new MonitorSize(Width, Height, 338, 205));
        Pump(() => _display.Surface is { Width: Width, Height: Height });
    }

    /// <summary>Presses keys one after the other.</summary>
    public void Press(params KeyCode[] keys)
    {
        foreach (KeyCode key in keys)
        {
            _display.Key(key, down: true);
            _display.Key(key, down: false);
            Wait(BetweenKeys);
        }
    }

    /// <summary>Clicks with the left button, in pixels of the guest's screen.</summary>
    public void Click(int x, int y)
    {
        _display.PointerTo(x, y);
        Wait(BetweenKeys);
        _display.Buttons(PointerButtons.Left, PointerButtons.None);
        Wait(BetweenKeys);
        _display.Buttons(PointerButtons.None, PointerButtons.Left);
        Wait(BetweenKeys);
    }

    /// <summary>Looks on until something has happened; false when it has not, by then.</summary>
    public bool Wait(TimeSpan atMost, Func<bool>? until = null)
    {
        var watch = Stopwatch.StartNew();
        while (until?.Invoke() != true)
        {
            if (watch.Elapsed > atMost)
            {
                return false;
            }

            _reactor.RunOnce(TimeSpan.FromMilliseconds(10));
        }

        return true;
    }

    /// <summary>What the guest shows.</summary>
    public uint[] Picture()
    {
        GuestSurface surface = _display.Surface!;
        var pixels = new uint[surface.Width * surface.Height];
        surface.CopyTo(surface.Bounds, pixels, surface.Width);
        return pixels;
    }

    /// <summary>Keeps a photograph among those of the tests.</summary>
    public void Photograph(string name)
    {
        GuestSurface surface = _display.Surface!;
        File.WriteAllBytes(Path.Combine(InstantStage.Pictures, name + ".png"), PngEncoder.Encode(surface.Width, surface.Height, Picture()));
    }

    private void Pump(Func<bool> done) => Assert.True(Wait(TimeSpan.FromSeconds(60), done), "Waited 60 s for the display.");

    public void Dispose()
    {
        _display.Dispose();
        _reactor.Dispose();
    }

    private sealed class Events : IGuestDisplayEvents
    {
        public void ScanoutChanged(GuestDisplay display) { }

        public void Damaged(GuestDisplay display, PixelRect rect) { }

        public void CursorChanged(GuestDisplay display, PixelRect before) { }

        public void LedsChanged(GuestDisplay display) { }

        public void Closed(GuestDisplay display, string why) { }
    }
}
