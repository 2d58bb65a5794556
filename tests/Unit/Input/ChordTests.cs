using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;

namespace Hyperspace.Tests.Unit.Input;

public class ChordTests
{
    [Theory]
    [InlineData("RightCtrl RightCtrl D2", 2)]
    [InlineData("ScrollLock ScrollLock D2", 2)]
    [InlineData("RightCtrl RightCtrl Kp2", 2)]
    [InlineData("RightCtrl RightCtrl D0", 0)]
    [InlineData("RightCtrl RightCtrl Kp0", 0)]
    [InlineData("RightCtrl RightCtrl D9", 9)]
    [InlineData("RightCtrl RightCtrl Kp7", 7)]
    [InlineData("RightCtrl RightCtrl Kp4", 4)]
    [InlineData("RightCtrl RightCtrl Tab", 2)]
    [InlineData("RightCtrl RightCtrl Right", 2)]
    [InlineData("RightCtrl RightCtrl Down", 2)]
    [InlineData("RightCtrl RightCtrl Left", 0)]
    [InlineData("RightCtrl RightCtrl Up", 0)]
    [InlineData("RightCtrl RightCtrl +LeftShift Tab -LeftShift", 0)]
    [InlineData("RightCtrl RightCtrl Esc", 1)]
    [InlineData("RightCtrl RightCtrl D1", 1)]
    [InlineData("RightCtrl RightCtrl RightCtrl D2", 2)]
    [InlineData("RightCtrl RightCtrl RightCtrl RightCtrl D2", 2)]
    [InlineData("RightCtrl RightCtrl +RightCtrl D2 -RightCtrl", 2)]
    [InlineData("RightCtrl RightCtrl 2900 D2", 2)]
    [InlineData("RightCtrl RightCtrl 2000 RightCtrl 2000 D2", 2)]
    [InlineData("+RightCtrl 280 -RightCtrl 380 +RightCtrl 280 -RightCtrl D2", 2)]
    [InlineData("RightCtrl RightCtrl D2@2", 2)]
    public void A_chord_switches_and_shows_the_guest_nothing(string keys, int port)
    {
        var bench = new Bench().To(1);
        bench.Play(keys).Wait(5000);
        Assert.Equal(port, bench.Port);
        Assert.Equal("", bench.One.Take());
        Assert.Equal("", bench.Two.Take());
        Assert.Equal("", bench.Console.Take());
        Assert.False(bench.Router.IsArmed);
        bench.AssertNoFaults();
    }

    [Theory]
    // Another key, a tap that is too long, a pause that is too long, too late a command: what was held back comes in order.
    [InlineData("RightCtrl A", "+RightCtrl -RightCtrl +A -A")]
    [InlineData("RightCtrl RightCtrl A", "+RightCtrl -RightCtrl +RightCtrl -RightCtrl +A -A")]
    [InlineData("RightCtrl RightCtrl Enter", "+RightCtrl -RightCtrl +RightCtrl -RightCtrl +Enter -Enter")]
    [InlineData("+RightCtrl C -RightCtrl", "+RightCtrl +C -C -RightCtrl")]
    [InlineData("+RightCtrl 290 -RightCtrl RightCtrl D2", "+RightCtrl -RightCtrl +RightCtrl -RightCtrl +D2 -D2", 310)]
    [InlineData("RightCtrl 400 RightCtrl D2", "+RightCtrl -RightCtrl +RightCtrl -RightCtrl +D2 -D2")]
    [InlineData("RightCtrl RightCtrl 3000 D2", "+RightCtrl -RightCtrl +RightCtrl -RightCtrl +D2 -D2")]
    [InlineData("RightCtrl ScrollLock D2", "+RightCtrl -RightCtrl +ScrollLock -ScrollLock +D2 -D2")]
    [InlineData("RightCtrl RightCtrl@2 D2", "+RightCtrl -RightCtrl +RightCtrl -RightCtrl +D2 -D2")]
    [InlineData("RightCtrl D2", "+RightCtrl -RightCtrl +D2 -D2")]
    [InlineData("+A RightCtrl -A RightCtrl D2", "+A +RightCtrl -RightCtrl -A +RightCtrl -RightCtrl +D2 -D2")]
    [InlineData("RightCtrl RightCtrl +RightCtrl 350 D2 -RightCtrl", "+RightCtrl -RightCtrl +RightCtrl -RightCtrl +RightCtrl +D2 -D2 -RightCtrl")]
    public void What_is_no_chord_is_replayed_in_order(string keys, string seen, int extra = 0)
    {
        var bench = new Bench().To(1);
        bench.Play(extra == 0 ? keys : keys.Replace("290", extra.ToString())).Wait(5000);
        Assert.Equal(1, bench.Port);
        Assert.Equal(seen, bench.One.Take());
        bench.AssertNoFaults();
    }

