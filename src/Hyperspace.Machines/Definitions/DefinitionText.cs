using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Hyperspace.Machines.Definitions.Schema;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Definitions;

/// <summary>Definitions as text: what the reader reads back as the same.</summary>
public static partial class DefinitionText
{
    /// <summary>All keys of a definition with their values, defaults included, in the order of the schema. As JSON it satisfies the schema too.</summary>
    public static JsonObject Keys(VmDefinition vm)
    {
        var keys = new JsonObject { ["name"] = vm.Name, ["label"] = vm.Label, ["color"] = vm.Color };
        if (vm.Port is { } port)
        {
            keys["port"] = port;
        }

        keys["memory"] = ByteSize.Exact((long)vm.MemoryMiB << 20);
        keys["cpus"] = vm.Cpus;
        keys["firmware"] = vm.Firmware switch { Firmware.Bios => "bios", Firmware.Linux => "linux", _ => "uefi" };
        if (vm.Kernel is { } kernel)
        {
            keys["kernel"] = Kernel(kernel);
        }

        keys["disks"] = new JsonArray([.. vm.Disks.Select(disk => (JsonNode)Disk(disk))]);
        if (vm.Cdrom is { } cdrom)
        {
            keys["cdrom"] = cdrom;
        }

        keys["network"] = new JsonObject
        {
            ["mode"] = vm.Network.Mode == NetworkMode.None ? "none" : "user",
            ["forwards"] = Texts(vm.Network.Forwards.Select(f => string.Create(CultureInfo.InvariantCulture, $"{f.Protocol}:{f.HostPort}:{f.GuestPort}"))),
        };
        keys["display"] = new JsonObject { ["width"] = vm.Display.Width, ["height"] = vm.Display.Height };
        keys["input"] = vm.Input switch { InputDevices.Usb => "usb", InputDevices.Ps2 => "ps2", _ => "virtio" };
        keys["sound"] = new JsonObject
        {
            ["mode"] = vm.Sound.On ? "on" : "off",
            ["background"] = vm.Sound.Background switch { BackgroundSound.Play => "play", BackgroundSound.Mute => "mute", _ => "duck" },
        };
        keys["clipboard"] = vm.Clipboard switch { ClipboardWays.In => "in", ClipboardWays.Out => "out", ClipboardWays.Off => "off", _ => "on" };
        keys["autostart"] = vm.Autostart;
        keys["instant"] = vm.Instant is { } instant ? new JsonObject { ["warm"] = instant.Warm, ["home"] = instant.KeepsHome ? "keep" : "forget" } : false;
        if (vm.Ready is { } ready)
        {
            keys["ready"] = ready;
        }

        keys["accelerator"] = vm.Accelerator switch { AcceleratorChoice.Kvm => "kvm", AcceleratorChoice.Tcg => "tcg", _ => "auto" };
        keys["stopDeadline"] = string.Create(CultureInfo.InvariantCulture, $"{(int)vm.StopDeadline.TotalSeconds}s");
        keys["restart"] = new JsonObject { ["policy"] = vm.Restart.Policy == RestartPolicy.Never ? "never" : "on-crash", ["maximum"] = vm.Restart.Maximum };
        keys["extra"] = Texts(vm.Extra);
        keys["description"] = vm.Description;
        return keys;
    }

    /// <summary>Keys and values as a YAML document, in the order in which they stand.</summary>
    public static string Yaml(JsonObject keys)
    {
        var text = new StringBuilder();
        AppendGroup(text, keys, "");
        return text.ToString();
    }

    private static JsonObject Kernel(KernelDefinition kernel)
    {
        var keys = new JsonObject { ["image"] = kernel.Image };
        if (kernel.Initrd is { } initrd)
        {
            keys["initrd"] = initrd;
        }

        keys["cmdline"] = kernel.Cmdline;
        return keys;
    }

    private static JsonObject Disk(DiskDefinition disk)
    {
        var keys = new JsonObject
        {
            ["file"] = disk.File,
            ["format"] = disk.Format == DiskFormat.Qcow2 ? "qcow2" : "raw",
            ["mode"] = disk.Mode switch { DiskMode.ReadOnly => "read-only", DiskMode.Ephemeral => "ephemeral", _ => "persistent" },
        };
        if (disk.SizeBytes is { } size)
        {
            keys["size"] = ByteSize.Exact(size);
        }

        return keys;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode)text)]);

    private static void AppendGroup(StringBuilder text, JsonObject group, string indent)
    {
        foreach ((string key, JsonNode? value) in group)
        {
            text.Append(indent).Append(key).Append(':');
            switch (value)
            {
                case JsonObject { Count: > 0 } inner:
                    AppendGroup(text.Append('\n'), inner, indent + "  ");
                    break;
                case JsonArray { Count: > 0 } list when list[0] is JsonObject:
                    AppendGroups(text.Append('\n'), list, indent + "  ");
                    break;
                default:
                    text.Append(' ').Append(Inline(value)).Append('\n');
                    break;
            }
        }
    }

    private static void AppendGroups(StringBuilder text, JsonArray list, string indent)
    {
        foreach (JsonObject item in list.OfType<JsonObject>())
        {
            int start = text.Length + indent.Length;
            AppendGroup(text, item, indent + "  ");
            text[start] = '-';
        }
    }

    private static string Inline(JsonNode? value) => value switch
    {
        JsonValue scalar when scalar.GetValueKind() == JsonValueKind.String => Scalar(scalar.GetValue<string>()),
        JsonArray list => $"[{string.Join(", ", list.Select(item => item is JsonValue v && v.GetValueKind() == JsonValueKind.String ? Quoted(v.GetValue<string>()) : Inline(item)))}]",
        JsonObject => "{}",
        null => "null",
        _ => value.ToJsonString(),
    };

    private static string Scalar(string text) => Plain().IsMatch(text) && YamlKind.OfPlain(text) == ScalarKind.Text ? text : Quoted(text);

    /// <summary>YAML 1.2, 7.3.1: double quotes with escapes.</summary>
    private static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (char c in text)
        {
            _ = c switch
            {
                '"' => quoted.Append("\\\""),
                '\\' => quoted.Append("\\\\"),
                '\n' => quoted.Append("\\n"),
                _ when char.IsControl(c) || c is '\u2028' or '\u2029' or '\uFEFF' => quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => quoted.Append(c),
            };
        }

        return quoted.Append('"').ToString();
    }

    /// <summary>Text that needs no quotes in any place: no colon, no number sign, no space at its ends.</summary>
    [GeneratedRegex(@"^[A-Za-z0-9/._]([A-Za-z0-9/._+@%=,~() -]*[A-Za-z0-9/._+@%=,~()-])?\z")]
    private static partial Regex Plain();
}
