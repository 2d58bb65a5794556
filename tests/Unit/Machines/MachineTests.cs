using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Machines;

public sealed class MachineTests
{
    private static readonly MachineEnd Crash = new(true, "It fell over.");
    private static readonly RestartDefinition Thrice = new(RestartPolicy.OnCrash, 3);

    [Fact]
    public async Task A_start_gives_the_run_a_generation_and_an_end_by_the_guest_is_off()
    {
        var engine = new ScriptedEngine();
        using var stage = new Stage(engine);
        await stage.Machine.StartAsync(CancellationToken.None);
        ScriptedRun run = Assert.Single(engine.Runs);
        Assert.Equal((VmState.Running, run.Generation, 4242), (stage.Status.State, stage.Status.Generation, stage.Status.Pid));
        run.End(new MachineEnd(false, "The guest powered itself off."));
        await stage.StateAsync(VmState.Off);
        Assert.Equal("The guest powered itself off.", stage.Status.Reason);
        await Stage.UntilAsync(() => run.Disposals == 1, () => "the run to be let go of");
    }

    [Fact]
    public async Task Generations_grow_with_each_start_although_no_time_passes_and_over_daemons_because_time_does()
    {
        var engine = new ScriptedEngine();
        using var first = new Stage(engine);
        await first.Machine.StartAsync(CancellationToken.None);
        await first.Machine.KillAsync(CancellationToken.None);
        await first.Machine.StartAsync(CancellationToken.None);
        Assert.Equal(engine.Runs[0].Generation + 1, engine.Runs[1].Generation);

        using var next = new Stage(engine);
        next.Clock.Advance(TimeSpan.FromSeconds(1));
        await next.Machine.StartAsync(CancellationToken.None);
        Assert.True(engine.Runs[2].Generation > engine.Runs[1].Generation);
    }

    [Fact]
    public async Task After_crashes_it_is_started_again_after_1_2_and_4_s_and_then_no_more_until_ten_minutes_have_passed()
    {
        var engine = new ScriptedEngine();
        using var stage = new Stage(engine, Thrice);
        await stage.Machine.StartAsync(CancellationToken.None);
        foreach (int seconds in new[] { 1, 2, 4 })
        {
            int before = engine.Runs.Count;
            engine.Runs[^1].End(Crash);
            await stage.StateAsync(VmState.Crashed);
            Assert.Equal(TimeSpan.FromSeconds(seconds), await stage.PassWaitAsync());
            await stage.StateAsync(VmState.Running);
            Assert.Equal(before + 1, engine.Runs.Count);
        }

        Assert.Equal(3, stage.Status.Restarts);
        engine.Runs[^1].End(Crash);
        await Stage.UntilAsync(() => stage.Status.Reason?.Contains("4 times within ten minutes", StringComparison.Ordinal) == true, () => $"the end of patience, but it is {stage.Status}");
        Assert.Equal((VmState.Crashed, null), (stage.Status.State, stage.Clock.Next));

        // By hand it starts, and what was is forgotten.
        await stage.Machine.StartAsync(CancellationToken.None);
        Assert.Equal(0, stage.Status.Restarts);
        engine.Runs[^1].End(Crash);
        Assert.Equal(TimeSpan.FromSeconds(1), await stage.PassWaitAsync());
        await stage.StateAsync(VmState.Running);

        // So is what happened more than ten minutes ago.
        stage.Clock.Advance(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(1));
        engine.Runs[^1].End(Crash);
        Assert.Equal(TimeSpan.FromSeconds(1), await stage.PassWaitAsync());
    }

    [Fact]
    public async Task A_restart_that_fails_counts_as_a_crash_and_is_tried_again()
    {
        var engine = new EngineThatFailsStarts(0);
        using var stage = new Stage(engine, Thrice);
        await stage.Machine.StartAsync(CancellationToken.None);
        engine.Failures = 1;
        engine.Runs[0].End(Crash);
        Assert.Equal(TimeSpan.FromSeconds(1), await stage.PassWaitAsync());
        await Stage.UntilAsync(() => stage.Status is { State: VmState.Crashed, Reason: { } reason } && reason.Contains("could not be started again", StringComparison.Ordinal), () => "the failure");
        Assert.Equal(TimeSpan.FromSeconds(2), await stage.PassWaitAsync());
        await stage.StateAsync(VmState.Running);
    }

    [Theory]
    [InlineData(RestartPolicy.Never)]
    [InlineData(RestartPolicy.OnCrash)]
    public async Task A_power_off_or_a_policy_of_never_is_followed_by_no_restart(RestartPolicy policy)
    {
        var engine = new ScriptedEngine();
        using var stage = new Stage(engine, new RestartDefinition(policy, 3));
        await stage.Machine.StartAsync(CancellationToken.None);
        engine.Runs[0].End(policy == RestartPolicy.Never ? Crash : new MachineEnd(false, "The guest powered itself off."));
        await Stage.UntilAsync(() => engine.Runs[0].Disposals == 1, () => "the end");
        stage.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Single(engine.Runs);
    }

