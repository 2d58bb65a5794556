using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hyperspace.Linux.Sockets;
using Hyperspace.Protocols.Qmp;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>A connection to a QEMU's monitor. QEMU is untrusted: what makes no sense ends the connection, with a sentence, and what is too much is read slowly.</summary>
internal sealed class QmpClient : IAsyncDisposable
{
    /// <summary>How long an answer may take. QEMU's main loop can be held up by a slow disk, or by a display client that does not finish its handshake.</summary>
    private static readonly TimeSpan DefaultTimeout = TimeSpan.FromSeconds(10);

    /// <summary>More messages than that in a second, and the rest waits in the socket: a hostile QEMU must not keep this daemon busy.</summary>
    private const int MaxMessagesPerSecond = 500;

    /// <summary>So many events are kept for a listener that is not there yet.</summary>
    private const int MaxEarlyEvents = 1000;

    private readonly Socket _socket;
    private readonly TimeSpan _timeout;
    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly CancellationTokenSource _ending = new();
    private readonly Lock _lock = new();
    private readonly Lock _eventLock = new();
    private readonly List<QmpMessage> _early = [];
    private readonly Task _reading;
    private readonly TaskCompletionSource<QmpMessage> _greeting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Action<QmpMessage>? _listener;
    private byte[] _buffer = new byte[4096];
    private int _filled;
    private TaskCompletionSource<QmpMessage>? _pending;
    private long _pendingId;
    private long _lastId;
    private Exception? _broken;
    private int _messages;
    private long _second = Stopwatch.GetTimestamp();

    private QmpClient(Socket socket, TimeSpan timeout)
    {
        (_socket, _timeout) = (socket, timeout);
        var credentials = new byte[12];
        socket.GetRawSocketOption(1, 17, credentials);
        PeerPid = BitConverter.ToInt32(credentials);
        _reading = Task.Run(ReadAsync);
    }

    /// <summary>The process at the other end, as the kernel knows it (unix(7), SO_PEERCRED), seen from here and not from inside a sandbox.</summary>
    public int PeerPid { get; }

    /// <summary>Completes when the connection has ended; never faults.</summary>
    public Task Closed => _reading;

    /// <summary>Why it has ended; null before.</summary>
    public string? WhyClosed => _broken?.Message;

    /// <summary>Connects and negotiates. A monitor takes one client at a time and keeps the next one waiting.</summary>
    /// <param name="timeout">For each answer; null for 10 s.</param>
    /// <exception cref="QmpException">QEMU does not answer, or not with QMP.</exception>
    public static async Task<QmpClient> ConnectAsync(string path, CancellationToken cancel, TimeSpan? timeout = null)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        QmpClient? client = null;
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
            client = new QmpClient(socket, timeout ?? DefaultTimeout);
            await client._greeting.Task.WaitAsync(client._timeout, cancel);
            await client.ExecuteAsync("qmp_capabilities", null, cancel);
            return client;
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (client is not null)
            {
                await client.DisposeAsync();
            }

            if (e is OperationCanceledException)
            {
                throw;
            }

