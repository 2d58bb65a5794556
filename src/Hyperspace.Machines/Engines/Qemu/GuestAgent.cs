using System.Buffers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>
/// The guest agent (QEMU documentation, "QEMU Guest Agent Protocol"), as far as it is needed: it sets the guest's clock. The guest writes what comes from there, so it is bounded in size and
/// in time, and nothing depends on it. A guest without an agent is no error.
/// </summary>
internal static class GuestAgent
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private const int MaxAnswerBytes = 64 << 10;

    /// <summary>Before an answer to guest-sync-delimited.</summary>
    private const byte Sentinel = 0xFF;

    /// <summary>Sets the guest's clock to this host's.</summary>
    /// <returns>Whether an agent said that it has.</returns>
    public static async Task<bool> SetClockAsync(string path, TimeProvider clock, CancellationToken cancel, TimeSpan? patience = null)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(patience ?? Patience);
        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), late.Token);
            var reader = new Reader(socket);
            long number = Random.Shared.NextInt64(1, int.MaxValue);

            // Not the time itself: what nobody reads stays in the port, and an agent that starts later would set the clock to what it is now.
            await SendAsync(socket, "guest-sync-delimited", w => w.WriteNumber("id", number), late.Token);
            await reader.SkipToAsync(Sentinel, late.Token);
            while (await reader.LineAsync(late.Token) is { } answer)
            {
                if (answer.ValueKind == JsonValueKind.Number && answer.TryGetInt64(out long echoed) && echoed == number)
                {
                    break;
                }
            }

            long now = (clock.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
            await SendAsync(socket, "guest-set-time", w => w.WriteNumber("time", now), late.Token);
            return (await reader.LineAsync(late.Token)).ValueKind == JsonValueKind.Object;
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException or JsonException or InvalidOperationException)
        {
            return false;
        }
    }

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
