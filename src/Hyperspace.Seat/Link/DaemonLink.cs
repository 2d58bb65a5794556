using System.Net.Sockets;
using System.Text.Json;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sockets;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Seat.Link;

/// <summary>
/// The client's end of the link to the daemon, on a reactor's thread. It connects again for as long as it lives: a daemon that dies takes
/// nothing away from the seat but news and the means to start and stop VMs.
/// </summary>
public sealed class DaemonLink : IDisposable
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(2);

    private readonly Reactor _reactor;
    private readonly string _path;
    private readonly Hello _hello;
    private readonly ReactorTimer _retry;
    private readonly Queue<SafeFileHandle> _fds = new();
    private readonly List<SafeFileHandle> _received = [];
    private readonly Dictionary<long, Action<Answer>> _pending = [];
    private readonly Queue<byte[]> _unsent = new();
    private TimeSpan _nextRetry = FirstRetry;
    private Socket? _socket;
    private FdWatch? _watch;
    private byte[] _buffer = new byte[16 << 10];
    private int _filled;
    private int _sentOfFirst;
    private long _lastId;

    /// <summary>Begins to connect.</summary>
    /// <param name="path">The link's socket.</param>
    /// <param name="role"><c>seat</c> or <c>console</c>.</param>
    public DaemonLink(Reactor reactor, string path, string role, string version)
    {
        (_reactor, _path, _hello) = (reactor, path, new Hello(role, version));
        _retry = reactor.Timer(Connect);
        _retry.Arm(TimeSpan.Zero);
    }

    /// <summary>What the daemon said last; kept when it is gone.</summary>
    public Snapshot? Snapshot { get; private set; }

    public bool IsConnected => _socket is not null;

    /// <summary>Why there is no connection, for people; null while there is one.</summary>
    public string? Problem { get; private set; } = "Connecting to the daemon.";

    /// <summary>The snapshot or the connection has changed.</summary>
    public Action? Changed { get; set; }

    /// <summary>A display socket has come; the callee takes it over.</summary>
    public Action<DisplayOffer, SafeFileHandle>? Display { get; set; }

    /// <summary>The channel of a clipboard agent has come; the callee takes it over.</summary>
    public Action<AgentOffer, SafeFileHandle>? Agent { get; set; }

    /// <summary>The daemon passes on what a user of the control API asks of the seat.</summary>
    public Action<SeatCommand>? Command { get; set; }

    /// <summary>The daemon refuses this client for good: another seat is there, or the versions differ.</summary>
    public Action<string>? Refused { get; set; }

    /// <summary>Leaves the daemon, until <see cref="Resume"/>: another seat may take this one's place.</summary>
    public void Pause()
    {
        Break("The link is paused.");
        _retry.Disarm();
    }

    /// <summary>Connects again.</summary>
    public void Resume() => _retry.Arm(TimeSpan.Zero);

    /// <summary>Sends a request made with a fresh id; <paramref name="done"/> gets its answer, or a failed one when the link breaks.</summary>
    public void Request(Func<long, LinkMessage> make, Action<Answer> done)
    {
        if (_socket is null)
        {
            done(new Answer(0, false) { Error = Problem ?? "There is no connection to the daemon." });
            return;
        }

        long id = ++_lastId;
        _pending[id] = done;
        Send(make(id));
    }

    /// <summary>Sends a message; without a connection it is dropped.</summary>
    public void Send(LinkMessage message, SafeFileHandle? fd = null)
    {
        if (_socket is null)
        {
            return;
        }

        byte[] json = JsonSerializer.SerializeToUtf8Bytes(message, ControlJson.Default.LinkMessage);
        var line = new byte[json.Length + 1];
        json.CopyTo(line, 0);
        line[^1] = (byte)'\n';
        if (fd is not null)
        {
            SendWithDescriptor(line, fd);
            return;
        }

        _unsent.Enqueue(line);
        Flush();
    }

    /// <summary>The line's first byte carries the descriptor, so what waits before it has to go first.</summary>
    private void SendWithDescriptor(byte[] line, SafeFileHandle fd)
    {
        Flush();
        if (_unsent.Count > 0)
        {
            Break("The daemon does not read what the seat sends.");
            return;
        }

        try
        {
            int sent = FdPassing.Send(_socket!.SafeHandle, line, [(int)fd.DangerousGetHandle()]);
            if (sent < line.Length)
            {
                if (sent == 0)
                {
                    Break("The daemon does not read what the seat sends.");
                    return;
                }

                _unsent.Enqueue(line);
                _sentOfFirst = sent;
                Flush();
            }
        }
        catch (IOException e)
        {
            Break(e.Message);
        }
    }

    private void Connect()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(_path));
            socket.Blocking = false;
        }
        catch (SocketException e)
        {
            socket.Dispose();
            Break(e.SocketErrorCode is SocketError.AddressNotAvailable or SocketError.ConnectionRefused
                ? "No daemon is running."
                : $"The daemon's socket {_path} cannot be reached: {e.Message}.");
            return;
        }

        _socket = socket;
        _watch = _reactor.Watch((int)socket.Handle, FdEvents.Readable, OnReady);
        (Problem, _nextRetry) = (null, FirstRetry);
        Send(_hello);
        Changed?.Invoke();
    }

    private void OnReady(FdEvents events)
    {
        if ((events & FdEvents.Writable) != 0)
        {
            Flush();
        }

        if ((events & (FdEvents.Readable | FdEvents.Closed)) != 0)
        {
            Read();
        }
    }

    private void Flush()
    {
        try
        {
            while (_socket is not null && _unsent.TryPeek(out byte[]? line))
            {
                _sentOfFirst += FdPassing.Send(_socket.SafeHandle, line.AsSpan(_sentOfFirst), default);
                if (_sentOfFirst < line.Length)
                {
                    break;
                }

                _unsent.Dequeue();
                _sentOfFirst = 0;
            }

            _watch?.Change(_unsent.Count > 0 ? FdEvents.Readable | FdEvents.Writable : FdEvents.Readable);
        }
        catch (IOException e)
        {
            Break(e.Message);
        }
    }

    private void Read()
    {
        try
        {
            while (_socket is not null)
            {
                if (_filled == _buffer.Length)
                {
                    if (_filled >= LinkMessage.MaxLineBytes)
                    {
                        throw new InvalidDataException($"The daemon sent a line of more than {LinkMessage.MaxLineBytes} bytes.");
                    }

                    Array.Resize(ref _buffer, _buffer.Length * 2);
                }

                int n = FdPassing.Receive(_socket.SafeHandle, _buffer.AsSpan(_filled), _received, wait: false);
                _received.ForEach(_fds.Enqueue);
                _received.Clear();
                if (n < 0)
                {
                    return;
                }

                if (n == 0)
                {
                    Break("The daemon has ended. Running VMs go on.");
                    return;
                }

                _filled += n;
                TakeLines();
            }
        }
        catch (Exception e) when (e is IOException or JsonException or InvalidDataException)
        {
            Break($"The link to the daemon broke: {e.Message}");
        }
    }

    private void TakeLines()
    {
        int start = 0;
        int end;
        while (_socket is not null && (end = _buffer.AsSpan(start, _filled - start).IndexOf((byte)'\n')) >= 0)
        {
            LinkMessage? message = JsonSerializer.Deserialize(_buffer.AsSpan(start, end), ControlJson.Default.LinkMessage);
            start += end + 1;
            Take(message ?? throw new InvalidDataException("The daemon sent null in place of a message."));
        }

        if (_socket is not null)
        {
            _buffer.AsSpan(start, _filled - start).CopyTo(_buffer);
            _filled -= start;
        }
    }

    private void Take(LinkMessage message)
    {
        switch (message)
        {
            case StateChanged state:
                Snapshot = state.Snapshot;
                Changed?.Invoke();
                break;
            case DisplayOffer offer:
                TakeDescriptor(offer, Display);
                Finish(new Answer(offer.Id, true));
                break;
            case AgentOffer offer:
                TakeDescriptor(offer, Agent);
                Finish(new Answer(offer.Id, true));
                break;
            case SeatCommand command:
                Command?.Invoke(command);
                break;
            case Answer { Id: 0, Ok: false } refusal:
                string why = refusal.Error ?? "The daemon refuses this connection.";
                Break(why);
                Refused?.Invoke(why);
                break;
            case Answer answer:
                Finish(answer);
                break;
        }
    }

    private void TakeDescriptor<T>(T offer, Action<T, SafeFileHandle>? taker)
    {
        if (!_fds.TryDequeue(out SafeFileHandle? fd))
        {
            throw new InvalidDataException("The daemon offered a socket without its descriptor.");
        }

        if (taker is null)
        {
            fd.Dispose();
        }
        else
        {
            taker(offer, fd);
        }
    }

    private void Finish(Answer answer)
    {
        if (_pending.Remove(answer.Id, out Action<Answer>? done))
        {
            done(answer);
        }
    }

    /// <summary>Ends the connection, if there is one, and tries again later.</summary>
    private void Break(string why)
    {
        _watch?.Dispose();
        _watch = null;
        bool wasConnected = _socket is not null;
        _socket?.Dispose();
        _socket = null;
        while (_fds.TryDequeue(out SafeFileHandle? fd))
        {
            fd.Dispose();
        }

        (_filled, _sentOfFirst) = (0, 0);
        _unsent.Clear();
        bool news = Problem != why;
        Problem = why;
        Action<Answer>[] unanswered = [.. _pending.Values];
        _pending.Clear();
        foreach (Action<Answer> done in unanswered)
        {
            done(new Answer(0, false) { Error = why });
        }

        _retry.Arm(_nextRetry);
        _nextRetry = TimeSpan.FromTicks(Math.Min(_nextRetry.Ticks * 2, LastRetry.Ticks));
        if (wasConnected || news)
        {
            Changed?.Invoke();
        }
    }

    public void Dispose()
    {
        _retry.Dispose();
        _watch?.Dispose();
        _socket?.Dispose();
        while (_fds.TryDequeue(out SafeFileHandle? fd))
        {
            fd.Dispose();
        }
    }
}
