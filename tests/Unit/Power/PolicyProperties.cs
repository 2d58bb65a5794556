using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Machines.Power.Policy;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Power;

/// <summary>Whatever people, batteries, guests and time do in whatever order.</summary>
public sealed class PolicyProperties
{
    public enum Step { CloseLid, OpenLid, SleepButton, PowerButton, PlugIn, Unplug, Empty, Charged, HostWakes, Moment, Second, Minute, GuestIgnoresItsButton, Cancel, Breathe }

    private const string NeverOff = "  - {when: lid closed, do: [sleep guests, suspend host]}\n  - {when: sleep button, do: [suspend host]}\n  - {when: battery critical, do: [suspend host]}\n  - {when: ac unplugged, do: [blank screen]}\n";

    [Fact]
    public void The_host_is_never_suspended_twice_without_waking_never_powered_off_without_a_rule_and_guests_go_on() => Check(steps => PlayAsync(steps, NeverOff, mayPowerOff: false));

    [Fact]
    public void With_the_built_in_rules_it_is_powered_off_only_for_the_button_or_an_empty_battery_and_guests_are_off_then() =>
        Check(steps => PlayAsync(steps, null, mayPowerOff: steps.Contains(Step.PowerButton) || steps.Contains(Step.Empty)));

    private static void Check(Func<Step[], Task> play)
    {
        Gen<Step[]> scripts = Gen.ArrayOf(Gen.Elements(Enum.GetValues<Step>()));
        Prop.ForAll(Arb.From(scripts), steps => play(steps).GetAwaiter().GetResult()).Check(Config.QuickThrowOnFailure.WithMaxTest(150).WithEndSize(40));
    }

    private static async Task PlayAsync(Step[] steps, string? rules, bool mayPowerOff)
    {
        await using PolicyBench bench = await PolicyBench.StartAsync(rules);
        foreach (Step step in steps)
        {
            await DoAsync(step, bench);
        }

        // A charger comes, time passes and somebody opens the lid and wakes the machine, until all is quiet.
        bench.Power.Set(SetPower.Notebook(ac: true, 80));
        bench.Guests.IgnoreSleep.Clear();
        for (int quiet = 0; quiet < 3; quiet++)
        {
            bench.Clock.Advance(TimeSpan.FromMinutes(1));
            await bench.UntilAsync(() =>
            {
                Wake(bench);
                bench.Clock.Advance(TimeSpan.FromSeconds(1));
                return bench.Policy.Status.Running is null;
            });
        }

        string[] calls = [.. bench.Host.Calls.Where(call => call is "suspend" or "woken")];
        Assert.All(calls.Select((call, i) => (call, i)), pair => Assert.Equal(pair.i % 2 == 0 ? "suspend" : "woken", pair.call));
        bool isOff = bench.Host.Calls.Contains("power off");
        Assert.True(mayPowerOff || !isOff, "it was powered off without a rule");
        Assert.All(bench.Guests.Vms, vm => Assert.Contains(vm.State, mayPowerOff ? [VmState.Running, VmState.Off] : new[] { VmState.Running }));
        Assert.True(!isOff || bench.Guests.Vms.All(vm => vm.State == VmState.Off), "it was powered off under a guest");
    }

    private static void Wake(PolicyBench bench)
    {
        if (bench.Host.IsAsleep)
        {
            bench.Host.WakeUp();
        }
    }

    private static async Task DoAsync(Step step, PolicyBench bench)
    {
        PowerState now = bench.Power.Current;
        switch (step)
        {
            case Step.CloseLid or Step.OpenLid:
                bench.Power.Lid(step == Step.OpenLid);
                break;
            case Step.SleepButton or Step.PowerButton:
                bench.Power.Press(step == Step.SleepButton ? PowerButton.Sleep : PowerButton.Power);
                break;
            case Step.PlugIn or Step.Unplug:
                bench.Power.Set(SetPower.Notebook(step == Step.PlugIn, now.Battery!.LevelPercent!.Value, now.LidOpen!.Value));
                break;
            case Step.Empty or Step.Charged:
                bench.Power.Set(SetPower.Notebook(now.AcOnline!.Value, step == Step.Empty ? 3 : 80, now.LidOpen!.Value));
                break;
            case Step.HostWakes:
                Wake(bench);
                break;
            case Step.Moment or Step.Second or Step.Minute:
                bench.Clock.Advance(step switch { Step.Moment => TimeSpan.FromMilliseconds(100), Step.Second => TimeSpan.FromSeconds(1), _ => TimeSpan.FromMinutes(1) });
                break;
            case Step.GuestIgnoresItsButton:
                bench.Guests.IgnoreSleep.Add("work");
                break;
            case Step.Cancel:
                bench.Policy.Cancel();
                break;
            default:
                await Task.Delay(2);
                break;
        }
    }
}
