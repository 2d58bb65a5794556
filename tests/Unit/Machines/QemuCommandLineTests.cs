using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Machines;

/// <summary>Whole command lines, as they must be. One argument a line; an argument and its value stand together.</summary>
public sealed class QemuCommandLineTests
{
    private static readonly HyperspacePaths Paths = HyperspacePaths.Of(name => name == "HYPERSPACE_HOME" ? "/h" : null, root: false);

    private const string Common = """
        qemu-system-x86_64
        -name guest=vm,debug-threads=on
        -nodefaults
        -no-user-config
        -machine q35,memory-backend=ram,usb=off,vmport=off
        -object memory-backend-memfd,id=ram,size=64M,share=on
        -m 64M
        -smp 1
        -rtc base=utc,driftfix=slew
        -boot strict=on
        -global ICH9-LPC.disable_s3=1
        -global ICH9-LPC.disable_s4=1
        -action reboot=reset,shutdown=pause,panic=pause
        -sandbox on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny
        -qmp unix:/h/run/vms/vm/qemu/qmp.sock,server=on,wait=off
        -display dbus,p2p=yes
        -device virtio-vga,xres=1280,yres=776
        -chardev file,id=serial0,path=/h/state/vms/vm/serial.log,append=on
        -serial chardev:serial0
        -device virtio-rng-pci
        -device pvpanic-pci
        -device vmgenid,guid=auto
        -device virtio-serial-pci,id=channels
        -chardev socket,id=agent,path=/h/run/vms/vm/qemu/agent.sock,server=on,wait=off
        -device virtserialport,bus=channels.0,chardev=agent,name=org.qemu.guest_agent.0
        """;

    private const string Tcg = """
        -accel tcg,thread=multi
        -cpu qemu64,+cx16,+lahf-lm,+popcnt,+ssse3,+sse4.1,+sse4.2
        """;

    private static VmDefinition Plain => Stage.Definition("vm") with { Sound = new SoundDefinition(false, BackgroundSound.Duck), Clipboard = ClipboardWays.Off };

    [Fact]
    public void Sound_goes_to_whoever_listens_on_the_display() => AssertLine(
        Plain with { Input = InputDevices.Ps2, Sound = new SoundDefinition(true, BackgroundSound.Mute) }, "tcg",
        Common.Replace("dbus,p2p=yes", "dbus,p2p=yes,audiodev=sound", StringComparison.Ordinal), Tcg, """
        -audiodev dbus,id=sound,out.fixed-settings=on,out.frequency=48000,out.channels=2,out.format=s16
        -device ich9-intel-hda,id=hda
        -device hda-output,bus=hda.0,audiodev=sound
        """);

    [Theory]
    [InlineData(ClipboardWays.Both)]
    [InlineData(ClipboardWays.In)]
    [InlineData(ClipboardWays.Out)]
    public void The_clipboard_is_a_plain_socket_behind_the_port_that_agents_look_for(ClipboardWays ways) => AssertLine(
        Plain with { Input = InputDevices.Ps2, Clipboard = ways }, "tcg", Common, Tcg, """
        -chardev socket,id=clipboard,path=/h/run/vms/vm/qemu/clipboard.sock,server=on,wait=off
        -device virtserialport,bus=channels.0,chardev=clipboard,name=com.redhat.spice.0
        """);

    [Fact]
    public void Bios_without_anything() => AssertLine(Plain with { Input = InputDevices.Ps2 }, "tcg", Common, Tcg);

    [Fact]
    public void Kvm_comes_as_an_open_descriptor() => AssertLine(Plain with { Input = InputDevices.Ps2 }, "kvm", Common, """
        -add-fd fd=9,set=9
        -accel kvm,device=/dev/fdset/9
        -cpu host
        -machine hpet=off
        """);

    [Fact]
    public void Uefi_with_disks_a_cdrom_and_a_network() => AssertLine(
        Plain with
        {
            Firmware = Firmware.Uefi,
            Disks =
            [
                new DiskDefinition("/h/state/vms/vm/root.qcow2", DiskFormat.Qcow2, DiskMode.Persistent, null),
                new DiskDefinition("/srv/base.raw", DiskFormat.Raw, DiskMode.Ephemeral, null),
                new DiskDefinition("/srv/data.raw", DiskFormat.Raw, DiskMode.ReadOnly, null),
            ],
            Cdrom = "/srv/installer.iso",
            Network = new NetworkDefinition(NetworkMode.User, [new PortForward("tcp", 8080, 80), new PortForward("udp", 5353, 53)]),
        }, "tcg", Common, Tcg, """
        -drive if=pflash,format=raw,readonly=on,file=/usr/share/OVMF/OVMF_CODE_4M.fd
        -drive if=pflash,format=raw,file=/h/state/vms/vm/uefi-variables.fd
        -device virtio-keyboard-pci
        -device virtio-tablet-pci
        -blockdev driver=qcow2,node-name=disk0,read-only=off,discard=unmap,file.driver=file,file.filename=/h/state/vms/vm/root.qcow2
        -device virtio-blk-pci,drive=disk0,bootindex=1
        -blockdev driver=qcow2,node-name=disk1,read-only=off,discard=unmap,file.driver=file,file.filename=/h/state/vms/vm/overlay-1.qcow2
        -device virtio-blk-pci,drive=disk1,bootindex=2
        -blockdev driver=raw,node-name=disk2,read-only=on,discard=unmap,file.driver=file,file.filename=/srv/data.raw
        -device virtio-blk-pci,drive=disk2,bootindex=3
        -blockdev driver=raw,node-name=cdrom,read-only=on,file.driver=file,file.filename=/srv/installer.iso
        -device ide-cd,drive=cdrom,bootindex=4
        -netdev user,id=net0,hostfwd=tcp:127.0.0.1:8080-:80,hostfwd=udp:127.0.0.1:5353-:53
        -device virtio-net-pci,netdev=net0,romfile=
        """);