    [Fact]
    public async Task A_stop_cancels_the_restart_that_was_to_come()
    {
        var engine = new ScriptedEngine();
        using var stage = new Stage(engine, Thrice);
        await stage.Machine.StartAsync(CancellationToken.None);
        engine.Runs[0].End(Crash);
        await Stage.UntilAsync(() => stage.Clock.Next is not null, () => "the wait before the restart");
        await stage.Machine.StopAsync(CancellationToken.None);
        stage.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Single(engine.Runs);
        Assert.Equal(VmState.Crashed, stage.Status.State);
    }

    [Fact]
    public async Task A_guest_that_ignores_the_power_button_is_killed_at_the_deadline_and_not_before()
    {
        var engine = new ScriptedEngine { OnPowerDown = _ => { } };
        using var stage = new Stage(engine, deadline: TimeSpan.FromSeconds(20));
        await stage.Machine.StartAsync(CancellationToken.None);
        Task stop = stage.Machine.StopAsync(CancellationToken.None);
        await stage.StateAsync(VmState.Stopping);
        await Stage.UntilAsync(() => stage.Clock.Next is not null, () => "the deadline");
        stage.Clock.Advance(TimeSpan.FromSeconds(19.9));
        Assert.False(stop.IsCompleted);
        stage.Clock.Advance(TimeSpan.FromSeconds(0.2));
        await stop;
        Assert.Equal(["power", "kill"], engine.Runs[0].Calls);
        Assert.Equal((VmState.Off, "It was ended by force."), (stage.Status.State, stage.Status.Reason));
    }

