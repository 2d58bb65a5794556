using Hyperspace.Machines.Power.Policy;
using Hyperspace.Machines.Power.Rules;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Power;

/// <summary>From an occasion to what is done, on a clock that the test moves.</summary>
public sealed class PolicyTests
{
    [Fact]
    public async Task A_closed_lid_puts_guests_to_sleep_then_the_host_and_all_go_on_after_it()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync();
        bench.Host.FallsAsleep = () => Assert.Equal([VmState.Sleeping, VmState.Sleeping], bench.Guests.Vms.Select(vm => vm.State));
        await bench.CloseLidAndSleepAsync();
        bench.Host.WakeUp();
        await bench.QuietAsync();
        Assert.Equal([VmState.Running, VmState.Running], bench.Guests.Vms.Select(vm => vm.State));
        Assert.Equal(["clock lab", "clock work", "sleep lab", "sleep work", "wake lab", "wake work"], bench.Guests.Calls.Order());
        bench.Says("lid closed on battery: put lab and work to sleep (20s at most, then they are paused), then suspend the host. (rule 2 (closed on battery))");
        bench.Says("The host is awake again");
        bench.Says("work: its clock is set.");
    }

    [Fact]
    public async Task A_lid_that_is_still_closed_after_the_host_has_woken_suspends_nothing_again()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync();
        await bench.CloseLidAndSleepAsync();
        bench.Host.WakeUp();
        await bench.QuietAsync();
        bench.Power.Lid(false);
        bench.Clock.Advance(TimeSpan.FromHours(1));
        await bench.QuietAsync();
        Assert.Equal(["suspend", "woken"], bench.Host.Calls);
    }

    [Fact]
    public async Task A_guest_that_ignores_its_sleep_button_is_paused_after_its_deadline()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync();
        bench.Guests.IgnoreSleep.Add("work");
        bench.Power.Lid(false);
        bench.Clock.Advance(OccasionFilter.LidSettle);
        await bench.UntilAsync(() => bench.Guests["lab"] == VmState.Sleeping && bench.Guests.Calls.Contains("sleep work"));
        Assert.Empty(bench.Host.Calls);
        bench.Clock.Advance(TimeSpan.FromSeconds(20));
        await bench.UntilAsync(() => bench.Host.IsAsleep);
        Assert.Equal(VmState.Paused, bench.Guests["work"]);
        bench.Says("work does not sleep and is paused: it took longer than 20s.");
        bench.Host.WakeUp();
        await bench.QuietAsync();
        Assert.Equal((VmState.Running, VmState.Running), (bench.Guests["work"], bench.Guests["lab"]));
    }

    [Fact]
    public async Task A_lid_that_is_opened_before_the_host_sleeps_cancels_it_and_guests_go_on()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync();
        bench.Guests.IgnoreSleep.Add("work");
        bench.Power.Lid(false);
        bench.Clock.Advance(OccasionFilter.LidSettle);
        await bench.UntilAsync(() => bench.Guests["lab"] == VmState.Sleeping && bench.Guests.Calls.Contains("sleep work"));
        bench.Power.Lid(true);
        bench.Clock.Advance(OccasionFilter.LidSettle);
        await bench.QuietAsync();
        Assert.Empty(bench.Host.Calls);
        Assert.Equal((VmState.Running, VmState.Running), (bench.Guests["work"], bench.Guests["lab"]));
        bench.Says("lid closed: not all was done: cancelled.");
    }

    [Fact]
    public async Task A_host_that_refuses_to_sleep_has_its_guests_going_on()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync(host: new HostThatRefuses());
        bench.Power.Lid(false);
        bench.Clock.Advance(OccasionFilter.LidSettle);
        await bench.QuietAsync();
        Assert.Equal((VmState.Running, VmState.Running), (bench.Guests["work"], bench.Guests["lab"]));
        bench.Says("It cannot suspend the host: Interactive authentication required.");
        bench.Clock.Advance(TimeSpan.FromHours(1));
        await bench.QuietAsync();
        Assert.Single(bench.Guests.Calls, call => call == "sleep work");
    }

    [Fact]
    public async Task A_guest_that_does_not_go_on_is_asked_again()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync();
        bench.Guests.RefuseToGoOn["work"] = 2;
        await bench.CloseLidAndSleepAsync();
        bench.Host.WakeUp();
        await bench.QuietAsync();
        Assert.Equal(VmState.Running, bench.Guests["work"]);
        Assert.Equal(3, bench.Guests.Calls.Count(call => call == "wake work"));
        bench.Says("work does not go on (attempt 2 of 3): QEMU does not answer.");
    }

    [Fact]
    public async Task A_guest_that_a_user_has_paused_stays_so_and_one_that_slept_by_itself_meanwhile_is_woken()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync(PolicyBench.SuspendOnly, names: ["work", "lab", "mail"]);
        bench.Guests["lab"] = VmState.Paused;
        bench.Guests.Before = call =>
        {
            bench.Guests["mail"] = VmState.Sleeping;
            return Task.CompletedTask;
        };
        bench.Guests["mail"] = VmState.Running;
        await bench.CloseLidAndSleepAsync();
        bench.Host.WakeUp();
        await bench.QuietAsync();
        Assert.Equal((VmState.Running, VmState.Paused, VmState.Running), (bench.Guests["work"], bench.Guests["lab"], bench.Guests["mail"]));
    }

    [Fact]
    public async Task Values_that_are_set_by_hand_only_pretend_to_suspend_unless_the_rules_say_otherwise()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync();
        bench.Power.Set(bench.Power.Current with { IsSet = true, LidOpen = false });
        bench.Clock.Advance(OccasionFilter.LidSettle);
        await bench.QuietAsync();
        Assert.Empty(bench.Host.Calls);
        Assert.Contains("wake work", bench.Guests.Calls);
        bench.Says("It was only pretended that the host is suspended");

        bench.RulesText = "host: act\n" + DefaultRules.Yaml;
        bench.Clock.Advance(OccasionFilter.ButtonGuard);
        bench.Power.Press(PowerButton.Power);
        await bench.QuietAsync();
        Assert.Equal(["power off"], bench.Host.Calls);
    }

    [Fact]
    public async Task When_somebody_else_suspends_the_host_guests_are_held_and_go_on_after_it()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync();
        await bench.Host.Sleeping!(true);
        Assert.Equal((VmState.Paused, VmState.Paused), (bench.Guests["work"], bench.Guests["lab"]));
        await bench.Host.Sleeping!(false);
        Assert.Equal((VmState.Running, VmState.Running), (bench.Guests["work"], bench.Guests["lab"]));
        Assert.Equal(["clock lab", "clock work"], bench.Guests.Calls.Where(c => c.StartsWith("clock")).Order());
        bench.Power.Press(PowerButton.Sleep);
        bench.Says("sleep button: it does not count");
    }

    [Fact]
    public async Task The_power_button_stops_guests_in_order_and_then_the_host()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync();
        bench.Power.Press(PowerButton.Power);
        await bench.QuietAsync();
        Assert.Equal(["stop lab", "stop work"], bench.Guests.Calls);
        Assert.Equal(["power off"], bench.Host.Calls);
    }

    [Fact]
    public async Task A_guest_that_cannot_be_stopped_keeps_the_host_on()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync("  - when: power button\n    do:\n      - {action: stop guests, deadline: 30s}\n      - power off host\n");
        bench.Guests.CannotBeStopped.Add("lab");
        bench.Power.Press(PowerButton.Power);
        await bench.UntilAsync(() => bench.Guests.Calls.Contains("stop lab"));
        bench.Clock.Advance(TimeSpan.FromSeconds(30));
        await bench.QuietAsync();
        Assert.Equal(["stop lab", "kill lab", "stop work"], bench.Guests.Calls);
        Assert.Empty(bench.Host.Calls);
        bench.Says("power button: not all was done: lab runs still, so what follows is not done.");
    }

    [Fact]
    public async Task A_critical_battery_cancels_another_plan_keeps_what_can_be_kept_and_powers_off()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync();
        bench.Guests.IgnoreSleep.Add("work");
        bench.Guests.CannotBeKept.Add("lab");
        bench.Power.Lid(false);
        bench.Clock.Advance(OccasionFilter.LidSettle);
        await bench.UntilAsync(() => bench.Guests["lab"] == VmState.Sleeping && bench.Guests.Calls.Contains("sleep work"));
        bench.Power.Set(SetPower.Notebook(ac: false, 4, lidOpen: false));
        bench.Clock.Advance(OccasionFilter.LevelSettle);
        await bench.UntilAsync(() => bench.Host.Calls.Contains("power off"));
        await bench.QuietAsync();
        Assert.Equal(["checkpoint lab", "stop lab", "checkpoint work"], bench.Guests.Calls.Where(c => c.StartsWith('c') && !c.StartsWith("clock") || c.StartsWith("st")));
        Assert.Equal(["power off"], bench.Host.Calls);
        bench.Says("battery critical: the plan for lid closed is cancelled.");
        bench.Says("lab's state cannot be kept, so it is stopped: There is no room for its state.");
    }

    [Fact]
    public async Task A_charger_that_comes_in_time_keeps_the_host_on()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync();
        var stopped = new TaskCompletionSource();
        bench.Guests.Before = call => call == "checkpoint lab" ? stopped.Task : Task.CompletedTask;
        bench.Power.Set(SetPower.Notebook(ac: false, 4));
        bench.Clock.Advance(OccasionFilter.LevelSettle);
        await bench.UntilAsync(() => bench.Guests.Calls.Contains("checkpoint lab"));
        bench.Power.Set(SetPower.Notebook(ac: true, 4));
        bench.Clock.Advance(OccasionFilter.AcSettle);
        stopped.SetResult();
        await bench.QuietAsync();
        Assert.Empty(bench.Host.Calls);
        Assert.Equal(VmState.Running, bench.Guests["work"]);
        bench.Says("ac plugged: the plan for battery critical is cancelled.");
    }

    [Fact]
    public async Task What_happens_during_a_plan_waits_unless_it_is_over_and_buttons_are_forgotten()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync("  - {when: sleep button, do: [pause guests]}\n  - {when: lid closed, do: [lock]}\n  - {when: ac plugged, do: [blank screen]}\n  - {when: power button, do: [power off host]}\n");
        var go = new TaskCompletionSource();
        bench.Guests.Before = _ => go.Task;
        bench.Power.Press(PowerButton.Sleep);
        await bench.UntilAsync(() => bench.Guests.Calls.Length == 2);
        bench.Power.Lid(false);
        bench.Power.Press(PowerButton.Power);
        bench.Power.Set(bench.Power.Current with { AcOnline = true });
        bench.Clock.Advance(OccasionFilter.AcSettle);
        bench.Power.Set(bench.Power.Current with { AcOnline = false });
        Assert.Empty(bench.Host.Calls);
        go.SetResult();
        await bench.QuietAsync();
        Assert.Equal(["console", "lock"], bench.Host.Calls);
        bench.Says("power button: not looked at, because the plan for sleep button is being done.");
        bench.Says("ac plugged: not looked at, because it is over.");
    }

    [Fact]
    public async Task Nothing_that_matches_is_a_line_in_the_log_and_nothing_else()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync("  - {when: idle 10min, do: [blank screen]}\n");
        bench.Power.Press(PowerButton.Power);
        await bench.QuietAsync();
        Assert.Empty(bench.Host.Calls);
        bench.Says("power button on battery: nothing happens, because no rule matches.");
    }

    [Fact]
    public async Task Idle_times_count_once_each_and_anew_after_a_touch_which_also_lights_the_screen()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync("  - {when: idle 1min, do: [blank screen]}\n  - {when: idle 5min, do: [lock]}\n");
        bench.Clock.Advance(TimeSpan.FromMinutes(1));
        await bench.QuietAsync();
        bench.Clock.Advance(TimeSpan.FromMinutes(10));
        await bench.QuietAsync();
        Assert.Equal(["blank", "console", "lock"], bench.Host.Calls);
        bench.Policy.Touched();
        await bench.UntilAsync(() => bench.Host.Calls.Length == 4);
        bench.Clock.Advance(TimeSpan.FromSeconds(59));
        await bench.QuietAsync();
        Assert.Equal(["blank", "console", "lock", "unblank"], bench.Host.Calls);
        bench.Clock.Advance(TimeSpan.FromSeconds(1));
        await bench.QuietAsync();
        Assert.Equal(["blank", "console", "lock", "unblank", "blank"], bench.Host.Calls);
    }

    [Fact]
    public async Task A_file_that_has_become_wrong_leaves_the_last_good_rules()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync("  - {when: lid closed, do: [lock]}\n");
        bench.RulesText = "rules: [oops]";
        bench.Power.Lid(false);
        bench.Clock.Advance(OccasionFilter.LidSettle);
        await bench.QuietAsync();
        Assert.Equal(["console", "lock"], bench.Host.Calls);
        bench.Says("The rules cannot be used, so the last good ones count: power.yaml:1: rules[0]:");
    }

    [Fact]
    public async Task Guests_that_an_ended_daemon_held_go_on_with_the_next()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync();
        bench.Guests.IgnoreSleep.Add("work");
        await bench.CloseLidAndSleepAsync(TimeSpan.FromSeconds(20));
        bench.Guests.Before = _ => throw new InvalidOperationException("the first daemon is gone");
        Assert.Equal(["lab", "work"], File.ReadAllLines(bench.HeldFile).Order());

        bench.Guests.Before = _ => Task.CompletedTask;
        await using var next = new PowerPolicy(bench.World, bench.LogFile, bench.HeldFile);
        await next.StartAsync();
        Assert.Equal((VmState.Running, VmState.Running), (bench.Guests["work"], bench.Guests["lab"]));
        Assert.False(File.Exists(bench.HeldFile));
        bench.Host.WakeUp();
    }

    [Fact]
    public async Task A_user_can_cancel_and_brightness_keys_go_in_steps_but_never_to_darkness()
    {
        await using PolicyBench bench = await PolicyBench.StartAsync();
        Assert.False(bench.Policy.Cancel());
        bench.Guests.IgnoreSleep.Add("work");
        bench.Power.Press(PowerButton.Sleep);
        await bench.UntilAsync(() => bench.Guests.Calls.Contains("sleep work"));
        Assert.StartsWith("sleep button on battery: put", bench.Policy.Status.Running);
        Assert.True(bench.Policy.Cancel());
        await bench.QuietAsync();
        Assert.Null(bench.Policy.Status.Running);
        Assert.Equal(VmState.Running, bench.Guests["work"]);

        bench.Host.BrightnessPercent = 3;
        Assert.Equal(1, await bench.Policy.StepBrightnessAsync(up: false, default));
        Assert.Equal(6, await bench.Policy.StepBrightnessAsync(up: true, default));
        bench.Host.BrightnessPercent = null;
        await Assert.ThrowsAsync<Hyperspace.Machines.MachineException>(() => bench.Policy.StepBrightnessAsync(up: true, default));
    }
}