    [Fact]
    public void A_kernel_with_usb_devices_and_the_users_own_arguments_last() => AssertLine(
        Plain with
        {
            Firmware = Firmware.Linux,
            Kernel = new KernelDefinition("/boot/vmlinuz", "/boot/initrd", "console=ttyS0 quiet, or not"),
            Input = InputDevices.Usb,
            Extra = ["-device", "intel-hda"],
        }, "tcg", Common, Tcg, """
        -kernel /boot/vmlinuz
        -append console=ttyS0 quiet, or not
        -initrd /boot/initrd
        -device qemu-xhci,id=xhci
        -device usb-kbd,bus=xhci.0
        -device usb-tablet,bus=xhci.0
        -device intel-hda
        """);

    [Fact]
    public void Commas_in_paths_are_written_twice()
    {
        HyperspacePaths paths = HyperspacePaths.Of(name => name == "HYPERSPACE_HOME" ? "/a,b" : null, root: false);
        VmDefinition vm = Plain with { Disks = [new DiskDefinition("/d,e.img", DiskFormat.Raw, DiskMode.Persistent, null)], Cdrom = "/f,g.iso", Firmware = Firmware.Uefi };
        List<string> line = QemuCommandLine.Of(vm, new QemuFiles(paths, "vm"), "tcg", new UefiFirmware("/c,d.fd", ""));
        Assert.Contains("unix:/a,,b/run/vms/vm/qemu/qmp.sock,server=on,wait=off", line);
        Assert.Contains("file,id=serial0,path=/a,,b/state/vms/vm/serial.log,append=on", line);
        Assert.Contains("if=pflash,format=raw,readonly=on,file=/c,,d.fd", line);
        Assert.Contains("if=pflash,format=raw,file=/a,,b/state/vms/vm/uefi-variables.fd", line);
        Assert.Contains("driver=raw,node-name=disk0,read-only=off,discard=unmap,file.driver=file,file.filename=/d,,e.img", line);
        Assert.Contains("driver=raw,node-name=cdrom,read-only=on,file.driver=file,file.filename=/f,,g.iso", line);

        // A daemon finds its VMs by the same argument.
        string path = Assert.Single(line.Select(QemuCommandLine.QmpPath).OfType<string>());
        Assert.Equal(("/a,b/run/vms/vm/qemu/qmp.sock", "vm"), (path, QemuFiles.NameOfQmp(paths, path)));
    }

    [Theory]
    [InlineData("/h/run/vms/vm/qemu/qmp.sock", "vm")]
    [InlineData("/h/run/vms/vm/qemu/side.sock", null)]
    [InlineData("/other/run/vms/vm/qemu/qmp.sock", null)]
    [InlineData("/h/run/vms/../vms/vm/qemu/qmp.sock", null)]
    [InlineData("qmp.sock", null)]
    [InlineData("", null)]
    public void Only_our_own_monitors_name_a_VM(string path, string? name) => Assert.Equal(name, QemuFiles.NameOfQmp(Paths, path));

    /// <summary>The table comes through a file, the UART through a socket in the VM's own folder; a VM without either has neither.</summary>
    [Fact]
    public void Power_is_a_table_and_a_uart()
    {
        VmDefinition vm = Stage.Definition("vm");
        List<string> with = QemuCommandLine.Of(vm, new QemuFiles(Paths, "vm"), "tcg", UefiFirmware.Debian);
        List<string> without = QemuCommandLine.Of(vm with { Power = new PowerDefinition(PowerMode.None, null) }, new QemuFiles(Paths, "vm"), "tcg", UefiFirmware.Debian);
        Assert.Equal(
            [
                "-acpitable", "file=/h/run/vms/vm/power.aml", "-chardev", "socket,id=power,path=/h/run/vms/vm/qemu/power,server=on,wait=off",
                "-device", "isa-serial,chardev=power,iobase=0x6f8,irq=7,index=3",
            ],
            with.Skip(with.IndexOf("-acpitable")).Take(6));
        Assert.DoesNotContain(without, a => a.Contains("power", StringComparison.Ordinal) || a == "-acpitable");
    }

    [Fact]
    public void A_guest_may_sleep_when_its_definition_says_so_and_has_the_timer_that_it_wakes_with()
    {
        VmDefinition vm = Stage.Definition("vm");
        List<string> without = QemuCommandLine.Of(vm, new QemuFiles(Paths, "vm"), "kvm", UefiFirmware.Debian), with = QemuCommandLine.Of(vm with { OffersS3 = true }, new QemuFiles(Paths, "vm"), "kvm", UefiFirmware.Debian);
        Assert.Contains("ICH9-LPC.disable_s3=1", without);
        Assert.Contains("hpet=off", without);
        Assert.Contains("ICH9-LPC.disable_s3=0", with);
        Assert.DoesNotContain("hpet=off", with);
    }

    private static void AssertLine(VmDefinition vm, string accelerator, params string[] expected)
    {
        VmDefinition plain = vm with { Power = new PowerDefinition(PowerMode.None, null) };
        List<string> line = QemuCommandLine.Of(plain, new QemuFiles(Paths, "vm"), accelerator, UefiFirmware.Debian);
        var pairs = new List<string>();
        for (int i = 0; i < line.Count; i++)
        {
            bool value = i + 1 < line.Count && line[i].StartsWith('-') && !line[i + 1].StartsWith('-');
            pairs.Add(value ? $"{line[i]} {line[++i]}" : line[i]);
        }

        Assert.Equal(string.Join('\n', expected), string.Join('\n', pairs));
    }
}
