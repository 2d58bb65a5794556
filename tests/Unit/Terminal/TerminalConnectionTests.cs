using System.Diagnostics;
using System.Text;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Terminal;
using Hyperspace.Protocols.Terminal;
using Hyperspace.Seat.Terminals;

namespace Hyperspace.Tests.Unit.Terminal;

/// <summary>A terminal behind a real pseudo-terminal, which reads as much as the test lets it.</summary>
internal sealed class PtyTerminal : IDisposable
{
    private readonly byte[] _buffer = new byte[64 << 10];

    public PtyTerminal(int columns = 80, int rows = 25)
    {
        Pty = new Pty(columns, rows);
        Screen = new VtScreen(columns, rows);
        Before = Stty();
    }

    public Pty Pty { get; }
    public VtScreen Screen { get; }
    public string Before { get; }

    /// <summary>Whether it answers DSR 5.</summary>
    public bool Answers { get; set; } = true;

    private int _answered;

    /// <summary>Reads at most that many bytes.</summary>
    /// <returns>Bytes read.</returns>
    public int Drain(int atMost = int.MaxValue)
    {
        int total = 0;
        while (total < atMost)
        {
            int n = Pty.Read(_buffer.AsSpan(0, Math.Min(_buffer.Length, atMost - total)));
            if (n <= 0)
            {
                break;
            }

            Screen.Feed(_buffer.AsSpan(0, n));
            total += n;
        }

        for (; Answers && _answered < Screen.StatusAsked; _answered++)
        {
            Send("\u001b[0n");
        }

        return total;
    }

    public void Send(string bytes) => Pty.Write(Encoding.UTF8.GetBytes(bytes));

    /// <summary>The settings as coreutils' stty says them.</summary>
    public string Stty()
    {
        using var stty = Process.Start(new ProcessStartInfo("stty", ["-F", Pty.Path, "-g"]) { RedirectStandardOutput = true })!;
        string text = stty.StandardOutput.ReadToEnd().Trim();
        stty.WaitForExit();
        return text;
    }

    public void Dispose() => Pty.Dispose();
}

public sealed class TerminalConnectionTests : IDisposable
{
    private readonly Reactor _reactor = new();
    private readonly PtyTerminal _terminal = new();

    private TerminalConnection Open(bool mouse = true) => new(_reactor, TerminalDevice.Open(_terminal.Pty.Path), mouse);

    /// <summary>Runs the reactor, and the terminal unless it is to be slow, until the condition holds.</summary>
    private void Until(Func<bool> condition, int drain = int.MaxValue)
    {
        for (int i = 0; i < 2000 && !condition(); i++)
        {
            _terminal.Drain(drain);
            _reactor.RunOnce(TimeSpan.FromMilliseconds(5));
        }

        Assert.True(condition());
    }

    [Fact]
    public void The_settings_are_those_that_stty_says() =>
        Assert.Equal(_terminal.Before, TerminalDevice.Open(_terminal.Pty.Path).Saved.ToStty());

    [Fact]
    public void Everything_is_switched_on_and_off_again()
    {
        TerminalConnection connection = Open();
        Until(() => _terminal.Screen.AttributesAsked);
        Assert.Superset(new HashSet<int> { 1049, 1003, 1006, 1004, 2004 }, _terminal.Screen.Modes);
        Assert.DoesNotContain(25, _terminal.Screen.Modes);
        Assert.Equal(1, _terminal.Screen.KeyboardPushes);
        Assert.NotEqual(_terminal.Before, _terminal.Stty());
        connection.Dispose();
        connection.Dispose();
        _terminal.Drain();
        Assert.Equal([7, 25], _terminal.Screen.Modes.Order());
        Assert.Equal(0, _terminal.Screen.KeyboardPushes);
        Assert.Equal(_terminal.Before, _terminal.Stty());
    }

    [Fact]
    public void A_crash_is_cleaned_up_by_the_guardian()
    {
        using var device = TerminalDevice.Open(_terminal.Pty.Path);
        var guardian = TerminalGuardian.Start(device, TerminalModes.Leave);
        device.MakeRaw();
        device.Write(Encoding.ASCII.GetBytes(TerminalModes.Enter + TerminalModes.MouseOn + "\u001bPq cut off"));
        Assert.NotEqual(_terminal.Before, _terminal.Stty());
        guardian.Abandon();
        _terminal.Drain();
        Assert.Equal(_terminal.Before, _terminal.Stty());
        Assert.Equal([7, 25], _terminal.Screen.Modes.Order());
        Assert.Equal(0, _terminal.Screen.KeyboardPushes);
    }

    [Fact]
    public void A_guardian_that_is_dismissed_touches_nothing()
    {
        using var device = TerminalDevice.Open(_terminal.Pty.Path);
        var guardian = TerminalGuardian.Start(device, TerminalModes.Leave);
        device.MakeRaw();
        string raw = _terminal.Stty();
        guardian.Dispose();
        Assert.Equal(0, _terminal.Drain());
        Assert.Equal(raw, _terminal.Stty());
    }

