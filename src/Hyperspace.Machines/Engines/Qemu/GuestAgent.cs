using System.Buffers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>
/// The guest agent of one run of a VM (QEMU documentation, "QEMU Guest Agent Protocol"), as far as it is needed: it sets the guest's clock. The guest writes what comes from there, so it is bounded in size,
/// and nothing waits for it longer than it wants to. A guest without an agent is no error.
/// </summary>
/// <remarks>
/// A question that was asked is heard to its end, however late the answer is: an agent of QEMU 7.2 whose answer nobody takes (the port is closed on the host's side) tries to write it again and again without a
/// pause, and takes a whole CPU of the guest for that, until somebody listens.
/// </remarks>
/// <param name="path">The socket of the agent's port.</param>
internal sealed class GuestAgent(string path, TimeProvider clock) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>A clock that was set is not farther from this host's, however slow the guest is.</summary>
    private static readonly TimeSpan RightEnough = TimeSpan.FromSeconds(30);

    private const int MaxAnswerBytes = 64 << 10;

    /// <summary>Before an answer to guest-sync-delimited.</summary>
    private const byte Sentinel = 0xFF;

    private readonly CancellationTokenSource _over = new();
    private readonly Lock _lock = new();
    private Task<bool> _talk = Task.FromResult(false);

    /// <summary>Sets the guest's clock to this host's.</summary>
    /// <returns>Whether an agent said in time that it has; one that says so later has set it all the same.</returns>
    public async Task<bool> SetClockAsync(CancellationToken cancel, TimeSpan? patience = null)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(patience ?? Patience);
        try
        {
            while (true)
            {
                Task<bool> talk = Begin(setClock: true, out bool mine);
                bool done = await talk.WaitAsync(late.Token);
                if (mine)
                {
                    return done;
                }

                // The other one may have told a time that was right before the host slept.
            }
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>Takes what an agent has been trying to say since an earlier daemon ended.</summary>
    public void Hear() => Begin(setClock: false, out _);

    public void Dispose() => _over.Cancel();

    /// <summary>One talk at a time: the port has room for one.</summary>
    private Task<bool> Begin(bool setClock, out bool mine)
    {
        lock (_lock)
        {
            mine = _talk.IsCompleted;
            return _talk = mine ? TalkAsync(setClock) : _talk;
        }
    }

    private async Task<bool> TalkAsync(bool setClock)
    {
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), _over.Token);
            var reader = new Reader(socket);
            long number = Random.Shared.NextInt64(1, int.MaxValue);

            // Not the time itself: what nobody reads stays in the port, and an agent that starts later would set the clock to what it is now.
            await SendAsync(socket, "guest-sync-delimited", w => w.WriteNumber("id", number), _over.Token);
            await reader.SkipToAsync(Sentinel, _over.Token);
            while (await reader.LineAsync(_over.Token) is { } answer)
            {
                if (answer.ValueKind == JsonValueKind.Number && answer.TryGetInt64(out long echoed) && echoed == number)
                {
                    break;
                }
            }

            if (!setClock)
            {
                return false;
            }

            await SendAsync(socket, "guest-set-time", w => w.WriteNumber("time", Now()), _over.Token);
            if ((await reader.LineAsync(_over.Token)).ValueKind == JsonValueKind.Object)
            {
                return true;
            }

            // In a guest without hwclock (Debian 13's is in util-linux-extra) the agent has set the system's time and then fails to set the machine's, which is the host's anyway.
            await SendAsync(socket, "guest-get-time", static _ => { }, _over.Token);
            return (await reader.LineAsync(_over.Token)) is { ValueKind: JsonValueKind.Number } time && time.TryGetInt64(out long there) && Math.Abs(Now() - there) < RightEnough.Ticks * 100;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or JsonException or InvalidOperationException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Nanoseconds since 1970.</summary>
    private long Now() => (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    private static async Task SendAsync(Socket socket, string command, Action<Utf8JsonWriter> arguments, CancellationToken cancel)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(line))
        {
            writer.WriteStartObject();
            writer.WriteString("execute", command);
            writer.WriteStartObject("arguments");
            arguments(writer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        line.Write("\n"u8);
        await socket.SendAsync(line.WrittenMemory, cancel);
    }

    /// <summary>Answers, one a line; more than <see cref="MaxAnswerBytes"/> altogether is too much.</summary>
    private sealed class Reader(Socket socket)
    {
        private readonly byte[] _untrusted = new byte[4096];
        private int _at, _end, _total;

        public async Task SkipToAsync(byte mark, CancellationToken cancel)
        {
            while (await NextAsync(cancel) != mark)
            {
            }
        }

        /// <summary>What the agent returned; undefined for an error.</summary>
        public async Task<JsonElement> LineAsync(CancellationToken cancel)
        {
            var line = new List<byte>();
            byte next;
            while ((next = await NextAsync(cancel)) != '\n')
            {
                // It stands before each answer to a sync: what came before it was meant for somebody else.
                if (next == Sentinel)
                {
                    line.Clear();
                }
                else
                {
                    line.Add(next);
                }
            }

            using JsonDocument document = JsonDocument.Parse(Encoding.UTF8.GetString([.. line]).Trim('\r'));
            return document.RootElement.ValueKind == JsonValueKind.Object && document.RootElement.TryGetProperty("return", out JsonElement value) ? value.Clone() : default;
        }

        private async ValueTask<byte> NextAsync(CancellationToken cancel)
        {
            if (_at == _end)
            {
                (_at, _end) = (0, await socket.ReceiveAsync(_untrusted, cancel));
                _total += _end;
                if (_end == 0 || _total > MaxAnswerBytes)
                {
                    throw new IOException("The agent hung up, or writes without end.");
                }
            }

            return _untrusted[_at++];
        }
    }
}
