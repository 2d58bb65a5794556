using System.Globalization;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Power.Table;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>A definition as QEMU's arguments (QEMU documentation, "Invocation"). A pure function: the same in, the same out.</summary>
internal static class QemuCommandLine
{
    public const string Program = "qemu-system-x86_64";

    public const string HomeSlot = "home-slot";

    private const string QmpSuffix = ",server=on,wait=off";

    /// <summary>
    /// A CPU of AMD's with what x86-64-v2 asks for, which distributions of today are built for. Measured in QEMU 10.0.2 with Debian's kernel 6.1 (CPU seconds to init; then 300 forks):
    /// this 2.61 and 3.9; <c>max</c> 2.8 and 4.2; Nehalem, which Linux protects against Meltdown, 2.62 and 4.1; EPYC 2.75 and 4.1, with warnings. Under <c>max</c> Mesa's llvmpipe aborts.
    /// </summary>
    private const string TcgCpu = "qemu64,+cx16,+lahf-lm,+popcnt,+ssse3,+sse4.1,+sse4.2";

    /// <param name="plan">How its memory begins; null for a VM that boots.</param>
    public static List<string> Of(VmDefinition vm, QemuFiles files, string accelerator, UefiFirmware uefi, MemoryPlan? plan = null)
    {
        plan ??= MemoryPlan.Boot;
        var line = new List<string>
        {
            Program, "-name", $"guest={vm.Name},debug-threads=on", "-nodefaults", "-no-user-config",
            "-machine", $"{plan.Machine},memory-backend=ram,usb=off,vmport=off",
            "-object", Memory(vm, plan),
            "-m", Text($"{vm.MemoryMiB}M"),
            "-smp", Text($"{vm.Cpus}"),
            "-rtc", "base=utc,driftfix=slew",

            // Firmware tries what the definition names, in its order, and nothing else.
            "-boot", "strict=on",

            // Only a guest whose definition says so may sleep (S3): a key wakes it. Its state on disk (S4) is of no use here: the VM could only be started again.
            "-global", $"ICH9-LPC.disable_s3={(vm.OffersS3 ? 0 : 1)}", "-global", "ICH9-LPC.disable_s4=1",

            // A guest that powers itself off or panics leaves its QEMU standing, so that also a daemon that was away learns which of the two it was.
            "-action", "reboot=reset,shutdown=pause,panic=pause",
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            "-qmp", $"unix:{Escape(files.Qmp)}{QmpSuffix}",
            "-display", vm.Sound.On ? "dbus,p2p=yes,audiodev=sound" : "dbus,p2p=yes",
            "-device", Text($"virtio-vga,xres={vm.Display.Width},yres={vm.Display.Height}"),
            "-chardev", $"file,id=serial0,path={Escape(files.Serial)},append=on",
            "-serial", "chardev:serial0",
            "-device", "virtio-rng-pci",
            "-device", "pvpanic-pci",

            // A guest that goes on from a template learns by a new number that it is another one, and makes its random numbers anew.
            "-device", "vmgenid,guid=auto",
            "-device", "virtio-serial-pci,id=channels",
            "-chardev", $"socket,id=agent,path={Escape(files.Agent)},server=on,wait=off",
            "-device", "virtserialport,bus=channels.0,chardev=agent,name=org.qemu.guest_agent.0",
        };
        AddAccelerator(line, accelerator, vm.OffersS3);
        AddFirmware(line, vm, files, uefi);
        AddInput(line, vm.Input);
        AddDisks(line, vm, files, plan.WithoutDisks);
        AddNetwork(line, vm.Network);
        AddHome(line, vm, files, plan.Incoming);
        AddPower(line, vm.Power, files);
        AddSound(line, vm.Sound);
        AddClipboard(line, vm.Clipboard, files);
        line.AddRange(vm.Extra);
        if (plan.Incoming)
        {
            line.AddRange("-incoming", "defer");
        }

        return line;
    }

    /// <summary>The path of the monitor's socket, when the argument says one; see <see cref="Of"/>.</summary>
    public static string? QmpPath(string argument) =>
        argument.StartsWith("unix:", StringComparison.Ordinal) && argument.EndsWith(QmpSuffix, StringComparison.Ordinal)
            ? argument[5..^QmpSuffix.Length].Replace(",,", ",", StringComparison.Ordinal)
            : null;

