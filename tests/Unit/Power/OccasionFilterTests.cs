using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Machines.Power.Policy;
using Hyperspace.Machines.Power.Rules;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Power;

/// <summary>What flaps, repeats or is stale is no occasion.</summary>
public sealed class OccasionFilterTests
{
    private readonly List<string> _occasions = [];
    private OccasionFilter _filter = new(SetPower.Notebook(ac: true, 80), TimeSpan.Zero);
    private PowerState _state = SetPower.Notebook(ac: true, 80);
    private TimeSpan _at;

    /// <summary>Sets the state, and lets so much time pass as the filter's own timer would notice.</summary>
    private void See(PowerState state, double forSeconds)
    {
        _state = state;
        TimeSpan end = _at + TimeSpan.FromSeconds(forSeconds);
        Take();
        while (_filter.Next is { } next && next <= end)
        {
            _at = next;
            Take();
        }

        _at = end;
        Take();
    }

    private void Lid(bool open, double forSeconds) => See(_state with { LidOpen = open }, forSeconds);

    private void Ac(bool online, double forSeconds) => See(_state with { AcOnline = online }, forSeconds);

    private void Level(int percent, double forSeconds, bool ac = false) => See(SetPower.Notebook(ac, percent, _state.LidOpen ?? true), forSeconds);

    private void Resume() => _filter.Resumed(_at);

    private void Take()
    {
        _filter.Observe(_state, 15, 5, _at);
        while (_filter.TryTake(_at, out Occasion occasion))
        {
            _occasions.Add(occasion.ToString());
        }
    }

    private void Expect(params string[] occasions)
    {
        Assert.Equal(occasions, _occasions);
        _occasions.Clear();
    }

    [Fact]
    public void A_lid_counts_once_when_it_has_been_closed_for_a_while()
    {
        Lid(false, 0.4);
        Expect();
        Lid(false, 10);
        Expect("lid closed");
        Lid(true, 1);
        Expect("lid opened");
    }

    [Fact]
    public void A_lid_that_flaps_is_nothing_until_it_rests()
    {
        for (int i = 0; i < 100; i++)
        {
            Lid(false, 0.1);
            Lid(true, 0.1);
        }

        Expect();
        Lid(false, 1);
        Expect("lid closed");
    }

    [Fact]
    public void A_lid_that_is_still_closed_after_resuming_is_nothing_new()
    {
        Lid(false, 1);
        Expect("lid closed");
        Resume();
        Lid(false, 3600);
        Expect();
    }

    [Fact]
    public void A_late_closing_after_resuming_is_nothing_when_the_lid_was_only_said_to_be_open_for_a_moment()
    {
        Lid(false, 1);
        Resume();
        Lid(true, 0.2);
        Lid(false, 3600);
        Expect("lid closed");
    }

    [Fact]
    public void A_late_closing_after_resuming_is_nothing_when_the_lid_is_read_as_open_at_the_end_of_the_guard()
    {
        Lid(false, 1);
        Resume();
        Lid(true, 1);
        Lid(false, 5);
        Lid(true, 3600);
        Expect("lid closed", "lid opened");
    }

    [Fact]
    public void A_lid_that_really_was_opened_and_closed_soon_after_resuming_counts_at_the_end_of_the_guard()
    {
        Lid(false, 1);
        Resume();
        Lid(true, 2);
        Lid(false, 7.9);
        Expect("lid closed", "lid opened");
        Lid(false, 0.2);
        Expect("lid closed");
    }

    [Fact]
    public void A_button_that_has_woken_the_machine_or_bounces_does_not_count()
    {
        Assert.True(_filter.Press(sleep: false, _at));
        Assert.False(_filter.Press(sleep: false, _at + TimeSpan.FromMilliseconds(900)));
        Assert.True(_filter.Press(sleep: true, _at + TimeSpan.FromMilliseconds(900)));
        Take();
        Expect("power button", "sleep button");
        _at = TimeSpan.FromMinutes(1);
        Resume();
        Assert.False(_filter.Press(sleep: true, _at + TimeSpan.FromSeconds(2.9)));
        Assert.True(_filter.Press(sleep: true, _at + TimeSpan.FromSeconds(4)));
    }

    [Fact]
    public void A_charger_with_a_loose_contact_is_nothing_until_it_rests()
    {
        for (int i = 0; i < 20; i++)
        {
            Ac(false, 0.3);
            Ac(true, 0.3);
        }

        Expect();
        Ac(false, 2);
        Ac(true, 2);
        Expect("ac unplugged", "ac plugged");
    }

    [Fact]
    public void A_level_counts_once_on_its_way_down_and_only_on_battery()
    {
        Level(16, 10);
        Level(15, 10);
        Level(16, 10);
        Level(15, 10);
        Expect("ac unplugged", "battery low");
        Level(5, 2.9);
        Level(40, 10);
        Expect();
        Level(5, 10);
        Level(4, 10);
        Level(6, 10);
        Level(5, 10);
        Expect("battery critical");
        Level(4, 10, ac: true);
        Expect("ac plugged");
        Level(4, 10);
        Expect("ac unplugged", "battery critical");
    }

    [Fact]
    public void A_battery_that_is_critical_still_after_resuming_is_an_occasion_again()
    {
        Level(3, 10);
        Expect("ac unplugged", "battery critical");
        Resume();
        Level(3, 10);
        Expect("battery critical");
    }

    [Fact]
    public void A_machine_without_lid_battery_and_charger_has_no_occasions_nor_has_one_whose_battery_is_pulled_out()
    {
        _filter = new OccasionFilter(PowerState.None, TimeSpan.Zero);
        See(PowerState.None, 100);
        See(SetPower.Notebook(ac: true, 50), 100);
        See(PowerState.None, 100);
        Expect();
    }

    public enum Step { Open, Close, Resume, Moment, Second, Minute }

    [Fact]
    public void Whatever_the_lid_does_closings_and_openings_take_turns_and_none_is_reported_that_is_over()
    {
        Gen<Step[]> scripts = Gen.ArrayOf(Gen.Elements(Enum.GetValues<Step>()));
        Prop.ForAll(Arb.From(scripts), steps =>
        {
            var test = new OccasionFilterTests();
            bool open = true, wasClosed = false;
            foreach (Step step in steps)
            {
                open = step == Step.Open || (step != Step.Close && open);
                if (step == Step.Resume)
                {
                    test.Resume();
                }

                int before = test._occasions.Count;
                test.Lid(open, step switch { Step.Moment => 0.1, Step.Second => 1, Step.Minute => 60, _ => 0 });
                foreach (string occasion in test._occasions.Skip(before))
                {
                    Assert.Equal(wasClosed ? "lid opened" : "lid closed", occasion);
                    Assert.Equal(open, occasion == "lid opened");
                    wasClosed = !wasClosed;
                }
            }

            test.Lid(open, 60);
            Assert.Equal(open, (test._occasions.LastOrDefault() ?? "lid opened") == "lid opened");
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500).WithEndSize(60));
    }
}
