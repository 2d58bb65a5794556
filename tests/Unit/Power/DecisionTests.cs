using Hyperspace.Commands.Power;
using Hyperspace.Machines.Power.Rules;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Power;

/// <summary>First match wins, and the plan is for the guests that there are.</summary>
public sealed class DecisionTests
{
    private static readonly DateTimeOffset Boot = new(2030, 1, 1, 8, 0, 0, TimeSpan.Zero);

    internal static PowerSituation Situation { get; } = new(
        OnBattery: true, 40, "work", 2, ExternalMonitor: false,
        [new("work", VmState.Running, Boot), new("lab", VmState.Running, Boot.AddHours(1)), new("mail", VmState.Paused, Boot.AddHours(2)), new("spare", VmState.Off)]);

    private static Decision Decide(string occasion, PowerSituation? situation = null, PowerRules? rules = null)
    {
        Assert.True(Occasion.TryParse(occasion, out Occasion parsed));
        return Decision.Make(rules ?? DefaultRules.Rules, situation ?? Situation, parsed);
    }

    [Fact]
    public void The_explanation_names_the_rule_why_not_the_others_and_what_will_happen() => Assert.Equal(
        """
        lid closed: on battery at 40 %, work focused, no external monitor.
            rule 1 (docked): no: no external monitor is connected.
          * rule 2 (closed on battery): matches: everything that it asks for is so.
            rule 3 (closed on AC): no: not looked at, because rule 2 (closed on battery) comes first.
            rule 4: no: not looked at, because rule 2 (closed on battery) comes first.
            rule 5: no: not looked at, because rule 2 (closed on battery) comes first.
            rule 6: no: not looked at, because rule 2 (closed on battery) comes first.
        lid closed on battery, work focused: put lab and work to sleep (20s at most, then they are paused), then suspend the host.
        """.Split('\n'), DecisionText.Lines(Decide("lid closed")));

    [Theory]
    [InlineData("power button", "stop mail, lab and work (one after the other, its own stopDeadline at most each, then by force), then power off the host")]
    [InlineData("battery critical", "checkpoint and stop mail, lab and work (one after the other, 1min at most each), then power off the host")]
    [InlineData("sleep button", "put lab and work to sleep (20s at most, then they are paused), then suspend the host")]
    [InlineData("lid opened", "nothing happens, because no rule matches")]
    [InlineData("battery low", "nothing happens, because no rule matches")]
    [InlineData("idle 10min", "nothing happens, because no rule matches")]
    public void The_built_in_rules_do_what_people_expect(string occasion, string outcome) => Assert.Equal(outcome, DecisionText.Outcome(Decide(occasion)));

    [Fact]
    public void A_closed_lid_on_AC_locks_and_with_a_monitor_it_does_nothing()
    {
        Assert.Equal([ActionKind.Lock, ActionKind.BlankScreen], Decide("lid closed", Situation with { OnBattery = false }).Plan.Select(s => s.Kind));
        Decision docked = Decide("lid closed", Situation with { ExternalMonitor = true });
        Assert.Equal("nothing happens, as the rule says", DecisionText.Outcome(docked));
        Assert.Equal("docked", docked.Rule!.Name);
    }

    [Fact]
    public void The_first_of_two_rules_that_match_counts()
    {
        PowerRules rules = RulesReaderTests.Rules("rules:\n  - {when: lid closed, do: [blank screen]}\n  - {when: lid closed, do: [power off host]}\n");
        Assert.Equal(ActionKind.BlankScreen, Assert.Single(Decide("lid closed", rules: rules).Plan).Kind);
    }

    [Theory]
    [InlineData("power: ac", "the machine is on battery")]
    [InlineData("below: 40", "the battery is at 40 %, not below 40 %")]
    [InlineData("focused: lab", "lab is not focused")]
    [InlineData("focused: port 0", "port 0 is not focused")]
    [InlineData("vms: [spare running]", "spare is off, not running")]
    [InlineData("vms: [ghost running]", "ghost is not there, not running")]
    [InlineData("externalMonitor: true", "no external monitor is connected")]
    public void Each_condition_can_be_what_is_against_a_rule(string condition, string why)
    {
        Decision decision = Decide("lid closed", rules: RulesReaderTests.Rules($"rules:\n  - when: lid closed\n    if: {{{condition}}}\n    do: [lock]\n"));
        Assert.Null(decision.Rule);
        Assert.Equal(why, Assert.Single(decision.Verdicts).Why);
    }

    [Theory]
    [InlineData("power: battery")]
    [InlineData("below: 41")]
    [InlineData("focused: work")]
    [InlineData("focused: port 2")]
    [InlineData("vms: [work running, spare off]")]
    [InlineData("externalMonitor: false")]
    public void Each_condition_can_hold(string condition) =>
        Assert.NotNull(Decide("lid closed", rules: RulesReaderTests.Rules($"rules:\n  - when: lid closed\n    if: {{{condition}}}\n    do: [lock]\n")).Rule);

    [Fact]
    public void Each_action_sees_what_those_before_it_leave()
    {
        Decision decision = Decide("lid closed", rules: RulesReaderTests.Rules(
            "stopOrder: [work]\nrules:\n  - when: lid closed\n    do:\n      - {action: sleep guests, only: [lab]}\n      - {action: stop guests, except: [mail]}\n      - pause guests\n      - suspend host\n"));
        Assert.Equal(["lab", "work lab", "", ""], decision.Plan.Select(s => string.Join(' ', s.Guests)));
    }

    [Fact]
    public void Guests_that_run_still_are_paused_before_the_host_is_suspended() =>
        Assert.Equal("pause lab and work and suspend the host", DecisionText.Outcome(Decide("lid closed", rules: RulesReaderTests.Rules("rules:\n  - {when: lid closed, do: [suspend host]}\n"))));

    [Theory]
    [InlineData("power button", "[forward to guest]", "work")]
    [InlineData("lid closed", "[forward to guest]", "lab work")]
    [InlineData("power button", "[{action: forward to guest, only: [lab]}]", "lab")]
    [InlineData("power button", "[{action: forward to guest, except: [work]}]", "")]
    public void A_button_goes_to_the_focused_guest_and_a_lid_to_all(string when, string actions, string guests) =>
        Assert.Equal(guests, string.Join(' ', Decide(when, rules: RulesReaderTests.Rules($"rules:\n  - {{when: {when}, do: {actions}}}\n")).Plan.Single().Guests));

    [Fact]
    public void What_explain_is_given_stands_in_place_of_what_is()
    {
        PowerSituation asked = ExplainCommand.With(Situation, "ac", 3, "lab", ["mail off", "new running"], externalMonitor: true);
        Assert.Equal((false, 3, "lab", true), (asked.OnBattery, asked.LevelPercent, asked.FocusedVm, asked.ExternalMonitor));
        Assert.Equal(["lab Running", "mail Off", "new Running", "spare Off", "work Running"], asked.Guests.Select(g => $"{g.Name} {g.State}").Order());
        Assert.Equal(Situation, ExplainCommand.With(Situation, null, null, null, [], null));
        Assert.Throws<IOException>(() => ExplainCommand.With(Situation, null, 101, null, [], null));
        Assert.Throws<IOException>(() => ExplainCommand.With(Situation, null, null, "port 10", [], null));
        Assert.Throws<IOException>(() => ExplainCommand.With(Situation, null, null, null, ["work"], null));
    }
}
