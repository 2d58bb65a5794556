using System.Net.Sockets;
using Hyperspace.Daemon;
using Hyperspace.Linux.Reactor;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Link;

/// <summary>
/// The daemon's side of the link: one thread with an event loop that serves the seat and the consoles. It tells all of them every change, does what they ask of the fleet, and passes on
/// to the seat what users of the control API ask of it. What takes long happens on the thread pool; no client can hold up another, nor the daemon.
/// </summary>
internal sealed class LinkServer : ISeatControl, IDisposable
{
    /// <summary>Connections at a time.</summary>
    public const int MaxClients = 32;

    /// <summary>The shortest time between two states to the same client: many changes at once become one.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(20);

    private readonly Reactor _reactor = new();
    private readonly Thread _thread;
    private readonly Lock _posting = new();
    private readonly Socket _listener;
    private readonly StatusBoard _board;
    private readonly LinkRequests _requests;
    private readonly SeatCommands _commands = new();
    private readonly string _version;
    private readonly TimeSpan _patience;
    private readonly FdWatch _watch;
    private readonly ReactorTimer _settled;
    private readonly List<LinkConnection> _clients = [];
    private LinkConnection? _seat;
    private long _lastState;
    private int _changes;
    private bool _ended;

    /// <param name="listener">Listens already; taken over.</param>
    /// <param name="version">This program's; clients of another one are refused.</param>
    /// <param name="policy">Null in a daemon that knows nothing of brightness.</param>
    /// <param name="power">Gets the power and sleep keys of the seat's keyboards; null in a daemon that knows of none.</param>
    /// <param name="patience">How long a client may take to say hello, and to read anything of what waits for it.</param>
    public LinkServer(Socket listener, IFleet fleet, StatusBoard board, string version, TimeSpan patience, IPolicyDesk? policy = null, IPowerDesk? power = null)
    {
        (_listener, _board, _version, _patience) = (listener, board, version, patience);
        _requests = new LinkRequests(fleet, policy, power ?? new NoPowerDesk(), Post);
        listener.Blocking = false;
        _watch = _reactor.Watch((int)listener.Handle, FdEvents.Readable, _ => Accept());
        _settled = _reactor.Timer(SendState);
        board.Changed += OnChanged;
        _thread = new Thread(_reactor.Run, maxStackSize: 512 << 10) { Name = "link", IsBackground = true };
        _thread.Start();
    }

    public async Task<SeatAnswer> AskAsync(string op, string? text, int? port, TimeSpan patience, CancellationToken cancel)
    {
        var asked = new PendingCommand();
        if (!Post(() => Ask(asked, op, text, port)))
        {
            throw new SeatException(SeatFailure.Gone, "The daemon is ending.");
        }

        try
        {
            return await asked.Answer.WaitAsync(patience, cancel);
        }
        catch (TimeoutException)
        {
            throw new SeatException(SeatFailure.Silent, $"The seat has not answered within {patience.TotalSeconds:0.#} s; whether it did what it was asked is not known.");
        }
        finally
        {
            Post(() => _commands.Forget(asked));
        }
    }

    private void Ask(PendingCommand asked, string op, string? text, int? port)
    {
        if (_seat is { } seat)
        {
            seat.Send(_commands.Begin(asked, op, text, port));
        }
        else
        {
            asked.Fail(SeatFailure.Gone, "No seat is connected. Start one with `hyperspace run`, or without a screen with `hyperspace seat --output headless`.");
        }
    }

    /// <summary>Runs an action on the link's thread; false when there is none any more.</summary>
    private bool Post(Action action)
    {
        lock (_posting)
        {
            if (!_ended)
            {
                _reactor.Post(action);
            }

            return !_ended;
        }
    }

    private void Accept()
    {
        try
        {
            while (true)
            {
                Socket socket = _listener.Accept();
                if (_clients.Count >= MaxClients)
                {
                    socket.Dispose();
                    continue;
                }

                var client = new LinkConnection(_reactor, socket, _patience) { Received = OnReceived, Dropped = OnDropped };
                _clients.Add(client);
            }
        }
        catch (SocketException)
        {
            // Nobody else waits, or who waited has gone.
        }
    }

