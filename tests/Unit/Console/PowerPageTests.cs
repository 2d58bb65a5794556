using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Display.Compositor;

namespace Hyperspace.Tests.Unit.ManagementConsole;

public class PowerPageTests
{
    private static readonly PowerState Notebook = new(
        [new BatteryState("BAT0", true, BatteryStatus.Discharging, 42, 21_000, 50_000, 57_000, 10_000, 11_500, 11_400, 312), new BatteryState("BAT1", false, BatteryStatus.Unknown, null)],
        false, true, new BacklightState("panel", 60), new ThermalState(46, 100));

    [Fact]
    public void The_page_tells_all_of_the_power_and_follows_it()
    {
        var screen = new ConsoleScreen();
        screen.Backend.Snapshot = screen.Backend.Snapshot! with { Power = Notebook };
        screen.App.DataChanged();
        screen.Press("w");
        foreach (string text in new[] { "Power", "BAT0", "42 %, discharging, 2:06 h left", "21.0 of 50.0 Wh, 57.0 Wh when it was new", "10.0 W", "312", "Its bay is empty.", "unplugged", "60 % (panel)", "46 °C, switches itself off at 100 °C" })
        {
            Assert.Contains(text, screen.Text);
        }

        Assert.DoesNotContain("power set", screen.Text);
        screen.Backend.Snapshot = screen.Backend.Snapshot with { Power = Notebook with { Batteries = [], AcOnline = null, LidOpen = null, IsSet = true } };
        screen.App.DataChanged();
        Assert.Contains("This computer has no battery.", screen.Text);
        Assert.Contains("power release", screen.Text);
        screen.Press("Escape");
        Assert.Contains("Work", screen.Text);
    }

    [Fact]
    public void Without_a_word_of_the_daemon_the_page_says_so() => Assert.Contains("nothing about power yet", new ConsoleScreen().Press("w").Text);

    [Theory]
    [InlineData(BatteryStatus.Discharging, "42%-")]
    [InlineData(BatteryStatus.Charging, "42%+")]
    [InlineData(BatteryStatus.Full, "42%")]
    public void The_bar_shows_level_and_direction(BatteryStatus status, string text) =>
        Assert.Equal(text, BarPower.Of(Notebook with { Batteries = [Notebook.Batteries[0] with { Status = status }] }));

    [Fact]
    public void The_bar_shows_nothing_on_a_desktop_PC()
    {
        Assert.Equal("", BarPower.Of(null));
        Assert.Equal("", BarPower.Of(PowerState.None));
        Assert.Equal("", BarPower.Of(Notebook with { Batteries = [Notebook.Batteries[1]] }));
    }
}
