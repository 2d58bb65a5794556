using Hyperspace.Machines;
using Hyperspace.Machines.Power.Policy;

namespace Hyperspace.Tests.Integration.Power;

/// <summary>The client of logind over a real message bus.</summary>
public sealed class LogindTests : IDisposable
{
    private const string Blocks = "handle-lid-switch:handle-power-key:handle-suspend-key";

    private readonly PrivateBus _bus = new();

    public void Dispose() => _bus.Dispose();

    [Fact]
    public async Task It_takes_the_locks_and_a_suspend_returns_when_the_machine_is_awake_again()
    {
        using var scripted = new ScriptedLogind(_bus);
        await scripted.ReadyAsync();
        (ILogind? opened, string why) = await Logind.OpenAsync(_bus.Socket);
        Assert.True(opened is not null, why);
        using var logind = (Logind)opened;
        Assert.Empty(logind.Refused);
        Assert.Equal(["CanSuspend", $"Inhibit {Blocks} block", "Inhibit sleep delay"], scripted.AllCalls());

        Task suspend = logind.SuspendAsync(CancellationToken.None);
        await UntilAsync(() => scripted.AllCalls().Contains("Suspend"));
        scripted.PrepareForSleep(true);
        await UntilAsync(() => scripted.IsReleased("sleep"));
        Assert.False(suspend.IsCompleted);
        Assert.False(scripted.IsReleased(Blocks));
        scripted.PrepareForSleep(false);
        await suspend.WaitAsync(TimeSpan.FromSeconds(30));

        // The next one is delayed again.
        await UntilAsync(() => scripted.AllCalls().Count(call => call == "Inhibit sleep delay") == 2 && !scripted.IsReleased("sleep"));
        await logind.SetBrightnessAsync("intel_backlight", 42, CancellationToken.None);
        await logind.LockSessionsAsync(CancellationToken.None);
        await logind.PowerOffAsync(CancellationToken.None);
        Assert.Equal(["SetBrightness backlight intel_backlight 42", "LockSessions", "PowerOff"], scripted.AllCalls()[^3..]);
    }

    [Fact]
    public async Task When_somebody_else_suspends_the_machine_it_waits_until_guests_are_held()
    {
        using var scripted = new ScriptedLogind(_bus);
        await scripted.ReadyAsync();
        using var logind = (Logind)(await Logind.OpenAsync(_bus.Socket)).Logind!;
        var held = new TaskCompletionSource();
        var told = new List<bool>();
        logind.Sleeping = before =>
        {
            lock (told)
            {
                told.Add(before);
            }

            return before ? held.Task : Task.CompletedTask;
        };
        scripted.PrepareForSleep(true);
        await UntilAsync(() => told.Count == 1);
        Assert.False(scripted.IsReleased("sleep"));
        held.SetResult();
        await UntilAsync(() => scripted.IsReleased("sleep"));
        scripted.PrepareForSleep(false);
        await UntilAsync(() => told.Count == 2);
        Assert.Equal([true, false], told);
    }

    [Fact]
    public async Task What_polkit_refuses_is_said_in_its_own_words()
    {
        using var scripted = new ScriptedLogind(_bus, "Suspend", "PowerOff", "Inhibit");
        await scripted.ReadyAsync();
        using var logind = (Logind)(await Logind.OpenAsync(_bus.Socket)).Logind!;
        Assert.Equal(["logind acts on lid and buttons too: logind refuses: Permission denied.", "Guests are not paused when somebody else suspends this machine: logind refuses: Permission denied."], logind.Refused);
        MachineException refused = await Assert.ThrowsAsync<MachineException>(() => logind.SuspendAsync(CancellationToken.None));
        Assert.Equal("logind refuses: Interactive authentication required.", refused.Message);
        await Assert.ThrowsAsync<MachineException>(() => logind.PowerOffAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Without_a_bus_or_without_logind_on_it_there_is_none_and_it_says_why()
    {
        Assert.Equal((null, "There is no system bus (/nowhere/bus), so there is no logind."), await Logind.OpenAsync("/nowhere/bus"));
        (ILogind? logind, string why) = await Logind.OpenAsync(_bus.Socket);
        Assert.Null(logind);
        Assert.StartsWith("logind cannot be used: logind refuses: The name org.freedesktop.login1 was not provided by any .service files", why);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), "it never came to that");
            await Task.Delay(5);
        }
    }
}
