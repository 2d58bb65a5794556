using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Hyperspace.Tests.Unit.Machines;

/// <summary>The other side of a monitor's socket: QEMU as it should be, unless a test says otherwise.</summary>
internal sealed class ScriptedMonitor : IAsyncDisposable
{
    public const string Greeting = """{"QMP": {"version": {"qemu": {"micro": 2, "minor": 0, "major": 10}, "package": ""}, "capabilities": ["oob"]}}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("hsq").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Socket> _clients = [];
    private readonly Task _accepting;

    public ScriptedMonitor(string? path = null)
    {
        Path = path ?? System.IO.Path.Combine(_folder, "qmp.sock");
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public string Path { get; }

    /// <summary>What is sent to a client before all else; null for nothing at all.</summary>
    public string? FirstWords { get; set; } = Greeting;

    /// <summary>Answers a command, given its name and number; null for no answer.</summary>
    public Func<string, long, string?> Answer { get; set; } = (_, id) => $$"""{"return": {}, "id": {{id}}}""";

    /// <summary>The names of all commands received.</summary>
    public List<string> Commands { get; } = [];

    public int Connections { get; private set; }

    /// <summary>Sends a line to the client that came last.</summary>
    public Task SendAsync(string line) => SendAsync(_clients[^1], line);

    /// <summary>Sends bytes for as long as the client takes them.</summary>
    /// <returns>How many it took before it closed, or before the time was over.</returns>
    public async Task<long> FloodAsync(string text, TimeSpan time)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        long sent = 0;
        using var late = new CancellationTokenSource(time);
        try
        {
            while (true)
            {
                sent += await _clients[^1].SendAsync(bytes, late.Token);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return sent;
        }
    }

    public void HangUp() => _clients[^1].Dispose();

    private static Task SendAsync(Socket client, string line) => client.SendAsync(Encoding.UTF8.GetBytes(line + "\r\n"));

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket client = await _listener.AcceptAsync(_ending.Token);
                _clients.Add(client);
                Connections++;
                _ = ServeAsync(client);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            if (FirstWords is not null)
            {
                await SendAsync(client, FirstWords);
            }

            using var reader = new StreamReader(new NetworkStream(client));
            while (await reader.ReadLineAsync(_ending.Token) is { } line)
            {
                using JsonDocument command = JsonDocument.Parse(line);
                string name = command.RootElement.GetProperty("execute").GetString()!;
                lock (Commands)
                {
                    Commands.Add(name);
                }

                if (Answer(name, command.RootElement.GetProperty("id").GetInt64()) is { } answer)
                {
                    await SendAsync(client, answer);
                }
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
        {
            // One of the two has hung up.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _clients.ForEach(c => c.Dispose());
        Directory.Delete(_folder, recursive: true);
    }
}
