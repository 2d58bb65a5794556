using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Hyperspace.Machines.Definitions.Schema;

/// <summary>The keys of a VM's definition.</summary>
public static partial class VmSchema
{
    internal const string NamePattern = "^[a-z][a-z0-9-]{0,30}$";
    private const int MaxPath = 4096;

    internal static readonly IReadOnlyDictionary<string, string> Colors = new Dictionary<string, string>
    {
        ["blue"] = "#3b82f6", ["green"] = "#22c55e", ["red"] = "#ef4444", ["orange"] = "#f97316",
        ["purple"] = "#a855f7", ["cyan"] = "#06b6d4", ["yellow"] = "#eab308", ["gray"] = "#8b93a1",
    };

    private static readonly TextSpec PathText = new("the path of a file", MaxPath, "^.+$");

    internal static readonly GroupSpec Root = new(
        new KeySpec("name", new TextSpec("a name of lower-case letters, digits and hyphens, beginning with a letter, at most 31", 31, NamePattern),
            "The VM's name; it must be the same as that of the file.", "name: work", Otherwise: "the file's name"),
        new KeySpec("label", new TextSpec("a text of 1 to 40 characters", 40, "^.+$"), "What people call it, in the trusted bar and in the console.", "label: Work", Otherwise: "the name"),
        new KeySpec("color", new TextSpec($"#rrggbb or one of {string.Join(", ", Colors.Keys)}", 7, $"^(#[0-9a-fA-F]{{6}}|{string.Join('|', Colors.Keys)})$"),
            "The colour that the trusted bar has while it has the focus.", "color: \"#3b82f6\"", Otherwise: "gray"),
        new KeySpec("port", new IntegerSpec(1, 9), "The port that it is plugged into, as on a KVM switch.", "port: 1", Otherwise: "no port shows it"),
        new KeySpec("memory", new SizeSpec("an amount such as 512MiB or 4GiB, at least 16MiB", 16L << 20, 64L << 40), "Its memory.", "memory: 4GiB", Otherwise: "2GiB"),
        new KeySpec("cpus", new IntegerSpec(1, 255), "Its number of CPUs, at most four times those of this machine.", "cpus: 2", Otherwise: "2, or 1 on a machine that has one"),
        new KeySpec("firmware", new ChoiceSpec("uefi", "bios", "linux"), "What starts it; linux boots a kernel directly.", "firmware: uefi", Otherwise: "uefi"),
        new KeySpec("kernel", new GroupSpec(
            new KeySpec("image", PathText, "The kernel's file; a relative path begins at the definition's folder.", "image: /boot/vmlinuz", Required: true),
            new KeySpec("initrd", PathText, "The initial RAM disk's file.", "initrd: /boot/initrd.img", Otherwise: "none"),
            new KeySpec("cmdline", new TextSpec("the kernel's command line", 2048), "The kernel's command line.", "cmdline: root=/dev/vda1 quiet", Otherwise: "empty")),
            "For firmware linux.", "kernel: {image: /boot/vmlinuz, initrd: /boot/initrd.img, cmdline: quiet}"),
        new KeySpec("disks", new ListSpec(new GroupSpec(
            new KeySpec("file", PathText, "The image; a relative path begins at the VM's state folder.", "file: root.qcow2", Required: true),
            new KeySpec("format", new ChoiceSpec("qcow2", "raw"), "The image's format.", "format: qcow2", Otherwise: "qcow2 for a file named .qcow2, else raw"),
            new KeySpec("mode", new ChoiceSpec("persistent", "read-only", "ephemeral"), "What becomes of what the guest writes; ephemeral throws it away when the VM stops.", "mode: persistent", Otherwise: "persistent"),
            new KeySpec("size", new SizeSpec("a size such as 20GiB, at least 1MiB", 1L << 20, 1L << 50), "An image in the VM's state folder that does not exist is made with this size when the VM starts first.", "size: 20GiB", Otherwise: "the image must exist")), 16),
            "Its disks, in the order in which it boots from them.", "disks: [{file: root.qcow2, format: qcow2}]", Otherwise: "none"),
        new KeySpec("cdrom", PathText, "An ISO image in its CD drive; a relative path begins at the definition's folder.", "cdrom: /srv/iso/debian.iso", Otherwise: "no CD drive"),
        new KeySpec("network", new ShortFormSpec(new GroupSpec(
            new KeySpec("mode", new ChoiceSpec("none", "user"), "none, or QEMU's user network: outward only.", "mode: user", Required: true),
            new KeySpec("forwards", new ListSpec(new TextSpec("PROTOCOL:HOST-PORT:GUEST-PORT, such as tcp:8080:80", 15, "^(tcp|udp):[0-9]{1,5}:[0-9]{1,5}$"), 64),
                "Ports of this host, on 127.0.0.1, that lead into the guest.", "forwards: [\"tcp:8080:80\"]", Otherwise: "none")), "mode", new ChoiceSpec("none", "user")),
            "Its network.", "network: {mode: user, forwards: [\"tcp:8080:80\"]}", Otherwise: "user"),
        new KeySpec("display", new GroupSpec(
            new KeySpec("width", new IntegerSpec(640, 7680), "Pixels across.", "width: 1280", Required: true),
            new KeySpec("height", new IntegerSpec(400, 4320), "Pixel rows.", "height: 776", Required: true)),
            "The size that its screen starts with.", "display: {width: 1280, height: 776}", Otherwise: "1280 x 776"),
        new KeySpec("input", new ChoiceSpec("virtio", "usb", "ps2"), "Its keyboard and pointer; usb and ps2 for systems without virtio drivers.", "input: virtio", Otherwise: "virtio"),
        new KeySpec("sound", new ShortFormSpec(new GroupSpec(
            new KeySpec("mode", new ChoiceSpec("on", "off"), "Whether it has a sound card.", "mode: on", Otherwise: "on"),
            new KeySpec("background", new ChoiceSpec("duck", "play", "mute"), "What is heard of it while another VM has the focus: duck leaves an eighth of it.", "background: mute", Otherwise: "duck")),
            "mode", new ChoiceSpec("on", "off")),
            "Its sound; it never has a microphone.", "sound: {mode: on, background: mute}", Otherwise: "on, duck"),
        new KeySpec("clipboard", new ChoiceSpec("on", "in", "out", "off"),
            "Which ways the user may carry text through its clipboard: both, only into it, only out of it, or none.", "clipboard: on", Otherwise: "on"),
        new KeySpec("focus", new ChoiceSpec("free", "ask"), "Whether the seat gives it the keyboard at once, or asks for a confirmation first.", "focus: ask", Otherwise: "free"),
        new KeySpec("autostart", new BooleanSpec(), "Whether it starts with the daemon.", "autostart: true", Otherwise: "false"),
        new KeySpec("instant", new SwitchSpec(new GroupSpec(
            new KeySpec("warm", new IntegerSpec(0, 4), "How many are kept started for the next opens.", "warm: 1", Otherwise: "1"),
            new KeySpec("home", new ChoiceSpec("forget", "keep"), "Whether it gets a disk labelled hs-home whose content outlives it; disposables never do.", "home: forget", Otherwise: "forget"))),
            "Whether it is opened from a template, a saved machine that has booted, in tens of milliseconds; see docs/instant.md.", "instant: true", Otherwise: "it boots each time"),
        new KeySpec("ready", new TextSpec("a text of 1 to 200 characters in one line", 200, "^.+$"), "A text on the first serial port that says that the guest is up.", "ready: \"login:\"", Otherwise: "a guest is up when it is idle"),
        new KeySpec("accelerator", new ChoiceSpec("auto", "kvm", "tcg"), "What its CPUs run with.", "accelerator: auto", Otherwise: "auto"),
        new KeySpec("stopDeadline", new DurationSpec(1, 3600), "How long it may take to power itself off before it is ended.", "stopDeadline: 30s", Otherwise: "30s"),
        new KeySpec("restart", new GroupSpec(
            new KeySpec("policy", new ChoiceSpec("never", "on-crash"), "Whether it is started again after a crash.", "policy: on-crash", Required: true),
            new KeySpec("maximum", new IntegerSpec(1, 100), "How often within ten minutes.", "maximum: 3", Otherwise: "3")), "What happens after a crash.", "restart: {policy: on-crash, maximum: 3}", Otherwise: "on-crash, 3"),
        new KeySpec("power", PowerKeys.Spec,
            "Its battery, AC adapter and lid: this machine's, none, or fixed ones; see docs/power.md.", "power: {mode: fixed, level: 80, ac: true}", Otherwise: "mirror"),
        new KeySpec("sleep", new ChoiceSpec("pause", "s3"),
            "What sleep is for it: pause stops its CPUs; s3 offers it the sleep state S3 of ACPI, after which the display driver of many guests shows nothing; see docs/power.md.", "sleep: s3", Otherwise: "pause"),
        new KeySpec("extra", new ListSpec(new TextSpec("an argument of QEMU", MaxPath), 256),
            "Arguments for QEMU, passed as they are; files that they name are outside of the sandbox.", "extra: [\"-device\", \"intel-hda\"]", Otherwise: "none"),
        new KeySpec("description", new TextSpec("a text of at most 2000 characters", 2000), "Free text.", "description: The machine for work.", Otherwise: "empty"));

