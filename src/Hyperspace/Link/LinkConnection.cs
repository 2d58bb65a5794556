using System.Net.Sockets;
using System.Text.Json;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sockets;
using Hyperspace.Protocols.Link;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Link;

/// <summary>
/// The daemon's end of one client's connection, on the link's thread: lines in, lines and descriptors out. Never blocks. A client that sends what makes no sense, or that does not read what
/// it is sent, is dropped.
/// </summary>
internal sealed class LinkConnection : IDisposable
{
    /// <summary>Bytes that may wait to be sent: a client's answers, while it does not read them.</summary>
    public const int MaxUnsentBytes = 4 << 20;

    /// <summary>Descriptors that may wait for the line that they belong to.</summary>
    private const int MaxWaitingFds = 4;

    private readonly Socket _socket;
    private readonly FdWatch _watch;
    private readonly ReactorTimer _deadline;
    private readonly TimeSpan _patience;
    private readonly Queue<SafeFileHandle> _fds = new();
    private readonly List<SafeFileHandle> _received = [];
    private readonly Queue<Outgoing> _unsent = new();
    private byte[] _buffer = new byte[4 << 10];
    private int _filled;
    private Outgoing? _sending;
    private int _sent;
    private int _unsentBytes;
    private byte[]? _state;
    private bool _closing;

    /// <param name="socket">Taken over.</param>
    /// <param name="patience">How long a client may take to say hello, and to read anything of what waits for it.</param>
    public LinkConnection(Reactor reactor, Socket socket, TimeSpan patience)
    {
        (_socket, _patience) = (socket, patience);
        socket.Blocking = false;
        _deadline = reactor.Timer(OnDeadline);
        _deadline.Arm(patience);
        _watch = reactor.Watch((int)socket.Handle, FdEvents.Readable, OnReady);
        var credentials = new byte[12];
        socket.GetRawSocketOption(1, 17, credentials);
        PeerPid = BitConverter.ToInt32(credentials);
    }

    /// <summary>The client's process, as the kernel knows it (unix(7), SO_PEERCRED).</summary>
    public int PeerPid { get; }

    public bool IsOpen { get; private set; } = true;

    /// <summary>What it said it is; null before its first line.</summary>
    public string? Role { get; private set; }

    /// <summary>Requests that are being worked on.</summary>
    public int Busy { get; set; }

    public Action<LinkConnection, LinkMessage>? Received { get; set; }

    /// <summary>It has ended, for the reason given; called once.</summary>
    public Action<LinkConnection, string>? Dropped { get; set; }

    /// <summary>The client has said hello and may stay.</summary>
    public void Admit(string role)
    {
        Role = role;
        _deadline.Disarm();
    }

    /// <summary>The descriptor that came with a line; null when there was none. The caller owns it.</summary>
    public SafeFileHandle? TakeDescriptor() => _fds.TryDequeue(out SafeFileHandle? fd) ? fd : null;

    /// <summary>Sends a message after those that wait already.</summary>
    /// <param name="fd">Goes with it; taken over.</param>
    public void Send(LinkMessage message, SafeFileHandle? fd = null)
    {
        if (!IsOpen || _closing)
        {
            fd?.Dispose();
            return;
        }

        byte[] line = Line(message);
        _unsent.Enqueue(new Outgoing(line, fd));
        _unsentBytes += line.Length;
        if (_unsentBytes > MaxUnsentBytes)
        {
            Drop($"It does not read: {_unsentBytes} bytes wait for it.");
            return;
        }

        Flush();
    }

    /// <summary>Sends the newest state when nothing else waits; one that has not been sent yet is replaced.</summary>
    public void SendState(byte[] line)
    {
        if (IsOpen && !_closing)
        {
            _state = line;
            Flush();
        }
    }

    /// <summary>Sends a last message and closes.</summary>
    public void Refuse(string why)
    {
        Send(new Answer(0, false) { Error = why });
        _closing = true;
        if (_sending is null && _unsent.Count == 0)
        {
            Drop(why);
        }
    }