            throw e as QmpException ?? new QmpException($"QEMU's monitor {path} does not answer: {e.Message}", e);
        }
    }

    /// <summary>Begins to hand out events: first those that came already, one at a time, on the reader's task from then on.</summary>
    public void Listen(Action<QmpMessage> listener)
    {
        lock (_eventLock)
        {
            _early.ForEach(listener);
            _early.Clear();
            _listener = listener;
        }
    }

    /// <summary>Runs a command and gives its return value. One command at a time; later ones wait.</summary>
    /// <param name="arguments">Writes the members of the arguments' object; null for none.</param>
    /// <param name="fd">Sent along with the command, as <c>getfd</c> wants it.</param>
    /// <exception cref="QmpException">QEMU refuses, does not answer in time, or is gone.</exception>
    public async Task<JsonElement> ExecuteAsync(string command, Action<Utf8JsonWriter>? arguments, CancellationToken cancel, SafeHandle? fd = null)
    {
        if (!await _one.WaitAsync(_timeout, cancel))
        {
            throw new QmpException($"QEMU has not answered an earlier command for {_timeout.TotalSeconds:0.#} s; {command} was not sent.");
        }

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

            await SendAsync(QmpMessage.Command(id, command, arguments), fd);
            QmpMessage message = await answer.Task.WaitAsync(_timeout, cancel);
            return message.Kind == QmpKind.Return ? message.Data : throw new QmpException($"QEMU refuses {command}: {message.Text}");
        }
        catch (TimeoutException e)
        {
            // Its answer may come later, and is then nobody's: numbers tell.
            throw new QmpException($"QEMU did not answer {command} within {_timeout.TotalSeconds:0.#} s. It goes on, and may still do it.", e);
        }
        catch (Exception e) when (e is SocketException or IOException or ObjectDisposedException)
        {
            throw new QmpException($"QEMU's monitor is gone: {e.Message}", e);
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Sends a whole line, or ends the connection: after half a line nothing that follows could be understood.</summary>
    private async Task SendAsync(ReadOnlyMemory<byte> line, SafeHandle? fd)
    {
        try
        {
            if (fd is null)
            {
                using var late = new CancellationTokenSource(_timeout);
                await _socket.SendAsync(line, late.Token);
                return;
            }

            // Not blocking: a command is far smaller than a socket's buffer, so all of it goes at once or the peer does not read.
            _socket.Blocking = false;
            if (FdPassing.Send(_socket.SafeHandle, line.Span, [(int)fd.DangerousGetHandle()]) < line.Length)
            {
                throw new IOException("it does not read what it is sent.");
            }
        }
        catch (Exception e)
        {
            Exception why = e is OperationCanceledException ? new IOException("it does not read what it is sent.", e) : e;
            Break(why);
            throw why;
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

                int n = await _socket.ReceiveAsync(_buffer.AsMemory(_filled), _ending.Token);
                if (n == 0)
                {
                    throw new QmpException("QEMU closed it.");
                }

                _filled += n;
                TakeLines();
                await ThrottleAsync();
            }
        }
        catch (Exception e)
        {
            Break(e);
        }
    }

    private async Task ThrottleAsync()
    {
        TimeSpan passed = Stopwatch.GetElapsedTime(_second);
        if (passed < TimeSpan.FromSeconds(1) && _messages > MaxMessagesPerSecond)
        {
            await Task.Delay(TimeSpan.FromSeconds(1) - passed, _ending.Token);
            passed = TimeSpan.FromSeconds(1);
        }

        if (passed >= TimeSpan.FromSeconds(1))
        {
            (_second, _messages) = (Stopwatch.GetTimestamp(), 0);
        }
    }

    private void TakeLines()
    {
        int start = 0, length;
        while ((length = _buffer.AsSpan(start, _filled - start).IndexOf((byte)'\n')) >= 0)
        {
            ReadOnlySpan<byte> line = _buffer.AsSpan(start, length).Trim((byte)'\r');
            start += length + 1;
            if (!line.IsEmpty)
            {
                _messages++;
                Take(QmpMessage.Parse(line));
            }
        }

        _buffer.AsSpan(start, _filled - start).CopyTo(_buffer);
        _filled -= start;
    }

    private void Take(QmpMessage message)
    {
        switch (message.Kind)
        {
            case QmpKind.Event:
                TakeEvent(message);
                break;
            case QmpKind.Greeting:
                if (!_greeting.TrySetResult(message))
                {
                    throw new QmpException("QEMU greeted twice.");
                }

                break;
            default:
                TakeAnswer(message);
                break;
        }
    }

    private void TakeEvent(QmpMessage message)
    {
        lock (_eventLock)
        {
            if (_listener is not null)
            {
                _listener(message);
                return;
            }

            if (_early.Count == MaxEarlyEvents)
            {
                throw new QmpException($"QEMU sent more than {MaxEarlyEvents} events before it could be talked to.");
            }

            _early.Add(message);
        }
    }

    private void TakeAnswer(QmpMessage message)
    {
        lock (_lock)
        {
            // An answer to a command that was given up is nobody's. An error without a number answers a line that QEMU could not read.
            if (message.Id == _pendingId || (message.Id is null && message.Kind == QmpKind.Error))
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
            _broken ??= why;
            var problem = new QmpException($"QEMU's monitor is gone: {_broken.Message}", _broken);
            _pending?.TrySetException(problem);
            _pending = null;
            _greeting.TrySetException(problem);
            _ = _greeting.Task.Exception;
        }

        _ending.Cancel();
        _socket.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        Break(new QmpException("It was let go of."));
        await _reading;
    }
}
