using System.Globalization;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions.Schema;
using Hyperspace.Protocols.Control;
using YamlDotNet.RepresentationModel;

namespace Hyperspace.Machines.Definitions;

/// <summary>Makes a definition of keys that are right one by one, and checks what they mean together and on this host.</summary>
internal sealed class DefinitionBuilder(Group root, HyperspacePaths paths, HostFacts host, DefinitionErrors errors)
{
    private const string DiskExample = "{file: root.qcow2, size: 20GiB}";

    private readonly Dictionary<string, int> _lines = root.Nodes.ToDictionary(pair => pair.Key, pair => (int)pair.Value.Start.Line);

    /// <summary>The lines of the keys that errors between files are about.</summary>
    public IReadOnlyDictionary<string, int> Lines => _lines;

    /// <summary>The definition is complete when no error was reported.</summary>
    public VmDefinition Build(string name, string file)
    {
        CheckName(name);
        string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        Firmware firmware = root.Get("firmware", "uefi") switch { "bios" => Firmware.Bios, "linux" => Firmware.Linux, _ => Firmware.Uefi };
        string color = root.Get("color", "gray");
        return new VmDefinition(
            name, root.Get("label", name), VmSchema.Colors.GetValueOrDefault(color, color).ToLowerInvariant(), root.Has("port") ? root.Get("port", 0) : null,
            Memory(), Cpus(), firmware, Kernel(firmware, folder), [.. root.List<Group>("disks").Select(disk => Disk(disk, name))], Cdrom(folder), Network(), Display(),
            root.Get("input", "virtio") switch { "usb" => InputDevices.Usb, "ps2" => InputDevices.Ps2, _ => InputDevices.Virtio }, root.Get("autostart", false),
            root.Get("accelerator", "auto") switch { "kvm" => AcceleratorChoice.Kvm, "tcg" => AcceleratorChoice.Tcg, _ => AcceleratorChoice.Auto },
            root.Get("stopDeadline", TimeSpan.FromSeconds(30)), Restart(), [.. root.List<string>("extra")], root.Get("description", ""), Path.GetFullPath(file))
        {
            Instant = root.Get<Group?>("instant", null) is { } instant && !instant.Has(SwitchSpec.Off) ? new InstantDefinition(instant.Get("warm", 1), instant.Get("home", "forget") == "keep") : null,
            Ready = root.Has("ready") ? root.Get("ready", "") : null,
            Power = PowerKeys.Read(root, errors),
            OffersS3 = OffersS3(firmware, folder),
            AsksFocus = root.Get("focus", "free") == "ask",
            Sound = Sound(),
            Clipboard = root.Get("clipboard", "on") switch { "in" => ClipboardWays.In, "out" => ClipboardWays.Out, "off" => ClipboardWays.Off, _ => ClipboardWays.Both },
        };
    }

    private void CheckName(string name)
    {
        if (!VmSchema.IsName(name))
        {
            errors.AddAt(0, $"The file's name \"{name}\" is no name for a VM; expected lower-case letters, digits and hyphens, beginning with a letter, at most 31.", "work.yaml");
        }
        else if (root.Has("name") && root.Get("name", "") != name)
        {
            Error("name", $"\"{root.Get("name", "")}\" is not the file's name; expected {name}, or no such key.", $"name: {name}");
        }
    }

    private int Memory()
    {
        long memory = root.Get("memory", 2L << 30);
        if (memory > host.MemoryBytes && !root.IsWrong("memory"))
        {
            long right = Math.Max(16L << 20, host.MemoryBytes / 2 >> 20 << 20);
            Error("memory", $"{ByteSize.Human(memory)} is more than this machine has; expected at most {ByteSize.Human(host.MemoryBytes)}.", $"memory: {ByteSize.Exact(right)}");
        }

        return (int)(memory >> 20);
    }

    private int Cpus()
    {
        int cpus = root.Get("cpus", Math.Min(2, host.CpuCount));
        if (cpus > host.CpuCount * 4)
        {
            Error("cpus", $"{cpus} CPUs are more than four times those of this machine ({host.CpuCount}); expected at most {host.CpuCount * 4}.", $"cpus: {host.CpuCount}");
        }

        return cpus;
    }

    private KernelDefinition? Kernel(Firmware firmware, string folder)
    {
        bool sure = !root.IsWrong("firmware");
        if (!root.Has("kernel"))
        {
            if (firmware == Firmware.Linux && sure && !root.IsWrong("kernel"))
            {
                Error("firmware", "linux boots a kernel directly; expected the key kernel.", "kernel: {image: /boot/vmlinuz, cmdline: quiet}");
            }

            return null;
        }

        Group kernel = root.Get<Group>("kernel", null!);
        if (firmware != Firmware.Linux && sure)
        {
            Error("kernel", "this key is for firmware linux only; expected that firmware, or no such key.", "firmware: linux");
        }

        string? initrd = kernel.Has("initrd") ? ExistingFile(kernel, "initrd", Full(kernel.Get("initrd", ""), folder), "initrd: /boot/initrd.img") : null;
        string image = kernel.Has("image") ? ExistingFile(kernel, "image", Full(kernel.Get("image", ""), folder), "image: /boot/vmlinuz") : "";
        return new KernelDefinition(image, initrd, kernel.Get("cmdline", ""));
    }

