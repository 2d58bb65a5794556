using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Rules;

/// <summary>Finds what is valid and yet cannot be meant: rules that never match, loops, VMs that do not exist, actions after the end.</summary>
public static class RulesCheck
{
    /// <param name="vms">The names of all VMs; null when they are not known.</param>
    public static IReadOnlyList<RuleWarning> Warnings(PowerRules rules, IReadOnlyCollection<string>? vms)
    {
        string file = rules.File ?? "built-in rules";
        var warnings = new List<RuleWarning>();
        for (int i = 0; i < rules.Rules.Count; i++)
        {
            PowerRule rule = rules.Rules[i];
            void Warn(int line, string text) => warnings.Add(new RuleWarning(file, line, $"{rule.Title}: {text}"));
            if (Contradiction(rule) is { } contradiction)
            {
                Warn(rule.Line, $"it can never match: {contradiction}.");
            }
            else if (rules.Rules.Take(i).FirstOrDefault(earlier => Covers(earlier, rule)) is { } earlier)
            {
                Warn(rule.Line, $"it can never match: {earlier.Title} in line {earlier.Line} comes first and matches whenever this one would.");
            }

            CheckActions(rule, Warn);
            CheckNames(rule, vms, Warn);
        }

        warnings.AddRange(Unknown(rules.StopOrder, vms).Select(vm => new RuleWarning(file, 1, $"stopOrder: there is no VM \"{vm}\".")));
        return warnings;
    }

    private static string? Contradiction(PowerRule rule)
    {
        RuleConditions when = rule.If;
        bool needsBattery = rule.When.Kind is OccasionKind.AcUnplugged or OccasionKind.BatteryCritical or OccasionKind.BatteryLow;
        if ((when.OnBattery == false && needsBattery) || (when.OnBattery == true && rule.When.Kind == OccasionKind.AcPlugged))
        {
            return $"{rule.When} happens {(needsBattery ? "on battery" : "on AC")} only";
        }

        foreach (VmCondition one in when.Vms)
        {
            if (when.Vms.Any(other => other.Vm == one.Vm && other.State != one.State))
            {
                return $"{one.Vm} cannot be in two states at once";
            }

            if (one.Vm == when.Focused?.Vm && one.State is VmState.Invalid)
            {
                return $"{one.Vm} cannot have the keyboard while its definition has errors";
            }
        }

        return null;
    }

    /// <summary>Whether <paramref name="earlier"/> matches in every situation in which <paramref name="later"/> does.</summary>
    private static bool Covers(PowerRule earlier, PowerRule later)
    {
        (RuleConditions a, RuleConditions b) = (earlier.If, later.If);
        return earlier.When == later.When
            && (a.OnBattery is null || a.OnBattery == b.OnBattery)
            && (a.ExternalMonitor is null || a.ExternalMonitor == b.ExternalMonitor)
            && (a.Focused is null || a.Focused == b.Focused)
            && (a.BelowPercent is null || b.BelowPercent <= a.BelowPercent)
            && a.Vms.All(x => b.Vms.Any(y => x.Vm == y.Vm && x.State == y.State));
    }

    private static void CheckActions(PowerRule rule, Action<int, string> warn)
    {
        int end = rule.Do.ToList().FindIndex(a => a.Kind == ActionKind.PowerOffHost);
        foreach (RuleAction action in rule.Do.Skip(end < 0 ? rule.Do.Count : end + 1))
        {
            warn(action.Line, $"{ActionWords.Of(action.Kind)} comes after power off host, so it is never done.");
        }

        if (rule.Do.FirstOrDefault(a => a.Kind == ActionKind.SuspendHost) is { } suspend && Loop(rule.When) is { } loop)
        {
            warn(suspend.Line, $"suspend host makes a loop: {loop}.");
        }

        foreach (RuleAction action in rule.Do.Where(a => a.Only.Count > 0 && a.Only.All(a.Except.Contains)))
        {
            warn(action.Line, $"{ActionWords.Of(action.Kind)} is for no VM: except takes away all that only names.");
        }

        if (rule.Do.FirstOrDefault(a => a.Kind == ActionKind.ForwardToGuest) is { } forward && rule.When.Kind is not (OccasionKind.LidClosed or OccasionKind.LidOpened or OccasionKind.PowerButton or OccasionKind.SleepButton))
        {
            warn(forward.Line, $"forward to guest does nothing for {rule.When}: guests see battery and AC anyway, and idle is no button.");
        }
    }

    private static string? Loop(Occasion when) => when.Kind switch
    {
        OccasionKind.LidOpened => "opening the lid wakes the machine, and then it would be suspended again",
        OccasionKind.AcPlugged => "plugging in the charger wakes many machines, and then it would be suspended again",
        OccasionKind.BatteryCritical => "the battery is as empty after it wakes, so it would be suspended again and again until it dies; expected checkpoint guests and power off host",
        _ => null,
    };

    private static void CheckNames(PowerRule rule, IReadOnlyCollection<string>? vms, Action<int, string> warn)
    {
        foreach (string vm in Unknown(rule.If.Focused?.Vm is { } focused ? [focused] : [], vms))
        {
            warn(rule.Line, $"there is no VM \"{vm}\", so it can never match.");
        }

        foreach (VmCondition condition in rule.If.Vms.Where(c => Unknown([c.Vm], vms).Any()))
        {
            warn(condition.Line, $"there is no VM \"{condition.Vm}\", so it can never match.");
        }

        foreach (RuleAction action in rule.Do)
        {
            foreach (string vm in Unknown(action.Only.Concat(action.Except), vms))
            {
                warn(action.Line, $"there is no VM \"{vm}\".");
            }
        }
    }

    private static IEnumerable<string> Unknown(IEnumerable<string> names, IReadOnlyCollection<string>? vms) => vms is null ? [] : names.Where(name => !vms.Contains(name)).Distinct();
}
