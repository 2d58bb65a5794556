using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Protocols.Terminal;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Input.Routing;
using Hyperspace.Seat.Input.Sources;
using Hyperspace.Tests.Unit.Input;

namespace Hyperspace.Tests.Unit.Terminal;

/// <summary>Writes down what a source sends, and follows which keys and buttons are down.</summary>
internal sealed class RecordingSink : IInputSink
{
    private readonly List<string> _words = [];
    private readonly Dictionary<DeviceId, KeySet> _down = [];

    public string Text => string.Join(' ', _words);
    public PointerButtons Buttons { get; private set; }

    public bool AnyKeyDown => _down.Values.Any(keys => !keys.IsEmpty);

    public void Key(in KeyEvent e)
    {
        KeySet down = _down.GetValueOrDefault(e.Device);
        _ = e.Action switch { KeyAction.Down => down.Add(e.Key), KeyAction.Up => down.Remove(e.Key), _ => false };
        _down[e.Device] = down;
        _words.Add(e.Action switch { KeyAction.Down => "+", KeyAction.Up => "-", _ => "~" } + e.Key);
    }

    public void Pointer(in PointerEvent e)
    {
        const PointerButtons wheel = PointerButtons.WheelUp | PointerButtons.WheelDown;
        Buttons = (Buttons | e.Pressed) & ~e.Released & ~wheel;
        _words.Add($"@{e.X},{e.Y}{(e.Pressed == 0 ? "" : $"[{e.Pressed}")}{(e.Released == 0 ? "" : $"]{e.Released}")}");
    }

    public void DeviceLost(DeviceId device)
    {
        _down.Remove(device);
        Buttons = PointerButtons.None;
        _words.Add($"lost{device.Value}");
    }
}

public class TerminalInputTests
{
    private const long Millisecond = 1_000_000;

    private readonly RecordingSink _sink = new();
    private readonly List<string> _notices = [];
    private readonly TerminalInput _input;
    private readonly TerminalDecoder _decoder;
    private bool _reports;
    private int _port = 1;
    private long _now = 1000 * Millisecond;

    public TerminalInputTests() : this(TimeSpan.Zero)
    {
    }

    private TerminalInputTests(TimeSpan pace)
    {
        _input = new TerminalInput(_sink, new DeviceId(1), ChordOptions.Default, () => _now, pace)
        {
            ReportsReleases = () => _reports,
            MouseExtent = () => (100, 50),
            FocusedPort = () => _port,
            Notice = _notices.Add,
        };
        _decoder = new TerminalDecoder(_input);
    }

    private string Type(string bytes)
    {
        _decoder.Feed(Encoding.UTF8.GetBytes(bytes));
        _decoder.Flush();
        return _sink.Text;
    }

    private void Wait(int milliseconds)
    {
        long end = _now + milliseconds * Millisecond;
        while (_input.Deadline <= end)
        {
            _now = Math.Max(_now, _input.Deadline);
            _input.Tick(_now);
        }

        _now = end;
    }

    [Theory]
    [InlineData("a", "+A -A")]
    [InlineData("A", "+LeftShift +A -A -LeftShift")]
    [InlineData("?\r", "+LeftShift +Slash -Slash -LeftShift +Enter -Enter")]
    [InlineData("\u0003", "+LeftCtrl +C -C -LeftCtrl")]
    [InlineData("\u001f", "+LeftCtrl +LeftShift +Minus -Minus -LeftCtrl -LeftShift")]
    [InlineData("\u001bx", "+LeftAlt +X -X -LeftAlt")]
    [InlineData("\u001b[1;5A", "+LeftCtrl +Up -Up -LeftCtrl")]
    [InlineData("\u001b[Z", "+LeftShift +Tab -Tab -LeftShift")]
    [InlineData("\u001bOP\u001b[24~", "+F1 -F1 +F12 -F12")]
    [InlineData("\u001b", "+Esc -Esc")]
    public void A_character_is_pressed_and_released_with_what_it_needs(string bytes, string keys) => Assert.Equal(keys, Type(bytes));

    [Fact]
    public void Characters_that_come_all_at_once_are_paced_and_the_attention_key_is_before_them()
    {
        var input = new TerminalInput(_sink, new DeviceId(1), ChordOptions.Default, () => _now);
        var decoder = new TerminalDecoder(input);
        decoder.Feed("Ab"u8);
        Assert.Equal("+LeftShift", _sink.Text);
        _now = input.Deadline;
        input.Tick(_now);
        Assert.Equal("+LeftShift +A", _sink.Text);
        decoder.Feed("\u001b\u001b"u8);
        decoder.Flush();
        for (int i = 0; i < 20 && input.Deadline != IDeadline.Never; i++)
        {
            _now = input.Deadline;
            input.Tick(_now);
        }

        Assert.Equal("+LeftShift +A lost1 lost2 +LeftCtrl +LeftAlt +Esc -Esc -LeftCtrl -LeftAlt", _sink.Text);
        Assert.False(_sink.AnyKeyDown);
    }

