using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hyperspace.Machines;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Tests.Unit.Api;

public sealed class ApiTests
{
    [Fact]
    public async Task Host_and_vms_are_told_as_the_fleet_has_them()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        Assert.Equivalent(bench.Fleet.Host, await bench.Client.GetHostAsync(default), strict: true);
        Assert.Equal(bench.Fleet.Vms, await bench.Client.GetVmsAsync(default));
        Assert.Equal(bench.Fleet.Vms[1], await bench.Client.GetVmAsync("lab", default));
    }

    [Theory]
    [InlineData("start", VmAction.Start)]
    [InlineData("stop", VmAction.Stop)]
    [InlineData("kill", VmAction.Kill)]
    [InlineData("reset", VmAction.Reset)]
    [InlineData("pause", VmAction.Pause)]
    [InlineData("resume", VmAction.Resume)]
    public async Task Every_action_reaches_the_fleet_by_its_route_and_by_the_client(string route, VmAction action)
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        (int status, _, string body) = await bench.SendAsync("POST", $"v1/vms/lab/{route}");
        Assert.Equal(200, status);
        Assert.Equal("lab", JsonDocument.Parse(body).RootElement.GetProperty("name").GetString());
        await bench.Client.ActAsync("work", action, default);
        Assert.Equal([$"{action} lab", $"{action} work"], bench.Fleet.Calls);
    }

    [Fact]
    public async Task Moves_reloads_and_logs_reach_the_fleet()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        await bench.Client.MoveAsync("lab", 7, default);
        await bench.Client.MoveAsync("lab", null, default);
        Assert.Equal(2, (await bench.Client.ReloadAsync(default)).Count);
        Assert.Equal(["Move lab to 7", "Move lab to none", "Reload"], bench.Fleet.Calls);
        Assert.Equal(["work serial 50"], await bench.Client.GetLogAsync("work", "serial", 50, default));
        Assert.Equal("""["lab qemu 100"]""", (await bench.SendAsync("GET", "v1/vms/lab/logs/qemu")).Body);
    }

    [Theory]
    [InlineData("GET", "v1/nothing", null, 404)]
    [InlineData("GET", "v1/vms/nobody", null, 404)]
    [InlineData("POST", "v1/vms/nobody/start", null, 404)]
    [InlineData("POST", "v1/vms/work/fly", null, 404)]
    [InlineData("DELETE", "v1/vms", null, 405)]
    [InlineData("GET", "v1/vms/work/start", null, 405)]
    [InlineData("GET", "v1/vms/work/logs/secret", null, 404)]
    [InlineData("GET", "v1/vms/nobody/logs/serial", null, 404)]
    [InlineData("GET", "v1/vms/work/logs/serial?lines=0", null, 400)]
    [InlineData("GET", "v1/vms/work/logs/serial?lines=10001", null, 400)]
    [InlineData("GET", "v1/vms/work/logs/serial?lines=many", null, 400)]
    [InlineData("PUT", "v1/vms/work/port", "{}", 400)]
    [InlineData("PUT", "v1/vms/work/port", """{"port":0}""", 400)]
    [InlineData("PUT", "v1/vms/work/port", """{"port":10}""", 400)]
    [InlineData("PUT", "v1/vms/work/port", """{"port":3,"force":true}""", 400)]
    [InlineData("PUT", "v1/vms/work/port", "port 3", 400)]
    [InlineData("PUT", "v1/vms/work/port", "null", 400)]
    [InlineData("PUT", "v1/vms/nobody/port", """{"port":3}""", 404)]
    [InlineData("POST", "v1/seat/switch", """{"port":10}""", 400)]
    [InlineData("POST", "v1/seat/press", """{"chord":null}""", 400)]
    [InlineData("POST", "v1/seat/type", "", 400)]
    [InlineData("GET", "v1/seat/screenshot?port=10", null, 400)]
    [InlineData("GET", "v1/seat", null, 503)]
    [InlineData("POST", "v1/seat/switch", """{"port":1}""", 503)]
    [InlineData("GET", "v1/seat/screenshot", null, 503)]
    public async Task Errors_are_problem_details_with_a_sentence(string method, string path, string? body, int expected)
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        (int status, string type, string text) = await bench.SendAsync(method, path, body);
        Assert.Equal((expected, "application/problem+json"), (status, type));
        Problem problem = JsonSerializer.Deserialize(text, ControlJson.Default.Problem)!;
        Assert.Equal(expected, problem.Status);
        Assert.EndsWith(".", problem.Title, StringComparison.Ordinal);
        Assert.Empty(bench.Fleet.Calls);
    }

    [Fact]
    public async Task A_fleet_that_refuses_is_answered_by_kind_and_its_causes_are_told()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        bench.Fleet.Act = (_, _, _) => throw new MachineStateException("lab runs already.");
        Assert.Equal(409, (await bench.SendAsync("POST", "v1/vms/lab/start")).Status);

        bench.Fleet.Act = (_, _, _) => throw new MachineException("lab cannot be started.", new IOException("The disk is full."));
        (int status, _, string body) = await bench.SendAsync("POST", "v1/vms/lab/start");
        Assert.Equal(422, status);
        Assert.Contains("The disk is full.", body, StringComparison.Ordinal);

        bench.Fleet.Act = (_, _, _) => throw new InvalidOperationException("a bug");
        Assert.Equal(500, (await bench.SendAsync("POST", "v1/vms/lab/start")).Status);
        Assert.Equal(200, (await bench.SendAsync("GET", "v1/vms")).Status);
    }

    [Fact]
    public async Task A_client_that_hangs_up_does_not_undo_what_it_asked_for()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        var begun = new TaskCompletionSource<CancellationToken>();
        var done = new TaskCompletionSource();
        bench.Fleet.Act = async (_, _, cancel) =>
        {
            begun.SetResult(cancel);
            await done.Task;
        };
        using var hangUp = new CancellationTokenSource();
        Task asked = bench.Client.ActAsync("lab", VmAction.Stop, hangUp.Token);
        CancellationToken seen = await begun.Task;
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        await bench.Client.GetHostAsync(default);
        Assert.False(seen.IsCancellationRequested);
        done.SetResult();
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_refused_and_not_read()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        (int status, string type, _) = await bench.SendAsync("POST", "v1/seat/type", $$"""{"text":"{{new string('x', 70_000)}}"}""");
        Assert.Equal((413, "application/problem+json"), (status, type));
        Assert.Equal(400, (await bench.SendAsync("POST", "v1/seat/type", $$"""{"text":"{{new string('x', 10_001)}}"}""")).Status);
    }

    [Fact]
    public async Task Events_begin_with_what_is_and_go_on_with_every_change()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        await using IAsyncEnumerator<Snapshot> events = bench.Client.WatchAsync(CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        Assert.Equal(VmState.Off, events.Current.Vms[1].State);
        Assert.Null(events.Current.Seat);

        bench.Fleet.Set(ScriptedFleet.Vm("lab", 2, VmState.Crashed) with { Reason = "Line one\nline two" });
        Assert.True(await events.MoveNextAsync());
        Assert.Equal((VmState.Crashed, "Line one\nline two"), (events.Current.Vms[0].State, events.Current.Vms[0].Reason));
    }

    [Fact]
    public async Task Listeners_are_let_go_when_the_stream_and_when_the_daemon_ends()
    {
        DaemonBench bench = await DaemonBench.StartAsync();
        Assert.Equal(1, bench.Fleet.Listeners);
        await bench.DisposeAsync();
        Assert.Equal(0, bench.Fleet.Listeners);
    }

    [Fact]
    public async Task The_daemons_end_ends_a_stream_with_a_sentence()
    {
        DaemonBench bench = await DaemonBench.StartAsync();
        await using IAsyncEnumerator<Snapshot> events = bench.Client.WatchAsync(CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await events.MoveNextAsync());
        Task<bool> next = events.MoveNextAsync().AsTask();
        using var other = new Client.ControlClient(bench.Paths.ApiSocket);
        await bench.DisposeAsync();
        await Assert.ThrowsAsync<Client.ControlException>(() => next);
        Assert.False(await other.IsAnsweringAsync(default));
    }

    [Fact]
    public async Task A_reader_of_events_that_never_reads_holds_up_nobody()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using Socket never = await DaemonBench.ConnectAsync(bench.Paths.ApiSocket);
        await never.SendAsync(Encoding.ASCII.GetBytes("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n"));
        await using IAsyncEnumerator<Snapshot> events = bench.Client.WatchAsync(CancellationToken.None).GetAsyncEnumerator();
        string much = new('x', 500_000);
        for (int i = 0; i < 20; i++)
        {
            Assert.True(await events.MoveNextAsync());
            bench.Fleet.Set(ScriptedFleet.Vm("lab", 2, VmState.Off, i + 2) with { Reason = much });
        }

        Assert.Equal(21, (await bench.Client.GetVmAsync("lab", default)).Generation);
    }

    [Fact]
    public async Task Half_a_request_and_plain_garbage_leave_the_others_alone()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using Socket half = await DaemonBench.ConnectAsync(bench.Paths.ApiSocket);
        await half.SendAsync("GET /v1/vms HT"u8.ToArray());
        using Socket garbage = await DaemonBench.ConnectAsync(bench.Paths.ApiSocket);
        await garbage.SendAsync(new byte[] { 0, 255, 13, 10, 13, 10 });
        var answer = new byte[4096];
        int n = await garbage.ReceiveAsync(answer);
        Assert.StartsWith("HTTP/1.1 400", Encoding.ASCII.GetString(answer, 0, n), StringComparison.Ordinal);
        Assert.True(await bench.Client.IsAnsweringAsync(default));
    }
}
