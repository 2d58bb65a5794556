using System.Globalization;
using System.Text;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Definitions.Schema;
using Hyperspace.Protocols.Control;
using YamlDotNet.RepresentationModel;

namespace Hyperspace.Machines.Power.Rules;

/// <summary>A file of rules as it was found.</summary>
/// <param name="Rules">Null when there are errors.</param>
public sealed record LoadedRules(PowerRules? Rules, IReadOnlyList<DefinitionError> Errors);

/// <summary>Reads <c>power.yaml</c>, as strictly as definitions: all errors of the file at once.</summary>
public static class RulesReader
{
    private const string Example = "rules: [{when: lid closed, do: [suspend host]}]";

    /// <summary>Reads the file; the built-in rules when there is none. Never throws for what is in it.</summary>
    public static LoadedRules ReadFile(string file)
    {
        try
        {
            return File.Exists(file) ? Read(file, DefinitionReader.ReadText(file)) : new LoadedRules(DefaultRules.Rules, []);
        }
        catch (DecoderFallbackException)
        {
            return Failed(file, "The file is not text in UTF-8; expected YAML.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(file, $"The file cannot be read: {e.Message}");
        }
    }

    /// <summary>Reads a text as if it were the file.</summary>
    public static LoadedRules Read(string file, string untrustedText)
    {
        var errors = new DefinitionErrors(file);
        if (DefinitionReader.LoadRoot(untrustedText, errors, Example) is not { } root || RulesSchema.Root.Read(root, "", errors) is not Group group)
        {
            return new LoadedRules(null, errors.All);
        }

        var rules = new List<PowerRule>();
        YamlNode[] nodes = ((YamlMappingNode)root).Children.TryGetValue(new YamlScalarNode("rules"), out YamlNode? list) && list is YamlSequenceNode items ? [.. items.Children] : [];
        foreach (Group rule in group.List<Group>("rules"))
        {
            rules.Add(RuleOf(rule, nodes, rules.Count + 1, errors));
        }

        (int low, int critical) = (group.Get("low", 15), group.Get("critical", 5));
        if (low <= critical)
        {
            errors.Add(group.Nodes.GetValueOrDefault("critical") ?? group.Nodes.GetValueOrDefault("low"), "critical", $"{critical} % is not below low ({low} %); expected critical below low.", "critical: 5");
        }

        return new LoadedRules(errors.All.Count > 0 ? null : new PowerRules(rules, low, critical, [.. group.List<string>("stopOrder")], group.Get<string?>("host", null) is { } host ? host == "act" : null, file), errors.All);
    }

    private static PowerRule RuleOf(Group rule, YamlNode[] nodes, int number, DefinitionErrors errors)
    {
        // A rule in error is left out of the list, so its place comes from its path and not from its number.
        YamlNode node = nodes[IndexOf(rule.Path)];
        Occasion.TryParse(rule.Get("when", ""), out Occasion when);
        if (rule.Has("when") && !Occasion.TryParse(rule.Get("when", ""), out _))
        {
            errors.Add(rule.Nodes["when"], $"{rule.Path}.when", $"\"{rule.Get("when", "")}\" is not right; expected idle with a time from 1s to 1440min.", "when: idle 10min");
        }

        int line = (int)node.Start.Line;
        RuleAction[] actions = [.. rule.List<Group>("do").Select(a => ActionOf(a, node))];
        CheckActions(rule, node, actions, errors);
        return new PowerRule(number, rule.Get<string?>("name", null), when, ConditionsOf(rule.Get<Group?>("if", null), node), actions, line);
    }

    private static void CheckActions(Group rule, YamlNode node, RuleAction[] actions, DefinitionErrors errors)
    {
        if (ItemsOf(node) is { Count: 0 })
        {
            errors.Add(rule.Nodes["do"], $"{rule.Path}.do", "the list is empty; expected what is to be done, or nothing.", "do: [nothing]");
        }

        if (actions.Length > 1 && actions.Any(a => a.Kind == ActionKind.Nothing))
        {
            errors.Add(rule.Nodes["do"], $"{rule.Path}.do", "nothing stands beside other actions; expected it alone.", "do: [nothing]");
        }

        foreach ((RuleAction action, int i) in actions.Select((a, i) => (a, i)))
        {
            if (action is { Kind: ActionKind.SuspendHost, Deadline: not null })
            {
                errors.Add(action.Line, $"{rule.Path}.do[{i}].deadline", "suspend host takes as long as the machine sleeps; expected no deadline.", "do: [suspend host]");
            }

            if (!ActionWords.IsForGuests(action.Kind) && action.Only.Count + action.Except.Count > 0)
            {
                errors.Add(action.Line, $"{rule.Path}.do[{i}]", $"{ActionWords.Of(action.Kind)} is not about guests, so only and except have no meaning; expected neither.", "do: [suspend host]");
            }
        }
    }

    private static RuleAction ActionOf(Group action, YamlNode rule)
    {
        YamlNode? node = ItemsOf(rule)?[IndexOf(action.Path)];
        return new RuleAction(
            ActionWords.Parse(action.Get("action", "nothing")), [.. action.List<string>("only")], [.. action.List<string>("except")], action.Get<TimeSpan?>("deadline", null), (int)(node?.Start.Line ?? 0));
    }

    /// <summary>What stands in a rule's list, right or not; null without a list.</summary>
    private static IList<YamlNode>? ItemsOf(YamlNode rule) => ((YamlMappingNode)rule).Children.TryGetValue(new YamlScalarNode("do"), out YamlNode? list) && list is YamlSequenceNode items ? items.Children : null;

    private static RuleConditions ConditionsOf(Group? group, YamlNode rule)
    {
        if (group is null)
        {
            return new RuleConditions(null, null, [], null, null);
        }

        int line = (int)(group.Nodes.GetValueOrDefault("vms") ?? rule).Start.Line;
        return new RuleConditions(
            group.Get<string?>("power", null) is { } power ? power == "battery" : null,
            group.Get<string?>("focused", null) is { } focused ? FocusOf(focused) : null,
            [.. group.List<string>("vms").Select(text => VmOf(text, line))],
            group.Get<int?>("below", null),
            group.Get<bool?>("externalMonitor", null));
    }

    internal static FocusCondition FocusOf(string text) =>
        text.StartsWith("port ", StringComparison.Ordinal) ? new FocusCondition(null, int.Parse(text.AsSpan(5), CultureInfo.InvariantCulture)) : new FocusCondition(text, null);

    private static VmCondition VmOf(string text, int line)
    {
        string[] parts = text.Split(' ');
        return new VmCondition(parts[0], Enum.Parse<VmState>(parts[1], ignoreCase: true), line);
    }

    /// <summary>3 of <c>rules[1].do[3]</c>.</summary>
    private static int IndexOf(string path)
    {
        int open = path.LastIndexOf('[');
        return int.Parse(path.AsSpan(open + 1, path.Length - open - 2), CultureInfo.InvariantCulture);
    }

    private static LoadedRules Failed(string file, string problem) => new(null, [new DefinitionError(file, 0, "", problem, Example)]);
}
