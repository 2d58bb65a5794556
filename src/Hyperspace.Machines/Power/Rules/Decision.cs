using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Rules;

/// <summary>What became of one rule.</summary>
/// <param name="Why">Why it matches or not, or why it was not looked at; words that follow a colon.</param>
public sealed record Verdict(PowerRule Rule, bool Matches, string Why);

/// <summary>A thing to do.</summary>
/// <param name="Guests">Those that it is for, in order. For <see cref="ActionKind.SuspendHost"/> those that run still and are paused before.</param>
/// <param name="Deadline">For all guests together when they sleep or pause at once, for each when they are stopped; null for the VM's own.</param>
public sealed record PlanStep(ActionKind Kind, IReadOnlyList<string> Guests, TimeSpan? Deadline);

/// <summary>What the rules say about an occasion: a pure function of all three. Immutable.</summary>
/// <param name="Rule">The first that matches; null when none does, and then nothing happens.</param>
public sealed record Decision(Occasion Occasion, PowerSituation Situation, IReadOnlyList<Verdict> Verdicts, PowerRule? Rule, IReadOnlyList<PlanStep> Plan)
{
    public static Decision Make(PowerRules rules, PowerSituation situation, Occasion occasion)
    {
        PowerRule? chosen = null;
        var verdicts = new List<Verdict>();
        foreach (PowerRule rule in rules.Rules)
        {
            string? against = chosen is not null ? $"not looked at, because {chosen.Title} comes first" : WhyNot(rule, situation, occasion);
            verdicts.Add(new Verdict(rule, against is null, against ?? "everything that it asks for is so"));
            chosen ??= against is null ? rule : null;
        }

        return new Decision(occasion, situation, verdicts, chosen, chosen is null ? [] : PlanOf(chosen, rules, situation));
    }

    /// <summary>Null when the rule matches, else the first thing that is against it.</summary>
    private static string? WhyNot(PowerRule rule, PowerSituation now, Occasion occasion)
    {
        RuleConditions when = rule.If;
        if (rule.When != occasion)
        {
            return $"it is about {rule.When}";
        }

        if (when.OnBattery is { } battery && battery != now.OnBattery)
        {
            return battery ? "the machine is on AC" : "the machine is on battery";
        }

        if (when.BelowPercent is { } below && !(now.LevelPercent < below))
        {
            return now.LevelPercent is { } level ? $"the battery is at {level} %, not below {below} %" : "there is no battery";
        }

        if (when.ExternalMonitor is { } external && external != now.ExternalMonitor)
        {
            return external ? "no external monitor is connected" : "an external monitor is connected";
        }

        if (when.Focused is { } focus && !Holds(focus, now))
        {
            return $"{focus} is not focused";
        }

        return when.Vms.Where(c => StateOf(now, c.Vm) != c.State).Select(c => $"{c.Vm} is {StateWord(StateOf(now, c.Vm))}, not {StateWord(c.State)}").FirstOrDefault();
    }

    private static bool Holds(FocusCondition focus, PowerSituation now) => focus.Vm is { } vm ? now.FocusedVm == vm : now.FocusedPort == focus.Port;

    private static VmState? StateOf(PowerSituation now, string vm) => now.Guests.FirstOrDefault(g => g.Name == vm)?.State;

    private static string StateWord(VmState? state) => state?.ToString().ToLowerInvariant() ?? "not there";

    /// <summary>Steps for the guests that there are: each action sees what those before it leave.</summary>
    private static List<PlanStep> PlanOf(PowerRule rule, PowerRules rules, PowerSituation situation)
    {
        Dictionary<string, VmState> states = situation.Guests.ToDictionary(g => g.Name, g => g.State);
        string[] order = [.. StopOrder(rules, situation)];
        var plan = new List<PlanStep>();
        foreach (RuleAction action in rule.Do.Where(a => a.Kind != ActionKind.Nothing))
        {
            string[] guests = [.. order.Where(vm => Concerns(action, states[vm], vm, rule, situation))];
            plan.Add(new PlanStep(action.Kind, guests, action.Deadline ?? ActionWords.DeadlineOf(action.Kind)));
            foreach (string vm in guests.Where(_ => action.Kind is not (ActionKind.ForwardToGuest or ActionKind.SuspendHost)))
            {
                states[vm] = action.Kind switch { ActionKind.SleepGuests => VmState.Sleeping, ActionKind.PauseGuests => VmState.Paused, _ => VmState.Off };
            }
        }

        return plan;
    }

    private static bool Concerns(RuleAction action, VmState state, string vm, PowerRule rule, PowerSituation situation) => action.Kind switch
    {
        ActionKind.SleepGuests or ActionKind.PauseGuests => state == VmState.Running && action.IsFor(vm),
        ActionKind.StopGuests or ActionKind.CheckpointGuests => state is VmState.Running or VmState.Paused or VmState.Sleeping or VmState.Starting && action.IsFor(vm),
        ActionKind.SuspendHost => state == VmState.Running,

        // A button that reached all guests would switch all of them off.
        ActionKind.ForwardToGuest => state == VmState.Running && action.IsFor(vm) && (action.Only.Count > 0 || IsLid(rule.When) || vm == situation.FocusedVm),
        _ => false,
    };

    private static bool IsLid(Occasion occasion) => occasion.Kind is OccasionKind.LidClosed or OccasionKind.LidOpened;

    private static IEnumerable<string> StopOrder(PowerRules rules, PowerSituation situation) => situation.Guests
        .OrderBy(g => rules.StopOrder.IndexOf(g.Name) is >= 0 and var place ? place : int.MaxValue)
        .ThenByDescending(g => g.StartedAt ?? DateTimeOffset.MinValue)
        .ThenByDescending(g => g.Name, StringComparer.Ordinal)
        .Select(g => g.Name);
}

file static class Lists
{
    public static int IndexOf(this IReadOnlyList<string> list, string item)
    {
        for (int i = 0; i < list.Count; i++)
        {
            if (list[i] == item)
            {
                return i;
            }
        }

        return -1;
    }
}
