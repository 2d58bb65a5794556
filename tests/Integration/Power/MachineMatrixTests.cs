using System.Diagnostics;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Power.Mailbox;
using Hyperspace.Machines.Power.Table;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.PowerMailbox;
using Hyperspace.Tests.Integration.Engine;
using static Hyperspace.Tests.Integration.Power.PowerHome;

namespace Hyperspace.Tests.Integration.Power;

/// <summary>
/// The table in machines that the engine does not make: the older one, which has its COM4 elsewhere in the name space, and both with OVMF. With the tests of q35, SeaBIOS and one CPU each pair of
/// machine, firmware and number of CPUs is seen.
/// </summary>
[Collection(QemuCollection.Name)]
public sealed class MachineMatrixTests
{
    private static readonly PowerState First = new([ABattery(0, 12_345, BatteryStatus.Charging), ABattery(1, 33_000, BatteryStatus.Discharging)], true, false, null, null);
    private static readonly PowerState Then = new([ABattery(0, 12_300, BatteryStatus.Discharging), ABattery(1, 32_000, BatteryStatus.Discharging)], false, true, null, null);

    /// <summary>The first read, a change that is told, and what is kept over a reset while nobody is at the other end.</summary>
    [Theory]
    [InlineData("pc", false, 4)]
    [InlineData("pc", true, 1)]
    [InlineData("q35", true, 4)]
    public async Task The_table_works_whatever_the_machine_the_firmware_and_the_CPUs(string machine, bool uefi, int cpus)
    {
        await using var home = new EngineHome();
        string mailbox = Path.Combine(home.Folder, "power"), shell = Path.Combine(home.Folder, "shell");
        using Process qemu = Process.Start("qemu-system-x86_64", Arguments(home, machine, uefi, cpus, mailbox, shell));
        try
        {
            var link = new MailboxLink(mailbox, qemu.Id, PowerRegisters.Of(First));
            await using (link)
            {
                await BootedAsync(home, 1);
                await LooksAsync(shell, uefi, cpus, link);
            }

            // QEMU drops what an end that hangs up has sent last, so this one stays.
            using LinuxGuest guest = await LinuxGuest.ConnectAsync(shell);
            await guest.SendAsync("echo b >/proc/sysrq-trigger");
            await BootedAsync(home, 2);

            // The cycles are not kept over a reset.
            await AssertSettlesAsync(guest, Then with { Batteries = [.. Then.Batteries.Select(b => b with { Cycles = 0 })] });
        }
        finally
        {
            qemu.Kill();
            await qemu.WaitForExitAsync();
        }
    }

    /// <summary>The first read, and a change that is told.</summary>
    private static async Task LooksAsync(string shell, bool uefi, int cpus, MailboxLink link)
    {
        using LinuxGuest guest = await LinuxGuest.ConnectAsync(shell);
        Assert.Equal($"{cpus}", (await guest.RunAsync("grep -c ^processor /proc/cpuinfo")).Trim());
        Assert.Equal(uefi ? "efi" : "", (await guest.RunAsync("ls /sys/firmware | grep -x efi")).Trim());
        Assert.Equal(GuestView.Of(First), (await guest.RunAsync("power-view")).Trim());
        link.Tell(PowerRegisters.Of(Then));
        await EngineHome.UntilAsync(() => link.IsQuiet, () => "the mailbox");
        await AssertSettlesAsync(guest, Then);
        string events = await guest.RunAsync("cat /tmp/events");
        Assert.All(["change power_supply BAT0", "change power_supply BAT1", "change power_supply AC0"], e => Assert.Contains(e, events, StringComparison.Ordinal));
    }

    private static Task BootedAsync(EngineHome home, int times)
    {
        string serial = Path.Combine(home.Folder, "serial");
        return EngineHome.UntilAsync(() => File.Exists(serial) && File.ReadAllText(serial).Split("guest:ready").Length > times, () => $"boot {times}", TimeSpan.FromMinutes(3));
    }

    private static string[] Arguments(EngineHome home, string machine, bool uefi, int cpus, string mailbox, string shell)
    {
        string table = Path.Combine(home.Folder, "power.aml"), variables = Path.Combine(home.Folder, "variables");
        File.WriteAllBytes(table, PowerTable.Bytes);
        File.Copy(UefiFirmware.Debian.EmptyVariables, variables);
        string[] firmware = uefi ? ["-drive", $"if=pflash,format=raw,readonly=on,file={UefiFirmware.Debian.Code}", "-drive", $"if=pflash,format=raw,file={variables}"] : [];

        // OVMF starts a bzImage through its EFI entry; the ELF file is quicker where it can be had.
        return
        [
            "-nodefaults", "-M", machine, "-accel", "tcg", "-m", "256", "-smp", $"{cpus}", "-display", "none", .. firmware,
            "-kernel", uefi ? LinuxGuest.KernelThatWakes : LinuxGuest.Kernel, "-initrd", LinuxGuest.Initrd(home), "-append", "console=ttyS0 quiet rdinit=/probe",
            "-serial", $"file:{Path.Combine(home.Folder, "serial")}", "-chardev", $"socket,id=shell,path={shell},server=on,wait=off", "-serial", "chardev:shell",
            "-acpitable", $"file={table}", "-chardev", $"socket,id=power,path={mailbox},server=on,wait=off", "-device", PowerTable.Uart,
        ];
    }
}
