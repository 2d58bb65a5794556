using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Power.Rules;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Power;

/// <summary>power.yaml as text: what it means, and every class of error with its place.</summary>
public sealed class RulesReaderTests
{
    private const string File = "/etc/hyperspace/power.yaml";

    internal static PowerRules Rules(string text)
    {
        LoadedRules loaded = RulesReader.Read(File, text);
        Assert.Empty(loaded.Errors);
        return loaded.Rules!;
    }

    [Fact]
    public void All_that_may_stand_in_a_file_is_read()
    {
        PowerRules rules = Rules(
            """
            low: 20
            critical: 7
            stopOrder: [lab]
            rules:
              - name: everything
                when: idle 10min
                if: {power: battery, focused: port 3, vms: [work running, lab off], below: 30, externalMonitor: false}
                do:
                  - {action: sleep guests, only: [work, lab], except: [lab], deadline: 5s}
                  - suspend host
            """);
        PowerRule rule = Assert.Single(rules.Rules);
        Assert.Equal((20, 7, "lab", File), (rules.LowPercent, rules.CriticalPercent, rules.StopOrder.Single(), rules.File));
        Assert.Equal((new Occasion(OccasionKind.Idle, TimeSpan.FromMinutes(10)), "rule 1 (everything)", 5), (rule.When, rule.Title, rule.Line));
        Assert.Equal((true, 3, 30, false), (rule.If.OnBattery, rule.If.Focused!.Port, rule.If.BelowPercent, rule.If.ExternalMonitor));
        Assert.Equal([new VmCondition("work", VmState.Running, 7), new VmCondition("lab", VmState.Off, 7)], rule.If.Vms);
        Assert.Equal([ActionKind.SleepGuests, ActionKind.SuspendHost], rule.Do.Select(a => a.Kind));
        Assert.Equal((TimeSpan.FromSeconds(5), 9, 10), (rule.Do[0].Deadline, rule.Do[0].Line, rule.Do[1].Line));
        Assert.True(rule.Do[0].IsFor("work"));
        Assert.False(rule.Do[0].IsFor("lab"));
        Assert.False(rule.Do[0].IsFor("third"));
        Assert.Equal([TimeSpan.FromMinutes(10)], rules.IdleTimes);
    }

