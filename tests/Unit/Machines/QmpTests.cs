using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Protocols.Qmp;

namespace Hyperspace.Tests.Unit.Machines;

public sealed class QmpMessageTests
{
    [Theory]
    [InlineData("""{"QMP": {"version": {}}}""", QmpKind.Greeting, null, "", "")]
    [InlineData("""{"return": {}, "id": 7}""", QmpKind.Return, 7L, "", "")]
    [InlineData("""{"error": {"class": "GenericError", "desc": "No such\u001b[31m fd"}, "id": 8}""", QmpKind.Error, 8L, "GenericError", "No such [31m fd")]
    [InlineData("""{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 2}}""", QmpKind.Event, null, "STOP", "")]
    [InlineData("""{"return": {}, "id": "a text"}""", QmpKind.Return, null, "", "")]
    [InlineData("""{"error": 5}""", QmpKind.Error, null, "", "")]
    public void Messages_are_read(string line, QmpKind kind, long? id, string name, string text)
    {
        QmpMessage message = QmpMessage.Parse(Encoding.UTF8.GetBytes(line));
        Assert.Equal((kind, id, name, text), (message.Kind, message.Id, message.Name, message.Text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("[1]")]
    [InlineData("{}")]
    [InlineData("""{"return": {}} {"return": {}}""")]
    [InlineData("""{"event": 5}""")]
    [InlineData("""{"event": "\ud800"}""")]
    [InlineData("""{"error": {"desc": "\udc00"}}""")]
    public void What_is_no_message_is_refused_as_one(string line) => Assert.Throws<QmpException>(() => QmpMessage.Parse(Encoding.UTF8.GetBytes(line)));

    [Fact]
    public void Depth_is_limited() => Assert.Throws<QmpException>(() => QmpMessage.Parse(Encoding.UTF8.GetBytes($"{{\"return\": {new string('[', 5000)}{new string(']', 5000)}}}")));

    [Fact]
    public void A_text_without_end_is_cut() =>
        Assert.Equal(QmpMessage.MaxTextLength, QmpMessage.Parse(Encoding.UTF8.GetBytes($$$"""{"error": {"desc": "{{{new string('x', 100_000)}}}"}}""")).Text.Length);

    [Fact]
    public void No_bytes_lead_to_anything_but_a_message_or_a_refusal()
    {
        byte[][] seeds = [.. new[] { ScriptedMonitor.Greeting, """{"event": "STOP", "data": {"a": "\u00e9"}}""", """{"error": {"class": "c", "desc": "d"}, "id": 1}""" }.Select(Encoding.UTF8.GetBytes)];
        Gen<(int, int, byte)[]> changes = Gen.ArrayOf(
            from seed in Gen.Choose(0, seeds.Length - 1) from at in Gen.Choose(0, 200) from value in Gen.Choose(0, 255) select (seed, at, (byte)value));
        Prop.ForAll(Arb.From(changes), edits =>
        {
            byte[] line = [.. seeds[edits.Length % seeds.Length]];
            foreach ((_, int at, byte value) in edits)
            {
                line[at % line.Length] = value;
            }

            try
            {
                QmpMessage.Parse(line);
            }
            catch (QmpException)
            {
                // Refused.
            }

            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Fact]
    public void A_command_is_one_line() => Assert.Equal(
        """{"execute":"getfd","id":3,"arguments":{"fdname":"a\u0022b"}}""" + "\n", Encoding.UTF8.GetString(QmpMessage.Command(3, "getfd", w => w.WriteString("fdname", "a\"b")).Span));
}

public sealed class QmpClientTests
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);

    [Fact]
    public async Task A_command_has_its_answer_and_the_peer_is_known_by_the_kernel()
    {
        await using var monitor = new ScriptedMonitor { Answer = (name, id) => $$"""{"return": {"was": "{{name}}"}, "id": {{id}}}""" };
        await using QmpClient client = await QmpClient.ConnectAsync(monitor.Path, CancellationToken.None);
        Assert.Equal("query-status", QmpMessage.Member(await client.ExecuteAsync("query-status", null, CancellationToken.None), "was"));
        Assert.Equal(Environment.ProcessId, client.PeerPid);
        Assert.Equal(["qmp_capabilities", "query-status"], monitor.Commands);
    }

    [Fact]
    public async Task A_refusal_says_which_command_and_why()
    {
        await using var monitor = new ScriptedMonitor();
        await using QmpClient client = await QmpClient.ConnectAsync(monitor.Path, CancellationToken.None);
        monitor.Answer = (_, id) => $$$"""{"error": {"class": "GenericError", "desc": "There is none."}, "id": {{{id}}}}""";
        var e = await Assert.ThrowsAsync<QmpException>(() => client.ExecuteAsync("cont", null, CancellationToken.None));
        Assert.Equal("QEMU refuses cont: There is none.", e.Message);
    }

    [Fact]
    public async Task A_monitor_that_never_greets_is_given_up()
    {
        await using var monitor = new ScriptedMonitor { FirstWords = null };
        var e = await Assert.ThrowsAsync<QmpException>(() => QmpClient.ConnectAsync(monitor.Path, CancellationToken.None, Short));
        Assert.Contains("does not answer", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_monitor_that_never_answers_costs_its_time_and_a_late_answer_is_not_the_next_ones()
    {
        await using var monitor = new ScriptedMonitor();
        // Long enough for the answers that do come, on a machine that is busy.
        await using QmpClient client = await QmpClient.ConnectAsync(monitor.Path, CancellationToken.None, TimeSpan.FromSeconds(4));
        long late = 0;
        monitor.Answer = (_, id) =>
        {
            late = id;
            return null;
        };
        var e = await Assert.ThrowsAsync<QmpException>(() => client.ExecuteAsync("stop", null, CancellationToken.None));
        Assert.Contains("did not answer stop within 4 s", e.Message, StringComparison.Ordinal);

        monitor.Answer = (_, id) => $$$"""{"return": {"for": "stop"}, "id": {{{late}}}}""" + "\r\n" + $$$"""{"return": {"for": "cont"}, "id": {{{id}}}}""";
        Assert.Equal("cont", QmpMessage.Member(await client.ExecuteAsync("cont", null, CancellationToken.None), "for"));
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("[]")]
    [InlineData("""{"return": {}} trailing""")]
    [InlineData(ScriptedMonitor.Greeting)]
    public async Task Senseless_lines_end_the_connection_and_what_waits_for_an_answer(string line)
    {
        await using var monitor = new ScriptedMonitor();
        await using QmpClient client = await QmpClient.ConnectAsync(monitor.Path, CancellationToken.None);
        monitor.Answer = (_, _) => line;
        var e = await Assert.ThrowsAsync<QmpException>(() => client.ExecuteAsync("cont", null, CancellationToken.None));
        Assert.Contains("monitor is gone", e.Message, StringComparison.Ordinal);
        await client.Closed.WaitAsync(TimeSpan.FromSeconds(30));
        await Assert.ThrowsAsync<QmpException>(() => client.ExecuteAsync("cont", null, CancellationToken.None));
    }

    [Fact]
    public async Task A_line_without_end_ends_the_connection_at_its_limit()
    {
        await using var monitor = new ScriptedMonitor();
        await using QmpClient client = await QmpClient.ConnectAsync(monitor.Path, CancellationToken.None);
        long taken = await monitor.FloodAsync(new string('x', 65536), TimeSpan.FromSeconds(30));
        await client.Closed.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Contains("1 MiB", client.WhyClosed, StringComparison.Ordinal);
        Assert.InRange(taken, QmpMessage.MaxLineBytes, QmpMessage.MaxLineBytes + (2 << 20));
    }

    [Fact]
    public async Task A_flood_of_events_is_read_slowly_and_commands_still_have_answers()
    {
        await using var monitor = new ScriptedMonitor();
        await using QmpClient client = await QmpClient.ConnectAsync(monitor.Path, CancellationToken.None);
        int events = 0;
        client.Listen(_ => Interlocked.Increment(ref events));
        string burst = string.Concat(Enumerable.Repeat("{\"event\": \"STOP\"}\n", 100));
        await monitor.FloodAsync(burst, TimeSpan.FromSeconds(2));
        Assert.InRange(Volatile.Read(ref events), 1, 10_000);
    }

    [Fact]
    public async Task Events_that_come_before_anybody_listens_are_kept_in_order_and_not_without_end()
    {
        await using var monitor = new ScriptedMonitor();
        await using QmpClient client = await QmpClient.ConnectAsync(monitor.Path, CancellationToken.None);
        await monitor.SendAsync("""{"event": "STOP"}""");
        await monitor.SendAsync("""{"event": "RESUME"}""");
        await client.ExecuteAsync("query-status", null, CancellationToken.None);
        var seen = new List<string>();
        client.Listen(message => seen.Add(message.Name));
        Assert.Equal(["STOP", "RESUME"], seen);

        await using QmpClient deaf = await QmpClient.ConnectAsync(monitor.Path, CancellationToken.None);
        await monitor.FloodAsync(string.Concat(Enumerable.Repeat("{\"event\": \"STOP\"}\n", 100)), TimeSpan.FromSeconds(30));
        await deaf.Closed.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Contains("more than 1000 events", deaf.WhyClosed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_hang_up_is_noticed()
    {
        await using var monitor = new ScriptedMonitor();
        await using QmpClient client = await QmpClient.ConnectAsync(monitor.Path, CancellationToken.None);
        monitor.HangUp();
        await client.Closed.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal("QEMU closed it.", client.WhyClosed);
    }
}
