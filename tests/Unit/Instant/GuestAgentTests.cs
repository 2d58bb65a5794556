using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hyperspace.Machines.Engines.Qemu;

namespace Hyperspace.Tests.Unit.Instant;

/// <summary>The guest agent is what a guest says it is: only one that answers rightly is believed, and none can hold anything up.</summary>
public sealed class GuestAgentTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(50);

    private readonly string _path = Path.Combine(Directory.CreateTempSubdirectory("hsa").FullName, "agent.sock");
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly GuestAgent _agent;

    public GuestAgentTests()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(_path));
        _listener.Listen();
        _agent = new GuestAgent(_path, TimeProvider.System);
    }

    [Fact]
    public async Task An_agent_that_answers_is_told_the_time()
    {
        Task<bool> setting = SetAsync();
        using Socket agent = await _listener.AcceptAsync();
        using var reader = new StreamReader(new NetworkStream(agent));
        long id = Argument((await reader.ReadLineAsync())!, "guest-sync-delimited", "id");

        // What an agent had not said to an earlier daemon comes first.
        await SayAsync(agent, $"{{\"return\": 1}}\n\u00ff{{\"return\": {id - 1}}}\n\u00ff{{\"return\": {id}}}\n");
        long time = Argument((await reader.ReadLineAsync())!, "guest-set-time", "time");
        Assert.InRange(DateTimeOffset.UtcNow - DateTimeOffset.UnixEpoch.AddTicks(time / 100), TimeSpan.FromSeconds(-1), TimeSpan.FromSeconds(30));
        await SayAsync(agent, "{\"return\": {}}\n");
        Assert.True(await setting);
    }

    /// <summary>As Debian 13's agent in a guest without hwclock: it sets the time and says that it failed.</summary>
    [Theory]
    [InlineData(3, true)]
    [InlineData(-3600, false)]
    public async Task One_that_says_that_it_failed_is_asked_what_its_time_is(int ahead, bool isSet)
    {
        Task<bool> setting = SetAsync();
        using Socket agent = await _listener.AcceptAsync();
        using var reader = new StreamReader(new NetworkStream(agent));
        await SayAsync(agent, $"\u00ff{{\"return\": {Argument((await reader.ReadLineAsync())!, "guest-sync-delimited", "id")}}}\n");
        long time = Argument((await reader.ReadLineAsync())!, "guest-set-time", "time");
        await SayAsync(agent, "{\"error\": {\"class\": \"GenericError\", \"desc\": \"child process has failed to set hardware clock to system time\"}}\n");
        Assert.Contains("guest-get-time", await reader.ReadLineAsync(), StringComparison.Ordinal);
        await SayAsync(agent, $"{{\"return\": {time + ahead * 1_000_000_000L}}}\n");
        Assert.Equal(isSet, await setting);
    }

    [Theory]
    [InlineData("\u00ffno JSON\n")]
    [InlineData("\u00ff{\"return\": \"12\"}\n\u00ff[]\n")]
    [InlineData("")]
    public async Task One_that_answers_wrongly_or_hangs_up_is_never_told_the_time(string answer)
    {
        Task<bool> setting = SetAsync();
        using Socket agent = await _listener.AcceptAsync();
        using var reader = new StreamReader(new NetworkStream(agent));
        await reader.ReadLineAsync();
        await SayAsync(agent, answer);
        agent.Shutdown(SocketShutdown.Send);
        Assert.False(await setting);
        Assert.Null(await reader.ReadLineAsync());
    }

    [Fact]
    public async Task One_that_writes_without_end_is_left()
    {
        Task<bool> setting = SetAsync();
        using Socket agent = await _listener.AcceptAsync();
        var noise = Encoding.Latin1.GetBytes(new string('x', 4096));
        try
        {
            for (int i = 0; i < 1000; i++)
            {
                await agent.SendAsync(noise);
            }
        }
        catch (SocketException)
        {
            // It has been left.
        }

        Assert.False(await setting);
    }

    [Fact]
    public async Task Silence_and_a_missing_socket_are_no_errors()
    {
        Assert.False(await SetAsync(Moment));
        using var missing = new GuestAgent(_path + "x", TimeProvider.System);
        Assert.False(await missing.SetClockAsync(CancellationToken.None));
    }

    [Fact]
    public async Task One_that_answers_late_is_heard_to_the_end()
    {
        Assert.False(await SetAsync(Moment));
        using Socket agent = await _listener.AcceptAsync();
        using var reader = new StreamReader(new NetworkStream(agent));
        long id = Argument((await reader.ReadLineAsync())!, "guest-sync-delimited", "id");
        Task<bool> again = SetAsync(Patience);

        await SayAsync(agent, $"\u00ff{{\"return\": {id}}}\n");
        Argument((await reader.ReadLineAsync())!, "guest-set-time", "time");
        await SayAsync(agent, "{\"return\": {}}\n");
        Assert.Null(await reader.ReadLineAsync());

        // Who asked again meanwhile is not content with a time from before that.
        using Socket second = await _listener.AcceptAsync();
        using var questions = new StreamReader(new NetworkStream(second));
        await SayAsync(second, $"\u00ff{{\"return\": {Argument((await questions.ReadLineAsync())!, "guest-sync-delimited", "id")}}}\n");
        Argument((await questions.ReadLineAsync())!, "guest-set-time", "time");
        await SayAsync(second, "{\"return\": {}}\n");
        Assert.True(await again);
    }

    [Fact]
    public async Task What_was_meant_for_an_earlier_daemon_is_taken()
    {
        _agent.Hear();
        using Socket agent = await _listener.AcceptAsync();
        using var reader = new StreamReader(new NetworkStream(agent));
        await SayAsync(agent, $"{{\"return\": {{}}}}\n\u00ff{{\"return\": {Argument((await reader.ReadLineAsync())!, "guest-sync-delimited", "id")}}}\n");
        Assert.Null(await reader.ReadLineAsync());
    }

    private Task<bool> SetAsync(TimeSpan? patience = null) => _agent.SetClockAsync(CancellationToken.None, patience ?? Patience);

    private static Task SayAsync(Socket agent, string text) => agent.SendAsync(Encoding.Latin1.GetBytes(text));

    private static long Argument(string line, string command, string name)
    {
        using JsonDocument said = JsonDocument.Parse(line);
        Assert.Equal(command, said.RootElement.GetProperty("execute").GetString());
        return said.RootElement.GetProperty("arguments").GetProperty(name).GetInt64();
    }

    public void Dispose()
    {
        _agent.Dispose();
        _listener.Dispose();
        Directory.Delete(Path.GetDirectoryName(_path)!, recursive: true);
    }
}