    [Fact]
    public async Task A_power_button_that_cannot_be_pressed_has_the_same_deadline()
    {
        var engine = new ScriptedEngine { OnPowerDown = _ => throw new MachineException("QEMU did not answer.") };
        using var stage = new Stage(engine, deadline: TimeSpan.FromSeconds(20));
        await stage.Machine.StartAsync(CancellationToken.None);
        Task stop = stage.Machine.StopAsync(CancellationToken.None);
        Assert.Equal(TimeSpan.FromSeconds(20), await stage.PassWaitAsync());
        await stop;
        Assert.Equal(VmState.Off, stage.Status.State);
        Assert.Contains("could not be pressed: QEMU did not answer.", File.ReadAllText(stage.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_paused_VM_is_resumed_to_be_stopped()
    {
        var engine = new ScriptedEngine();
        using var stage = new Stage(engine);
        await stage.Machine.StartAsync(CancellationToken.None);
        await stage.Machine.PauseAsync(CancellationToken.None);
        Assert.Equal(VmState.Paused, stage.Status.State);
        await stage.Machine.StopAsync(CancellationToken.None);
        Assert.Equal(["pause", "resume", "power"], engine.Runs[0].Calls);
    }

    [Fact]
    public async Task A_VM_that_sleeps_is_woken_by_resume_and_to_be_stopped_and_has_no_sleep_button_meanwhile()
    {
        var engine = new ScriptedEngine();
        using var stage = new Stage(engine);
        await stage.Machine.StartAsync(CancellationToken.None);
        stage.Machine.CheckMaySleep();
        engine.Runs[0].FallAsleep(true);
        Assert.Equal(VmState.Sleeping, stage.Status.State);
        Assert.True(stage.Status.IsAlive);
        Assert.Throws<MachineStateException>(stage.Machine.CheckMaySleep);
        await stage.Machine.ResumeAsync(CancellationToken.None);
        Assert.Equal(VmState.Running, stage.Status.State);
        engine.Runs[0].FallAsleep(true);
        await stage.Machine.StopAsync(CancellationToken.None);
        Assert.Equal(["wake", "wake", "power"], engine.Runs[0].Calls);
    }

    [Fact]
    public async Task A_crash_while_it_is_being_stopped_is_what_was_wanted()
    {
        var engine = new ScriptedEngine { OnPowerDown = run => run.End(Crash) };
        using var stage = new Stage(engine, Thrice);
        await stage.Machine.StartAsync(CancellationToken.None);
        await stage.Machine.StopAsync(CancellationToken.None);
        stage.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(VmState.Off, stage.Status.State);
        Assert.Single(engine.Runs);
    }

    [Fact]
    public async Task A_stop_goes_on_when_its_caller_no_longer_waits()
    {
        var engine = new ScriptedEngine { OnPowerDown = _ => { } };
        using var stage = new Stage(engine);
        await stage.Machine.StartAsync(CancellationToken.None);
        using var caller = new CancellationTokenSource();
        Task stop = stage.Machine.StopAsync(caller.Token);
        await stage.StateAsync(VmState.Stopping);
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stop);
        await stage.PassWaitAsync();
        await stage.StateAsync(VmState.Off);
    }

    [Fact]
    public async Task A_kill_ends_a_stop_that_waits()
    {
        var engine = new ScriptedEngine { OnPowerDown = _ => { } };
        using var stage = new Stage(engine);
        await stage.Machine.StartAsync(CancellationToken.None);
        Task stop = stage.Machine.StopAsync(CancellationToken.None);
        await stage.StateAsync(VmState.Stopping);
        await stage.Machine.KillAsync(CancellationToken.None);
        await stop;
        Assert.Equal(VmState.Off, stage.Status.State);
    }

    [Fact]
    public async Task A_stop_gives_up_a_start_that_is_under_way_and_is_no_failure_of_the_VM()
    {
        var engine = new EngineThatWaits();
        using var stage = new Stage(engine);
        Task start = stage.Machine.StartAsync(CancellationToken.None);
        await stage.StateAsync(VmState.Starting);
        await stage.Machine.StopAsync(CancellationToken.None);
        await Assert.ThrowsAsync<MachineStateException>(() => start);
        Assert.Equal((VmState.Off, null), (stage.Status.State, stage.Status.Reason));
        Assert.Empty(engine.Runs);
    }

    [Fact]
    public async Task What_cannot_be_done_in_a_state_is_refused_with_a_sentence()
    {
        var engine = new EngineThatWaits();
        using var stage = new Stage(engine);
        await Assert.ThrowsAsync<MachineStateException>(async () => await stage.Machine.ResetAsync(CancellationToken.None));
        Task start = stage.Machine.StartAsync(CancellationToken.None);
        await Stage.UntilAsync(() => engine.Waiting == 1, () => "the start");
        Assert.Contains("being started", (await Assert.ThrowsAsync<MachineStateException>(() => stage.Machine.StartAsync(CancellationToken.None))).Message, StringComparison.Ordinal);
        Assert.Contains("being started", (await Assert.ThrowsAsync<MachineStateException>(async () => await stage.Machine.PauseAsync(CancellationToken.None))).Message, StringComparison.Ordinal);
        engine.Release(null);
        await start;
        Assert.Contains("runs already", (await Assert.ThrowsAsync<MachineStateException>(() => stage.Machine.StartAsync(CancellationToken.None))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_fails_is_off_with_the_reason_and_is_not_tried_again()
    {
        using var stage = new Stage(new EngineThatFailsStarts(1), Thrice);
        await Assert.ThrowsAsync<MachineException>(() => stage.Machine.StartAsync(CancellationToken.None));
        Assert.Equal((VmState.Off, "QEMU ended at once.", null), (stage.Status.State, stage.Status.Reason, stage.Clock.Next));
    }

    [Fact]
    public async Task Trouble_is_the_reason_while_it_lasts()
    {
        var engine = new ScriptedEngine();
        using var stage = new Stage(engine);
        await stage.Machine.StartAsync(CancellationToken.None);
        engine.Runs[0].Pause(true, "The disk is full.");
        Assert.Equal((VmState.Paused, "The disk is full."), (stage.Status.State, stage.Status.Reason));
        engine.Runs[0].Pause(false);
        Assert.Equal((VmState.Running, null), (stage.Status.State, stage.Status.Reason));
    }

    [Fact]
    public async Task An_adopted_run_keeps_its_generation_and_the_next_has_a_higher_one()
    {
        var engine = new ScriptedEngine();
        using var stage = new Stage(engine);
        engine.Left["vm"] = new ScriptedRun("vm", 1_000_000_000) { OnPowerDown = engine.OnPowerDown };
        await stage.Machine.AdoptAsync(CancellationToken.None);
        Assert.Equal((VmState.Running, 1_000_000_000), (stage.Status.State, stage.Status.Generation));
        await stage.Machine.KillAsync(CancellationToken.None);
        await stage.Machine.StartAsync(CancellationToken.None);
        Assert.Equal(1_000_000_001, engine.Runs[0].Generation);
    }

    [Fact]
    public async Task A_released_run_lives_on_and_its_end_restarts_nothing()
    {
        var engine = new ScriptedEngine();
        using var stage = new Stage(engine, Thrice);
        await stage.Machine.StartAsync(CancellationToken.None);
        await stage.Machine.ReleaseAsync();
        Assert.True(engine.Runs[0].IsAlive);
        Assert.Equal(1, engine.Runs[0].Disposals);
        engine.Runs[0].End(Crash);
        await Stage.UntilAsync(() => engine.Runs[0].Disposals == 2, () => "the end");
        stage.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Single(engine.Runs);
        await Assert.ThrowsAsync<MachineStateException>(() => stage.Machine.StartAsync(CancellationToken.None));
    }

    [Fact]
    public async Task CPU_and_memory_are_those_since_the_last_sample()
    {
        var engine = new ScriptedEngine();
        using var stage = new Stage(engine);
        await stage.Machine.StartAsync(CancellationToken.None);
        engine.Runs[0].Use = new MachineUse(10, 1 << 20);
        stage.Machine.Sample(1_000_000_000);
        engine.Runs[0].Use = new MachineUse(13, 2 << 20);
        stage.Machine.Sample(3_000_000_000);
        Assert.Equal((150.0, 2 << 20), (stage.Status.CpuPercent, stage.Status.ResidentBytes));
        engine.Runs[0].End(Crash);
        await stage.StateAsync(VmState.Crashed);
        stage.Machine.Sample(4_000_000_000);
        Assert.Equal((0.0, 0L), (stage.Status.CpuPercent, stage.Status.ResidentBytes));
    }
}
