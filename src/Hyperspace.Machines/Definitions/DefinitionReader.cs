using System.Globalization;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions.Schema;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Hyperspace.Machines.Definitions;

/// <summary>Reads one definition: YAML, then keys, then what they mean together. All errors of a file are found at once.</summary>
public sealed class DefinitionReader(HyperspacePaths paths, HostFacts host)
{
    /// <summary>A definition larger than this is a mistake, in bytes.</summary>
    public const int MaxBytes = 256 << 10;

    /// <summary>Reads a file; never throws for what is in it.</summary>
    public LoadedDefinition ReadFile(string file)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        try
        {
            return new FileInfo(file).Length <= MaxBytes
                ? Read(file, File.ReadAllText(file))
                : Failed(name, file, $"The file is larger than {MaxBytes / 1024} KiB; a definition is not.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(name, file, $"The file cannot be read: {e.Message}");
        }
    }

    /// <summary>Reads a text as if it were the file.</summary>
    public LoadedDefinition Read(string file, string untrustedText)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        var errors = new DefinitionErrors(file);
        VmDefinition? definition = LoadRoot(untrustedText, errors) is { } root && VmSchema.Root.Read(root, "", errors) is Group group
            ? new DefinitionBuilder(group, paths, host, errors).Build(name, file)
            : null;
        return new LoadedDefinition(name, file, errors.All.Count == 0 ? definition : null, errors.All);
    }

    private static YamlNode? LoadRoot(string text, DefinitionErrors errors)
    {
        try
        {
            CheckEvents(text);
            var stream = new YamlStream();
            stream.Load(new StringReader(text));
            switch (stream.Documents.Count)
            {
                case 1:
                    return stream.Documents[0].RootNode;
                case 0:
                    errors.AddAt(1, "The file is empty; expected keys such as \"memory: 2GiB\".");
                    return null;
                default:
                    errors.AddAt((int)stream.Documents[1].RootNode.Start.Line, "A second document begins here; expected one definition a file.");
                    return null;
            }
        }
        catch (YamlException e)
        {
            errors.AddAt((int)e.Start.Line, $"This is not YAML: {e.InnerException?.Message ?? e.Message}");
            return null;
        }
        catch (ArgumentException e)
        {
            // YamlDotNet's own word for a duplicate key in some shapes.
            errors.AddAt(1, $"This is not YAML: {e.Message}");
            return null;
        }
    }

    /// <summary>Refuses what a definition never needs and what can be made to explode: anchors, aliases, tags, and depth.</summary>
    private static void CheckEvents(string text)
    {
        const int maxDepth = 16;
        var parser = new Parser(new StringReader(text));
        int depth = 0;
        while (parser.MoveNext())
        {
            ParsingEvent e = parser.Current!;
            depth += e.NestingIncrease;
            if (e is AnchorAlias || e is NodeEvent { Anchor.IsEmpty: false } || depth > maxDepth)
            {
                throw new YamlException(e.Start, e.End, depth > maxDepth ? $"It is nested deeper than {maxDepth} levels." : "Anchors and aliases are not allowed in definitions.");
            }
        }
    }

    private static LoadedDefinition Failed(string name, string file, string problem) => new(name, file, null, [new DefinitionError(file, 0, "", problem, null)]);
}

/// <summary>Makes a definition of keys that are right one by one, and checks what they mean together and on this host.</summary>
internal sealed class DefinitionBuilder(Group root, HyperspacePaths paths, HostFacts host, DefinitionErrors errors)
{
    public VmDefinition Build(string name, string file)
    {
        CheckName(name);
        string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        Firmware firmware = root.Get("firmware", "uefi") switch { "bios" => Firmware.Bios, "linux" => Firmware.Linux, _ => Firmware.Uefi };
        long memory = root.Get("memory", 2L << 30);
        if (memory > host.MemoryBytes)
        {
            Error("memory", $"{memory >> 20} MiB are more than this machine has ({host.MemoryBytes >> 20} MiB); expected less.", "memory: 2GiB");
        }

        int cpus = root.Get("cpus", Math.Min(2, host.CpuCount));
        if (cpus > host.CpuCount * 4)
        {
            Error("cpus", $"{cpus} CPUs are more than four times those of this machine ({host.CpuCount}); expected at most {host.CpuCount * 4}.", "cpus: 2");
        }

        string color = root.Get("color", "gray");
        return new VmDefinition(
            name, root.Get("label", name), VmSchema.Colors.GetValueOrDefault(color, color).ToLowerInvariant(), root.Has("port") ? root.Get("port", 0) : null,
            (int)(memory >> 20), cpus, firmware, Kernel(firmware, folder), [.. root.List<Group>("disks").Select((disk, i) => Disk(disk, i, name))],
            root.Has("cdrom") ? ExistingFile("cdrom", Full(root.Get("cdrom", ""), folder), root) : null, Network(), Display(),
            root.Get("input", "virtio") switch { "usb" => InputDevices.Usb, "ps2" => InputDevices.Ps2, _ => InputDevices.Virtio }, root.Get("autostart", false),
            root.Get("accelerator", "auto") switch { "kvm" => AcceleratorChoice.Kvm, "tcg" => AcceleratorChoice.Tcg, _ => AcceleratorChoice.Auto },
            root.Get("stopDeadline", TimeSpan.FromSeconds(30)), Restart(), [.. root.List<string>("extra")], root.Get("description", ""), Path.GetFullPath(file));
    }

