using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml.Linq;

namespace Hyperspace.Machines.Definitions.Import;

/// <summary>The disks and network interfaces of a libvirt domain, put into the draft.</summary>
internal sealed class LibvirtDevices(XElement? untrustedDevices, string folder, VmDraft draft)
{
    public void Read()
    {
        foreach (XElement disk in untrustedDevices?.Elements("disk") ?? [])
        {
            ReadDisk(disk, Attribute(disk, "target", "dev") ?? "without a name");
        }

        ReadNetwork([.. untrustedDevices?.Elements("interface") ?? []]);
    }

    private void ReadDisk(XElement disk, string target)
    {
        string device = (string?)disk.Attribute("device") ?? "disk";
        string type = (string?)disk.Attribute("type") ?? "file";
        if (device == "cdrom" && disk.Element("source") is null)
        {
            return;
        }

        if (device is not ("disk" or "cdrom"))
        {
            Warn($"The {Shown(device)} {Shown(target)} is not taken over.");
        }
        else if (type != "file" || Attribute(disk, "source", "file") is not { } file)
        {
            Warn($"The disk {Shown(target)} is not taken over: it is of type {Shown(type)}, and only files are possible.");
        }
        else if (device == "cdrom")
        {
            AddCdrom(Path.GetFullPath(file, folder), target);
        }
        else
        {
            AddDisk(disk, Path.GetFullPath(file, folder), target);
        }
    }

    private void AddCdrom(string file, string target)
    {
        if (draft.Keys.TryAdd("cdrom", (JsonNode)file))
        {
            return;
        }

        Warn($"The CD {Shown(target)} ({Shown(file)}) is not taken over: there is one drive, and it has {Shown((string)draft.Keys["cdrom"]!)}.");
    }

    private void AddDisk(XElement disk, string file, string target)
    {
        string format = Attribute(disk, "driver", "type") ?? "raw";
        if (format is not ("qcow2" or "raw"))
        {
            Warn($"The disk {Shown(target)} ({Shown(file)}) is not taken over: its format is {Shown(format)}; \"qemu-img convert -O qcow2\" makes one that is possible.");
            return;
        }

        DiskMode mode = disk.Element("readonly") is not null ? DiskMode.ReadOnly : disk.Element("transient") is not null ? DiskMode.Ephemeral : DiskMode.Persistent;
        draft.Disks.Add(new DraftDisk(file, 0, format == "qcow2" ? DiskFormat.Qcow2 : DiskFormat.Raw, mode));
        if (Attribute(disk, "target", "bus") is { } bus and not "virtio")
        {
            Warn($"The disk {Shown(target)} was on {Shown(bus)} and is on virtio here: the guest needs its driver for that (Linux has it, Windows needs virtio-win).");
        }

        if (disk.Element("encryption") is not null || disk.Element("source")?.Element("encryption") is not null)
        {
            Warn($"The encryption of the disk {Shown(target)} is not taken over: it cannot be opened here.");
        }
    }

    private void ReadNetwork(XElement[] interfaces)
    {
        if (interfaces.Length == 0)
        {
            draft.Keys["network"] = "none";
            return;
        }

        var forwards = new JsonArray();
        foreach (XElement nic in interfaces)
        {
            string type = (string?)nic.Attribute("type") ?? "";
            if (type != "user")
            {
                Warn($"The network interface of type {Shown(type)} ({Shown(Attribute(nic, "source", "network") ?? Attribute(nic, "source", "bridge") ?? Attribute(nic, "source", "dev") ?? "no source")}) becomes the user network: outward only.");
            }

            if (Attribute(nic, "model", "type") is { } model and not "virtio")
            {
                Warn($"The network card {Shown(model)} becomes one of virtio: the guest needs its driver for that (Linux has it, Windows needs virtio-win).");
            }

            foreach (XElement forward in nic.Elements("portForward"))
            {
                AddForwards(forward, forwards);
            }
        }

        if (interfaces.Length > 1)
        {
            Warn($"{interfaces.Length} network interfaces become one.");
        }

        draft.Keys["network"] = forwards.Count == 0 ? "user" : new JsonObject { ["mode"] = "user", ["forwards"] = forwards };
    }

    /// <summary>libvirt's port forwards of a passt back end; ranges are taken over when they are one port.</summary>
    private void AddForwards(XElement forward, JsonArray forwards)
    {
        string protocol = (string?)forward.Attribute("proto") ?? "";
        foreach (XElement range in forward.Elements("range"))
        {
            string start = (string?)range.Attribute("start") ?? "";
            string to = (string?)range.Attribute("to") ?? start;
            bool isOne = (string?)range.Attribute("end") is not { } end || end == start;
            if (protocol is "tcp" or "udp" && isOne && IsPort(start) && IsPort(to) && (string?)range.Attribute("exclude") != "yes")
            {
                forwards.Add((JsonNode)$"{protocol}:{start}:{to}");
                continue;
            }

            string ports = isOne ? start : $"{start}-{(string?)range.Attribute("end")}";
            Warn($"The port forward {Shown(protocol)} {Shown(ports)} is not taken over: only single ports are possible.");
        }
    }

    private static bool IsPort(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int port) && port is >= 1 and <= 65535 && text[0] != '0';

    private static string? Attribute(XElement parent, string element, string attribute) => parent.Element(element)?.Attribute(attribute)?.Value is { Length: > 0 } text ? text : null;

    private static string Shown(string untrustedText) => LibvirtDomain.Shown(untrustedText);

    private void Warn(string warning) => draft.Warnings.Add(warning);
}
