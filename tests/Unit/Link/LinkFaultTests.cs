using System.Net.Sockets;
using System.Text;
using Hyperspace.Client;
using Hyperspace.Link;
using Hyperspace.Linux.Memory;
using Hyperspace.Linux.Sockets;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Tests.Unit.Api;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Unit.Link;

/// <summary>Clients of the link that misbehave: each is dropped, and nobody else notices.</summary>
public sealed class LinkFaultTests
{
    private static readonly string Hello = $$"""{"type":"hello","role":"console","version":"{{ProductVersion.Text}}"}""" + "\n";
    private static readonly string SeatHello = Hello.Replace("console", "seat", StringComparison.Ordinal);

    public static TheoryData<string, string> Nonsense => new()
    {
        { "garbage", "\0\u0001 what?\n" },
        { "an empty line", "\n" },
        { "null", "null\n" },
        { "an array", "[1,2,3]\n" },
        { "no type", """{"id":1,"vm":"lab"}""" + "\n" },
        { "an unknown type", """{"type":"format","disk":"all"}""" + "\n" },
        { "an unknown action", """{"type":"vm","id":1,"vm":"lab","action":"format"}""" + "\n" },
        { "a number that is none", """{"type":"vm","id":1e99,"vm":"lab","action":"start"}""" + "\n" },
        { "a second hello", Hello },
        { "an answer that nobody asked a console for", """{"type":"answer","id":1,"ok":true}""" + "\n" },
        { "a seat's status from a console", """{"type":"seat","seat":{"port":1}}""" + "\n" },
        { "the daemon's own message", """{"type":"state"}""" + "\n" },
        { "deep nesting", new string('[', 10_000) + "\n" },
        { "a line without an end", new string('x', LinkMessage.MaxLineBytes + 1) },
    };