    [Theory]
    [InlineData("rules:\n  - when: lid shut\n    do: [lock]\n", 2, "rules[0].when", "\"lid shut\" is not right; expected lid closed, lid opened,", "when: lid closed")]
    [InlineData("rules:\n  - when: idle 0s\n    do: [lock]\n", 2, "rules[0].when", "expected idle with a time from 1s to 1440min", "when: idle 10min")]
    [InlineData("rules:\n  - when: lid closed\n", 2, "rules[0].do", "this key is missing", "do: [sleep guests, suspend host]")]
    [InlineData("rules:\n  - do: [lock]\n", 2, "rules[0].when", "this key is missing", "when: lid closed")]
    [InlineData("rules:\n  - when: lid closed\n    do: []\n", 3, "rules[0].do", "the list is empty", "do: [nothing]")]
    [InlineData("rules:\n  - when: lid closed\n    do: [hibernate]\n", 3, "rules[0].do[0]", "\"hibernate\" is not right; expected nothing, blank screen, lock,", "do: [sleep guests, suspend host]")]
    [InlineData("rules:\n  - when: lid closed\n    do: [nothing, lock]\n", 3, "rules[0].do", "nothing stands beside other actions", "do: [nothing]")]
    [InlineData("rules:\n  - when: lid closed\n    do:\n      - {action: suspend host, only: [work]}\n", 4, "rules[0].do[0]", "suspend host is not about guests", "do: [suspend host]")]
    [InlineData("rules:\n  - when: lid closed\n    do:\n      - {action: suspend host, deadline: 2min}\n", 4, "rules[0].do[0].deadline", "suspend host takes as long as the machine sleeps", "do: [suspend host]")]
    [InlineData("rules:\n  - when: lid closed\n    do:\n      - {action: stop guests, deadline: 2h}\n", 4, "rules[0].do[0].deadline", "\"2h\" is not right; expected a time such as 30s or 2min", "deadline: 30s")]
    [InlineData("rules:\n  - when: lid closed\n    if: {power: mains}\n    do: [lock]\n", 3, "rules[0].if.power", "\"mains\" is not right; expected battery or ac", "power: battery")]
    [InlineData("rules:\n  - when: lid closed\n    if: {focused: 2}\n    do: [lock]\n", 3, "rules[0].if.focused", "expected a VM's name, or port with a number from 0 to 9", "focused: work")]
    [InlineData("rules:\n  - when: lid closed\n    if: {vms: [work alive]}\n    do: [lock]\n", 3, "rules[0].if.vms[0]", "\"work alive\" is not right; expected a VM's name and its state", "vms: [work running, lab off]")]
    [InlineData("rules:\n  - when: lid closed\n    on: battery\n    do: [lock]\n", 3, "rules[0].on", "there is no such key; is \"if\" meant?", "if: {power: battery}")]
    [InlineData("critical: 20\nrules: []\n", 1, "critical", "20 % is not below low (15 %)", "critical: 5")]
    [InlineData("low: 15\n", 1, "rules", "this key is missing", "rules: [{when: lid closed, do: [suspend host]}]")]
    [InlineData("rules: *all\n", 1, "", "Anchors (&) and aliases (*) are not allowed", "rules: [{when: lid closed, do: [suspend host]}]")]
    [InlineData("", 1, "", "The file is empty", "rules: [{when: lid closed, do: [suspend host]}]")]
    public void An_error_says_where_it_is_what_was_expected_and_what_would_be_right(string text, int line, string key, string problem, string example)
    {
        DefinitionError error = Assert.Single(RulesReader.Read(File, text).Errors);
        Assert.Equal((File, line, key, example), (error.File, error.Line, error.Key, error.Example));
        Assert.Contains(problem, error.Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rule_in_error_does_not_move_the_places_of_the_others()
    {
        LoadedRules loaded = RulesReader.Read(File, "rules:\n  - 7\n  - when: lid closed\n    do: [nothing, lock]\n");
        Assert.Null(loaded.Rules);
        Assert.Equal([(2, "rules[0]"), (4, "rules[1].do")], loaded.Errors.Select(e => (e.Line, e.Key)));
    }

    [Fact]
    public void Without_a_file_the_built_in_rules_count_and_they_have_no_flaw()
    {
        LoadedRules loaded = RulesReader.ReadFile("/nowhere/power.yaml");
        Assert.Same(DefaultRules.Rules, loaded.Rules);
        Assert.Empty(RulesCheck.Warnings(loaded.Rules!, []));
    }

    [Fact]
    public void The_schema_in_the_documents_is_that_of_the_program()
    {
        string? top = AppContext.BaseDirectory;
        while (!System.IO.File.Exists(Path.Combine(top!, "Hyperspace.slnx")))
        {
            top = Path.GetDirectoryName(top);
        }

        Assert.True(
            RulesSchema.ToJsonSchema() == System.IO.File.ReadAllText(Path.Combine(top!, "docs", "power.schema.json")),
            "docs/power.schema.json is not what the program prints; \"hyperspace power rules --schema > docs/power.schema.json\" mends it.");
        Assert.Contains(DefaultRules.Yaml, System.IO.File.ReadAllText(Path.Combine(top!, "docs", "power-rules.md")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("  - {when: lid closed, do: [lock]}\n  - {when: lid closed, if: {power: ac}, do: [suspend host]}\n", 3, "it can never match: rule 1 in line 2 comes first")]
    [InlineData("  - {when: lid closed, if: {below: 30}, do: [lock]}\n  - {when: lid closed, if: {below: 20, power: ac}, do: [suspend host]}\n", 3, "it can never match: rule 1")]
    [InlineData("  - {when: ac unplugged, if: {power: ac}, do: [lock]}\n", 2, "it can never match: ac unplugged happens on battery only")]
    [InlineData("  - {when: lid closed, if: {vms: [work running, work off]}, do: [lock]}\n", 2, "work cannot be in two states at once")]
    [InlineData("  - {when: lid opened, do: [suspend host]}\n", 2, "suspend host makes a loop: opening the lid wakes the machine")]
    [InlineData("  - {when: battery critical, do: [suspend host]}\n", 2, "again and again until it dies")]
    [InlineData("  - {when: ac plugged, do: [suspend host]}\n", 2, "plugging in the charger wakes")]
    [InlineData("  - {when: power button, do: [power off host, stop guests]}\n", 2, "stop guests comes after power off host")]
    [InlineData("  - {when: idle 5min, do: [forward to guest]}\n", 2, "forward to guest does nothing for idle 5min")]
    [InlineData("  - {when: lid closed, if: {focused: wrok}, do: [lock]}\n", 2, "there is no VM \"wrok\", so it can never match")]
    [InlineData("  - when: lid closed\n    if:\n      vms: [wrok off]\n    do: [lock]\n", 4, "there is no VM \"wrok\", so it can never match")]
    [InlineData("  - when: lid closed\n    do:\n      - {action: stop guests, only: [wrok]}\n", 4, "there is no VM \"wrok\"")]
    [InlineData("  - when: lid closed\n    do:\n      - {action: stop guests, only: [work], except: [work]}\n", 4, "stop guests is for no VM")]
    public void What_is_valid_and_cannot_be_meant_is_a_warning_with_its_place(string rules, int line, string text)
    {
        RuleWarning warning = Assert.Single(RulesCheck.Warnings(Rules("rules:\n" + rules), ["work", "lab"]));
        Assert.Equal((File, line), (warning.File, warning.Line));
        Assert.Contains(text, warning.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("  - {when: lid closed, if: {power: ac}, do: [lock]}\n  - {when: lid closed, do: [suspend host]}\n")]
    [InlineData("  - {when: lid closed, if: {below: 20}, do: [lock]}\n  - {when: lid closed, if: {below: 30}, do: [suspend host]}\n")]
    [InlineData("  - {when: idle 5min, do: [blank screen]}\n  - {when: idle 10min, do: [suspend host]}\n")]
    public void Rules_that_only_look_alike_are_no_warning(string rules) => Assert.Empty(RulesCheck.Warnings(Rules("rules:\n" + rules), null));
}
