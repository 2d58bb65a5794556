using System.Diagnostics;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Tests.Integration.Engine;
using static Hyperspace.Tests.Integration.Power.PowerHome;

namespace Hyperspace.Tests.Integration.Power;

/// <summary>Real QEMU and a real Linux, which knows nothing of Hyperspace.</summary>
[Collection(QemuCollection.Name)]
public sealed class GuestPowerTests
{
    /// <summary>All input events so far, 24 bytes each.</summary>
    private const string Input = "hexdump -v -e '24/1 \"%02x\" \"\\n\"' /tmp/input.*";

    private static readonly PowerSetting Notebook = new(
        [ABattery(0, 21_000, BatteryStatus.Discharging), ABattery(1, 9_000, BatteryStatus.Charging, 20_000)], AcOnline: false, LidOpen: true);

    /// <summary>The first read after the boot, every later one, and after a flood.</summary>
    [Fact]
    public async Task A_guest_sees_what_the_host_has_whatever_happens_to_it()
    {
        await using var home = new PowerHome();
        LinuxGuest.Define(home.Engine, "vm", "mirror");
        home.Control.Set(Notebook);
        await home.OpenAsync();
        LinuxGuest guest = await home.BootAsync("vm");
        Assert.Equal(GuestView.Of(home.Control.Current), (await guest.RunAsync("power-view")).Trim());

        var random = new Random(5);
        for (int round = 0; round < 6; round++)
        {
            home.Control.Set(Any(random));
            await home.AssertSeesAsync("vm", home.Control.Current);
        }

        for (int i = 0; i < 1000; i++)
        {
            home.Control.Set(Any(random));
        }

        await home.AssertSeesAsync("vm", home.Control.Current);

        // A battery is pulled out, and put in again as a new one.
        home.Control.Set(new PowerSetting([new BatteryState("BAT0", false, BatteryStatus.Unknown, null)]));
        await home.AssertSeesAsync("vm", home.Control.Current);
        home.Control.Set(new PowerSetting([ABattery(0, 30_000, BatteryStatus.NotCharging, 45_000)]));
        await home.AssertSeesAsync("vm", home.Control.Current);
    }

    private static PowerSetting Any(Random random)
    {
        BatteryState[] batteries = [.. Enumerable.Range(0, 2).Select(i => ABattery(i, random.Next(100, 40_000), (BatteryStatus)random.Next(1, 3), random.Next(40_001, 57_000)))];
        return new PowerSetting(batteries, AcOnline: random.Next(2) == 0, LidOpen: random.Next(2) == 0);
    }

    /// <summary>Events reach the guest without its asking, on a machine of four CPUs, also for devices that were not there when it booted; a VM beside it sees nothing of them.</summary>
    [Fact]
    public async Task Events_reach_the_VM_that_they_are_for()
    {
        await using var home = new PowerHome();
        LinuxGuest.Define(home.Engine, "mirror", "mirror", cpus: 4);
        LinuxGuest.Define(home.Engine, "fixed", "{mode: fixed, level: 80, ac: true, lid: open}");
        LinuxGuest.Define(home.Engine, "none", "none");
        await home.OpenAsync();
        LinuxGuest mirror = await home.BootAsync("mirror"), other = await home.BootAsync("fixed"), none = await home.BootAsync("none");
        Assert.Equal("", (await mirror.RunAsync("power-view")).Trim());
        Assert.Equal("", (await none.RunAsync("power-view; ls /sys/bus/acpi/devices | grep ACPI0013")).Trim());
        string fixedView = await other.RunAsync("power-view");
        Assert.Contains("BAT0.capacity=80\n", fixedView, StringComparison.Ordinal);
        Assert.Contains("AC0.online=1\nlid=state:      open\n", fixedView, StringComparison.Ordinal);

        home.Control.Set(Notebook);
        await home.AssertSeesAsync("mirror", home.Control.Current);
        await mirror.RunAsync("rm -f /tmp/events; for e in /sys/class/input/event*; do case $(cat $e/device/name) in *Lid*|*Sleep*) dd if=/dev/input/${e##*/} of=/tmp/input.${e##*/} bs=24 & esac; done; sleep 1");
        home.Control.Set(new PowerSetting([ABattery(0, 20_000, BatteryStatus.Discharging)]));
        await EventuallyAsync(mirror, "cat /tmp/events", "change power_supply BAT0");
        home.Control.Set(new PowerSetting(AcOnline: true));
        await EventuallyAsync(mirror, "cat /tmp/events", "change power_supply AC0");
        home.Control.Set(new PowerSetting(LidOpen: false));

        // Type 5 (switch), code 0 (lid), value 1 (closed); then type 1 (key), code 142 (sleep), value 1.
        await EventuallyAsync(mirror, Input, "0500000001000000");
        await home.Fleet.ActAsync("mirror", VmAction.Sleep, CancellationToken.None);
        await EventuallyAsync(mirror, Input, "01008e0001000000");
        Assert.Equal(fixedView, await other.RunAsync("power-view"));
        Assert.Equal("", await other.RunAsync("cat /tmp/events | grep -v ' input\\| BAT0$\\| AC0$' | grep power_supply"));
        Assert.Equal(["fixed", "mirror", "none"], home.Powers.Vms.Select(vm => vm.Mode).Order());
    }

