using Hyperspace.Machines.Definitions.Schema;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Definitions;

/// <summary>The key <c>power</c> of a definition.</summary>
internal static class PowerKeys
{
    private const string Example = "power: {mode: fixed, level: 80, ac: true}";

    public static readonly ShortFormSpec Spec = new(new GroupSpec(
        new KeySpec("mode", new ChoiceSpec("mirror", "none", "fixed"), "mirror shows this machine's; none shows nothing; fixed shows what the other keys say.", "mode: fixed", Required: true),
        new KeySpec("level", new IntegerSpec(0, 100), "With mode fixed: its battery's charge in percent.", "level: 80", Otherwise: "no battery"),
        new KeySpec("charging", new BooleanSpec(), "With mode fixed: whether the battery charges.", "charging: false", Otherwise: "false"),
        new KeySpec("ac", new BooleanSpec(), "With mode fixed: whether a charger is plugged in.", "ac: true", Otherwise: "true"),
        new KeySpec("lid", new ChoiceSpec("open", "closed"), "With mode fixed: its lid.", "lid: open", Otherwise: "no lid")), "mode", new ChoiceSpec("mirror", "none"));

    public static PowerDefinition Read(Group root, DefinitionErrors errors)
    {
        if (root.Get<Group?>("power", null) is not { } power)
        {
            return PowerDefinition.Mirror;
        }

        string mode = power.Get("mode", "mirror");
        string[] others = [.. new[] { "level", "charging", "ac", "lid" }.Where(power.Has)];
        if (mode != "fixed")
        {
            if (others.Length > 0 && power.Has("mode"))
            {
                errors.Add(root.Nodes.GetValueOrDefault("power"), "power", $"{string.Join(", ", others)} {(others.Length == 1 ? "is" : "are")} for mode fixed only; expected that mode, or no such key.", Example);
            }

            return mode == "none" ? new PowerDefinition(PowerMode.None, null) : PowerDefinition.Mirror;
        }

        bool ac = power.Get("ac", true), charging = power.Get("charging", false);
        if (charging && (!ac || !power.Has("level")))
        {
            errors.Add(
                power.Nodes.GetValueOrDefault("charging"), "power.charging", ac ? "there is no battery to charge; expected the key level too." : "a battery does not charge without a charger; expected ac: true.",
                "power: {mode: fixed, level: 80, charging: true, ac: true}");
        }

        return new PowerDefinition(PowerMode.Fixed, Fixed(power, ac, charging));
    }

    private static PowerState Fixed(Group power, bool ac, bool charging)
    {
        BatteryState[] batteries = [];
        if (power.Has("level"))
        {
            int level = power.Get("level", 100);
            BatteryStatus status = !ac ? BatteryStatus.Discharging : charging ? BatteryStatus.Charging : level == 100 ? BatteryStatus.Full : BatteryStatus.NotCharging;
            batteries = [new BatteryState("BAT0", true, status, level)];
        }

        return new PowerState(batteries, ac, power.Has("lid") ? power.Get("lid", "open") == "open" : null, null, null);
    }
}