    private void CheckName(string name)
    {
        if (!System.Text.RegularExpressions.Regex.IsMatch(name, VmSchema.NamePattern))
        {
            errors.AddAt(0, $"The file's name \"{name}\" is no name for a VM; expected lower-case letters, digits and hyphens, beginning with a letter, at most 31.");
        }
        else if (root.Has("name") && root.Get("name", "") != name)
        {
            Error("name", $"\"{root.Get("name", "")}\" is not the file's name; expected {name}, or no such key.", $"name: {name}");
        }
    }

    private KernelDefinition? Kernel(Firmware firmware, string folder)
    {
        if (!root.Has("kernel"))
        {
            if (firmware == Firmware.Linux)
            {
                Error("firmware", "linux needs the key kernel.", "kernel: {image: /boot/vmlinuz, cmdline: quiet}");
            }

            return null;
        }

        Group kernel = root.Get<Group>("kernel", null!);
        if (firmware != Firmware.Linux)
        {
            Error("kernel", "this key is for firmware linux only.", "firmware: linux");
        }

        string? initrd = kernel.Has("initrd") ? ExistingFile("kernel.initrd", Full(kernel.Get("initrd", ""), folder), kernel) : null;
        return new KernelDefinition(ExistingFile("kernel.image", Full(kernel.Get("image", ""), folder), kernel), initrd, kernel.Get("cmdline", ""));
    }

    private DiskDefinition Disk(Group disk, int index, string name)
    {
        string key = $"disks[{index}].file";
        string file = Full(disk.Get("file", ""), paths.VmState(name));
        DiskFormat format = disk.Get("format", Path.GetExtension(file) == ".qcow2" ? "qcow2" : "raw") == "qcow2" ? DiskFormat.Qcow2 : DiskFormat.Raw;
        DiskMode mode = disk.Get("mode", "persistent") switch { "read-only" => DiskMode.ReadOnly, "ephemeral" => DiskMode.Ephemeral, _ => DiskMode.Persistent };
        if (disk.Has("file"))
        {
            ExistingFile(key, file, disk);
            CheckFormat(key, file, format, disk);
        }

        return new DiskDefinition(file, format, mode, disk.Has("size") ? disk.Get("size", 0L) : null);
    }

    private void CheckFormat(string key, string file, DiskFormat format, Group disk)
    {
        if (DiskMagic.IsQcow2(file) is { } isQcow2 && isQcow2 != (format == DiskFormat.Qcow2))
        {
            (string said, string found) = isQcow2 ? ("raw", "qcow2") : ("qcow2", "raw");
            errors.Add(
                disk.Nodes.GetValueOrDefault("format") ?? disk.Nodes.GetValueOrDefault("file"), key.Replace(".file", ".format", StringComparison.Ordinal),
                $"{said} is not what {file} is; expected {found}.", $"format: {found}");
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
        (int host, int guest) = (int.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture));
        if (host is >= 1 and <= 65535 && guest is >= 1 and <= 65535)
        {
            return new PortForward(parts[0], host, guest);
        }

        Error("network", $"\"{text}\" has a port that does not exist; expected 1 to 65535.", "forwards: [\"tcp:8080:80\"]");
        return null;
    }

    private DisplayDefinition Display() =>
        root.Get<Group?>("display", null) is { } display ? new DisplayDefinition(display.Get("width", 1280), display.Get("height", 776)) : new DisplayDefinition(1280, 776);

    private RestartDefinition Restart() => root.Get<Group?>("restart", null) is { } restart
        ? new RestartDefinition(restart.Get("policy", "on-crash") == "never" ? RestartPolicy.Never : RestartPolicy.OnCrash, restart.Get("maximum", 3))
        : new RestartDefinition(RestartPolicy.OnCrash, 3);

    private string ExistingFile(string key, string file, Group group)
    {
        if (!File.Exists(file))
        {
            string last = key[(key.LastIndexOf('.') + 1)..];
            errors.Add(group.Nodes.GetValueOrDefault(last), key, $"there is no file {file}; expected one that exists.");
        }

        return file;
    }

    private static string Full(string path, string folder) =>
        path.StartsWith("~/", StringComparison.Ordinal)
            ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..])
            : Path.GetFullPath(path.Length == 0 ? "." : path, folder);

    private void Error(string key, string problem, string example) => errors.Add(root.Nodes.GetValueOrDefault(key), key, problem, example);
}