    [Theory]
    [MemberData(nameof(Nonsense))]
    public async Task Who_sends_nonsense_is_dropped_and_the_others_are_served(string what, string line)
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var console = new SeatOnThread(bench.Paths.LinkSocket, "console");
        using Socket rogue = await DaemonBench.ConnectAsync(bench.Paths.LinkSocket);
        await SendAsync(rogue, Hello);
        await SendAsync(rogue, line);
        await AssertDroppedAsync(rogue, what);
        await DaemonBench.UntilAsync("the console's state", () => console.Snapshot is not null);
        Assert.True((await console.RequestAsync(id => new VmRequest(id, "lab", VmAction.Start))).Ok);
        Assert.Equal(["Start lab"], bench.Fleet.Calls);
    }

    [Theory]
    [InlineData("""{"type":"vm","id":1,"vm":"lab","action":"start"}""")]
    [InlineData("GET / HTTP/1.1")]
    public async Task Who_does_not_say_hello_first_is_dropped_and_does_nothing(string line)
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using Socket rogue = await DaemonBench.ConnectAsync(bench.Paths.LinkSocket);
        await SendAsync(rogue, line + "\n");
        await AssertDroppedAsync(rogue, line);
        Assert.Empty(bench.Fleet.Calls);
    }

    [Fact]
    public async Task Who_says_nothing_at_all_is_dropped_after_a_while()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync(TimeSpan.FromMilliseconds(100));
        using Socket silent = await DaemonBench.ConnectAsync(bench.Paths.LinkSocket);
        await AssertDroppedAsync(silent, "silence");
    }

    [Theory]
    [InlineData("""{"type":"seat"}""")]
    [InlineData("""{"type":"seat","seat":{"port":0,"output":"x","ports":[]}}""")]
    [InlineData("""{"type":"seat","seat":{"port":0,"output":"x","keysDown":[],"ports":[null]}}""")]
    [InlineData("""{"type":"seat","seat":{"port":44,"output":"x","keysDown":[],"ports":[]}}""")]
    [InlineData("""{"type":"answer","id":1,"ok":true,"screenshot":{"width":1,"height":1,"stride":4}}""")]
    public async Task A_seat_whose_account_lacks_something_is_dropped(string line)
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using Socket rogue = await DaemonBench.ConnectAsync(bench.Paths.LinkSocket);
        await SendAsync(rogue, SeatHello + line + "\n");
        await AssertDroppedAsync(rogue, line);
    }

    [Fact]
    public async Task Descriptors_that_no_line_asks_for_are_not_collected()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using Socket rogue = await DaemonBench.ConnectAsync(bench.Paths.LinkSocket);
        await SendAsync(rogue, SeatHello);
        using SafeFileHandle file = MemFd.Create("test", 16);
        int fd = (int)file.DangerousGetHandle();
        FdPassing.Send(rogue.SafeHandle, " "u8, [fd, fd, fd, fd, fd, fd]);
        await AssertDroppedAsync(rogue, "six descriptors");
    }

    [Fact]
    public async Task Another_version_is_refused_with_a_sentence_that_names_both()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var old = new SeatOnThread(bench.Paths.LinkSocket, version: "0.0.9");
        await DaemonBench.UntilAsync("the refusal", () => old.Refusal is not null);
        Assert.Contains("version 0.0.9", old.Refusal, StringComparison.Ordinal);
        Assert.Contains($"version {ProductVersion.Text}", old.Refusal, StringComparison.Ordinal);
        using var butler = new SeatOnThread(bench.Paths.LinkSocket, role: "butler");
        await DaemonBench.UntilAsync("the refusal", () => butler.Refusal is not null);
    }

    [Fact]
    public async Task A_second_seat_is_refused_and_the_first_goes_on()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var first = new SeatOnThread(bench.Paths.LinkSocket);
        await DaemonBench.UntilAsync("the first seat", () => first.Snapshot is not null);
        using (var second = new SeatOnThread(bench.Paths.LinkSocket))
        {
            await DaemonBench.UntilAsync("the refusal", () => second.Refusal is not null);
            Assert.Contains($"process {Environment.ProcessId}", second.Refusal, StringComparison.Ordinal);
            Assert.Null(second.Snapshot);
        }

        Assert.Equal(0, (await bench.Client.GetSeatAsync(default)).Port);
    }

    [Fact]
    public async Task A_seat_that_follows_on_a_dead_one_is_never_refused()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        for (int i = 0; i < 20; i++)
        {
            using var seat = new SeatOnThread(bench.Paths.LinkSocket);
            await DaemonBench.UntilAsync("the seat or its refusal", () => seat.Snapshot is not null || seat.Refusal is not null);
            Assert.Null(seat.Refusal);
        }
    }

    [Fact]
    public async Task A_seat_that_dies_in_the_middle_of_a_command_is_an_error_at_once()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        var seat = new SeatOnThread(bench.Paths.LinkSocket);
        var asked = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        seat.Command = _ => asked.TrySetResult();
        await DaemonBench.UntilAsync("the seat", () => seat.Snapshot is not null);
        Task<SeatStatus> type = bench.Client.TypeAsync("hello", default);
        await asked.Task;
        seat.Dispose();
        ControlException e = await Assert.ThrowsAsync<ControlException>(() => type);
        Assert.Contains("ended before it answered", e.Message, StringComparison.Ordinal);
        e = await Assert.ThrowsAsync<ControlException>(() => bench.Client.GetSeatAsync(default));
        Assert.Contains("No seat is connected", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_seat_that_does_not_answer_is_waited_for_so_long_and_its_late_answer_confuses_nobody()
    {
        string folder = Directory.CreateTempSubdirectory("hsu-").FullName;
        string path = Path.Combine(folder, "link.sock");
        using var board = new Daemon.StatusBoard(new ScriptedFleet());
        using (var server = new LinkServer(Daemon.LocalSocket.Listen(path, 4), new ScriptedFleet(), board, ProductVersion.Text, TimeSpan.FromSeconds(10)))
        {
            using var seat = new SeatOnThread(path);
            var held = new List<SeatCommand>();
            seat.Command = held.Add;
            await DaemonBench.UntilAsync("the seat", () => seat.Snapshot is not null);
            SeatException e = await Assert.ThrowsAsync<SeatException>(() => server.AskAsync("switch", null, 7, TimeSpan.FromMilliseconds(50), default));
            Assert.Equal(SeatFailure.Silent, e.Failure);

            seat.Command = command =>
            {
                held.ForEach(seat.Answer);
                seat.Answer(command);
            };
            using SeatAnswer answer = await server.AskAsync("switch", null, 2, TimeSpan.FromSeconds(30), default);
            Assert.Equal(2, answer.Answer.Seat!.Port);
        }

        using (var empty = new LinkServer(Daemon.LocalSocket.Listen(path, 4), new ScriptedFleet(), board, ProductVersion.Text, TimeSpan.FromSeconds(10)))
        {
            SeatException gone = await Assert.ThrowsAsync<SeatException>(() => empty.AskAsync("status", null, null, TimeSpan.FromSeconds(30), default));
            Assert.Equal(SeatFailure.Gone, gone.Failure);
        }

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Who_never_reads_is_dropped_and_the_others_get_every_change()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync(TimeSpan.FromMilliseconds(300));
        using Socket never = await DaemonBench.ConnectAsync(bench.Paths.LinkSocket);
        await SendAsync(never, Hello);
        using var console = new SeatOnThread(bench.Paths.LinkSocket, "console");
        string much = new('x', 300_000);
        bool dropped = false;
        for (int i = 1; i < 3000 && !dropped; i++)
        {
            bench.Fleet.Set(ScriptedFleet.Vm("lab", 2, VmState.Running, i) with { Reason = much });
            await DaemonBench.UntilAsync("the change", () => console.Snapshot?.Vms is [{ Generation: var g }] && g == i);
            dropped = HasHungUp(never);
        }

        Assert.True(dropped);
        Assert.True(console.IsConnected);
    }

    [Fact]
    public async Task Who_asks_for_much_and_reads_nothing_is_dropped()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        string line = new('y', 200_000);
        bench.Fleet.Log = (_, _, _) => [line, line];
        using Socket never = await DaemonBench.ConnectAsync(bench.Paths.LinkSocket);
        var requests = new StringBuilder(Hello);
        for (int i = 1; i <= 60; i++)
        {
            requests.Append($$"""{"type":"log","id":{{i}},"vm":"lab","log":"serial","maxLines":2}""").Append('\n');
        }

        await SendAsync(never, requests.ToString());
        await DaemonBench.UntilAsync("the end of the connection", () => HasHungUp(never));
    }

    [Fact]
    public async Task Who_asks_for_more_at_a_time_than_anybody_could_is_dropped()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        var never = new TaskCompletionSource();
        bench.Fleet.Act = (_, _, _) => never.Task;
        using Socket rogue = await DaemonBench.ConnectAsync(bench.Paths.LinkSocket);
        await SendAsync(rogue, Hello);
        for (int i = 1; i <= LinkRequests.MaxBusy + 1; i++)
        {
            await SendAsync(rogue, $$"""{"type":"vm","id":{{i}},"vm":"lab","action":"stop"}""" + "\n");
        }

        await AssertDroppedAsync(rogue, "too many requests");
        never.SetResult();
    }

    [Fact]
    public async Task More_connections_than_there_may_be_are_closed_and_room_comes_back()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        var sockets = new List<Socket>();
        for (int i = 0; i < LinkServer.MaxClients; i++)
        {
            sockets.Add(await DaemonBench.ConnectAsync(bench.Paths.LinkSocket));
            await SendAsync(sockets[^1], Hello);
        }

        using Socket tooMany = await DaemonBench.ConnectAsync(bench.Paths.LinkSocket);
        await AssertDroppedAsync(tooMany, "one too many");
        sockets.ForEach(socket => socket.Dispose());
        using var console = new SeatOnThread(bench.Paths.LinkSocket, "console");
        await DaemonBench.UntilAsync("a place", () => console.Snapshot is not null);
    }

    [Fact]
    public async Task Lines_in_small_pieces_and_many_at_once_are_the_same_lines()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using Socket slow = await DaemonBench.ConnectAsync(bench.Paths.LinkSocket);
        foreach (char c in Hello + """{"type":"vm","id":1,"vm":"lab","action":"start"}""" + "\n")
        {
            await SendAsync(slow, c.ToString());
        }

        await SendAsync(slow, string.Concat(Enumerable.Range(2, 30).Select(i => $$"""{"type":"vm","id":{{i}},"vm":"lab","action":"reset"}""" + "\n")));
        await DaemonBench.UntilAsync("all 31 requests", () => bench.Fleet.Calls.Length == 31);
        Assert.Equal(30, bench.Fleet.Calls.Count(call => call == "Reset lab"));
    }

    private static async Task SendAsync(Socket socket, string text)
    {
        try
        {
            for (ReadOnlyMemory<byte> rest = Encoding.UTF8.GetBytes(text); !rest.IsEmpty;)
            {
                rest = rest[await socket.SendAsync(rest)..];
            }
        }
        catch (SocketException)
        {
            // Dropped before all was sent; that is what these tests are about.
        }
    }

    /// <summary>Reads to the end, which comes only if the daemon closes.</summary>
    private static async Task AssertDroppedAsync(Socket socket, string what)
    {
        var buffer = new byte[64 << 10];
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        try
        {
            while (await socket.ReceiveAsync(buffer, patience.Token) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset: what it had sent was not read any more.
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"The daemon goes on with a client that sent {what}.");
        }
    }

    /// <summary>Whether the other side has closed, found out without reading: by a space, which is no line yet.</summary>
    private static bool HasHungUp(Socket socket)
    {
        socket.Blocking = false;
        try
        {
            socket.Send(" "u8);
            return false;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode != SocketError.WouldBlock;
        }
    }
}