    /// <summary>
    /// QEMU's HPET ticks on when no guest listens any more: it wakes the QEMU of a Linux guest that has nothing to do some 250 times a second (QEMU 10.0.2), so a VM has none. But for one that is offered S3: without
    /// it Linux has no timer after it woke (kernel 6.1, TCG). And but for an emulated CPU: the time of its guests would come from the PIT, which KVM has in the kernel and TCG in QEMU's main loop.
    /// </summary>
    private static void AddAccelerator(List<string> line, string accelerator, bool sleeps)
    {
        if (accelerator == "kvm")
        {
            string fd = Text($"{QemuProcess.KvmFd}");
            line.AddRange("-add-fd", $"fd={fd},set={fd}", "-accel", $"kvm,device=/dev/fdset/{fd}", "-cpu", "host");
            if (!sleeps)
            {
                line.AddRange("-machine", "hpet=off");
            }
        }
        else
        {
            line.AddRange("-accel", "tcg,thread=multi", "-cpu", TcgCpu);
        }
    }

    private static void AddFirmware(List<string> line, VmDefinition vm, QemuFiles files, UefiFirmware uefi)
    {
        switch (vm.Firmware)
        {
            case Firmware.Uefi:
                line.AddRange(
                    "-drive", $"if=pflash,format=raw,readonly=on,file={Escape(uefi.Code)}",
                    "-drive", $"if=pflash,format=raw,file={Escape(files.Variables)}");
                break;
            case Firmware.Linux when vm.Kernel is { } kernel:
                line.AddRange("-kernel", kernel.Image, "-append", kernel.Cmdline);
                if (kernel.Initrd is { } initrd)
                {
                    line.AddRange("-initrd", initrd);
                }

                break;
        }
    }

    /// <summary>
    /// The PS/2 keyboard and mouse of the machine's i8042 are always there, and a key goes to one keyboard only: QEMU gives it to the one that a driver has switched on last, else to PS/2. Measured with
    /// QEMU 10.0.2: with each of the three choices keys arrive in SeaBIOS and in OVMF, which drive no virtio keyboard; in Linux they arrive at "AT Translated Set 2 keyboard" until
    /// the module virtio_input is loaded and at "QEMU Virtio Keyboard" from then on; after a reset at PS/2 again.
    /// </summary>
    private static void AddInput(List<string> line, InputDevices input)
    {
        switch (input)
        {
            case InputDevices.Virtio:
                line.AddRange("-device", "virtio-keyboard-pci", "-device", "virtio-tablet-pci");
                break;
            case InputDevices.Usb:
                line.AddRange("-device", "qemu-xhci,id=xhci", "-device", "usb-kbd,bus=xhci.0", "-device", "usb-tablet,bus=xhci.0");
                break;
            case InputDevices.Ps2:
                break;
        }
    }

    private static string Memory(VmDefinition vm, MemoryPlan plan) => plan.File is not { } file
        ? Text($"memory-backend-memfd,id=ram,size={vm.MemoryMiB}M,share=on")
        : Text($"memory-backend-file,id=ram,size={vm.MemoryMiB}M,mem-path={Escape(file)},{(plan.Shared ? "share=on" : "share=off,readonly=on,rom=off")}");

    /// <summary>
    /// Every instant VM has a slot for a home's disk, so that a template fits to the definition with and without a home. The disk comes into it at once, or when the template has been loaded, which
    /// knows nothing of it.
    /// </summary>
    private static void AddHome(List<string> line, VmDefinition vm, QemuFiles files, bool later)
    {
        if (vm.Instant is null)
        {
            return;
        }

        line.AddRange("-device", $"pcie-root-port,id={HomeSlot},chassis=1");
        if (!later && vm.HasHome)
        {
            line.AddRange(
                "-blockdev", $"driver=raw,node-name=home,discard=unmap,file.driver=file,file.filename={Escape(files.Home)}",
                "-device", $"virtio-blk-pci,drive=home,bus={HomeSlot}");
        }
    }

