using System.Buffers.Binary;
using Hyperspace.Linux;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sockets;
using Hyperspace.Protocols.SpiceAgent;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Seat.Clipboard;

/// <summary>
/// One guest's clipboard agent (an unmodified spice-vdagent) over its channel. It is told only what the user's gesture offers it, and what it says without having been asked is thrown away. A
/// guest that writes nonsense, or does not read, loses the channel for a while.
/// </summary>
public sealed class GuestAgent : IDisposable
{
    /// <summary>Bytes that may wait for a guest that does not read: two texts.</summary>
    private const int MaxUnsent = 4 * AgentFormat.MaxText;

    private readonly Reactor _reactor;
    private readonly SafeFileHandle _socket;
    private readonly FdWatch _watch;
    private readonly AgentReader _reader;
    private readonly Action<GuestAgent, string> _closed;
    private readonly List<SafeFileHandle> _fds = [];
    private readonly Queue<byte[]> _unsent = new();
    private readonly byte[] _buffer = new byte[16 << 10];
    private int _sentOfFirst;
    private int _unsentBytes;
    private AgentCapabilities _capabilities;
    private Answered? _wanted;
    private byte[]? _offered;
    private bool _disposed;

    /// <summary>Gets the text that was asked for; null with a reason, as part of a sentence that begins with the VM's label.</summary>
    public delegate void Answered(ReadOnlySpan<byte> untrustedText, string? problem);

    /// <param name="socket">The host's end of the channel; taken over.</param>
    /// <param name="closed">Called once with why, when the channel has ended by itself.</param>
    public GuestAgent(Reactor reactor, string vm, int generation, SafeFileHandle socket, Action<GuestAgent, string> closed)
    {
        (_reactor, Vm, Generation, _socket, _closed) = (reactor, vm, generation, socket, closed);
        _reader = new AgentReader(OnMessage);
        _watch = reactor.Watch((int)socket.DangerousGetHandle(), FdEvents.Readable, OnReady);
        Announce(ask: true);
    }

    public string Vm { get; }

    public int Generation { get; }

    /// <summary>An agent has introduced itself.</summary>
    public bool IsThere => (_capabilities & AgentCapabilities.ClipboardByDemand) != 0;

    /// <summary>The guest's clipboard holds text, as the agent says.</summary>
    public bool HasText { get; private set; }

    /// <summary>Asks for the text; for the user's gesture alone.</summary>
    public void Ask(Answered answered)
    {
        _wanted = answered;
        Send(AgentMessageType.ClipboardRequest, AgentFormat.KindText);
    }

    /// <summary>An answer that still comes is thrown away.</summary>
    public void AskNoMore() => _wanted = null;

    /// <summary>The guest may have this text until <see cref="Withdraw"/>.</summary>
    /// <param name="text">Kept and cleared at the end.</param>
    public void Offer(byte[] text)
    {
        Withdraw();
        _offered = text;
        HasText = false;
        Send(AgentMessageType.ClipboardGrab, AgentFormat.KindText);
    }

    public bool IsOffering => _offered is not null;

    /// <summary>The guest has been given the text that is offered.</summary>
    public Action? Given { get; set; }

    /// <summary>The text is forgotten here, and the guest is told that it cannot be had any more.</summary>
    public void Withdraw()
    {
        if (_offered is not null)
        {
            Forget();
            Send(AgentMessageType.ClipboardRelease);
        }
    }

    private void Forget()
    {
        Array.Clear(_offered ?? []);
        _offered = null;
    }

    private void OnMessage(AgentMessageType type, ReadOnlySpan<byte> untrustedBody, bool tooLong)
    {
        if (type == AgentMessageType.AnnounceCapabilities)
        {
            OnCapabilities(untrustedBody);
            return;
        }

        // A message about another selection, the mouse's for one, is none of ours.
        ReadOnlySpan<byte> body = untrustedBody;
        if ((_capabilities & AgentCapabilities.ClipboardSelection) != 0 && !tooLong)
        {
            if (body.Length < 4 || body[0] != 0)
            {
                return;
            }

            body = body[4..];
        }

        switch (type)
        {
            case AgentMessageType.ClipboardGrab:
                OnGrab(body);
                break;
            case AgentMessageType.ClipboardRelease:
                HasText = false;
                break;
            case AgentMessageType.ClipboardRequest when body.Length >= 4:
                OnRequest(BinaryPrimitives.ReadUInt32LittleEndian(body));
                break;
            case AgentMessageType.Clipboard:
                OnText(body, tooLong);
                break;
        }
    }

    private void OnCapabilities(ReadOnlySpan<byte> body)
    {
        if (body.Length < 8)
        {
            throw new InvalidDataException("The agent announced nothing.");
        }

        // An agent that has started anew knows of no earlier offer.
        HasText = false;
        _capabilities = (AgentCapabilities)BinaryPrimitives.ReadUInt32LittleEndian(body[4..]);
        if (BinaryPrimitives.ReadUInt32LittleEndian(body) != 0)
        {
            Announce(ask: false);
        }
    }

