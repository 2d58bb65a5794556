using System.Globalization;
using Hyperspace.Machines.Definitions;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>A definition as QEMU's arguments (QEMU documentation, "Invocation"). A pure function: the same in, the same out.</summary>
internal static class QemuCommandLine
{
    public const string Program = "qemu-system-x86_64";

    public static List<string> Of(VmDefinition vm, QemuFiles files, string accelerator)
    {
        var line = new List<string>
        {
            Program, "-name", $"guest={vm.Name},debug-threads=on", "-nodefaults", "-no-user-config",
            "-machine", "q35,memory-backend=ram,usb=off,vmport=off",
            "-object", Text($"memory-backend-memfd,id=ram,size={vm.MemoryMiB}M,share=on"),
            "-m", Text($"{vm.MemoryMiB}M"),
            "-smp", Text($"{vm.Cpus}"),
            "-rtc", "base=utc,driftfix=slew",

            // A guest that powers itself off or panics leaves its QEMU standing, so that also a daemon that was away learns which of the two it was.
            "-action", "reboot=reset,shutdown=pause,panic=pause",
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            "-qmp", $"unix:{Escape(files.Qmp)},server=on,wait=off",
            "-display", "dbus,p2p=yes",
            "-device", Text($"virtio-vga,xres={vm.Display.Width},yres={vm.Display.Height}"),
            "-chardev", $"file,id=serial0,path={Escape(files.Serial)},append=on",
            "-serial", "chardev:serial0",
            "-device", "virtio-rng-pci",
            "-device", "pvpanic-pci",
        };
        AddAccelerator(line, accelerator);
        AddFirmware(line, vm, files);
        AddInput(line, vm.Input);
        AddDisks(line, vm, files);
        AddNetwork(line, vm.Network);
        line.AddRange(vm.Extra);
        return line;
    }

    private static void AddAccelerator(List<string> line, string accelerator) =>
        line.AddRange(accelerator == "kvm" ? ["-accel", "kvm", "-cpu", "host"] : ["-accel", "tcg,thread=multi", "-cpu", "max"]);

    private static void AddFirmware(List<string> line, VmDefinition vm, QemuFiles files)
    {
        switch (vm.Firmware)
        {
            case Firmware.Uefi:
                line.AddRange(
                    "-drive", $"if=pflash,format=raw,readonly=on,file={Escape(Ovmf.Code)}",
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

    private static void AddDisks(List<string> line, VmDefinition vm, QemuFiles files)
    {
        for (int i = 0; i < vm.Disks.Count; i++)
        {
            DiskDefinition disk = vm.Disks[i];
            bool overlay = disk.Mode == DiskMode.Ephemeral;
            string driver = overlay || disk.Format == DiskFormat.Qcow2 ? "qcow2" : "raw";
            string file = overlay ? files.Overlay(i) : disk.File;
            string readOnly = disk.Mode == DiskMode.ReadOnly ? "on" : "off";
            line.AddRange(
                "-blockdev", Text($"driver={driver},node-name=disk{i},read-only={readOnly},discard=unmap,file.driver=file,file.filename={Escape(file)}"),
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

/// <summary>UEFI firmware for QEMU from Debian's package ovmf.</summary>
internal static class Ovmf
{
    public const string Code = "/usr/share/OVMF/OVMF_CODE_4M.fd";
    public const string EmptyVariables = "/usr/share/OVMF/OVMF_VARS_4M.fd";
}