    [Theory]
    [InlineData("RightCtrl A RightCtrl RightCtrl D2", "+RightCtrl -RightCtrl +A -A")]
    [InlineData("RightCtrl ScrollLock ScrollLock D2", "+RightCtrl -RightCtrl")]
    [InlineData("RightCtrl 500 RightCtrl RightCtrl D2", "+RightCtrl -RightCtrl")]
    [InlineData("RightCtrl RightCtrl ScrollLock ScrollLock D2", "+RightCtrl -RightCtrl +RightCtrl -RightCtrl")]
    [InlineData("+RightCtrl 500 -RightCtrl RightCtrl RightCtrl D2", "+RightCtrl -RightCtrl")]
    public void What_broke_a_chord_can_begin_the_next(string keys, string seen)
    {
        var bench = new Bench().To(1);
        bench.Play(keys).Wait(5000);
        Assert.Equal(2, bench.Port);
        Assert.Equal(seen, bench.One.Take());
        Assert.Equal("", bench.Two.Take());
    }

    [Fact]
    public void The_command_keys_repeats_and_release_are_swallowed()
    {
        var bench = new Bench().To(1);
        bench.Play("RightCtrl RightCtrl +D0");
        Assert.Equal(0, bench.Port);
        bench.Play("~D0 ~D0 -D0 D0");
        Assert.Equal("+D0 -D0", bench.Console.Take());
    }

    [Fact]
    public void Times_are_those_of_the_events_also_when_the_seat_was_busy()
    {
        var bench = new Bench().To(1);
        bench.Key(KeyCode.RightCtrl, KeyAction.Down).Stall(100).Key(KeyCode.RightCtrl, KeyAction.Up).Stall(500)
            .Key(KeyCode.RightCtrl, KeyAction.Down).Stall(100).Key(KeyCode.RightCtrl, KeyAction.Up).Stall(100)
            .Key(KeyCode.D2, KeyAction.Down);
        Assert.Equal("+RightCtrl -RightCtrl +RightCtrl -RightCtrl +D2", bench.One.Take());
    }

    [Fact]
    public void The_bar_is_told_that_a_digit_is_awaited()
    {
        var bench = new Bench().To(1);
        bench.Play("RightCtrl RightCtrl");
        Assert.Equal(["armed"], bench.Events);
        bench.Wait(3000);
        Assert.Equal(["armed", "disarmed"], bench.Events);
        bench.Forget().Play("ScrollLock ScrollLock Esc");
        Assert.Equal(["armed", "disarmed"], bench.Events);
        bench.Forget().Play("ScrollLock ScrollLock D2");
        Assert.Equal(["armed", "disarmed", "focus 1->2 Guest"], bench.Events);
    }

    [Theory]
    [InlineData("+LeftCtrl +LeftAlt +Esc")]
    [InlineData("+RightAlt +RightCtrl +Esc")]
    [InlineData("+LeftCtrl@1 +LeftAlt@2 +Esc@3")]
    [InlineData("RightCtrl RightCtrl +LeftCtrl +LeftAlt +Esc -Esc", "+RightCtrl -RightCtrl +RightCtrl -RightCtrl")]
    [InlineData("RightCtrl +RightCtrl +LeftAlt +Esc", "+RightCtrl -RightCtrl")]
    [InlineData("+LeftCtrl 200 +LeftAlt 20 +Esc")]
    public void The_attention_key_leads_to_port_0_and_the_guest_sees_none_of_it(string keys, string broken = "")
    {
        var bench = new Bench().To(1);
        bench.Play(keys);
        Assert.Equal(0, bench.Port);
        Assert.Contains("attention", bench.Events);
        Assert.Equal(broken, bench.One.Take());
        bench.Play("~Esc -Esc -LeftAlt -LeftCtrl -Esc@3 -LeftAlt@2 -RightCtrl -RightAlt").Wait(1000);
        Assert.Equal("", bench.Console.Take());
        Assert.Equal("", bench.One.Take());
        bench.AssertNoFaults();
    }