    private void OnGrab(ReadOnlySpan<byte> kinds)
    {
        HasText = false;
        for (; kinds.Length >= 4; kinds = kinds[4..])
        {
            HasText |= BinaryPrimitives.ReadUInt32LittleEndian(kinds) == AgentFormat.KindText;
        }

        // Somebody copied something else in the guest: what was offered is not its clipboard any more.
        Forget();
    }

    private void OnRequest(uint kind)
    {
        byte[] text = kind == AgentFormat.KindText && _offered is not null ? _offered : [];
        byte[] lines = (_capabilities & AgentCapabilities.LineEndCrLf) != 0 ? ClipboardText.WithCrLf(text) : text;
        int selection = SelectionBytes;
        var body = new byte[selection + 4 + lines.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(selection), text.Length > 0 ? AgentFormat.KindText : AgentFormat.KindNone);
        lines.CopyTo(body.AsSpan(selection + 4));
        Enqueue(AgentFormat.Write(AgentMessageType.Clipboard, body.AsSpan()));
        Array.Clear(body);
        if (text.Length > 0)
        {
            Given?.Invoke();
        }
    }

    private void OnText(ReadOnlySpan<byte> body, bool tooLong)
    {
        if (_wanted is not { } answered)
        {
            return;
        }

        _wanted = null;
        if (tooLong)
        {
            answered(default, $"has more than {AgentFormat.MaxText >> 10} KiB in its clipboard, which is too much to carry");
        }
        else if (body.Length < 4 || BinaryPrimitives.ReadUInt32LittleEndian(body) != AgentFormat.KindText)
        {
            answered(default, "has no text in its clipboard");
        }
        else
        {
            answered(body[4..], null);
        }
    }

    private int SelectionBytes => (_capabilities & AgentCapabilities.ClipboardSelection) != 0 ? 4 : 0;

    private void Announce(bool ask) => Enqueue(AgentFormat.Write(
        AgentMessageType.AnnounceCapabilities, ask ? 1u : 0u, (uint)(AgentCapabilities.ClipboardByDemand | AgentCapabilities.ClipboardSelection)));

    /// <summary>A message about the clipboard, with its selection where the agent knows of them.</summary>
    private void Send(AgentMessageType type, params ReadOnlySpan<uint> words)
    {
        uint[] all = SelectionBytes == 0 ? words.ToArray() : [0, .. words];
        Enqueue(AgentFormat.Write(type, all.AsSpan()));
    }

    private void Enqueue(byte[] bytes)
    {
        if (_disposed)
        {
            return;
        }

        if (_unsentBytes + bytes.Length > MaxUnsent)
        {
            // Not from here: whoever called is in the middle of a gesture.
            _reactor.Post(() => Close("it does not read what it is sent"));
            return;
        }

        _unsent.Enqueue(bytes);
        _unsentBytes += bytes.Length;
        Flush();
    }

    private void Flush()
    {
        try
        {
            while (!_disposed && _unsent.TryPeek(out byte[]? bytes))
            {
                _sentOfFirst += FdPassing.Send(_socket, bytes.AsSpan(_sentOfFirst), default);
                if (_sentOfFirst < bytes.Length)
                {
                    break;
                }

                Array.Clear(bytes);
                _unsentBytes -= bytes.Length;
                _unsent.Dequeue();
                _sentOfFirst = 0;
            }

            _watch.Change(_unsent.Count > 0 ? FdEvents.Readable | FdEvents.Writable : FdEvents.Readable);
        }
        catch (LinuxException)
        {
            // Reading finds out, and tells.
        }
    }

    private void OnReady(FdEvents events)
    {
        try
        {
            if ((events & FdEvents.Writable) != 0)
            {
                Flush();
            }

            // One buffer a turn: a guest that writes without end must not keep the seat from its other work.
            int n = FdPassing.Receive(_socket, _buffer, _fds, wait: false);
            _fds.ForEach(fd => fd.Dispose());
            _fds.Clear();
            if (n == 0)
            {
                Close("its channel has ended");
            }
            else if (n > 0)
            {
                _reader.Take(_buffer.AsSpan(0, n));
                _buffer.AsSpan(0, n).Clear();
            }
        }
        catch (Exception e) when (e is InvalidDataException or LinuxException)
        {
            Close(e.Message);
        }
    }

    private void Close(string why)
    {
        if (!_disposed)
        {
            Answered? answered = _wanted;
            Dispose();
            answered?.Invoke(default, "did not hand over its text");
            _closed(this, why);
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Forget();
            foreach (byte[] bytes in _unsent)
            {
                Array.Clear(bytes);
            }

            _watch.Dispose();
            _socket.Dispose();
        }
    }
}
