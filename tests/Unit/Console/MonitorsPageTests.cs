using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.ManagementConsole;

public class MonitorsPageTests
{
    private static readonly SeatMonitor[] Three =
    [
        new("LGD-1", "Panel", "eDP-1", 1920, 1080, "primary", 0, true),
        new("DEL-2", "U2415", "HDMI-A-1", 1920, 1200, "mirror", 0, true),
        new("ACR-3", "Old one", null, 0, 0, "absent", 3, false),
    ];

    [Fact]
    public void The_page_tells_of_each_monitor_where_it_is_and_what_it_shows()
    {
        ConsoleScreen screen = Open();
        Assert.Matches("▸ Panel +eDP-1 +1920x1080 +primary", screen.Row("Panel"));
        Assert.Matches("U2415 +HDMI-A-1 +1920x1200 +mirrors the primary", screen.Row("U2415"));
        Assert.Matches("Old one +not plugged in; port 3, Mail", screen.Row("Old one"));
        screen.Backend.Monitors = [Three[0], Three[1] with { Shows = "port", Port = 2 }];
        screen.App.DataChanged();
        Assert.Contains("shows port 2, Lab", screen.Row("U2415"));
    }

    [Fact]
    public void A_digit_shows_that_port_on_the_selected_monitor_and_0_makes_it_a_mirror()
    {
        ConsoleScreen screen = Open().Press("Down", "2", "0", "Down", "Down", "0", "Up", "Up", "Up", "1");
        Assert.Equal(["monitor DEL-2 2", "monitor DEL-2 mirror", "monitor ACR-3 mirror", "monitor LGD-1 1"], screen.Backend.Asked);
        Assert.Contains("Work", screen.Press("Escape").Text);
    }

    [Fact]
    public void P_makes_the_selected_monitor_the_primary()
    {
        ConsoleScreen screen = Open();
        Assert.Equal(["primary DEL-2"], screen.Press("Down", "p").Backend.Asked);
    }

    [Fact]
    public void The_selection_stays_on_its_monitor_when_another_comes()
    {
        ConsoleScreen screen = Open().Press("Down");
        screen.Backend.Monitors = [Three[0], Three[2] with { Connector = "DP-1", Shows = "port" }, Three[1]];
        screen.App.DataChanged();
        screen.Press("5");
        Assert.Equal(["monitor DEL-2 5"], screen.Backend.Asked);
    }

    [Fact]
    public void What_the_seat_refuses_is_shown()
    {
        ConsoleScreen screen = Open();
        screen.Backend.Refusal = "Panel is the primary monitor.";
        Assert.Contains("Panel is the primary monitor.", screen.Press("1").Text);
    }

    [Fact]
    public void Without_monitors_the_page_says_so_and_its_key_is_not_offered()
    {
        var screen = new ConsoleScreen();
        Assert.DoesNotContain("monitors", screen.Text);
        Assert.Contains("There are no monitors to choose for", screen.Press("d").Text);
        Assert.Empty(screen.Press("2", "Up", "Down").Backend.Asked);
    }

    private static ConsoleScreen Open()
    {
        var screen = new ConsoleScreen();
        screen.Backend.Monitors = Three;
        return screen.Press("d");
    }
}