    [Theory]
    [InlineData("+A +B +LeftCtrl 400 +LeftAlt +Esc", "+A +B +LeftCtrl -A -B -LeftCtrl")]
    [InlineData("+LeftCtrl +LeftAlt 400 +Esc", "+LeftCtrl +LeftAlt -LeftCtrl -LeftAlt")]
    [InlineData("+LeftAlt 5000 +LeftCtrl +Esc", "+LeftAlt -LeftAlt")]
    // The three keys in another order: what went before is ordinary typing.
    [InlineData("+Esc +LeftCtrl +LeftAlt", "+Esc -Esc")]
    [InlineData("+LeftCtrl +Esc +LeftAlt", "+LeftCtrl +Esc -Esc -LeftCtrl")]
    // Esc is stuck on one keyboard and pressed on another.
    [InlineData("+Esc@2 +LeftCtrl 400 +LeftAlt", "+Esc +LeftCtrl -Esc -LeftCtrl")]
    public void Modifiers_held_for_long_are_seen_and_released(string keys, string seen)
    {
        var bench = new Bench().To(1);
        bench.Play(keys);
        Assert.Equal(0, bench.Port);
        Assert.Equal(seen, bench.One.Take());
        Assert.Equal("", bench.Console.Take());
        bench.AssertNoFaults();
    }

    [Fact]
    public void The_attention_key_works_while_the_leader_is_armed_with_modifiers_held_before()
    {
        var bench = new Bench().To(1);
        bench.Play("+LeftCtrl +LeftAlt 300").Forget();
        bench.Play("ScrollLock ScrollLock +Esc");
        Assert.Equal(0, bench.Port);
        Assert.Equal("-LeftCtrl -LeftAlt", bench.One.Take());
        Assert.Equal(["armed", "disarmed", "focus 1->0 Console", "attention"], bench.Events);
    }

    [Fact]
    public void The_attention_key_works_when_the_release_of_Esc_was_lost()
    {
        var bench = new Bench().To(1);
        bench.Play("+Esc 1000 +LeftCtrl +LeftAlt").To(1);
        bench.Play("+Esc");
        Assert.Equal(0, bench.Port);
    }

    [Fact]
    public void On_port_0_the_attention_key_takes_its_modifiers_from_the_console()
    {
        var bench = new Bench();
        bench.Play("+LeftCtrl 400 +LeftAlt +Esc -Esc -LeftAlt -LeftCtrl");
        Assert.Equal("+LeftCtrl -LeftCtrl", bench.Console.Take());
        Assert.Equal(["focus 0->0 Console", "attention"], bench.Events);
    }

    [Theory]
    [InlineData("+LeftCtrl 200 +C", "+LeftCtrl +C")]
    [InlineData("+LeftAlt +Tab", "+LeftAlt +Tab")]
    [InlineData("+LeftCtrl +LeftAlt +Delete", "+LeftCtrl +LeftAlt +Delete")]
    [InlineData("+LeftCtrl 200", "")]
    [InlineData("+LeftCtrl 250", "+LeftCtrl")]
    [InlineData("+LeftCtrl 100 +LeftAlt 145", "+LeftCtrl")]
    [InlineData("+LeftCtrl 100 +LeftAlt 255", "+LeftCtrl +LeftAlt")]
    [InlineData("LeftCtrl", "+LeftCtrl -LeftCtrl")]
    [InlineData("+LeftCtrl +LeftShift", "+LeftCtrl +LeftShift")]
    public void Ctrl_and_Alt_are_held_back_until_another_key_or_the_time_is_over(string keys, string seen)
    {
        var bench = new Bench().To(1);
        bench.Play(keys);
        Assert.Equal(seen, bench.One.Take());
    }

