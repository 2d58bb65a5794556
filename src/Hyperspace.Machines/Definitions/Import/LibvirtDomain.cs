using System.Globalization;
using System.Text.Json.Nodes;
using System.Xml;
using System.Xml.Linq;
using Hyperspace.Machines.Definitions.Schema;

namespace Hyperspace.Machines.Definitions.Import;

/// <summary>
/// Reads a domain of libvirt (https://libvirt.org/formatdomain.html) as far as a VM of Hyperspace has the same, and lists what it has not. The file is untrusted: no DTD, no entities, nothing is fetched.
/// </summary>
public sealed class LibvirtDomain
{
    /// <summary>A larger file is no domain, in bytes.</summary>
    public const int MaxBytes = 1 << 20;

    /// <summary>Parts that Hyperspace has itself, or that change nothing that a guest's user sees.</summary>
    private static readonly HashSet<string> Harmless =
    [
        "name", "uuid", "title", "description", "metadata", "memory", "currentMemory", "maxMemory", "vcpu", "os", "features", "cpu", "clock", "on_poweroff", "on_reboot", "on_crash", "pm", "devices", "resource",
        "seclabel", "genid",
    ];

    private static readonly HashSet<string> HarmlessDevices =
    [
        "emulator", "disk", "interface", "controller", "serial", "console", "channel", "input", "graphics", "video", "memballoon", "rng", "panic",
    ];

    private readonly XElement _domain;
    private readonly string _folder;
    private readonly VmDraft _draft;

    private LibvirtDomain(XElement domain, string folder, string? name)
    {
        (_domain, _folder) = (domain, folder);
        string original = Text("name") ?? "";
        _draft = new VmDraft(name ?? NameOf(original));
        if (name is null && _draft.Name != original)
        {
            Warn($"The name \"{Shown(original)}\" becomes \"{_draft.Name}\": names here are lower-case letters, digits and hyphens.");
        }
    }

    /// <param name="untrustedXml">What <c>virsh dumpxml</c> prints.</param>
    /// <param name="folder">Where relative paths begin.</param>
    /// <param name="name">The new VM's name; null: made of the domain's.</param>
    /// <exception cref="MachineException">It is not a domain, or one that cannot run here.</exception>
    public static VmDraft Read(string untrustedXml, string folder, string? name)
    {
        var settings = new XmlReaderSettings { DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = MaxBytes, IgnoreComments = true };
        XElement root;
        try
        {
            using var reader = XmlReader.Create(new StringReader(untrustedXml), settings);
            root = ReadRoot(reader);
        }
        catch (XmlException e)
        {
            throw new MachineException($"Line {e.LineNumber}: this is not the XML of a libvirt domain: {e.Message}", e);
        }

        if (root.Name != "domain")
        {
            throw new MachineException($"Its root is <{Shown(root.Name.LocalName)}>; expected <domain>, as \"virsh dumpxml NAME\" prints it.");
        }

        var domain = new LibvirtDomain(root, folder, name);
        domain.ReadAll();
        return domain._draft;
    }