    /// <summary>
    /// QEMU keeps the segments of a kernel in ELF form as ROMs ("info roms") and writes them into memory again at every reset, of which a wake-up is one (rom_reset in hw/core/loader.c). The kernel that is to go on
    /// loses its data, and the machine resets: seen with 10.0.2, with and without our ACPI table, while the same kernel as a bzImage wakes up. That the one is the cause of the other is inferred.
    /// </summary>
    private bool OffersS3(Firmware firmware, string folder)
    {
        bool offers = root.Get("sleep", "pause") == "s3";
        if (offers && firmware == Firmware.Linux && root.Get<Group?>("kernel", null) is { } kernel && kernel.Has("image") && DiskMagic.IsElf(Full(kernel.Get("image", ""), folder)))
        {
            Error("sleep", "a kernel in ELF form (vmlinux) does not wake up; expected a bzImage (vmlinuz) as kernel.image, or sleep: pause.", "sleep: pause");
        }

        return offers;
    }

    private string? Cdrom(string folder) => root.Has("cdrom") ? ExistingFile(root, "cdrom", Full(root.Get("cdrom", ""), folder), "cdrom: /srv/iso/debian.iso") : null;

    private DiskDefinition Disk(Group disk, string name)
    {
        string state = paths.VmState(name);
        string file = Full(disk.Get("file", ""), state);
        DiskFormat format = disk.Get("format", Path.GetExtension(file) == ".qcow2" ? "qcow2" : "raw") == "qcow2" ? DiskFormat.Qcow2 : DiskFormat.Raw;
        DiskMode mode = disk.Get("mode", "persistent") switch { "read-only" => DiskMode.ReadOnly, "ephemeral" => DiskMode.Ephemeral, _ => DiskMode.Persistent };
        if (disk.Has("file"))
        {
            _lines[disk.Path] = (int)disk.Nodes["file"].Start.Line;
            bool willBeMade = disk.Has("size") && mode == DiskMode.Persistent && Path.GetDirectoryName(file) == state;
            if (!willBeMade)
            {
                ExistingFile(disk, "file", file, DiskExample);
            }

            if (!disk.IsWrong("format"))
            {
                CheckFormat(file, format, disk);
            }
        }

        return new DiskDefinition(file, format, mode, disk.Has("size") ? disk.Get("size", 0L) : null);
    }

    private void CheckFormat(string file, DiskFormat format, Group disk)
    {
        if (DiskMagic.IsQcow2(file) is not { } isQcow2)
        {
            return;
        }

        YamlNode node = disk.Nodes.GetValueOrDefault("format") ?? disk.Nodes["file"];
        if (isQcow2 != (format == DiskFormat.Qcow2))
        {
            (string said, string found) = isQcow2 ? ("raw", "qcow2") : ("qcow2", "raw");
            errors.Add(node, $"{disk.Path}.format", $"{said} is not what {file} is; expected {found}.", $"format: {found}");
        }
        else if (isQcow2 && DiskImage.OtherFileOf(file) is { } other)
        {
            errors.Add(
                disk.Nodes["file"], $"{disk.Path}.file", $"{file} needs another file, {other}, which its VM may not open; expected an image that stands alone, as \"qemu-img convert -O qcow2\" makes it.",
                DiskExample);
        }
    }

    private NetworkDefinition Network()
    {
        if (!root.Has("network"))
        {
            return new NetworkDefinition(NetworkMode.User, []);
        }

        Group network = root.Get<Group>("network", null!);
        var forwards = network.List<string>("forwards").Select(Forward).OfType<PortForward>().ToList();
        NetworkMode mode = network.Get("mode", "user") == "none" ? NetworkMode.None : NetworkMode.User;
        if (mode == NetworkMode.None && forwards.Count > 0)
        {
            Error("network", "there is no network to forward ports to; expected mode user.", "network: {mode: user, forwards: [\"tcp:8080:80\"]}");
        }

        return new NetworkDefinition(mode, forwards);
    }

    private PortForward? Forward(string text)
    {
        string[] parts = text.Split(':');
        (int hostPort, int guestPort) = (int.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture));
        if (hostPort is >= 1 and <= 65535 && guestPort is >= 1 and <= 65535)
        {
            return new PortForward(parts[0], hostPort, guestPort);
        }

        Error("network", $"\"{text}\" has a port that does not exist; expected 1 to 65535.", "forwards: [\"tcp:8080:80\"]");
        return null;
    }

    private DisplayDefinition Display() =>
        root.Get<Group?>("display", null) is { } display ? new DisplayDefinition(display.Get("width", 1280), display.Get("height", 776)) : new DisplayDefinition(1280, 776);

    private SoundDefinition Sound() => root.Get<Group?>("sound", null) is { } sound
        ? new SoundDefinition(
            sound.Get("mode", "on") == "on",
            sound.Get("background", "duck") switch { "play" => BackgroundSound.Play, "mute" => BackgroundSound.Mute, _ => BackgroundSound.Duck })
        : new SoundDefinition(true, BackgroundSound.Duck);

    private RestartDefinition Restart() => root.Get<Group?>("restart", null) is { } restart
        ? new RestartDefinition(restart.Get("policy", "on-crash") == "never" ? RestartPolicy.Never : RestartPolicy.OnCrash, restart.Get("maximum", 3))
        : new RestartDefinition(RestartPolicy.OnCrash, 3);

    private string ExistingFile(Group group, string key, string file, string example)
    {
        if (!File.Exists(file))
        {
            string problem = Directory.Exists(file) ? $"{file} is a folder; expected a file." : $"there is no file {file}; expected one that exists.";
            errors.Add(group.Nodes.GetValueOrDefault(key), group.Path.Length == 0 ? key : $"{group.Path}.{key}", problem, example);
        }

        return file;
    }

    private static string Full(string path, string folder) =>
        path.StartsWith("~/", StringComparison.Ordinal)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..].TrimStart('/'))
            : Path.GetFullPath(path.Length == 0 ? "." : path, folder);

    private void Error(string key, string problem, string example) => errors.Add(root.Nodes.GetValueOrDefault(key), key, problem, example);
}
