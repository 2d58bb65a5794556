using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Definitions.Schema;

namespace Hyperspace.Commands.Vm;

/// <summary>The options that create and import have in common: keys of the definition, said on the command line.</summary>
internal sealed class DraftOptions
{
    private readonly Option<string?> _label = Text("--label", "TEXT", "What people call it, in the trusted bar and in the console.");
    private readonly Option<string?> _color = Text("--color", "COLOR", "The trusted bar's colour while it has the focus: a name or #rrggbb. The default differs from its neighbours'.");
    private readonly Option<string?> _port = Text("--port", "1-9|none", "The port that shows it. The default is the lowest that is free.");
    private readonly Option<string?> _memory = Text("--memory", "SIZE", "Its memory, such as 2GiB.");
    private readonly Option<int?> _cpus = new("--cpus") { Description = "Its number of CPUs.", HelpName = "N" };
    private readonly Option<string?> _firmware = Choice("--firmware", "What starts it.", "uefi", "bios", "linux");
    private readonly Option<string?> _network = Choice("--network", "Its network: none, or outward only.", "none", "user");
    private readonly Option<string[]> _forward = new("--forward") { Description = "A port of this host that leads into the guest, such as tcp:8080:80. Repeatable.", HelpName = "PROTOCOL:HOST:GUEST", AllowMultipleArgumentsPerToken = false };
    private readonly Option<string?> _display = Text("--display", "WIDTHxHEIGHT", "The size that its screen starts with.");
    private readonly Option<string?> _input = Choice("--input", "Its keyboard and pointer; usb and ps2 for systems without virtio drivers.", "virtio", "usb", "ps2");
    private readonly Option<string?> _accelerator = Choice("--accelerator", "What its CPUs run with.", "auto", "kvm", "tcg");
    private readonly Option<bool> _autostart = new("--autostart") { Arity = ArgumentArity.Zero, Description = "Start it with the daemon." };
    private readonly Option<string?> _description = Text("--description", "TEXT", "Free text.");

    public DraftOptions() => _color.CompletionSources.Add(_ => VmSchema.NamedColors.Select(c => c.Key));

    public void AddTo(Command command)
    {
        foreach (Option option in new Option[] { _label, _color, _port, _memory, _cpus, _firmware, _network, _forward, _display, _input, _accelerator, _autostart, _description })
        {
            command.Add(option);
        }
    }

    /// <summary>The draft with what the command line says in place of what it had.</summary>
    public VmDraft Apply(ParseResult result, VmDraft draft)
    {
        JsonObject keys = draft.Keys;
        Set(keys, "label", result.GetValue(_label));
        Set(keys, "color", result.GetValue(_color));
        Set(keys, "memory", result.GetValue(_memory));
        Set(keys, "firmware", result.GetValue(_firmware));
        Set(keys, "input", result.GetValue(_input));
        Set(keys, "accelerator", result.GetValue(_accelerator));
        Set(keys, "description", result.GetValue(_description));
        if (result.GetValue(_cpus) is { } cpus)
        {
            keys["cpus"] = cpus;
        }

        if (result.GetValue(_autostart))
        {
            keys["autostart"] = true;
        }

        if (result.GetValue(_display) is { } display)
        {
            keys["display"] = Display(display);
        }

        ApplyNetwork(keys, result.GetValue(_network), result.GetValue(_forward) ?? []);
        return ApplyPort(draft, result.GetValue(_port));
    }

    /// <summary>An absolute path; a shell leaves the tilde in <c>--iso=~/FILE</c> as it is.</summary>
    public static string FullPath(string path) => path.StartsWith("~/", StringComparison.Ordinal)
        ? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), path[2..])
        : Path.GetFullPath(path.Length == 0 ? "." : path);

    private static void ApplyNetwork(JsonObject keys, string? mode, string[] forwards)
    {
        if (forwards.Length > 0)
        {
            keys["network"] = new JsonObject { ["mode"] = mode ?? "user", ["forwards"] = new JsonArray([.. forwards.Select(f => (JsonNode)f)]) };
        }
        else
        {
            Set(keys, "network", mode);
        }
    }

    private static VmDraft ApplyPort(VmDraft draft, string? port)
    {
        if (port is "none")
        {
            return draft with { WithoutPort = true };
        }

        if (port is not null)
        {
            draft.Keys["port"] = int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                ? number
                : throw new MachineException($"--port {port} is not a port; expected 1 to 9, or none.");
        }

        return draft;
    }

    private static JsonObject Display(string text)
    {
        string[] parts = text.Split('x');
        return parts.Length == 2 && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int width) && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int height)
            ? new JsonObject { ["width"] = width, ["height"] = height }
            : throw new MachineException($"--display {text} is not a size; expected one such as 1280x776.");
    }

    private static void Set(JsonObject keys, string key, string? value)
    {
        if (value is not null)
        {
            keys[key] = value;
        }
    }

    private static Option<string?> Text(string name, string help, string description) => new(name) { Description = description, HelpName = help };

    private static Option<string?> Choice(string name, string description, params string[] words)
    {
        var option = new Option<string?>(name) { Description = description, HelpName = string.Join('|', words) };
        option.AcceptOnlyFromAmong(words);
        return option;
    }
}
