using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Input;
using Hyperspace.Tests.Integration.Engine;

namespace Hyperspace.Tests.Integration.Window;

/// <summary>The same on Wayland: the compositor's screen is a window of an X server, whose keys it takes for its own.</summary>
[Collection(QemuCollection.Name)]
public sealed class WaylandTests
{
    [Fact]
    public async Task On_Wayland_the_window_shows_console_and_guest_takes_keys_and_follows_its_size()
    {
        await using Desktop desktop = await Desktop.OnWaylandAsync();
        desktop.Home.Define("vm", "port: 1\nautostart: true");
        await desktop.StartSeatAsync();
        await desktop.SeenAsync("Hyperspace on");
        Assert.Contains("The seat is in a window (wayland", desktop.Said, StringComparison.Ordinal);

        await desktop.Home.SerialAsync("vm", BootSector.Ready);
        await desktop.UntilAsync(seat => seat.Ports.Any(port => port is { Port: 1, Width: > 0 }), "a picture of the guest");
        desktop.Tap(KeyCode.RightCtrl, KeyCode.RightCtrl, KeyCode.D1);
        await desktop.UntilAsync(seat => seat.Port == 1, "port 1");
        desktop.Tap(KeyCode.A);
        await desktop.Home.SerialAsync("vm", "ready\r\na");

        desktop.X.Resize(desktop.Window, 1100, 700);
        SeatStatus seat = await desktop.UntilAsync(seat => (seat.Width, seat.Height) == (1100, 700), "1100x700");
        await desktop.SeenAsync("Ctrl+Alt+Esc: console");
        desktop.Press(KeyCode.LeftCtrl);
        desktop.Press(KeyCode.LeftAlt);
        desktop.Tap(KeyCode.Esc);
        await desktop.UntilAsync(seat => seat.Port == 0, "port 0");
        await desktop.SeenAsync("Hyperspace on");
    }
}