    [Fact]
    public void The_attention_key_is_Alt_and_Esc() => Assert.Equal("lost1 lost2 +LeftCtrl +LeftAlt +Esc -Esc -LeftCtrl -LeftAlt", Type("\u001b\u001b"));

    [Fact]
    public void The_leader_is_Ctrl_and_bracket_twice() => Assert.Equal("+RightCtrl -RightCtrl +RightCtrl -RightCtrl +D2 -D2", Type("\u001d\u001d2"));

    [Fact]
    public void One_Ctrl_and_bracket_alone_is_itself_after_a_while_and_before_the_next_key()
    {
        Assert.Equal("", Type("\u001d"));
        Wait(500);
        Assert.Equal("+LeftCtrl +RightBrace -RightBrace -LeftCtrl", _sink.Text);
        Assert.Equal("+LeftCtrl +RightBrace -RightBrace -LeftCtrl +LeftCtrl +RightBrace -RightBrace -LeftCtrl +Q -Q", Type("\u001dq"));
        Assert.Equal(IDeadline.Never, _input.Deadline);
    }

    [Fact]
    public void The_router_takes_both_for_what_they_are()
    {
        var router = new Router(ChordOptions.Default, new RecordingConsole());
        RecordingGuest one = new("one"), two = new("two");
        router.GuestAttached(1, one);
        router.GuestAttached(2, two);
        var decoder = new TerminalDecoder(new TerminalInput(router, new DeviceId(1), ChordOptions.Default, () => _now, TimeSpan.Zero));
        decoder.Feed("\u001d\u001d2x\u001d\u001d1Y"u8);
        Assert.Equal(1, router.Focus.Port);
        Assert.Equal("+X -X", two.Take());
        Assert.Equal("+LeftShift +Y -Y -LeftShift", one.Take());
        decoder.Feed("\u001b\u001b"u8);
        decoder.Flush();
        Assert.Equal(0, router.Focus.Port);
        Assert.Equal("", one.Take());
        Assert.Empty(one.Faults.Concat(two.Faults));
    }

    [Theory]
    [InlineData("\u001b[97u\u001b[97;1:2u\u001b[97;1:3u", "+A ~A -A")]
    [InlineData("\u001b[57448;5u\u001b[57448;1:3u", "+RightCtrl -RightCtrl")]
    [InlineData("\u001b[57441;2u\u001b[97:65;2u\u001b[97:65;2:3u\u001b[57441;1:3u", "+LeftShift +A -A -LeftShift")]
    [InlineData("\u001b[122::121u\u001b[122::121;1:3u", "+Y -Y")]
    [InlineData("\u001b[228::39u\u001b[228::39;1:3u", "+Apostrophe -Apostrophe")]
    [InlineData("\u001b[60u\u001b[60;1:3u", "+Iso102 -Iso102")]
    [InlineData("\u001b[A\u001b[1;1:3A\u001b[57424u\u001b[57424;1:3u", "+Up -Up +Kp1 -Kp1")]
    [InlineData("\u001b[97;1:2u\u001b[98;1:3u", "")]
    [InlineData("x", "+X -X")]
    public void With_the_kitty_protocol_keys_are_physical(string bytes, string keys)
    {
        _reports = true;
        Assert.Equal(keys, Type(bytes));
    }

    [Fact]
    public void Modifiers_follow_what_every_key_says_of_them()
    {
        _reports = true;
        // Ctrl went down elsewhere, and Alt was let go elsewhere.
        Assert.Equal("+LeftAlt +LeftCtrl -LeftAlt +C -C -LeftCtrl +X", Type("\u001b[57443;3u\u001b[99;5u\u001b[99;5:3u\u001b[120u"));
    }

    [Fact]
    public void AltGr_stays_down_although_terminals_do_not_count_it_as_Alt()
    {
        _reports = true;
        Assert.Equal("+RightAlt +Q -Q -RightAlt", Type("\u001b[57453u\u001b[113u\u001b[113;1:3u\u001b[57453;1:3u"));
    }

