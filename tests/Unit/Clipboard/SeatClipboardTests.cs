using System.Buffers.Binary;
using System.Text;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sockets;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.SpiceAgent;
using Hyperspace.Seat;
using Hyperspace.Seat.Clipboard;
using Hyperspace.Seat.Display.Text;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Unit.Clipboard;

/// <summary>The two-step gesture against scripted agents: what goes where, and what a guest gets without the gesture, which is nothing.</summary>
public sealed class SeatClipboardTests : IDisposable
{
    private readonly Reactor _reactor = new();
    private readonly List<string> _said = [];
    private readonly SeatClipboard _clipboard;
    private readonly List<Agent> _agents = [];

    public SeatClipboardTests() => _clipboard = new SeatClipboard(_reactor, _said.Add) { PasteTime = TimeSpan.FromMinutes(1) };

    [Fact]
    public void Text_is_copied_in_one_guest_and_pasted_in_another()
    {
        Agent work = Connect("work"), lab = Connect("lab");
        work.Grab();
        Copy(work);
        Assert.Equal("asked", work.Next());
        work.Hand("hello, lab");
        Assert.Equal("copied 10 characters from Work", Said());
        Paste(lab);
        Assert.Equal("pasted into Lab: press Ctrl+V there", Said());
        Assert.Equal("grabbed 1", lab.Next());
        lab.Ask();
        Assert.Equal("text hello, lab", lab.Next());
        lab.Ask();
        Assert.Equal("text hello, lab", lab.Next());
        Assert.False(_clipboard.IsHolding);
    }

    [Fact]
    public void A_guest_that_grabs_asks_and_hands_over_text_without_the_gesture_gets_and_gives_nothing()
    {
        Agent work = Connect("work"), lab = Connect("lab");
        work.Grab();
        work.Hand("unasked");
        lab.Ask();
        Assert.Equal("nothing", lab.Next());
        Assert.False(_clipboard.IsHolding);
        Copy(work);
        Assert.Equal("asked", work.Next());
        lab.Ask();
        Assert.Equal("nothing", lab.Next());
        work.Hand("secret");
        Assert.Contains("copied 6", Said(), StringComparison.Ordinal);
        lab.Ask();
        Assert.Equal("nothing", lab.Next());
    }

    [Fact]
    public void What_was_pasted_in_one_guest_is_for_no_other_one()
    {
        Agent work = Connect("work"), lab = Connect("lab"), mail = Connect("mail");
        Carry(work, "secret");
        Paste(lab);
        Said();
        Paste(mail);
        Assert.StartsWith("Nothing has been copied", Said(), StringComparison.Ordinal);
        mail.Ask();
        Assert.Equal("nothing", mail.Next());
    }

    [Fact]
    public void The_next_copy_takes_the_last_text_back()
    {
        Agent work = Connect("work"), lab = Connect("lab");
        Carry(work, "first");
        Paste(lab);
        Said();
        Assert.Equal("grabbed 1", lab.Next());
        Copy(work);
        Assert.Equal("released", lab.Next());
        lab.Ask();
        Assert.Equal("nothing", lab.Next());
    }

    [Fact]
    public void A_guest_that_copies_something_of_its_own_is_offered_nothing_any_more()
    {
        Agent work = Connect("work"), lab = Connect("lab");
        Carry(work, "text");
        Paste(lab);
        Assert.Equal("grabbed 1", lab.Next());
        lab.Grab();
        lab.Ask();
        Assert.Equal("nothing", lab.Next());
    }

    [Fact]
    public void A_text_that_nobody_pastes_is_forgotten_after_a_minute()
    {
        Agent work = Connect("work"), lab = Connect("lab");
        Assert.Equal(TimeSpan.FromMinutes(1), _clipboard.Lifetime);
        _clipboard.Lifetime = TimeSpan.FromMilliseconds(50);
        Carry(work, "secret");
        Until(() => !_clipboard.IsHolding);
        Paste(lab);
        Assert.StartsWith("Nothing has been copied, or it was a minute ago", Said(), StringComparison.Ordinal);
        lab.Ask();
        Assert.Equal("nothing", lab.Next());
    }

    [Fact]
    public void A_pasted_text_that_nobody_asks_for_is_taken_back_after_a_minute()
    {
        Agent work = Connect("work"), lab = Connect("lab");
        Carry(work, "secret");
        _clipboard.Lifetime = TimeSpan.FromMilliseconds(50);
        Paste(lab);
        Assert.Equal("grabbed 1", lab.Next());
        Assert.Equal("released", lab.Next());
        lab.Ask();
        Assert.Equal("nothing", lab.Next());
    }

