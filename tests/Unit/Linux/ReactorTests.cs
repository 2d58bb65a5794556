using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sockets;

namespace Hyperspace.Tests.Unit.Linux;

public sealed class ReactorTests
{
    [Fact]
    public void A_timer_elapses_after_its_time_and_only_once()
    {
        using var reactor = new Reactor();
        int elapsed = 0;
        ReactorTimer timer = reactor.Timer(() => elapsed++);
        long armed = Reactor.Now;
        timer.Arm(TimeSpan.FromMilliseconds(5));
        while (elapsed == 0)
        {
            reactor.RunOnce(TimeSpan.FromSeconds(1));
        }

        Assert.True(Reactor.Now - armed >= 5_000_000);
        reactor.RunOnce(TimeSpan.FromMilliseconds(20));
        Assert.Equal(1, elapsed);
    }

    [Fact]
    public void Actions_posted_by_another_thread_run_on_the_reactors_own_and_in_order()
    {
        using var reactor = new Reactor();
        var seen = new List<(int, int)>();
        var poster = new Thread(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                int n = i;
                reactor.Post(() => seen.Add((n, Environment.CurrentManagedThreadId)));
            }

            reactor.Post(reactor.Stop);
        });
        poster.Start();
        reactor.Run();
        Assert.Equal(Enumerable.Range(0, 100).Select(i => (i, Environment.CurrentManagedThreadId)), seen);
    }

    [Fact]
    public void A_watch_that_a_callback_ended_is_not_called_although_its_descriptor_was_ready_too()
    {
        using var reactor = new Reactor();
        var pairs = new[] { FdPassing.CreatePair(), FdPassing.CreatePair() };
        var watches = new FdWatch?[2];
        int calls = 0;
        for (int i = 0; i < 2; i++)
        {
            int other = 1 - i;
            watches[i] = reactor.Watch((int)pairs[i].First.DangerousGetHandle(), FdEvents.Readable, _ =>
            {
                calls++;
                watches[other]?.Dispose();
            });
            FdPassing.Send(pairs[i].Second, [1], default);
        }

        reactor.RunOnce(TimeSpan.FromSeconds(1));
        Assert.Equal(1, calls);
    }

    [Fact]
    public void Waiting_and_dispatching_allocate_nothing()
    {
        using var reactor = new Reactor();
        (var ours, var theirs) = FdPassing.CreatePair();
        int ready = 0;
        using FdWatch watch = reactor.Watch((int)ours.DangerousGetHandle(), FdEvents.Readable, _ => ready++);
        FdPassing.Send(theirs, [1], default);
        ReactorTimer timer = reactor.Timer(() => { });
        reactor.RunOnce(TimeSpan.FromSeconds(1));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            timer.Arm(TimeSpan.Zero);
            reactor.RunOnce(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(ready > 1000);
    }
}
