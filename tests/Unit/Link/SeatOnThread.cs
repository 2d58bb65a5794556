using Hyperspace.Linux.Reactor;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Seat.Link;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Unit.Link;

/// <summary>The real client of the link on a thread of its own, with a script in place of a screen.</summary>
internal sealed class SeatOnThread : IDisposable
{
    private readonly Reactor _reactor = new();
    private readonly Thread _thread;
    private readonly DaemonLink _link;
    private int _states;

    /// <param name="role"><c>seat</c> or <c>console</c>.</param>
    public SeatOnThread(string socket, string role = "seat", string? version = null)
    {
        _link = new DaemonLink(_reactor, socket, role, version ?? ProductVersion.Text);
        _link.Changed = () => Interlocked.Increment(ref _states);
        _link.Refused = why => Refusal = why;
        _link.Command = command => Command(command);
        _link.Display = (offer, fd) => Displays.Add((offer, fd));
        _link.Agent = (offer, fd) => Agents.Add((offer, fd));
        _thread = new Thread(_reactor.Run) { IsBackground = true };
        _thread.Start();
    }

    /// <summary>What is done with a command; on the seat's thread. The default answers with <see cref="Status"/>.</summary>
    public Action<SeatCommand> Command { get => field ??= Answer; set; }

    public SeatStatus Status { get; set; } = new(0, null, "headless", 1280, 800, [], 0, null, [new SeatPort(0, null, "Console", "#ffffff", "console", 1280, 776, 1)]);

    public List<(DisplayOffer Offer, SafeFileHandle Fd)> Displays { get; } = [];

    public List<(AgentOffer Offer, SafeFileHandle Fd)> Agents { get; } = [];

    public string? Refusal { get; private set; }

    public Snapshot? Snapshot => _link.Snapshot;

    public bool IsConnected => _link.IsConnected;

    /// <summary>How often it was told something new.</summary>
    public int States => Volatile.Read(ref _states);

    public void Send(LinkMessage message, SafeFileHandle? fd = null) => _reactor.Post(() => _link.Send(message, fd));

    public void Answer(SeatCommand command) => _link.Send(new Answer(command.Id, true) { Seat = Status with { Port = command.Port ?? Status.Port } });

    /// <summary>Answers a command with a descriptor; on the seat's thread.</summary>
    public void Answer(Answer answer, SafeFileHandle? fd) => _link.Send(answer, fd);

    public Task<Answer> RequestAsync(Func<long, LinkMessage> make)
    {
        var done = new TaskCompletionSource<Answer>(TaskCreationOptions.RunContinuationsAsynchronously);
        _reactor.Post(() => _link.Request(make, done.SetResult));
        return done.Task;
    }

    /// <summary>Dies as a process does: without a word.</summary>
    public void Dispose()
    {
        _reactor.Stop();
        _thread.Join();
        _link.Dispose();
        Displays.ForEach(display => display.Fd.Dispose());
        Agents.ForEach(agent => agent.Fd.Dispose());
        _reactor.Dispose();
    }
}