    [Fact]
    public void Answers_are_taken_whenever_they_come()
    {
        using TerminalConnection connection = Open();
        int changed = 0;
        connection.Changed = () => changed++;
        _terminal.Send("\u001b[?15u\u001bP>|foot(1.16)\u001b\\\u001b[6;20;10t\u001b[?1016;2$y\u001b_Gi=4242;OK\u001b\\\u001b[?62;4;22c");
        connection.Probe(TimeSpan.FromSeconds(5));
        Assert.True(connection.HasSixel && connection.HasKittyGraphics && connection.ReportsReleases);
        Assert.Equal("foot(1.16)", connection.Name);
        Assert.Equal((10, 20), connection.CellPixels);
        Assert.True(changed > 0);
        Assert.Equal((800, 500), connection.MouseExtent);
        Until(() => _terminal.Screen.Modes.Contains(1016));
    }

    [Fact]
    public void A_lone_Esc_is_a_key_after_a_moment_and_one_that_begins_a_sequence_is_not()
    {
        using TerminalConnection connection = Open();
        var events = new RecordingTerminalEvents();
        connection.Input = events;
        _terminal.Send("\u001b");
        Until(() => events.Text == "t:27");
        _terminal.Send("\u001b[A");
        Until(() => events.Text == "t:27 k:57352");
    }

    [Fact]
    public void A_slow_terminal_gets_no_new_frame_until_it_has_taken_the_last_ones_and_misses_no_byte()
    {
        using TerminalConnection connection = Open();
        Until(() => _terminal.Screen.StatusAsked == 1);
        Until(() => connection.IsReady);
        int again = 0;
        connection.ReadyAgain = () => again++;
        byte[] frame = Encoding.ASCII.GetBytes("\u001b[1;1H" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"\u001b[{i % 25 + 1};1H{i:00000}")));
        connection.SendFrame(frame);
        Assert.False(connection.IsReady);
        for (int i = 0; i < 200; i++)
        {
            _terminal.Drain(100);
            _reactor.RunOnce(TimeSpan.Zero);
        }

        // 20 kB of more than 200 kB: the rest waits here, and nobody was blocked.
        Assert.False(connection.IsReady);
        Assert.Equal(0, again);
        Until(() => connection.IsReady, drain: 4096);
        Assert.Equal(1, again);
        Until(() => _terminal.Screen.StatusAsked == 2);
        Assert.Equal("19999", _terminal.Screen.TextOf(19999 % 25));
    }

    [Fact]
    public void Frames_wait_for_the_answers_of_those_before()
    {
        using TerminalConnection connection = Open();
        Until(() => _terminal.Screen.StatusAsked == 1);
        Until(() => connection.IsReady);
        _reactor.RunOnce(TimeSpan.FromMilliseconds(50));
        _terminal.Answers = false;
        for (int i = 0; i < TerminalConnection.MaxFramesUnderWay; i++)
        {
            Assert.True(connection.IsReady);
            connection.SendFrame("\u001b[1;1Hx"u8);
        }

        Until(() => _terminal.Screen.StatusAsked == 1 + TerminalConnection.MaxFramesUnderWay);
        Assert.False(connection.IsReady);
        _terminal.Answers = true;
        Until(() => connection.IsReady);
    }

    [Fact]
    public void A_terminal_that_never_answers_gets_its_frames_too()
    {
        _terminal.Answers = false;
        using TerminalConnection connection = Open();
        connection.Probe(TimeSpan.FromMilliseconds(20));
        for (int i = 0; i < 5; i++)
        {
            Until(() => connection.IsReady);
            connection.SendFrame(Encoding.ASCII.GetBytes($"\u001b[1;1H{i}"));
        }

        Until(() => _terminal.Screen.TextOf(0) == "4");
    }

    [Fact]
    public void A_terminal_that_hangs_up_is_gone_and_its_keyboard_is_lost()
    {
        using TerminalConnection connection = Open();
        var events = new RecordingTerminalEvents();
        bool gone = false;
        connection.Input = events;
        connection.Gone = () => gone = true;
        _terminal.Dispose();
        for (int i = 0; i < 200 && !gone; i++)
        {
            _reactor.RunOnce(TimeSpan.FromMilliseconds(5));
        }

        Assert.True(gone);
        Assert.Equal("out", events.Text);
        Assert.False(connection.IsReady);
        connection.SendFrame("x"u8);
    }

    [Fact]
    public void A_new_size_is_told_and_an_unknown_one_is_80x24()
    {
        using TerminalConnection connection = Open();
        Assert.Equal((80, 25), connection.Size);
        int changed = 0;
        connection.Changed = () => changed++;
        _terminal.Pty.Resize(132, 43);
        connection.WindowChanged();
        connection.WindowChanged();
        Until(() => changed > 0);
        Assert.Equal((132, 43), connection.Size);
        Assert.Equal(1, changed);
        _terminal.Pty.Resize(0, 0);
        connection.WindowChanged();
        Until(() => changed > 1);
        Assert.Equal((80, 24), connection.Size);
    }

    [Fact]
    public void After_a_continue_everything_is_switched_on_again_and_drawn_anew()
    {
        using TerminalConnection connection = Open();
        Until(() => _terminal.Screen.AttributesAsked);
        bool lost = false;
        connection.ScreenLost = () => lost = true;
        _terminal.Screen.Modes.Clear();
        connection.Resume();
        Until(() => _terminal.Screen.Modes.Contains(1049) && lost);
        Assert.Equal(1, _terminal.Screen.KeyboardPushes);
        Assert.Contains(1003, _terminal.Screen.Modes);
    }

    public void Dispose()
    {
        _terminal.Dispose();
        _reactor.Dispose();
    }
}