    private void OnReceived(LinkConnection client, LinkMessage untrusted)
    {
        switch (untrusted)
        {
            case Hello hello when client.Role is null:
                Greet(client, hello);
                break;
            case var _ when client.Role is null:
                client.Drop("Its first line was no hello.");
                break;
            case SeatChanged changed when client == _seat && SeatCommands.Problem(changed.Seat) is var problem:
                if (problem is not null)
                {
                    client.Drop(problem);
                    break;
                }

                _board.Seat = changed.Seat;
                break;
            case Answer answer when client == _seat:
                TakeAnswer(client, answer);
                break;
            case VmRequest or LogRequest or MoveRequest or DisplayRequest or AgentRequest or BrightnessKey or PowerKey:
                _requests.Do(client, untrusted);
                break;
            default:
                client.Drop($"A {client.Role} does not send {untrusted.GetType().Name}.");
                break;
        }
    }

    private void Greet(LinkConnection client, Hello hello)
    {
        if (hello.Role is not ("seat" or "console"))
        {
            client.Refuse($"The daemon does not know the role \"{hello.Role}\"; expected seat or console.");
            return;
        }

        if (hello.Version != _version)
        {
            client.Refuse($"This {hello.Role} is version {hello.Version} and the daemon that runs is version {_version}. End the daemon and start it again; running VMs go on meanwhile.");
            return;
        }

        // One that died a moment ago may not have been noticed yet.
        if (hello.Role == "seat")
        {
            _seat?.Poll();
        }

        if (hello.Role == "seat" && _seat is { } other)
        {
            client.Refuse($"A seat is connected already (process {other.PeerPid}); there can be one at a time. Leave that one first.");
            return;
        }

        client.Admit(hello.Role);
        _seat = hello.Role == "seat" ? client : _seat;
        client.SendState(LinkConnection.Line(new StateChanged(_board.Current)));
    }

    private void TakeAnswer(LinkConnection client, Answer answer)
    {
        SafeFileHandle? picture = answer.Screenshot is null ? null : client.TakeDescriptor();
        if (answer.Screenshot is not null && picture is null)
        {
            client.Drop("It announced a picture without its descriptor.");
        }
        else if (SeatCommands.Problem(answer.Seat) is { } problem && answer.Seat is not null)
        {
            picture?.Dispose();
            client.Drop(problem);
        }
        else
        {
            _commands.Finish(answer, picture);
        }
    }

    private void OnDropped(LinkConnection client, string why)
    {
        _clients.Remove(client);
        if (client == _seat)
        {
            _seat = null;
            _commands.FailAll($"The seat's connection ended before it answered. {why}");
            _board.Seat = null;
        }

        if (why is not ("It has ended." or "It was refused." or "The daemon ends."))
        {
            Console.Error.WriteLine($"hyperspace: the {client.Role ?? "client"} of process {client.PeerPid} was dropped. {why}");
        }
    }

    /// <summary>The seat knows best what it shows: only the others are told.</summary>
    private void OnChanged(BoardChange change)
    {
        int bit = change == BoardChange.Fleet ? 1 : 2;
        if ((Interlocked.Or(ref _changes, bit) & bit) == 0)
        {
            Post(() =>
            {
                long due = _lastState + Settle.Ticks * 100;
                if (_settled.Deadline is null)
                {
                    _settled.ArmAt(Math.Max(due, Reactor.Now));
                }
            });
        }
    }

    private void SendState()
    {
        bool fleet = (Interlocked.Exchange(ref _changes, 0) & 1) != 0;
        _lastState = Reactor.Now;
        LinkConnection[] readers = [.. _clients.Where(c => c.Role is not null && (fleet || c != _seat))];
        if (readers.Length > 0)
        {
            byte[] line = LinkConnection.Line(new StateChanged(_board.Current));
            Array.ForEach(readers, reader => reader.SendState(line));
        }
    }

    /// <summary>Ends the link; clients see the daemon's end and wait for the next one.</summary>
    public void Dispose()
    {
        _board.Changed -= OnChanged;
        lock (_posting)
        {
            _ended = true;
        }

        _reactor.Stop();
        _thread.Join();
        _watch.Dispose();
        _listener.Dispose();
        foreach (LinkConnection client in _clients.ToArray())
        {
            client.Dispose();
        }

        _commands.FailAll("The daemon ends.");
        _reactor.Dispose();
    }
}
