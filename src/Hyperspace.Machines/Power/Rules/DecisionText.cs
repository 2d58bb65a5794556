namespace Hyperspace.Machines.Power.Rules;

/// <summary>Decisions in words, for <c>hyperspace power explain</c> and the log.</summary>
public static class DecisionText
{
    /// <summary>One sentence, such as <c>lid closed on battery, work focused: put work to sleep (20s at most, then it is paused), then suspend the host.</c></summary>
    public static string Summary(Decision decision)
    {
        PowerSituation now = decision.Situation;
        string focus = now.FocusedVm is { } vm ? $", {vm} focused" : "";
        return $"{decision.Occasion} {(now.OnBattery ? "on battery" : "on AC")}{focus}: {Outcome(decision)}.";
    }

    /// <summary>What happens, without the occasion.</summary>
    public static string Outcome(Decision decision) => decision switch
    {
        { Rule: null } => "nothing happens, because no rule matches",
        { Plan.Count: 0 } => "nothing happens, as the rule says",
        _ => string.Join(", then ", decision.Plan.Select(Step)),
    };

    /// <summary>All lines: the situation, each rule with its verdict, and what happens.</summary>
    public static IReadOnlyList<string> Lines(Decision decision)
    {
        var lines = new List<string> { $"{decision.Occasion}: {decision.Situation.InWords()}." };
        lines.AddRange(decision.Verdicts.Select(v => $"  {(v.Matches ? "*" : " ")} {v.Rule.Title}: {(v.Matches ? "matches" : "no")}: {v.Why}."));
        lines.Add(Summary(decision));
        return lines;
    }

    /// <summary>What a step does, in words that follow "will".</summary>
    public static string Step(PlanStep step)
    {
        string all = Listed(step.Guests);
        string most = step.Deadline is { } deadline ? $"{Occasion.Time(deadline)} at most" : "its own stopDeadline at most";
        bool one = step.Guests.Count == 1;
        return step.Kind switch
        {
            ActionKind.BlankScreen => "blank the screen",
            ActionKind.Lock => "go to the console and lock the sessions of this machine",
            ActionKind.SuspendHost when step.Guests.Count == 0 => "suspend the host",
            ActionKind.SuspendHost => $"pause {all} and suspend the host",
            ActionKind.PowerOffHost => "power off the host",
            _ when step.Guests.Count == 0 => $"{ActionWords.Of(step.Kind)} (there is none that this is for)",
            ActionKind.SleepGuests => $"put {all} to sleep ({most}, then {(one ? "it is" : "they are")} paused)",
            ActionKind.PauseGuests => $"pause {all}",
            ActionKind.StopGuests => $"stop {all} ({(one ? most : $"one after the other, {most} each")}, then by force)",
            ActionKind.CheckpointGuests => $"checkpoint and stop {all} ({(one ? most : $"one after the other, {most} each")})",
            _ => $"forward it to {all}",
        };
    }

    private static string Listed(IReadOnlyList<string> names) => names.Count switch
    {
        0 => "no guest",
        1 => names[0],
        _ => $"{string.Join(", ", names.Take(names.Count - 1))} and {names[^1]}",
    };
}