    /// <summary>A name for a VM made of any text.</summary>
    public static string NameOf(string untrustedText)
    {
        string name = string.Concat(untrustedText.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        name = name.Length > 0 && char.IsAsciiLetter(name[0]) ? name : $"vm-{name}";
        return name[..Math.Min(name.Length, 31)].TrimEnd('-');
    }

    /// <summary>A tree of at most 64 levels: deeper ones would exhaust the stack.</summary>
    private static XElement ReadRoot(XmlReader reader)
    {
        var stack = new Stack<XElement>();
        while (reader.Read())
        {
            switch (reader.NodeType)
            {
                case XmlNodeType.Element:
                    var element = new XElement(XName.Get(reader.LocalName, reader.NamespaceURI));
                    bool isEmpty = reader.IsEmptyElement;
                    while (reader.MoveToNextAttribute())
                    {
                        element.SetAttributeValue(XName.Get(reader.LocalName, reader.NamespaceURI), reader.Value);
                    }

                    if (stack.Count >= 64)
                    {
                        throw new XmlException("it is nested deeper than 64 levels.");
                    }

                    stack.TryPeek(out XElement? parent);
                    parent?.Add(element);
                    if (!isEmpty)
                    {
                        stack.Push(element);
                    }
                    else if (parent is null)
                    {
                        return element;
                    }

                    break;
                case XmlNodeType.Text or XmlNodeType.CDATA or XmlNodeType.SignificantWhitespace:
                    stack.Peek().Add(new XText(reader.Value));
                    break;
                case XmlNodeType.EndElement when stack.Pop() is var ended && stack.Count == 0:
                    return ended;
            }
        }

        throw new XmlException("it is empty.");
    }

    private void ReadAll()
    {
        if ((string?)_domain.Attribute("type") is not ("kvm" or "qemu" or "hvf") and var type)
        {
            throw new MachineException($"It is a domain of type \"{Shown(type ?? "")}\"; expected kvm or qemu.");
        }

        if (_domain.Element("os")?.Element("type")?.Attribute("arch")?.Value is { } arch and not ("x86_64" or "i686"))
        {
            throw new MachineException($"Its CPU is {Shown(arch)}; expected x86_64.");
        }

        ReadTexts();
        ReadCapacity();
        ReadFirmware();
        ReadCrashPolicy();
        ReadInput();
        new LibvirtDevices(_domain.Element("devices"), _folder, _draft).Read();
        ListTheRest();
    }

    private void ReadTexts()
    {
        if (Text("title") is { } title)
        {
            _draft.Keys["label"] = Cut(title, 40, "title");
        }

        if (Text("description") is { } description)
        {
            _draft.Keys["description"] = Cut(description, 2000, "description");
        }
    }

    private void ReadCapacity()
    {
        if (_domain.Element("memory") is { } memory)
        {
            _draft.Keys["memory"] = ByteSize.Exact(Bytes(memory));
        }

        if (Text("vcpu") is { } vcpu)
        {
            _draft.Keys["cpus"] = int.TryParse(vcpu, NumberStyles.None, CultureInfo.InvariantCulture, out int cpus) && cpus is >= 1 and <= 255
                ? cpus
                : throw new MachineException($"Its vcpu is \"{Shown(vcpu)}\"; expected 1 to 255.");
        }
    }

    private void ReadFirmware()
    {
        XElement? os = _domain.Element("os");
        XElement? loader = os?.Element("loader");
        if (Value(os, "kernel") is { } image)
        {
            var kernel = new JsonObject { ["image"] = Path.GetFullPath(image, _folder) };
            if (Value(os, "initrd") is { } initrd)
            {
                kernel["initrd"] = Path.GetFullPath(initrd, _folder);
            }

            kernel["cmdline"] = Value(os, "cmdline") ?? "";
            _draft.Keys["firmware"] = "linux";
            _draft.Keys["kernel"] = kernel;
            return;
        }

        bool uefi = (string?)os?.Attribute("firmware") == "efi" || (string?)loader?.Attribute("type") == "pflash";
        _draft.Keys["firmware"] = uefi ? "uefi" : "bios";
        if (uefi && ((string?)loader?.Attribute("secure") == "yes" || os?.Element("firmware")?.Elements("feature").Any(f => (string?)f.Attribute("name") == "secure-boot" && (string?)f.Attribute("enabled") == "yes") == true))
        {
            Warn("Secure boot is not taken over: the firmware here starts without it.");
        }

        if (uefi && Value(os, "nvram") is { } variables)
        {
            Warn($"The firmware's variables ({Shown(variables)}) are not taken over: boot entries are found anew from the disks.");
        }
    }

    private void ReadCrashPolicy()
    {
        if (Text("on_crash") is { } policy)
        {
            _draft.Keys["restart"] = new JsonObject { ["policy"] = policy is "restart" or "coredump-restart" or "rename-restart" ? "on-crash" : "never" };
        }
    }

    private void ReadInput()
    {
        string?[] buses = [.. (_domain.Element("devices")?.Elements("input") ?? []).Where(i => (string?)i.Attribute("type") is "tablet" or "mouse").Select(i => (string?)i.Attribute("bus"))];
        if (buses.Length > 0)
        {
            _draft.Keys["input"] = buses.Contains("virtio") ? "virtio" : buses.Contains("usb") ? "usb" : "ps2";
        }
    }

    private void ListTheRest()
    {
        foreach (string part in _domain.Elements().Where(e => !Harmless.Contains(e.Name.LocalName)).Select(e => e.Name.LocalName).Distinct())
        {
            Warn($"<{Shown(part)}> is not taken over.");
        }

        foreach (IGrouping<string, XElement> group in (_domain.Element("devices")?.Elements() ?? []).Where(e => !HarmlessDevices.Contains(e.Name.LocalName)).GroupBy(e => e.Name.LocalName))
        {
            Warn($"{(group.Count() == 1 ? "A device" : $"{group.Count()} devices")} <{Shown(group.Key)}> {(group.Count() == 1 ? "is" : "are")} not taken over.");
        }

        if ((string?)_domain.Element("clock")?.Attribute("offset") is { } offset and not "utc")
        {
            Warn($"The clock's offset \"{Shown(offset)}\" is not taken over: the guest's hardware clock is in UTC.");
        }
    }

    /// <summary>libvirt's units: KiB when none is said, b or bytes, KB, MB, ... of 1000, k or KiB, M or MiB, ... of 1024.</summary>
    private static long Bytes(XElement element)
    {
        string unit = (string?)element.Attribute("unit") ?? "KiB";
        decimal factor = unit switch
        {
            "b" or "bytes" => 1,
            "KB" => 1000,
            "k" or "KiB" => 1L << 10,
            "MB" => 1000_000,
            "M" or "MiB" => 1L << 20,
            "GB" => 1000_000_000,
            "G" or "GiB" => 1L << 30,
            "TB" => 1000_000_000_000,
            "T" or "TiB" => 1L << 40,
            _ => throw new MachineException($"Its memory has the unit \"{Shown(unit)}\", which is not one of libvirt's."),
        };
        return decimal.TryParse(element.Value.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out decimal number) && number is > 0 and < 1_000_000_000_000_000 && number * factor < 1L << 50
            ? (long)(number * factor)
            : throw new MachineException($"Its memory is \"{Shown(element.Value)}\"; expected a number.");
    }

    private string? Text(string element) => Value(_domain, element);

    private static string? Value(XElement? parent, string element) => parent?.Element(element)?.Value.Trim() is { Length: > 0 } text ? text : null;

    private string Cut(string untrustedText, int most, string what)
    {
        string text = string.Concat(untrustedText.ReplaceLineEndings("\n").Select(c => char.IsControl(c) && (c != '\n' || what == "title") ? ' ' : c));
        if (text.EnumerateRunes().Count() <= most)
        {
            return text;
        }

        Warn($"The {what} is longer than {most} characters; the rest is left out.");
        return string.Concat(text.EnumerateRunes().Take(most)).Trim();
    }

    private void Warn(string warning) => _draft.Warnings.Add(warning);

    /// <summary>What the file says, as it may be printed.</summary>
    internal static string Shown(string untrustedText) => string.Concat(DefinitionErrors.Clipped(untrustedText, 120).Select(c => char.IsControl(c) ? '\uFFFD' : c));
}
