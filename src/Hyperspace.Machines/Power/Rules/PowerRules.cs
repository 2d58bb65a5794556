using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Rules;

/// <summary>What a rule can do. docs/power-rules.md has them in words.</summary>
public enum ActionKind
{
    Nothing,
    BlankScreen,
    Lock,
    /// <summary>Presses the guest's sleep button; one that does not sleep by the deadline is paused.</summary>
    SleepGuests,
    PauseGuests,
    StopGuests,
    /// <summary>Keeps the guest's state in a file and ends it; one that cannot be kept is stopped.</summary>
    CheckpointGuests,
    /// <summary>The guest gets the button itself.</summary>
    ForwardToGuest,
    SuspendHost,
    PowerOffHost,
}

/// <summary>Which guest has the keyboard: a VM, or whatever is on a port (0 is the console).</summary>
public sealed record FocusCondition(string? Vm, int? Port)
{
    public override string ToString() => Vm ?? $"port {Port}";
}

/// <param name="Line">Where it stands in the file.</param>
public sealed record VmCondition(string Vm, VmState State, int Line);

/// <summary>All that is given must hold; what is null is not asked.</summary>
/// <param name="BelowPercent">1 to 100: the batteries' level is below this.</param>
public sealed record RuleConditions(bool? OnBattery, FocusCondition? Focused, IReadOnlyList<VmCondition> Vms, int? BelowPercent, bool? ExternalMonitor);

/// <param name="Only">The VMs that it is for; empty for all.</param>
/// <param name="Deadline">How long it may take, for each guest where guests take their turns; null for the action's own (<see cref="ActionWords.DeadlineOf"/>).</param>
/// <param name="Line">Where it stands in the file, 0 for none.</param>
public sealed record RuleAction(ActionKind Kind, IReadOnlyList<string> Only, IReadOnlyList<string> Except, TimeSpan? Deadline, int Line)
{
    public bool IsFor(string vm) => (Only.Count == 0 || Only.Contains(vm)) && !Except.Contains(vm);
}

/// <param name="Number">1 for the first.</param>
/// <param name="Name">Free text; null for a rule without.</param>
/// <param name="Line">Where it begins in the file.</param>
public sealed record PowerRule(int Number, string? Name, Occasion When, RuleConditions If, IReadOnlyList<RuleAction> Do, int Line)
{
    /// <summary>Such as <c>rule 2 (docked)</c>.</summary>
    public string Title => Name is null ? $"rule {Number}" : $"rule {Number} ({Name})";
}

/// <summary>All rules, in their order; the first that matches counts. Immutable.</summary>
/// <param name="LowPercent">At which level the battery is low: above <paramref name="CriticalPercent"/>, at most 99.</param>
/// <param name="CriticalPercent">1 to 98.</param>
/// <param name="StopOrder">VMs that are stopped first, in this order; the others follow, the one that was started last before the one that was started first.</param>
/// <param name="HostActs">Whether the host is really suspended and powered off; null: not while values are set by hand, nor by an installation beside that of the machine.</param>
/// <param name="File">Null for the built-in rules.</param>
public sealed record PowerRules(IReadOnlyList<PowerRule> Rules, int LowPercent, int CriticalPercent, IReadOnlyList<string> StopOrder, bool? HostActs, string? File)
{
    /// <summary>The idle times that rules are about, shortest first.</summary>
    public IReadOnlyList<TimeSpan> IdleTimes => [.. Rules.Where(r => r.When.Kind == OccasionKind.Idle).Select(r => r.When.IdleFor).Distinct().Order()];
}

/// <summary>A rule that is valid and yet not what anybody can have meant.</summary>
public sealed record RuleWarning(string File, int Line, string Text)
{
    public override string ToString() => $"{File}:{Line}: warning: {Text}";
}

/// <summary>Actions in the words of the file.</summary>
public static class ActionWords
{
    private static readonly string[] Words =
        ["nothing", "blank screen", "lock", "sleep guests", "pause guests", "stop guests", "checkpoint guests", "forward to guest", "suspend host", "power off host"];

    internal static IReadOnlyList<string> All => Words;

    public static string Of(ActionKind kind) => Words[(int)kind];

    internal static ActionKind Parse(string word) => (ActionKind)Array.IndexOf(Words, word);

    public static bool IsForGuests(ActionKind kind) => kind is >= ActionKind.SleepGuests and <= ActionKind.ForwardToGuest;

    /// <summary>How long an action may take when the rule does not say. Null: the VM's own <c>stopDeadline</c>, and for a suspended host none: it sleeps as long as it likes.</summary>
    public static TimeSpan? DeadlineOf(ActionKind kind) => kind switch
    {
        ActionKind.SleepGuests => TimeSpan.FromSeconds(20),
        ActionKind.StopGuests or ActionKind.SuspendHost => null,
        ActionKind.CheckpointGuests => TimeSpan.FromMinutes(2),
        ActionKind.PowerOffHost => TimeSpan.FromMinutes(1),
        _ => TimeSpan.FromSeconds(10),
    };
}
