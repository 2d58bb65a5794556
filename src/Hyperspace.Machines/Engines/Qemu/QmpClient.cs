using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hyperspace.Linux.Sockets;
using Hyperspace.Protocols.Qmp;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>A connection to a QEMU's monitor. QEMU is untrusted: what makes no sense ends the connection, with a sentence.</summary>
internal sealed class QmpClient : IAsyncDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    private readonly Socket _socket;
    private readonly Action<QmpMessage> _event;
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly Lock _lock = new();
    private readonly Task _reading;
    private byte[] _buffer = new byte[4096];
    private int _filled;
    private TaskCompletionSource<QmpMessage>? _pending;
    private long _pendingId;
    private long _lastId;
    private Exception? _broken;

    private QmpClient(Socket socket, Action<QmpMessage> onEvent)
    {
        (_socket, _event) = (socket, onEvent);
        _reading = Task.CompletedTask;
        _pending = new TaskCompletionSource<QmpMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>The process at the other end, as the kernel knows it (unix(7), SO_PEERCRED), seen from here and not from inside a sandbox.</summary>
    public int PeerPid { get; private init; }

    /// <summary>Completes when the connection has ended; never faults.</summary>
    public Task Closed => _reading;

    /// <summary>Connects and negotiates. A monitor takes one client at a time and keeps the next one waiting.</summary>
    /// <param name="onEvent">Called for each event, one at a time, on the reader's task.</param>
    /// <exception cref="QmpException">QEMU does not answer, or not with QMP.</exception>
    public static async Task<QmpClient> ConnectAsync(string path, Action<QmpMessage> onEvent, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        QmpClient? client = null;
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            var credentials = new byte[12];
            socket.GetRawSocketOption(1, 17, credentials);
            client = new QmpClient(socket, onEvent) { PeerPid = BitConverter.ToInt32(credentials) };
            await client._pending!.Task.WaitAsync(Timeout, cancel);
            await client.ExecuteAsync("qmp_capabilities", null, cancel);
            return client;
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            await DisposeBothAsync(client, socket);
            throw e as QmpException ?? new QmpException($"QEMU's monitor {path} does not answer: {e.Message}", e);
        }
        catch
        {
            await DisposeBothAsync(client, socket);
            throw;
        }
    }

    /// <summary>Runs a command and gives its return value.</summary>
    /// <param name="arguments">Writes the members of the arguments' object; null for none.</param>
    /// <param name="fd">Sent along with the command, as <c>getfd</c> wants it.</param>
    /// <exception cref="QmpException">QEMU refuses, does not answer in 10 s, or is gone.</exception>
    public async Task<JsonElement> ExecuteAsync(string command, Action<Utf8JsonWriter>? arguments, CancellationToken cancel, SafeHandle? fd = null)
    {
        await _one.WaitAsync(cancel);
        try
        {
            var answer = new TaskCompletionSource<QmpMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
            long id;
            lock (_lock)
            {
                if (_broken is not null)
                {
                    throw new QmpException($"QEMU's monitor is gone: {_broken.Message}", _broken);
                }

                (_pending, _pendingId) = (answer, id = ++_lastId);
            }

            await SendAsync(QmpMessage.Command(id, command, arguments), fd, cancel);
            QmpMessage message = await answer.Task.WaitAsync(Timeout, cancel);
            return message.Kind == QmpKind.Return ? message.Data : throw new QmpException($"QEMU refuses {command}: {message.Text}");
        }
        catch (Exception e) when (e is TimeoutException or SocketException or IOException)
        {
            throw new QmpException($"QEMU did not answer {command}: {e.Message}", e);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task SendAsync(ReadOnlyMemory<byte> line, SafeHandle? fd, CancellationToken cancel)
    {
        if (fd is null)
        {
            await _socket.SendAsync(line, cancel);
            return;
        }

        // A command is far smaller than a socket's buffer: all of it goes at once or the peer is stuck.
        if (FdPassing.Send(_socket.SafeHandle, line.Span, [(int)fd.DangerousGetHandle()]) < line.Length)
        {
            throw new IOException("the monitor does not read");
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (true)
            {
                if (_filled == _buffer.Length)
                {
                    Array.Resize(ref _buffer, _filled < QmpMessage.MaxLineBytes ? _filled * 2 : throw new QmpException("QEMU sent a line of more than 1 MiB."));
                }

                int n = await _socket.ReceiveAsync(_buffer.AsMemory(_filled));
                if (n == 0)
                {
                    throw new QmpException("QEMU closed it.");
                }

                _filled += n;
                TakeLines();
            }
        }
        catch (Exception e)
        {
            Break(e);
        }
    }

    private void TakeLines()
    {
        int start = 0, length;
        while ((length = _buffer.AsSpan(start, _filled - start).IndexOf((byte)'\n')) >= 0)
        {
            ReadOnlySpan<byte> line = _buffer.AsSpan(start, length);
            start += length + 1;
            if (!line.Trim((byte)'\r').IsEmpty)
            {
                Take(QmpMessage.Parse(line));
            }
        }

        _buffer.AsSpan(start, _filled - start).CopyTo(_buffer);
        _filled -= start;
    }

    private void Take(QmpMessage message)
    {
        if (message.Kind == QmpKind.Event)
        {
            _event(message);
            return;
        }

        lock (_lock)
        {
            // An answer to a command that was given up is nobody's.
            if (message.Kind == QmpKind.Greeting || message.Id is null || message.Id == _pendingId)
            {
                _pending?.TrySetResult(message);
                _pending = null;
            }
        }
    }

    private void Break(Exception why)
    {
        lock (_lock)
        {
            _broken = why;
            _pending?.TrySetException(new QmpException($"QEMU's monitor is gone: {why.Message}", why));
            _pending = null;
        }

        _socket.Dispose();
    }

    private static async Task DisposeBothAsync(QmpClient? client, Socket socket)
    {
        socket.Dispose();
        if (client is not null)
        {
            await client.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _socket.Dispose();
        await _reading;
        _one.Dispose();
    }
}