    [Fact]
    public void A_pasted_text_is_for_one_paste()
    {
        Assert.Equal(TimeSpan.FromSeconds(2), new SeatClipboard(_reactor, _ => { }).PasteTime);
        Agent work = Connect("work"), lab = Connect("lab");
        Carry(work, "secret");
        _clipboard.PasteTime = TimeSpan.FromMilliseconds(50);
        Paste(lab);
        Assert.Equal("grabbed 1", lab.Next());
        lab.Ask();
        Assert.Equal("text secret", lab.Next());
        Assert.Equal("released", lab.Next());
        lab.Ask();
        Assert.Equal("nothing", lab.Next());
    }

    [Theory]
    [InlineData("in", "on", "Nothing may be copied out of Work (clipboard: in).", null)]
    [InlineData("out", "in", "copied 4 characters from Work", "pasted into Lab: press Ctrl+V there")]
    [InlineData("on", "out", "copied 4 characters from Work", "Nothing may be pasted into Lab (clipboard: out).")]
    [InlineData("on", null, "copied 4 characters from Work", "Lab has no clipboard channel (clipboard: off).")]
    public void The_definitions_say_which_ways_text_may_take(string from, string? into, string copied, string? pasted)
    {
        Agent work = Connect("work"), lab = Connect("lab");
        (work.Port, lab.Port) = (work.Port with { Clipboard = from }, lab.Port with { Clipboard = into });
        work.Grab();
        Copy(work);
        if (pasted is not null)
        {
            work.Hand("text");
        }

        Assert.Equal(copied, Said());
        if (pasted is not null)
        {
            Paste(lab);
            Assert.Equal(pasted, Said());
        }
    }

    [Fact]
    public void What_is_in_the_way_is_said()
    {
        Agent work = Connect("work"), silent = Connect("lab", announces: false);
        Copy(work);
        Assert.Equal("Work has no text in its clipboard.", Said());
        Copy(silent);
        Assert.Equal("Lab has no clipboard agent.", Said());
        _clipboard.Copy(null);
        Assert.Equal("There is no VM here to copy from.", Said());
        work.Grab();
        Copy(work);
        work.Hand("\u001b\u0007");
        Assert.Equal("Work has no text in its clipboard.", Said());
        Copy(work);
        work.Send(AgentMessageType.Clipboard, [0, 0, 0, 0, 1, 0, 0, 0, 0xFF]);
        Assert.Equal("Work has something in its clipboard that is no text.", Said());
        Copy(work);
        work.Send(AgentMessageType.Clipboard, new byte[AgentFormat.MaxBody + 1]);
        Assert.Equal("Work has more than 256 KiB in its clipboard, which is too much to carry.", Said());
        Copy(work);
        Assert.Equal("Work did not hand over its text.", Said());
    }

    [Fact]
    public void Lines_end_as_the_guest_has_them()
    {
        Agent work = Connect("work"), windows = Connect("lab", AgentCapabilities.LineEndCrLf);
        Carry(work, "a\nb\r\nc");
        Paste(windows);
        Assert.Equal("grabbed 1", windows.Next());
        windows.Ask();
        Assert.Equal("text a\r\nb\r\nc", windows.Next());
    }

    [Fact]
    public void The_longest_text_is_carried()
    {
        Agent work = Connect("work"), lab = Connect("lab");
        string text = new('x', AgentFormat.MaxText);
        Carry(work, text);
        Paste(lab);
        Assert.Equal("grabbed 1", lab.Next());
        lab.Ask();
        Assert.Equal("text " + text, lab.Next());
    }