    /// <summary>Whether a VM may have this name.</summary>
    public static bool IsName(string name) => NameForm().IsMatch(name) && !name.EndsWith('\n');

    /// <summary>The names of the colours that have one, in the order in which new VMs get them, and their values as #rrggbb.</summary>
    public static IEnumerable<KeyValuePair<string, string>> NamedColors => Colors;

    /// <summary>The JSON Schema (draft 2020-12) of a definition, for editors.</summary>
    public static string ToJsonSchema()
    {
        JsonObject root = Root.JsonSchema();
        var schema = new JsonObject { ["$schema"] = "https://json-schema.org/draft/2020-12/schema", ["title"] = "A VM of Hyperspace" };
        foreach ((string name, JsonNode? value) in root.ToArray())
        {
            root.Remove(name);
            schema[name] = value;
        }

        return schema.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";
    }

    /// <summary>The keys as a Markdown table, for docs/definitions.md.</summary>
    public static string ToMarkdown()
    {
        var text = new System.Text.StringBuilder("| key | what it is | expected | without it | example |\n|---|---|---|---|---|\n");
        AppendRows(text, Root, "");
        return text.ToString();
    }

    private static void AppendRows(System.Text.StringBuilder text, GroupSpec group, string prefix)
    {
        foreach (KeySpec key in group.Keys)
        {
            string otherwise = key.Required ? "an error" : key.Otherwise ?? "";
            text.Append($"| `{prefix}{key.Name}` | {Cell(key.Description)} | {Cell(key.Value.Expected)} | {Cell(otherwise)} | `{Cell(key.Example)}` |\n");
            if (key.Value is GroupSpec inner)
            {
                AppendRows(text, inner, $"{prefix}{key.Name}.");
            }
            else if (key.Value is ListSpec { Item: GroupSpec item })
            {
                AppendRows(text, item, $"{prefix}{key.Name}[].");
            }
            else if (key.Value is ShortFormSpec { Group: { } form })
            {
                AppendRows(text, form, $"{prefix}{key.Name}.");
            }
            else if (key.Value is SwitchSpec { Group: { } more })
            {
                AppendRows(text, more, $"{prefix}{key.Name}.");
            }
        }
    }

    [GeneratedRegex(NamePattern, RegexOptions.CultureInvariant)]
    private static partial Regex NameForm();

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
