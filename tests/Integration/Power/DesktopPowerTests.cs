using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Hyperspace.Linux;
using Hyperspace.Machines.Power.Policy;
using Hyperspace.Machines.Power.Rules;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Tests.Integration.Engine;
using static Hyperspace.Tests.Integration.Power.PowerHome;

namespace Hyperspace.Tests.Integration.Power;

/// <summary>What desktops ask: UPower, acpid and the guest agent of an unmodified Debian (guests/upower).</summary>
[Collection(QemuCollection.Name)]
public sealed class DesktopPowerTests
{
    /// <summary>Of a guest that has a message bus to start on an emulated CPU.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private const string Battery = "upower -i /org/freedesktop/UPower/devices/battery_BAT0", Charger = "upower -i /org/freedesktop/UPower/devices/line_power_AC0", All = "upower --dump";

    [Fact]
    public async Task UPower_shows_the_hosts_figures_acpid_hears_of_changes_and_the_clock_is_set_after_a_suspend()
    {
        await using var home = new PowerHome();
        Define(home.Engine);
        home.Control.Set(new PowerSetting([ABattery(0, 40_000, BatteryStatus.Discharging)], AcOnline: false, LidOpen: true));
        await home.OpenAsync();
        await home.Fleet.ActAsync("vm", VmAction.Start, CancellationToken.None);
        await EngineHome.UntilAsync(() => home.Engine.Serial("vm").Contains("hs:ready upower", StringComparison.Ordinal), () => $"the guest, which says {home.Engine.Serial("vm")}", Patience);
        LinuxGuest guest = await home.ShellAsync("vm");

        await SeesAsync(guest, Battery, home.Control.Current.Batteries[0]);
        await SaysAsync(guest, Charger, @"online: +no");
        await SaysAsync(guest, All, @"on-battery: +yes");
        await SaysAsync(guest, All, @"lid-is-closed: +no");

        home.Control.Set(new PowerSetting([ABattery(0, 10_000, BatteryStatus.Charging)]));
        await SeesAsync(guest, Battery, home.Control.Current.Batteries[0]);
        await SaysAsync(guest, "cat /tmp/acpi", @"^battery PNP0C0A:00 00000080 ");
        home.Control.Set(new PowerSetting(AcOnline: true));
        await SaysAsync(guest, Charger, @"online: +yes");
        await SaysAsync(guest, All, @"on-battery: +no");
        await SaysAsync(guest, "cat /tmp/acpi", @"^ac_adapter ACPI0003:00 00000080 00000001$");
        home.Control.Set(new PowerSetting(LidOpen: false));
        await SaysAsync(guest, All, @"lid-is-closed: +yes");
        await SaysAsync(guest, "cat /tmp/acpi", @"^button/lid LID close$");
        await SaysAsync(guest, "cat /proc/acpi/button/lid/*/state", @"^state: +closed$");
        await ClockAsync(home, guest);
    }

    /// <summary>
    /// The way of a suspended host: the guest is paused before, and when it goes on its clock is set. That it was far behind, as after a long sleep, is what the test has done to it.
    /// </summary>
    private static async Task ClockAsync(PowerHome home, LinuxGuest guest)
    {
        var guests = new FleetGuests(home.Fleet, home.Fleet.PressPowerAsync)
        {
            SetClock = async (vm, cancel) => await home.Fleet.SetClockAsync(vm, cancel) ? "its clock was set." : "no guest agent answers.",
        };
        var machine = new MachineThatStaysAsleep();
        var world = new PolicyWorld(home.Control, guests, machine, () => RulesReader.Read("power.yaml", "host: act"), () => null, () => false, TimeProvider.System);
        await using var policy = new PowerPolicy(world, home.Engine.Paths.PowerLog, Path.Combine(home.Engine.Paths.Runtime, "held"));
        await policy.StartAsync();
        await guest.RunAsync("date -u -s '2001-02-03 04:05:06'");
        Assert.True(await BehindAsync(guest) > TimeSpan.FromDays(365));

        await machine.Sleeping!(true);
        await EngineHome.StateAsync(home.Fleet, "vm", VmState.Paused);
        await machine.Sleeping(false);
        Assert.Contains("vm: its clock was set.", File.ReadAllText(home.Engine.Paths.PowerLog), StringComparison.Ordinal);
        TimeSpan behind = await BehindAsync(guest);
        Assert.True(behind.Duration() < TimeSpan.FromMinutes(1), $"the guest's clock is {behind} behind");
    }

    /// <returns>How far the guest's clock is behind this machine's, as it was when it was asked.</returns>
    private static async Task<TimeSpan> BehindAsync(LinuxGuest guest)
    {
        DateTimeOffset now = DateTimeOffset.UtcNow;
        return now - DateTimeOffset.FromUnixTimeSeconds(long.Parse(await guest.RunAsync("date +%s"), CultureInfo.InvariantCulture));
    }

    private static async Task SeesAsync(LinuxGuest guest, string command, BatteryState battery)
    {
        int now = battery.EnergyNowMilliwattHours!.Value, full = battery.EnergyFullMilliwattHours!.Value;
        await SaysAsync(guest, command, $@"state: +{(battery.Status == BatteryStatus.Charging ? "charging" : "discharging")}$");
        await SaysAsync(guest, command, $@"percentage: +{now * 100L / full}%$");
        await SaysAsync(guest, command, $@"energy: +{Number(now)} Wh$");
        await SaysAsync(guest, command, $@"energy-full: +{Number(full)} Wh$");
        await SaysAsync(guest, command, $@"energy-full-design: +{Number(battery.EnergyDesignMilliwattHours!.Value)} Wh$");
        await SaysAsync(guest, command, $@"energy-rate: +{Number(battery.RateMilliwatts!.Value)} W$");
        await SaysAsync(guest, command, $@"voltage: +{Number(battery.VoltageMillivolts!.Value)} V$");
    }

    /// <summary>As UPower writes it.</summary>
    private static string Number(int milli) => Regex.Escape((milli / 1000.0).ToString("0.######", CultureInfo.InvariantCulture));

    private static async Task SaysAsync(LinuxGuest guest, string command, string pattern)
    {
        string said = "";
        for (var watch = Stopwatch.StartNew(); !Regex.IsMatch(said = await guest.RunAsync(command), pattern, RegexOptions.Multiline);)
        {
            Assert.True(watch.Elapsed < Patience, $"{command} says nothing like {pattern} but: {said}");
            await Task.Delay(200);
        }
    }

    private static void Define(EngineHome home)
    {
        string built = Path.Combine(HyperspacePaths.Current.Guest("upower"), "vm.yaml");
        Assert.True(File.Exists(built), $"{built} is missing; guests/build upower makes it");
        IEnumerable<string> lines = File.ReadAllLines(built).Where(line => !line.StartsWith("autostart", StringComparison.Ordinal));
        string shell = LinuxGuest.ShellSocket(home, "vm");
        File.WriteAllLines(home.Definition("vm"), [.. lines, "accelerator: tcg", $"extra: [\"-chardev\", \"socket,id=shell,path={shell},server=on,wait=off\", \"-serial\", \"chardev:shell\"]"]);
    }
}