    [Theory]
    [InlineData(PointerButtons.Left)]
    [InlineData(PointerButtons.WheelUp)]
    public void A_button_or_the_wheel_lets_held_back_modifiers_go_first(PointerButtons button)
    {
        var bench = new Bench().To(1);
        bench.Play("+LeftCtrl");
        bench.Router.Pointer(new PointerEvent(new DeviceId(9), false, 0, 0, button, button, bench.Now));
        Assert.Equal($"+LeftCtrl [{button}/{button}]", bench.One.Take());
    }

    [Fact]
    public void Many_taps_in_a_row_are_kept_or_replayed_but_never_lost()
    {
        var bench = new Bench().To(1);
        bench.Play(string.Join(' ', Enumerable.Repeat("RightCtrl", 40)) + " A").Wait(5000);
        Assert.Equal(string.Join(' ', Enumerable.Repeat("+RightCtrl -RightCtrl", 40)) + " +A -A", bench.One.Take());
    }

    [Theory]
    [InlineData("leader 2", "+RightCtrl -RightCtrl +RightCtrl -RightCtrl +D2 -D2")]
    [InlineData("LEADER tab", "+RightCtrl -RightCtrl +RightCtrl -RightCtrl +Tab -Tab")]
    [InlineData("ctrl+alt+esc", "+LeftCtrl +LeftAlt +Esc -Esc -LeftAlt -LeftCtrl")]
    [InlineData("ctrl+c", "+LeftCtrl +C -C -LeftCtrl")]
    [InlineData("right", "+Right -Right")]
    [InlineData("f1", "+F1 -F1")]
    [InlineData("page-up kp5 +", null)]
    [InlineData("page-up kp5", "+PageUp -PageUp +Kp5 -Kp5")]
    [InlineData("alt+[ menu", "+LeftAlt +LeftBrace -LeftBrace -LeftAlt +Compose -Compose")]
    public void Chords_are_parsed(string text, string? strokes)
    {
        Chord? chord = Chord.Parse(text, ChordOptions.Default, out string? error);
        Assert.Equal(strokes, chord is null ? null : string.Join(' ', chord.Strokes.Select(s => (s.Down ? "+" : "-") + s.Key)));
        Assert.Equal(strokes is null, error is not null);
        Assert.Equal(text == "ctrl+alt+esc", chord?.IsAttention ?? false);
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData("   ", "empty")]
    [InlineData("leader+2", "expected a space after it")]
    [InlineData("foo", "\"foo\" is not a key: expected leader, a letter, a digit")]
    [InlineData("ctrl+", "shift+equal")]
    [InlineData("ctrl+ctrl", "twice")]
    [InlineData("a+b+c+d+e+f+g+h+i", "more than 8 keys")]
    [InlineData("a a a a a a a a a a a a a a a a a", "too long")]
    [InlineData("\u001b[31m", "\"?[31m\" is not a key")]
    public void What_is_no_chord_gets_an_error_that_says_what_is_expected(string text, string part)
    {
        Assert.Null(Chord.Parse(text, ChordOptions.Default, out string? error));
        Assert.Contains(part, error);
    }

    [Fact]
    public void Every_key_has_a_name_that_leads_back_to_it()
    {
        foreach (KeyCode key in Enum.GetValues<KeyCode>().Where(k => k != KeyCode.None))
        {
            Assert.True(KeyNames.TryParse(KeyNames.Of(key), out KeyCode parsed), KeyNames.Of(key));
            Assert.Equal(key, parsed);
        }
    }

    [Fact]
    public void Options_that_cannot_work_are_refused_with_a_reason()
    {
        Assert.Null(ChordOptions.Default.Problem());
        Assert.Contains("leaders", new ChordOptions { Leaders = [] }.Problem());
        foreach (KeyCode key in new[] { KeyCode.Esc, KeyCode.Tab, KeyCode.LeftShift, KeyCode.D5, KeyCode.A, KeyCode.Space, KeyCode.Enter, KeyCode.Kp3, KeyCode.None })
        {
            Assert.Contains("cannot begin a chord", new ChordOptions { Leaders = [key] }.Problem());
        }

        Assert.Contains("tapMax: 5000 ms", new ChordOptions { TapMax = TimeSpan.FromSeconds(5) }.Problem());
        Assert.Throws<ArgumentException>(() => new ChordRecognizer(new ChordOptions { Leaders = [] }, null!));
    }
}
