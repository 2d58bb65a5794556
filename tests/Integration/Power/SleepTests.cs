using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Seat.Input;
using Hyperspace.Tests.Integration.Engine;
using Hyperspace.Tests.Integration.Instant;
using static Hyperspace.Tests.Integration.Power.PowerHome;

namespace Hyperspace.Tests.Integration.Power;

/// <summary>What a guest finds when it has not been there: after S3, and when it goes on from a template.</summary>
[Collection(QemuCollection.Name)]
public sealed class SleepTests
{
    private static readonly PowerSetting Before = new([ABattery(0, 40_000, BatteryStatus.Discharging)], AcOnline: false, LidOpen: true);
    private static readonly PowerSetting After = new([ABattery(0, 10_000, BatteryStatus.Charging)], AcOnline: true, LidOpen: false);

    /// <summary>S3 and back in a real Linux: disk, keyboard and power are there again, the power with what came meanwhile.</summary>
    [Fact]
    public async Task A_guest_that_is_offered_S3_sleeps_and_has_its_devices_when_it_is_woken()
    {
        await using var home = new PowerHome();
        Directory.CreateDirectory(home.Engine.Paths.VmState("vm"));
        File.WriteAllBytes(Path.Combine(home.Engine.Paths.VmState("vm"), "disk.img"), [.. "what is on the disk"u8, .. new byte[1 << 20]]);
        LinuxGuest.Define(home.Engine, "vm", "mirror", kernel: LinuxGuest.KernelThatWakes, input: "virtio", more: "sleep: s3\ndisks: [{file: disk.img, format: raw}]");
        home.Control.Set(Before);
        await home.OpenAsync();
        LinuxGuest guest = await home.BootAsync("vm");
        await guest.LoadDriversAsync();
        await guest.RunAsync("for e in /sys/class/input/event*; do case $(cat $e/device/name) in *Virtio*Keyboard*) dd if=/dev/input/${e##*/} of=/tmp/keys bs=24 & esac; done");
        await home.AssertSeesAsync("vm", home.Control.Current);

        await guest.SendAsync("echo mem >/sys/power/state; echo woken");
        await EngineHome.StateAsync(home.Fleet, "vm", VmState.Sleeping);
        home.Control.Set(After);
        await home.Fleet.ActAsync("vm", VmAction.Wake, CancellationToken.None);
        await EngineHome.StateAsync(home.Fleet, "vm", VmState.Running);
        Assert.Contains("woken", await guest.RunAsync("true"), StringComparison.Ordinal);
        await home.AssertSeesAsync("vm", home.Control.Current);
        Assert.Equal("what is on the disk", await guest.RunAsync("echo 3 >/proc/sys/vm/drop_caches; dd if=/dev/vda bs=19 count=1 2>/dev/null"));
        await home.Fleet.PressAsync("vm", KeyCode.A);

        // Type 1 (key), code 30 (A), value 1.
        await EngineHome.UntilAsync(() => guest.RunAsync("hexdump -v -e '24/1 \"%02x\" \"\\n\"' /tmp/keys").Result.Contains("01001e0001000000", StringComparison.Ordinal), () => "the key");
    }

    /// <summary>A machine that was saved with other values goes on with those of today.</summary>
    [Fact]
    public async Task A_guest_from_a_template_sees_the_power_of_now()
    {
        await using var home = new PowerHome();
        LinuxGuest.Define(home.Engine, "vm", "mirror", more: "instant: {warm: 0}\nready: \"guest:ready\"");
        home.Control.Set(Before);
        await home.OpenAsync();
        await home.Fleet.BuildAsync("vm");
        home.Control.Set(After);
        VmStatus vm = await home.Fleet.OpenAsync("vm");
        Assert.Equal("template", vm.StartedBy);
        await home.ShellAsync("vm");
        await home.AssertSeesAsync("vm", home.Control.Current);
    }
}