    /// <summary>The daemon ends and comes back, and the guest is reset while there is none: then it has what it was told last.</summary>
    [Fact]
    public async Task A_guest_without_a_daemon_keeps_its_power_over_a_reset_too()
    {
        await using var home = new PowerHome();
        LinuxGuest.Define(home.Engine, "vm", "mirror");
        await home.OpenAsync();
        LinuxGuest guest = await home.BootAsync("vm");
        home.Control.Set(Notebook);
        await home.AssertSeesAsync("vm", home.Control.Current);
        PowerState last = home.Control.Current;
        await home.CloseAsync();
        home.Control.Set(new PowerSetting([ABattery(0, 1_234, BatteryStatus.Charging)], AcOnline: true, LidOpen: false));
        await AssertSettlesAsync(guest, last);

        // The cycles are not kept over a reset.
        await guest.SendAsync("echo b >/proc/sysrq-trigger");
        await EngineHome.UntilAsync(() => home.Engine.Serial("vm").Split("guest:ready").Length > 2, () => "a second boot");
        guest = await home.ShellAsync("vm");
        PowerState kept = last with { Batteries = [.. last.Batteries.Select(b => b with { Cycles = 0 })] };
        await AssertSettlesAsync(guest, kept);

        await home.OpenAsync();
        await home.AssertSeesAsync("vm", home.Control.Current);
    }

    /// <summary>A guest of one sector that sleeps when a key is pressed. It has no resume vector, so SeaBIOS starts it anew when it is woken.</summary>
    [Fact]
    public async Task A_VM_that_sleeps_says_so_and_is_woken_by_this_daemon_and_by_the_next()
    {
        const string code = """
            fa 31c0 8ed8 8ed0 bc007c fb             ; 7c00 cli; ds = ss = 0; sp = 7c00; sti
            baf803 b052 ee b00a ee                  ; 7c0a "R\n" on the serial line
            30e4 cd16                               ; a key
            ba0406 b80024 ef                        ; out 604, 2400: PM1_CNT, S3
            f4 ebfd                                 ; hlt
            """;
        await using var home = new PowerHome();
        home.Engine.Define("vm", "sleep: s3");
        byte[] sector = new byte[1 << 20];
        MachineCode.Bytes(code).CopyTo(sector, 0);
        (sector[510], sector[511]) = (0x55, 0xAA);
        File.WriteAllBytes(Path.Combine(home.Engine.Paths.VmState("vm"), "boot.img"), sector);
        await home.OpenAsync();
        await home.Fleet.ActAsync("vm", VmAction.Start, CancellationToken.None);
        await SleepAsync(1);
        await home.Fleet.ActAsync("vm", VmAction.Wake, CancellationToken.None);
        await EngineHome.StateAsync(home.Fleet, "vm", VmState.Running);
        await SleepAsync(2);
        await home.CloseAsync();
        await home.OpenAsync();
        Assert.Equal(VmState.Sleeping, EngineHome.Vm(home.Fleet, "vm").State);
        await home.Fleet.ActAsync("vm", VmAction.Resume, CancellationToken.None);
        await EngineHome.StateAsync(home.Fleet, "vm", VmState.Running);
        await SleepAsync(3);
        await home.Fleet.ActAsync("vm", VmAction.Kill, CancellationToken.None);

        async Task SleepAsync(int boots)
        {
            await EngineHome.UntilAsync(() => home.Engine.Serial("vm").Count(c => c == 'R') == boots, () => $"boot {boots}");
            await home.Engine.TypeAsync("vm", "a");
            await EngineHome.StateAsync(home.Fleet, "vm", VmState.Sleeping);
        }
    }

    private static async Task EventuallyAsync(LinuxGuest guest, string command, string text)
    {
        string said = "";
        var watch = Stopwatch.StartNew();
        while (!(said = await guest.RunAsync(command)).Contains(text, StringComparison.Ordinal))
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"Waited 30 s for \"{text}\"; the guest says: {said}");
            await Task.Delay(100);
        }
    }
}
