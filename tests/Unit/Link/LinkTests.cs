using Hyperspace.Client;
using Hyperspace.Linux.Sockets;
using Hyperspace.Machines;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Tests.Unit.Api;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Unit.Link;

/// <summary>The link with well-behaved clients: the real daemon's side and the real seat's side.</summary>
public sealed class LinkTests
{
    [Fact]
    public async Task A_client_is_told_the_state_at_once_and_every_change()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var seat = new SeatOnThread(bench.Paths.LinkSocket);
        await DaemonBench.UntilAsync("the first state", () => seat.Snapshot is not null);
        Assert.Equal(bench.Fleet.Vms, seat.Snapshot!.Vms);

        bench.Fleet.Set(ScriptedFleet.Vm("lab", 2, VmState.Running, generation: 7));
        await DaemonBench.UntilAsync("the change", () => seat.Snapshot!.Vms is [{ Generation: 7 }]);
    }

    [Fact]
    public async Task A_thousand_changes_at_once_become_a_few_messages_and_the_last_is_the_newest()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var seat = new SeatOnThread(bench.Paths.LinkSocket);
        await DaemonBench.UntilAsync("the first state", () => seat.Snapshot is not null);
        int before = seat.States;
        for (int i = 1; i <= 1000; i++)
        {
            bench.Fleet.Set(ScriptedFleet.Vm("lab", 2, VmState.Running, i));
        }

        await DaemonBench.UntilAsync("the last change", () => seat.Snapshot!.Vms is [{ Generation: 1000 }]);
        Assert.InRange(seat.States - before, 1, 200);
    }

    [Fact]
    public async Task Requests_are_done_and_refusals_come_back_as_sentences()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var console = new SeatOnThread(bench.Paths.LinkSocket, "console");
        await DaemonBench.UntilAsync("the first state", () => console.Snapshot is not null);

        Assert.True((await console.RequestAsync(id => new VmRequest(id, "lab", VmAction.Start))).Ok);
        Assert.True((await console.RequestAsync(id => new MoveRequest(id, "lab", null))).Ok);
        Assert.Equal(["Start lab", "Move lab to none"], bench.Fleet.Calls);
        Assert.Equal(["lab serial 30"], (await console.RequestAsync(id => new LogRequest(id, "lab", "serial", 30))).Lines);
        Assert.Equal("There is no VM \"nobody\".", (await console.RequestAsync(id => new VmRequest(id, "nobody", VmAction.Stop))).Error);
        bench.Fleet.Act = (_, _, _) => throw new MachineStateException("lab runs already.");
        Assert.Equal("lab runs already.", (await console.RequestAsync(id => new VmRequest(id, "lab", VmAction.Start))).Error);
        Assert.False((await console.RequestAsync(id => new VmRequest(id, null!, VmAction.Start))).Ok);
    }

    [Fact]
    public async Task A_request_that_takes_long_holds_up_nothing_else()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        var finish = new TaskCompletionSource();
        bench.Fleet.Act = (_, action, _) => action == VmAction.Stop ? finish.Task : Task.CompletedTask;
        using var console = new SeatOnThread(bench.Paths.LinkSocket, "console");
        await DaemonBench.UntilAsync("the first state", () => console.Snapshot is not null);
        Task<Answer> stop = console.RequestAsync(id => new VmRequest(id, "work", VmAction.Stop));
        Assert.True((await console.RequestAsync(id => new VmRequest(id, "lab", VmAction.Start))).Ok);
        Assert.False(stop.IsCompleted);
        finish.SetResult();
        Assert.True((await stop).Ok);
    }

    [Fact]
    public async Task A_seat_gets_a_display_with_its_descriptor_and_a_console_does_not()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        (SafeFileHandle ours, SafeFileHandle theirs) = FdPassing.CreatePair();
        bench.Fleet.Display = (vm, generation) => (vm, generation) == ("work", 1) ? theirs : throw new MachineStateException("It has been started again; its display is another one now.");
        using var seat = new SeatOnThread(bench.Paths.LinkSocket);
        using var console = new SeatOnThread(bench.Paths.LinkSocket, "console");
        await DaemonBench.UntilAsync("both", () => seat.Snapshot is not null && console.Snapshot is not null);

        Assert.True((await seat.RequestAsync(id => new DisplayRequest(id, "work", 1))).Ok);
        (DisplayOffer offer, SafeFileHandle fd) = Assert.Single(seat.Displays);
        Assert.Equal(("work", 1), (offer.Vm, offer.Generation));
        FdPassing.Send(fd, "guest"u8, default);
        var heard = new byte[16];
        Assert.Equal(5, FdPassing.Receive(ours, heard, []));

        Assert.Contains("started again", (await seat.RequestAsync(id => new DisplayRequest(id, "work", 0))).Error, StringComparison.Ordinal);
        Assert.Contains("console gets no displays", (await console.RequestAsync(id => new DisplayRequest(id, "work", 1))).Error, StringComparison.Ordinal);
        ours.Dispose();
    }

    [Fact]
    public async Task A_seat_gets_a_clipboard_agents_channel_with_its_descriptor_and_a_console_does_not()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        (SafeFileHandle ours, SafeFileHandle theirs) = FdPassing.CreatePair();
        bench.Fleet.Agent = (vm, generation) => (vm, generation) == ("work", 1) ? theirs : throw new MachineException($"{vm} has no port for a clipboard agent.");
        using var seat = new SeatOnThread(bench.Paths.LinkSocket);
        using var console = new SeatOnThread(bench.Paths.LinkSocket, "console");
        await DaemonBench.UntilAsync("both", () => seat.Snapshot is not null && console.Snapshot is not null);

        Assert.True((await seat.RequestAsync(id => new AgentRequest(id, "work", 1))).Ok);
        (AgentOffer offer, SafeFileHandle fd) = Assert.Single(seat.Agents);
        Assert.Equal(("work", 1), (offer.Vm, offer.Generation));
        FdPassing.Send(fd, "agent"u8, default);
        Assert.Equal(5, FdPassing.Receive(ours, new byte[16], []));

        Assert.Equal("lab has no port for a clipboard agent.", (await seat.RequestAsync(id => new AgentRequest(id, "lab", 1))).Error);
        Assert.Equal("There is no VM \"nobody\".", (await seat.RequestAsync(id => new AgentRequest(id, "nobody", 1))).Error);
        Assert.Contains("console gets no clipboards", (await console.RequestAsync(id => new AgentRequest(id, "work", 1))).Error, StringComparison.Ordinal);
        Assert.Empty(console.Agents);
        ours.Dispose();
    }

    [Fact]
    public async Task A_log_that_is_too_long_for_a_line_comes_without_its_oldest_lines()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        bench.Fleet.Log = (_, _, lines) => [.. Enumerable.Range(1, lines).Select(i => $"{i} {new string('\uFFFD', 300)}")];
        using var console = new SeatOnThread(bench.Paths.LinkSocket, "console");
        await DaemonBench.UntilAsync("the first state", () => console.Snapshot is not null);
        Answer answer = await console.RequestAsync(id => new LogRequest(id, "work", "serial", int.MaxValue));
        Assert.True(answer.Ok);
        Assert.InRange(answer.Lines!.Count, 100, 1000);
        Assert.StartsWith("2000 ", answer.Lines[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_seat_shows_is_in_the_snapshot_until_it_leaves()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var console = new SeatOnThread(bench.Paths.LinkSocket, "console");
        using (var seat = new SeatOnThread(bench.Paths.LinkSocket))
        {
            await DaemonBench.UntilAsync("both", () => seat.Snapshot is not null && console.Snapshot is not null);
            seat.Send(new SeatChanged(seat.Status with { Port = 2, KeysDown = [29] }));
            await DaemonBench.UntilAsync("the seat in the console's snapshot", () => console.Snapshot!.Seat is { Port: 2, KeysDown: [29] });
        }

        await DaemonBench.UntilAsync("the seat's leave", () => console.Snapshot!.Seat is null);
    }

    [Fact]
    public async Task Commands_of_the_api_reach_the_seat_and_its_answers_come_back()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var seat = new SeatOnThread(bench.Paths.LinkSocket);
        var commands = new List<SeatCommand>();
        seat.Command = command =>
        {
            commands.Add(command);
            seat.Answer(command);
        };
        await DaemonBench.UntilAsync("the seat", () => seat.Snapshot is not null);
        Assert.Equivalent(seat.Status, await bench.Client.GetSeatAsync(default), strict: true);
        Assert.Equal(3, (await bench.Client.SwitchAsync(3, default)).Port);
        await bench.Client.PressAsync("ctrl+alt+esc", default);
        await bench.Client.TypeAsync("hällo\n", default);
        Assert.Equal([("status", null, null), ("switch", null, 3), ("press", "ctrl+alt+esc", null), ("type", "hällo\n", null)], commands.Select(c => (c.Op, c.Text, c.Port)));
    }

    [Fact]
    public async Task Many_commands_at_a_time_get_each_its_own_answer()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var seat = new SeatOnThread(bench.Paths.LinkSocket);
        var held = new List<SeatCommand>();
        seat.Command = command =>
        {
            // In the reverse order of their coming.
            held.Add(command);
            if (held.Count == 10)
            {
                Enumerable.Reverse(held).ToList().ForEach(seat.Answer);
            }
        };
        await DaemonBench.UntilAsync("the seat", () => seat.Snapshot is not null);
        SeatStatus[] answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(port => bench.Client.SwitchAsync(port, default)));
        Assert.Equal(Enumerable.Range(0, 10), answers.Select(a => a.Port));
    }

    [Fact]
    public async Task What_the_seat_refuses_is_told_in_its_words()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var seat = new SeatOnThread(bench.Paths.LinkSocket);
        seat.Command = command => seat.Answer(new Answer(command.Id, false) { Error = "\"hyper\" is not a key." }, null);
        await DaemonBench.UntilAsync("the seat", () => seat.Snapshot is not null);
        ControlException e = await Assert.ThrowsAsync<ControlException>(() => bench.Client.PressAsync("hyper", default));
        Assert.Equal("\"hyper\" is not a key.", e.Message);
        Assert.Equal(422, (await bench.SendAsync("POST", "v1/seat/press", """{"chord":"hyper"}""")).Status);
    }

    [Fact]
    public async Task A_seat_finds_the_next_daemon()
    {
        DaemonBench first = await DaemonBench.StartAsync();
        using var seat = new SeatOnThread(first.Paths.LinkSocket);
        await DaemonBench.UntilAsync("the seat", () => seat.Snapshot is not null);
        await first.DisposeAsync();
        await DaemonBench.UntilAsync("the daemon's end", () => !seat.IsConnected);
        var fleet = new ScriptedFleet();
        fleet.Set(ScriptedFleet.Vm("lab", 2, VmState.Running, generation: 9));
        using (Daemon.DaemonHost.TakePlace(first.Paths))
        {
            await using (await Daemon.DaemonHost.OpenAsync(first.Paths, fleet, CancellationToken.None))
            {
                await DaemonBench.UntilAsync("the next daemon's state", () => seat.IsConnected && seat.Snapshot!.Vms is [{ Generation: 9 }]);
            }
        }

        Directory.Delete(Path.GetDirectoryName(first.Paths.Config)!, recursive: true);
    }
}