    [Fact]
    public void A_guest_that_writes_nonsense_loses_its_channel_and_the_seat_goes_on()
    {
        Agent work = Connect("work");
        var closed = new List<string>();
        _clipboard.Closed = (vm, _) => closed.Add(vm);
        work.Write([1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
        Until(() => closed.Count == 1);
        Copy(work);
        Assert.Equal("Work has no clipboard agent.", Said());
    }

    [Fact]
    public void A_guest_that_asks_and_never_reads_loses_its_channel()
    {
        Agent work = Connect("work"), lab = Connect("lab");
        var closed = new List<string>();
        _clipboard.Closed = (vm, _) => closed.Add(vm);
        Carry(work, new string('x', AgentFormat.MaxText));
        Paste(lab);
        for (int i = 0; i < 40 && closed.Count == 0; i++)
        {
            lab.Ask();
            _reactor.RunOnce(TimeSpan.FromMilliseconds(5));
        }

        Until(() => closed.Count == 1);
        Assert.Equal(["lab"], closed);
    }

    private void Copy(Agent agent)
    {
        Settle();
        _clipboard.Copy(agent.Port);
    }

    private void Paste(Agent agent)
    {
        Settle();
        _clipboard.Paste(agent.Port);
    }

    private void Carry(Agent from, string text)
    {
        from.Grab();
        Copy(from);
        from.Hand(text);
        Assert.StartsWith("copied", Said(), StringComparison.Ordinal);
    }

    /// <summary>What the agents have written is read.</summary>
    private void Settle()
    {
        for (int i = 0; i < 5; i++)
        {
            _reactor.RunOnce(TimeSpan.FromMilliseconds(2));
        }
    }

    private string Said()
    {
        Until(() => _said.Count > 0);
        string sentence = Assert.Single(_said);
        _said.Clear();
        return sentence;
    }

    private void Until(Func<bool> condition)
    {
        long deadline = Reactor.Now + 20_000_000_000;
        while (!condition())
        {
            Assert.True(Reactor.Now < deadline, $"Waited 20 s; said: {string.Join("; ", _said)}");
            _reactor.RunOnce(TimeSpan.FromMilliseconds(20));
        }
    }

    private Agent Connect(string vm, AgentCapabilities more = AgentCapabilities.None, bool announces = true)
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = FdPassing.CreatePair(nonBlocking: true);
        var agent = new Agent(this, ours, vm, _agents.Count + 1);
        _agents.Add(agent);
        _clipboard.Attach(vm, 1, theirs);
        if (announces)
        {
            agent.SendWords(AgentMessageType.AnnounceCapabilities, 0, (uint)(AgentCapabilities.ClipboardByDemand | AgentCapabilities.ClipboardSelection | more));
            Settle();
        }

        return agent;
    }

    public void Dispose()
    {
        _clipboard.Dispose();
        _agents.ForEach(agent => agent.Dispose());
        _reactor.Dispose();
    }

    /// <summary>A guest's agent, scripted by the test.</summary>
    private sealed class Agent : IDisposable
    {
        private readonly SeatClipboardTests _test;
        private readonly SafeFileHandle _socket;
        private readonly Queue<string> _seen = new();
        private readonly AgentReader _reader;

        public Agent(SeatClipboardTests test, SafeFileHandle socket, string vm, int port)
        {
            (_test, _socket) = (test, socket);
            _reader = new AgentReader(OnMessage);
            Port = new PortInfo(port, vm, char.ToUpperInvariant(vm[0]) + vm[1..], new Rgb(0), VmState.Running, null, 1) { Clipboard = "on" };
        }

        public PortInfo Port { get; set; }

        public void Grab() => SendWords(AgentMessageType.ClipboardGrab, 0, AgentFormat.KindText);

        public void Ask() => SendWords(AgentMessageType.ClipboardRequest, 0, AgentFormat.KindText);

        public void Hand(string text) => Send(AgentMessageType.Clipboard, [0, 0, 0, 0, 1, 0, 0, 0, .. Encoding.UTF8.GetBytes(text)]);

        public void SendWords(AgentMessageType type, params ReadOnlySpan<uint> words) => Write(AgentFormat.Write(type, words));

        public void Send(AgentMessageType type, byte[] body) => Write(AgentFormat.Write(type, body.AsSpan()));

        public void Write(byte[] bytes)
        {
            for (int sent = 0; sent < bytes.Length;)
            {
                sent += FdPassing.Send(_socket, bytes.AsSpan(sent), default);
                _test._reactor.RunOnce(TimeSpan.Zero);
            }
        }

        /// <summary>What the seat says next, capabilities apart.</summary>
        public string Next()
        {
            var buffer = new byte[64 << 10];
            var fds = new List<SafeFileHandle>();
            _test.Until(() =>
            {
                int n = FdPassing.Receive(_socket, buffer, fds, wait: false);
                if (n > 0)
                {
                    _reader.Take(buffer.AsSpan(0, n));
                }

                return _seen.Count > 0;
            });
            return _seen.Dequeue();
        }

        private void OnMessage(AgentMessageType type, ReadOnlySpan<byte> body, bool tooLong)
        {
            string? what = type switch
            {
                AgentMessageType.ClipboardRequest => "asked",
                AgentMessageType.ClipboardGrab => $"grabbed {BinaryPrimitives.ReadUInt32LittleEndian(body[4..])}",
                AgentMessageType.ClipboardRelease => "released",
                AgentMessageType.Clipboard when body[4] == AgentFormat.KindText => $"text {Encoding.UTF8.GetString(body[8..])}",
                AgentMessageType.Clipboard when body.Length == 8 => "nothing",
                _ => null,
            };
            if (what is not null)
            {
                _seen.Enqueue(what);
            }
        }

        public void Dispose() => _socket.Dispose();
    }
}
