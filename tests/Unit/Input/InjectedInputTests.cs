using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Input.KeyMaps;
using Hyperspace.Seat.Input.Sources;

namespace Hyperspace.Tests.Unit.Input;

public class InjectedInputTests
{
    private readonly Bench _bench = new();
    private readonly InjectedInput _injected;
    private readonly List<string> _done = [];
    private long _now = 5_000_000_000;

    public InjectedInputTests()
    {
        _bench.To(1);
        _injected = new InjectedInput(_bench.Router, new DeviceId(99), () => _now);
    }

    private static Chord Chord(string text) => Seat.Input.Chords.Chord.Parse(text, ChordOptions.Default, out string? error) ?? throw new ArgumentException(error);

    private void Done(string? error) => _done.Add(error ?? "ok");

    /// <summary>Plays everything; returns the times in ms between the calls of Tick.</summary>
    private List<double> Drain()
    {
        var times = new List<double>();
        while (_injected.Deadline != IDeadline.Never)
        {
            Assert.True(_injected.Deadline > _now, "the deadline is not in the future");
            times.Add((_injected.Deadline - _now) / 1e6);
            _now = _injected.Deadline;
            _injected.Tick(_now);
        }

        return times;
    }

    [Fact]
    public void A_chord_is_pressed_at_once()
    {
        _injected.Press(Chord("leader 2"), Done);
        Assert.Equal(["ok"], _done);
        Assert.Equal(2, _bench.Port);
        Assert.Equal("", _bench.One.Take() + _bench.Two.Take());
    }

    [Fact]
    public void The_attention_key_is_pressed_at_once()
    {
        _injected.Press(Chord("ctrl+alt+esc"), Done);
        Assert.Equal(0, _bench.Port);
        Assert.Equal("", _bench.One.Take() + _bench.Console.Take());
    }

    [Fact]
    public void Text_is_paced()
    {
        _injected.Type("aB", KeyLayout.Us, Done);
        Assert.Equal("+A", _bench.One.Take());
        Assert.Empty(_done);
        Assert.Equal([8, 8, 8, 8, 8, 8], Drain());
        Assert.Equal("-A +LeftShift +B -B -LeftShift", _bench.One.Take());
        Assert.Equal(["ok"], _done);
        Assert.False(_injected.IsBusy);
    }

    [Fact]
    public void A_tick_too_early_does_nothing_and_a_late_one_does_not_hurry()
    {
        _injected.Type("ab", KeyLayout.Us, Done);
        _injected.Tick(_now + 3_999_999);
        Assert.Equal("+A", _bench.One.Take());
        _now += 1_000_000_000;
        _injected.Tick(_now);
        Assert.Equal("-A", _bench.One.Take());
    }

    [Fact]
    public void Jobs_wait_for_each_other()
    {
        _injected.Type("a", KeyLayout.Us, _ => _done.Add("typed"));
        _injected.Press(Chord("enter"), _ => _done.Add("pressed"));
        _injected.Type("b", KeyLayout.Us, _ => _done.Add("typed"));
        Drain();
        Assert.Equal("+A -A +Enter -Enter +B -B", _bench.One.Take());
        Assert.Equal(["typed", "pressed", "typed"], _done);
    }

    [Fact]
    public void Text_that_cannot_be_typed_types_nothing()
    {
        _injected.Type("ab\u00fc", KeyLayout.Us, Done);
        Assert.Contains("character 3", Assert.Single(_done));
        Assert.Equal("", _bench.One.Take());
        Assert.False(_injected.IsBusy);
    }

    [Fact]
    public void The_attention_key_ends_typing_and_lets_its_keys_go()
    {
        _injected.Type("aBc", KeyLayout.Us, Done);
        for (int i = 0; i < 3; i++)
        {
            _now = _injected.Deadline;
            _injected.Tick(_now);
        }

        Assert.Equal("+A -A +LeftShift +B", _bench.One.Take());
        _injected.Press(Chord("ctrl+alt+esc"), Done);
        Assert.Equal(["Typing stopped after 1 of 3 characters: the attention key was pressed.", "ok"], _done);
        Assert.Equal("-LeftShift -B", _bench.One.Take());
        Assert.Equal("", _bench.Console.Take());
        Assert.Equal(0, _bench.Port);
        _bench.AssertNoFaults();
    }

    [Fact]
    public void When_the_focus_moves_typing_can_be_stopped_and_the_chord_that_moved_it_goes_on()
    {
        _bench.Router.FocusChanged += (_, _) => _injected.StopTyping("the focus moved");
        _injected.Press(Chord("leader 2 a"), Done);
        Assert.Equal("+A -A", _bench.Two.Take());
        _injected.Type("xyz", KeyLayout.Us, Done);
        _bench.Router.SwitchTo(1);
        Drain();
        Assert.Equal(["ok", "Typing stopped after 0 of 3 characters: the focus moved."], _done);
        Assert.Equal("+X -X", _bench.Two.Take());
        Assert.Equal("", _bench.One.Take());
    }

    [Fact]
    public void What_is_done_may_ask_for_more()
    {
        _injected.Press(Chord("a"), _ => _injected.Press(Chord("b"), Done));
        Assert.Equal("+A -A +B -B", _bench.One.Take());
        Assert.Equal(["ok"], _done);
    }

    [Fact]
    public void Too_many_jobs_are_refused()
    {
        for (int i = 0; i <= InjectedInput.MaxJobs; i++)
        {
            _injected.Type("a", KeyLayout.Us, Done);
        }

        Assert.Contains("64 requests are waiting", Assert.Single(_done));
    }
}
