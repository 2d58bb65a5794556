using System.Collections.Concurrent;
using System.Diagnostics;
using Hyperspace.Machines.Power.Host;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Power;

/// <summary>The source with its thread, on a machine of files and pipes.</summary>
public sealed class SysfsPowerTests : IDisposable
{
    /// <summary>Bit 116, and bit 116 with the letter A.</summary>
    private const string PowerKey = "10000000000000 0", Keyboard = "10000000000000 40000000";

    private readonly FakeSysfs _sysfs = new();

    [Fact]
    public async Task A_changed_file_is_read_after_an_event()
    {
        _sysfs.Ac(true);
        using var power = new SysfsPower(_sysfs.Root, uevents: false);
        int changes = 0;
        power.Changed += () => Interlocked.Increment(ref changes);
        Assert.True(power.Current.AcOnline);
        _sysfs.Ac(false);
        power.Refresh();
        await UntilAsync(() => power.Current.AcOnline == false && Volatile.Read(ref changes) > 0, "the charger");
        Assert.Equal(1, Volatile.Read(ref changes));
    }

    [Fact]
    public async Task Buttons_are_told_once_each()
    {
        using FileStream button = _sysfs.Input("event3", PowerKey), keyboard = _sysfs.Input("event4", Keyboard);
        using var power = new SysfsPower(_sysfs.Root, uevents: false);
        var pressed = new ConcurrentQueue<PowerEvent>();
        power.Pressed += pressed.Enqueue;
        keyboard.Write(FakeSysfs.Event(1, 116, 1));
        foreach (int value in new[] { 1, 2, 0, 1, 0 })
        {
            button.Write(FakeSysfs.Event(1, 116, value));
        }

        button.Write(FakeSysfs.Event(1, 142, 1));
        await UntilAsync(() => pressed.Count >= 3, "the buttons");
        Assert.Equal([(1L, PowerButton.Power), (2L, PowerButton.Power), (3L, PowerButton.Sleep)], pressed.Select(p => (p.Sequence, p.Button)));
        Assert.Equal(3, power.Current.LastEvent!.Sequence);
    }

    [Fact]
    public async Task The_lid_is_a_state_and_an_event()
    {
        _sysfs.Put("proc/acpi/button/lid/LID0/state", "state:      open");
        using FileStream lid = _sysfs.Input("event0", sw: "1");
        using var power = new SysfsPower(_sysfs.Root, uevents: false);
        var pressed = new ConcurrentQueue<(PowerButton, bool?)>();
        power.Pressed += e => pressed.Enqueue((e.Button, power.Current.LidOpen));
        Assert.True(power.Current.LidOpen);
        lid.Write(FakeSysfs.Event(5, 0, 1));
        lid.Write(FakeSysfs.Event(5, 0, 1));
        lid.Write(FakeSysfs.Event(5, 0, 0));
        await UntilAsync(() => pressed.Count >= 2, "the lid");
        Assert.Equal([(PowerButton.LidClosed, false), (PowerButton.LidOpened, true)], pressed);
    }

    [Fact]
    public async Task A_device_that_is_pulled_out_does_not_end_the_thread()
    {
        _sysfs.Ac(true);
        FileStream button = _sysfs.Input("event3", PowerKey);
        using var power = new SysfsPower(_sysfs.Root, uevents: false);
        await button.DisposeAsync();
        _sysfs.Ac(false);
        power.Refresh();
        await UntilAsync(() => power.Current.AcOnline == false, "the charger");
    }

    [Theory]
    [InlineData("10000000000000 0", 116, true)]
    [InlineData("10000000000000 0", 115, false)]
    [InlineData("1", 0, true)]
    [InlineData("", 0, false)]
    [InlineData("zz 1", 64, false)]
    public void Bit_lists_are_read_from_their_end(string words, int bit, bool set) => Assert.Equal(set, SysfsPower.Has(words, bit));

    internal static async Task UntilAsync(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"Waited 30 s for {what}");
            await Task.Delay(5);
        }
    }

    public void Dispose() => _sysfs.Dispose();
}

public sealed class FlapFilterTests
{
    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    [Fact]
    public void A_change_passes_at_once()
    {
        var filter = new FlapFilter<bool>();
        Assert.True(filter.Pass(true, At(0)));
        Assert.False(filter.Pass(false, At(0.001)));
        Assert.False(filter.IsHolding);
    }

    [Fact]
    public void What_flaps_is_kept_until_it_is_quiet()
    {
        var filter = new FlapFilter<int>();
        int[] passed = [.. Enumerable.Range(0, 20).Select(i => filter.Pass(i % 2, At(i * 0.1)))];
        Assert.Equal([0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], passed);
        Assert.True(filter.IsHolding);
        Assert.Equal(0, filter.Pass(1, At(3.8)));
        Assert.Equal(1, filter.Pass(1, At(3.95)));
        Assert.False(filter.IsHolding);
    }
}
