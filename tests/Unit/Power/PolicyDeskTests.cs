using Hyperspace.Client;
using Hyperspace.Commands.Power;
using Hyperspace.Daemon;
using Hyperspace.Linux;
using Hyperspace.Linux.Files;
using Hyperspace.Machines;
using Hyperspace.Machines.Power.Host;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Tests.Unit.Api;
using Hyperspace.Tests.Unit.Link;

namespace Hyperspace.Tests.Unit.Power;

/// <summary>The power rules as the API and the link show them.</summary>
public sealed class PolicyDeskTests
{
    [Fact]
    public async Task Brightness_goes_over_the_API_and_a_key_of_the_seat_over_the_link()
    {
        var desk = new DeskWithFiftyPercent();
        await using Place place = await Place.OpenAsync(desk);
        Assert.Equal(50, await place.Client.GetBrightnessAsync(default));
        Assert.Equal(70, await place.Client.SetBrightnessAsync(70, default));
        ControlException refused = await Assert.ThrowsAsync<ControlException>(() => place.Client.SetBrightnessAsync(101, default));
        Assert.Contains("A brightness of 101 % makes no sense", refused.Message, StringComparison.Ordinal);

        using var seat = new SeatOnThread(place.Paths.LinkSocket);
        await DaemonBench.UntilAsync("the first state", () => seat.Snapshot is not null);
        Assert.Equal(["Brightness 75 %"], (await seat.RequestAsync(id => new BrightnessKey(id, Up: true))).Lines);
        desk.BrightnessPercent = null;
        Assert.Equal("This machine has no backlight that can be set.", (await seat.RequestAsync(id => new BrightnessKey(id, Up: true))).Error);
        await Assert.ThrowsAsync<ControlException>(() => place.Client.GetBrightnessAsync(default));
    }

    [Fact]
    public async Task A_power_key_of_the_seats_keyboard_counts_like_the_machines_button_and_that_of_a_console_does_not()
    {
        using var control = new PowerControl(new ScriptedSource());
        await using Place place = await Place.OpenAsync(new DeskWithFiftyPercent(), new DeskOf(control));
        var pressed = new List<PowerButton>();
        control.Pressed += e => pressed.Add(e.Button);
        using var seat = new SeatOnThread(place.Paths.LinkSocket);
        await DaemonBench.UntilAsync("the first state", () => seat.Snapshot is not null);
        Assert.True((await seat.RequestAsync(id => new PowerKey(id, PowerButton.Sleep))).Ok);
        Assert.Equal([PowerButton.Sleep], pressed);
        Assert.Equal("A keyboard has a power and a sleep key, and no lid.", (await seat.RequestAsync(id => new PowerKey(id, PowerButton.LidClosed))).Error);
        Assert.Equal([PowerButton.Sleep], pressed);
    }

    [Fact]
    public void A_status_of_the_seat_ends_idleness_only_when_somebody_has_used_it()
    {
        var desk = new DeskWithFiftyPercent();
        using var board = new StatusBoard(new ScriptedFleet(), null, desk);
        var status = new SeatStatus(1, "work", "headless", 640, 480, [], 3, null, []) { Inputs = 7 };
        board.Seat = status;
        Assert.Equal(1, desk.Touches);
        board.Seat = status with { Width = 800, LastSwitchMicroseconds = 5 };
        Assert.Equal(1, desk.Touches);
        board.Seat = status with { Inputs = 8 };
        Assert.Equal(2, desk.Touches);
        board.Seat = status with { Inputs = 8, Switches = 4 };
        Assert.Equal(3, desk.Touches);
        board.Seat = null;
        Assert.Equal(3, desk.Touches);
    }

    [Fact]
    public async Task What_is_being_done_can_be_seen_in_every_snapshot_and_be_cancelled()
    {
        var desk = new DeskWithFiftyPercent { Running = "lid closed: suspend the host." };
        await using Place place = await Place.OpenAsync(desk);
        await foreach (Snapshot snapshot in place.Client.WatchAsync(default))
        {
            Assert.Equal("lid closed: suspend the host.", snapshot.Policy!.Running);
            break;
        }

        Assert.Equal("lid closed: suspend the host.", (await place.Client.CancelPolicyAsync(default)).Running);
        Assert.Null((await place.Client.CancelPolicyAsync(default)).Running);
        Assert.Equal(["a line"], (await place.Client.GetPolicyAsync(default)).Recent);
    }

    [Theory]
    [InlineData("60", 60)]
    [InlineData("0", 0)]
    [InlineData("+10", 60)]
    [InlineData("-10", 40)]
    [InlineData("-100", 1)]
    [InlineData("+100", 100)]
    public void A_change_of_brightness_never_ends_in_darkness(string text, int wanted) => Assert.Equal(wanted, PolicyCommands.Wanted(text, 50));

    [Theory]
    [InlineData("bright")]
    [InlineData("101")]
    [InlineData("")]
    public void What_is_no_brightness_is_refused(string text) => Assert.Throws<IOException>(() => PolicyCommands.Wanted(text, 50));

    /// <summary>A daemon's outside around a scripted fleet and a scripted desk.</summary>
    private sealed class Place(HyperspacePaths paths, FileLock taken, DaemonHost host) : IAsyncDisposable
    {
        public HyperspacePaths Paths => paths;

        public ControlClient Client { get; } = new(paths.ApiSocket);

        public static async Task<Place> OpenAsync(IPolicyDesk desk, IPowerDesk? power = null)
        {
            HyperspacePaths paths = DaemonBench.TemporaryPaths();
            FileLock taken = DaemonHost.TakePlace(paths);
            return new Place(paths, taken, await DaemonHost.OpenAsync(paths, new ScriptedFleet(), CancellationToken.None, power: power, policy: desk));
        }

        public async ValueTask DisposeAsync()
        {
            Client.Dispose();
            await host.DisposeAsync();
            taken.Dispose();
            Directory.Delete(Path.GetDirectoryName(paths.Config)!, recursive: true);
        }
    }

    private sealed class DeskOf(PowerControl control) : IPowerDesk
    {
        public PowerState? Current => control.Current;

        public event Action? Changed
        {
            add => control.Changed += value;
            remove => control.Changed -= value;
        }

        public PowerReport Report() => new(control.Current, control.Machine, []);

        public void Set(PowerSetting setting) => control.Set(setting);

        public void Release() => control.Release();

        public void PressKey(PowerButton button) => control.PressKey(button);
    }

    private sealed class DeskWithFiftyPercent : IPolicyDesk
    {
        public string? Running { get; set; }

        public PolicyStatus Status => new(Running, ["a line"], "a test");

        public event Action? Changed
        {
            add { }
            remove { }
        }

        public int? BrightnessPercent { get; set; } = 50;

        public bool Cancel()
        {
            bool running = Running is not null;
            Running = null;
            return running;
        }

        public int Touches { get; private set; }

        public void Touched() => Touches++;

        public Task<int> StepBrightnessAsync(bool up, CancellationToken cancel) =>
            SetBrightnessAsync((BrightnessPercent ?? throw new MachineException("This machine has no backlight that can be set.")) + (up ? 5 : -5), cancel);

        public Task<int> SetBrightnessAsync(int percent, CancellationToken cancel)
        {
            BrightnessPercent = percent;
            return Task.FromResult(percent);
        }
    }
}