    /// <summary>A message as it goes over the link.</summary>
    public static byte[] Line(LinkMessage message)
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(message, ControlJson.Default.LinkMessage);
        Array.Resize(ref json, json.Length + 1);
        json[^1] = (byte)'\n';
        return json;
    }

    public void Drop(string why)
    {
        if (!IsOpen)
        {
            return;
        }

        IsOpen = false;
        _watch.Dispose();
        _deadline.Dispose();
        _socket.Dispose();
        _received.ForEach(_fds.Enqueue);
        while (_fds.TryDequeue(out SafeFileHandle? fd))
        {
            fd.Dispose();
        }

        _sending?.Fd?.Dispose();
        while (_unsent.TryDequeue(out Outgoing? outgoing))
        {
            outgoing.Fd?.Dispose();
        }

        Dropped?.Invoke(this, why);
    }

    /// <summary>Notices now what the event loop would notice soon: lines that have come, and the end.</summary>
    public void Poll() => OnReady(FdEvents.Readable);

    private void OnReady(FdEvents events)
    {
        try
        {
            if ((events & FdEvents.Writable) != 0)
            {
                Flush();
            }

            if (IsOpen && (events & (FdEvents.Readable | FdEvents.Closed)) != 0)
            {
                Read();
            }
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            Drop($"The connection broke: {e.Message}");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidDataException)
        {
            Drop($"It sent what is no message of the link: {e.Message}");
        }
    }

    private void OnDeadline() => Drop(Role is null
        ? $"It did not say hello within {_patience.TotalSeconds:0.#} s."
        : $"It has read nothing for {_patience.TotalSeconds:0.#} s although {_unsentBytes + (_state?.Length ?? 0)} bytes wait for it.");

    /// <summary>One read a turn, so that a client that sends without end leaves time for the others.</summary>
    private void Read()
    {
        if (_filled == _buffer.Length)
        {
            if (_filled >= LinkMessage.MaxLineBytes)
            {
                throw new InvalidDataException($"a line of more than {LinkMessage.MaxLineBytes} bytes");
            }

            Array.Resize(ref _buffer, Math.Min(_buffer.Length * 4, LinkMessage.MaxLineBytes));
        }

        int n = FdPassing.Receive(_socket.SafeHandle, _buffer.AsSpan(_filled), _received, wait: false);
        _received.ForEach(_fds.Enqueue);
        _received.Clear();
        if (_fds.Count > MaxWaitingFds)
        {
            throw new InvalidDataException($"more than {MaxWaitingFds} descriptors that no line asks for");
        }

        if (n == 0)
        {
            Drop("It has ended.");
        }
        else if (n > 0)
        {
            _filled += n;
            TakeLines();
        }
    }

    private void TakeLines()
    {
        int start = 0;
        int length;
        while (IsOpen && !_closing && (length = _buffer.AsSpan(start, _filled - start).IndexOf((byte)'\n')) >= 0)
        {
            LinkMessage? message = JsonSerializer.Deserialize(_buffer.AsSpan(start, length), ControlJson.Default.LinkMessage);
            start += length + 1;
            Received?.Invoke(this, message ?? throw new InvalidDataException("null in place of a message"));
        }

        _buffer.AsSpan(start, _filled - start).CopyTo(_buffer);
        _filled -= start;
    }

    private void Flush()
    {
        bool progress = false;
        try
        {
            while (Next() is { } next)
            {
                ReadOnlySpan<int> fds = next.Fd is { } fd && _sent == 0 ? [(int)fd.DangerousGetHandle()] : [];
                int n = FdPassing.Send(_socket.SafeHandle, next.Line.AsSpan(_sent), fds);
                _sent += n;
                progress |= n > 0;
                if (_sent < next.Line.Length)
                {
                    break;
                }

                next.Fd?.Dispose();
                _unsentBytes -= next.Line.Length;
                (_sending, _sent) = (null, 0);
            }
        }
        catch (IOException e)
        {
            Drop($"The connection broke: {e.Message}");
            return;
        }

        AfterFlush(progress);
    }

    private void AfterFlush(bool progress)
    {
        if (_sending is null)
        {
            if (_closing)
            {
                Drop("It was refused.");
                return;
            }

            if (Role is not null)
            {
                _deadline.Disarm();
            }
        }
        else if (progress || _deadline.Deadline is null)
        {
            _deadline.Arm(_patience);
        }

        _watch.Change(_sending is null ? FdEvents.Readable : FdEvents.Readable | FdEvents.Writable);
    }

    private Outgoing? Next()
    {
        if (_sending is null && !_unsent.TryDequeue(out _sending) && _state is { } state)
        {
            _sending = new Outgoing(state, null);
            _unsentBytes += state.Length;
            _state = null;
        }

        return _sending;
    }

    public void Dispose() => Drop("The daemon ends.");

    /// <summary>A line on its way, with what goes along.</summary>
    private sealed record Outgoing(byte[] Line, SafeFileHandle? Fd);
}
