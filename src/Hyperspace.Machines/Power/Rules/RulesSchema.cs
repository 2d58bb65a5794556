using System.Text.Json;
using System.Text.Json.Nodes;
using Hyperspace.Machines.Definitions.Schema;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Rules;

/// <summary>The keys of <c>power.yaml</c>.</summary>
public static class RulesSchema
{
    private const string Name = "[a-z][a-z0-9-]{0,30}";

    private static readonly string States = string.Join('|', Enum.GetNames<VmState>().Select(n => n.ToLowerInvariant()));

    private static readonly TextSpec VmName = new("a VM's name", 31, $"^{Name}$");

    private static readonly ChoiceSpec ActionWord = new([.. ActionWords.All]);

    internal static readonly GroupSpec Action = new(
        new KeySpec("action", ActionWord, "What is done.", "action: stop guests", Required: true),
        new KeySpec("only", new ListSpec(VmName, 64), "The VMs that it is for.", "only: [work]", Otherwise: "all of them"),
        new KeySpec("except", new ListSpec(VmName, 64), "VMs that it is not for.", "except: [lab]", Otherwise: "none"),
        new KeySpec("deadline", new DurationSpec(1, 3600), "How long it may take; when guests are stopped, each of them.", "deadline: 30s", Otherwise: "the action's own"));

    internal static readonly GroupSpec Conditions = new(
        new KeySpec("power", new ChoiceSpec("battery", "ac"), "What feeds the machine.", "power: battery", Otherwise: "either"),
        new KeySpec("focused", new TextSpec("a VM's name, or port with a number from 0 to 9", 31, $"^({Name}|port [0-9])$"), "What has the keyboard; port 0 is the console.", "focused: work", Otherwise: "anything"),
        new KeySpec("vms", new ListSpec(new TextSpec("a VM's name and its state, such as work running", 60, $"^{Name} ({States})$"), 16), "States of VMs, all of which must be so.", "vms: [work running, lab off]", Otherwise: "not asked"),
        new KeySpec("below", new IntegerSpec(1, 100), "The battery's level, in percent, is below this.", "below: 30", Otherwise: "any level"),
        new KeySpec("externalMonitor", new BooleanSpec(), "Whether a monitor that is not the notebook's own is connected.", "externalMonitor: true", Otherwise: "either"));

    internal static readonly GroupSpec Rule = new(
        new KeySpec("name", new TextSpec("a text of 1 to 40 characters", 40, "^.+$"), "What explanations call it.", "name: docked", Otherwise: "its number"),
        new KeySpec("when", new TextSpec(Occasion.Expected, 40, Occasion.Pattern), "What it is about.", "when: lid closed", Required: true),
        new KeySpec("if", Conditions, "What must be so too.", "if: {power: battery}", Otherwise: "nothing"),
        new KeySpec("do", new ListSpec(new ShortFormSpec(Action, "action", ActionWord), 16), "What is done, one after the other.", "do: [sleep guests, suspend host]", Required: true));

    internal static readonly GroupSpec Root = new(
        new KeySpec("rules", new ListSpec(Rule, 100), "The rules; the first that matches counts.", "rules: [{when: lid closed, do: [suspend host]}]", Required: true),
        new KeySpec("low", new IntegerSpec(2, 99), "The level, in percent, at which the battery is low.", "low: 15", Otherwise: "15"),
        new KeySpec("critical", new IntegerSpec(1, 98), "The level, in percent, at which the battery is critical.", "critical: 5", Otherwise: "5"),
        new KeySpec("stopOrder", new ListSpec(VmName, 64), "VMs that are stopped first, in this order.", "stopOrder: [lab, work]", Otherwise: "the one that was started last is stopped first"),
        new KeySpec("host", new ChoiceSpec("act", "pretend"), "Whether the host is really suspended and powered off; pretend only says it in the log.", "host: act", Otherwise: "act in root's own installation, while no values are set by hand; else pretend"));

    /// <summary>The JSON Schema (draft 2020-12) of the file, for editors.</summary>
    public static string ToJsonSchema()
    {
        JsonObject root = Root.JsonSchema();
        var schema = new JsonObject { ["$schema"] = "https://json-schema.org/draft/2020-12/schema", ["title"] = "The power rules of Hyperspace" };
        foreach ((string name, JsonNode? value) in root.ToArray())
        {
            root.Remove(name);
            schema[name] = value;
        }

        return schema.ToJsonString(new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }) + "\n";
    }
}