    /// <param name="without">Disks of the same sizes in the place of the real ones, for a machine that is never run.</param>
    private static void AddDisks(List<string> line, VmDefinition vm, QemuFiles files, bool without)
    {
        for (int i = 0; i < vm.Disks.Count; i++)
        {
            DiskDefinition disk = vm.Disks[i];
            bool overlay = disk.Mode == DiskMode.Ephemeral;
            string driver = overlay || disk.Format == DiskFormat.Qcow2 ? "qcow2" : "raw";
            string file = overlay ? files.Overlay(i) : disk.File;
            string readOnly = disk.Mode == DiskMode.ReadOnly ? "on" : "off";
            long size = without ? DiskImage.GuestSize(disk.File) ?? 0 : 0;
            line.AddRange(
                "-blockdev", without ? Text($"driver=null-co,node-name=disk{i},read-only={readOnly},size={(size + 511) / 512 * 512},read-zeroes=on") : Text($"driver={driver},node-name=disk{i},read-only={readOnly},discard=unmap,file.driver=file,file.filename={Escape(file)}"),
                "-device", Text($"virtio-blk-pci,drive=disk{i},bootindex={i + 1}"));
        }

        if (vm.Cdrom is { } image)
        {
            line.AddRange(
                "-blockdev", $"driver=raw,node-name=cdrom,read-only=on,file.driver=file,file.filename={Escape(image)}",
                "-device", Text($"ide-cd,drive=cdrom,bootindex={vm.Disks.Count + 1}"));
        }
    }

    private static void AddNetwork(List<string> line, NetworkDefinition network)
    {
        if (network.Mode == NetworkMode.User)
        {
            string forwards = string.Concat(network.Forwards.Select(f => Text($",hostfwd={f.Protocol}:127.0.0.1:{f.HostPort}-:{f.GuestPort}")));
            line.AddRange("-netdev", $"user,id=net0{forwards}", "-device", "virtio-net-pci,netdev=net0,romfile=");
        }
    }

    /// <summary>The UART goes through COM4's description, which the table hides from the guest; the guest's serial ports stay COM1 to COM3.</summary>
    private static void AddPower(List<string> line, PowerDefinition power, QemuFiles files)
    {
        if (power.Mode != PowerMode.None)
        {
            line.AddRange(
                "-acpitable", $"file={Escape(files.PowerTable)}",
                "-chardev", $"socket,id=power,path={Escape(files.Power)},server=on,wait=off",
                "-device", PowerTable.Uart);
        }
    }

    /// <summary>
    /// A card that every system has a driver for and that migrates, unlike virtio-sound. QEMU opens no device of the host: what the guest plays goes to whoever listens on the display's
    /// connection, always as 48 kHz stereo of 16 bits, or nowhere.
    /// </summary>
    private static void AddSound(List<string> line, SoundDefinition sound)
    {
        if (sound.On)
        {
            line.AddRange(
                "-audiodev", "dbus,id=sound,out.fixed-settings=on,out.frequency=48000,out.channels=2,out.format=s16",
                "-device", "ich9-intel-hda,id=hda", "-device", "hda-output,bus=hda.0,audiodev=sound");
        }
    }

    /// <summary>The port that a SPICE agent looks for. Its other end is a plain socket, because QEMU's own end (chardev qemu-vdagent) forbids migration in QEMU 10.0.</summary>
    private static void AddClipboard(List<string> line, ClipboardWays ways, QemuFiles files)
    {
        if (ways != ClipboardWays.Off)
        {
            line.AddRange(
                "-chardev", $"socket,id=clipboard,path={Escape(files.Clipboard)},server=on,wait=off",
                "-device", "virtserialport,bus=channels.0,chardev=clipboard,name=com.redhat.spice.0");
        }
    }

    /// <summary>In QEMU's option lists a comma is written twice.</summary>
    private static string Escape(string path) => path.Replace(",", ",,", StringComparison.Ordinal);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private static void AddRange(this List<string> line, params ReadOnlySpan<string> more)
    {
        foreach (string argument in more)
        {
            line.Add(argument);
        }
    }
}

/// <summary>How a machine's memory begins.</summary>
/// <param name="Machine">The machine type: <c>q35</c>, or one with a version.</param>
/// <param name="File">Memory is this file; null for memory of its own.</param>
/// <param name="Shared">What the guest writes goes to the file; else it is the machine's own, and the file is never changed.</param>
/// <param name="Incoming">It does not boot: its state is loaded.</param>
/// <param name="WithoutDisks">It is never run, and gets no disk.</param>
internal sealed record MemoryPlan(string Machine, string? File, bool Shared, bool Incoming, bool WithoutDisks = false)
{
    public static MemoryPlan Boot { get; } = new("q35", null, false, false);
}

/// <summary>UEFI firmware for QEMU.</summary>
/// <param name="EmptyVariables">The variables that a new VM begins with.</param>
internal sealed record UefiFirmware(string Code, string EmptyVariables)
{
    /// <summary>Debian's package ovmf.</summary>
    public static UefiFirmware Debian { get; } = new("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd");
}