    [Theory]
    [InlineData("\u001b[<0;1;1M\u001b[<0;100;50m", "@327,655[Left @65208,64880]Left")]
    [InlineData("\u001b[<35;51;26M", "@33095,33423")]
    [InlineData("\u001b[<64;1;1M", "@327,655[WheelUp]WheelUp")]
    [InlineData("\u001b[<2;1;1M\u001b[<35;1;1M", "@327,655[Right @327,655]Right")]
    public void The_mouse_is_absolute(string bytes, string events) => Assert.Equal(events, Type(bytes));

    [Fact]
    public void What_is_pasted_is_typed_at_its_pace()
    {
        Type("\u001b[200~Hi\n\u001b[201~");
        Wait(1000);
        Assert.Equal("+LeftShift +H -H -LeftShift +I -I +Enter -Enter", _sink.Text);
        Assert.Empty(_notices);
    }

    [Fact]
    public void What_is_pasted_stops_when_the_focus_moves()
    {
        var test = new TerminalInputTests(TimeSpan.FromMilliseconds(4));
        test.Type("\u001b[200~hello\u001b[201~");
        test.Wait(10);
        test._port = 2;
        test.Wait(1000);
        Assert.Equal("+H -H +E lost3", test._sink.Text);
        Assert.False(test._sink.AnyKeyDown);
        Assert.Contains("the focus moved", Assert.Single(test._notices));
    }

    [Fact]
    public void Long_pastes_pastes_into_the_console_and_what_no_key_has_are_refused_with_a_sentence()
    {
        Type($"\u001b[200~{new string('x', TerminalInput.MaxPaste + 1)}\u001b[201~");
        Type("\u001b[200~ö\u001b[201~");
        _port = 0;
        Type("\u001b[200~s\u001b[201~");
        Wait(1000);
        Assert.Equal("", _sink.Text);
        Assert.Equal(3, _notices.Count);
        Type("ö");
        Assert.Contains("\"ö\"", _notices[3]);
    }

    [Fact]
    public void A_window_that_loses_the_keyboard_holds_nothing()
    {
        _reports = true;
        Type("\u001b[57443;3u\u001b[57442;7u\u001b[<0;1;1M");
        Assert.True(_sink.AnyKeyDown);
        Type("\u001b[O");
        Assert.False(_sink.AnyKeyDown);
        Assert.Equal(PointerButtons.None, _sink.Buttons);
        Assert.True(_input.Down.IsEmpty);
    }

    /// <summary>For every sequence of reports and any garbage: the source and what listens to it agree on what is down, and nothing is after the focus is lost.</summary>
    [Fact]
    public void Nothing_stays_down()
    {
        var kitty = from code in Gen.Elements(97, 57441, 57442, 57443, 57448, 57453, 27, 228, 57352, 13)
                    from modifiers in Gen.Choose(1, 16)
                    from action in Gen.Choose(1, 3)
                    select $"\u001b[{code};{modifiers}:{action}u";
        var mouse = from b in Gen.Elements(0, 1, 2, 35, 32, 64) from final in Gen.Elements("M", "m") select $"\u001b[<{b};3;4{final}";
        var other = Gen.Elements("a", "\u001d", "\u001b", "\u001bx", "\u001b[A", "\u001b[I", "\u001b[O", "\u001b[200~ab\u001b[201~", "\u00ff", "\u001b[1;1:3A");
        var part = Gen.Frequency((4, kitty), (2, mouse), (3, other));
        var script = from parts in part.ListOf() from reports in Gen.Elements(true, false) select (string.Concat(parts), reports);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(1500).WithEndSize(30).WithQuietOnSuccess(true), Prop.ForAll(script.ToArbitrary(), s =>
        {
            var test = new TerminalInputTests { _reports = s.reports };
            test.Type(s.Item1);
            Assert.True(s.reports || test._input.Down.IsEmpty);
            test._input.Focus(false);
            test.Wait(2000);
            Assert.False(test._sink.AnyKeyDown, test._sink.Text);
            Assert.Equal(PointerButtons.None, test._sink.Buttons);
            Assert.True(test._input.Down.IsEmpty);
        }));
    }

    /// <summary>A legacy terminal never holds a key between two characters, so there is nothing to get stuck when it dies.</summary>
    [Fact]
    public void Without_releases_every_press_is_released_at_once() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(500).WithQuietOnSuccess(true),
        Prop.ForAll(Gen.Choose(0, 127).Select(c => (char)c).ListOf().Select(c => string.Concat(c)).ToArbitrary(), text =>
        {
            var test = new TerminalInputTests();
            foreach (char c in text)
            {
                test.Type(c.ToString());
                Assert.False(test._sink.AnyKeyDown, test._sink.Text);
            }
        }));
}
