using Hyperspace.Linux.Reactor;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat;
using Hyperspace.Seat.Display.Compositor;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Outputs.Drm;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Input.Trust;
using Hyperspace.Tests.Unit.ManagementConsole;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Unit.Display.Monitors;

/// <summary>A seat with a primary monitor P and another one Q, and guests on ports 1 and 2 that a test plays.</summary>
public sealed class SeatMonitorsTests : IDisposable
{
    private const uint Red = 0xC00000, Green = 0x00C000;
    private const string P = "P", Q = "Q", R = "R";

    private readonly Reactor _reactor = new();
    private readonly ScriptedMonitors _monitors;
    private readonly SeatCore _seat;
    private readonly SeatMemory _memory = SeatMemory.Transient();
    private readonly List<string> _said = [];
    private readonly List<SafeFileHandle> _pictures = [];
    private readonly FakeQemuDisplay _alpha, _beta;
    private long _now = Reactor.Now;

    public SeatMonitorsTests()
    {
        _monitors = new ScriptedMonitors(FontSizes.Load(out _)!, P, 1280, 800);
        _monitors.Plug(Q, 1024, 768);
        _seat = new SeatCore(_reactor, _monitors, ChordOptions.Default, new ScriptedBackend(), TimeProvider.System) { Said = _said.Add, Memory = _memory };
        _seat.SetPorts([Port(1, "alpha"), Port(2, "beta"), Port(3, "gamma")]);
        (_alpha, _beta) = (new FakeQemuDisplay(_reactor), new FakeQemuDisplay(_reactor));
        Attach("alpha", _alpha, 1280, 776, Red);
        Attach("beta", _beta, 1024, 744, Green);
    }

    private static PortInfo Port(int number, string vm) => new(number, vm, vm.ToUpperInvariant(), new Rgb(0x3B82F6), VmState.Running, null, 1);

    private void Attach(string vm, FakeQemuDisplay qemu, int width, int height, uint pixel)
    {
        _seat.Attach(vm, 1, qemu.Socket);
        Until(() => qemu.HasListener);
        SafeFileHandle picture = FakeQemuDisplay.Picture(width, height, pixel);
        _pictures.Add(picture);
        qemu.ScanoutMap(picture, (uint)width, (uint)height, (uint)width * 4);
        Until(() => _seat.Status().Ports.Single(p => p.Vm == vm).Width == width);
    }

    private void Until(Func<bool> condition)
    {
        for (int i = 0; i < 500 && !condition(); i++)
        {
            _reactor.RunOnce(TimeSpan.FromMilliseconds(10));
        }

        Assert.True(condition());
    }

    private void Tap(params ReadOnlySpan<KeyCode> keys)
    {
        foreach (KeyCode key in keys)
        {
            _seat.Key(new KeyEvent(new DeviceId(1), key, KeyAction.Down, _now += 20_000_000));
            _seat.Key(new KeyEvent(new DeviceId(1), key, KeyAction.Up, _now += 20_000_000));
        }
    }

    private void Leader(KeyCode command) => Tap(KeyCode.RightCtrl, KeyCode.RightCtrl, command);

    private SeatMonitor Of(string id) => _seat.Monitors!.Single(m => m.Id == id);

    [Fact]
    public void A_monitor_is_a_mirror_until_it_is_given_a_port()
    {
        Assert.Equal([(P, "primary", 0, true), (Q, "mirror", 0, true)], _seat.Status().Monitors!.Select(m => (m.Id, m.Shows, m.Port, m.HasKeys)));
        Assert.Null(_monitors.FrameOn(Q));
        Assert.DoesNotContain("keys", _monitors.BarOn(P), StringComparison.Ordinal);
        Assert.Null(_seat.SetMonitor(Q, 2));
        Assert.Equal("Name of Q shows port 2.", _said[^1]);
        Assert.Equal(new SeatMonitor(Q, "Name of Q", "DP-Q", 1024, 768, "port", 2, false), Of(Q));
        Assert.Null(_seat.SetMonitor("DP-Q", null));
        Assert.Equal(("mirror", 0), (Of(Q).Shows, Of(Q).Port));
        Assert.Empty(_memory.Monitors);
    }

    [Fact]
    public void Each_monitor_shows_its_port_under_a_bar_that_says_where_the_keys_are()
    {
        _seat.SetMonitor(Q, 2);
        Leader(KeyCode.D1);
        Until(() => _monitors.FrameOn(Q) is not null && _monitors.MiddleOf(P) == Red && _monitors.MiddleOf(Q) == Green);
        Assert.Contains(" 1 ALPHA  has the keys", _monitors.BarOn(P), StringComparison.Ordinal);
        Assert.Contains(" 2 BETA  no keys: 1 ALPHA has them", _monitors.BarOn(Q), StringComparison.Ordinal);
        Frame own = _monitors.FrameOn(Q)!;
        Assert.DoesNotContain(Green, own.Pixels[..(own.Width * own.BarHeight)].ToArray());
        Assert.Equal([(P, 1, true), (Q, 2, false)], _seat.Monitors!.Select(m => (m.Id, m.Port, m.HasKeys)));

        Leader(KeyCode.D3);
        Until(() => _monitors.BarOn(Q).Contains("3 GAMMA has them", StringComparison.Ordinal));
        Assert.Equal(Green, _monitors.MiddleOf(Q));
    }

    [Fact]
    public void A_chord_to_its_port_moves_the_keys_there_and_the_primary_keeps_what_it_had()
    {
        _seat.SetMonitor(Q, 2);
        Leader(KeyCode.D1);
        Leader(KeyCode.D2);
        Until(() => _monitors.BarOn(Q).Contains(" 2 BETA  has the keys", StringComparison.Ordinal));
        Assert.Contains(" 1 ALPHA  no keys: 2 BETA has them", _monitors.BarOn(P), StringComparison.Ordinal);
        Assert.Equal((Red, Green), (_monitors.MiddleOf(P), _monitors.MiddleOf(Q)));
        Tap(KeyCode.A);
        Until(() => _beta.Calls.Contains("Release 30"));
        Assert.DoesNotContain("Press 30", _alpha.Calls);

        // The attention key leads to the console, and that is on the primary.
        foreach (KeyCode key in (KeyCode[])[KeyCode.LeftCtrl, KeyCode.LeftAlt, KeyCode.Esc])
        {
            _seat.Key(new KeyEvent(new DeviceId(1), key, KeyAction.Down, _now += 20_000_000));
        }

        Assert.Equal([(P, 0, true), (Q, 2, false)], _seat.Monitors!.Select(m => (m.Id, m.Port, m.HasKeys)));
        Until(() => _monitors.BarOn(Q).Contains("0 Hyperspace has them", StringComparison.Ordinal));
    }

    [Fact]
    public void The_pointer_is_mapped_on_the_monitor_that_has_the_keys()
    {
        _seat.SetMonitor(Q, 2);
        _seat.SwitchTo(2);
        int bar = _monitors.Lit[1].Own!.Size.Height - 744;
        _seat.Pointer(new PointerEvent(new DeviceId(2), true, 32768, 32768, PointerButtons.None, PointerButtons.None, _now += 20_000_000));
        Until(() => _beta.Calls.Exists(c => c.StartsWith("SetAbsPosition", StringComparison.Ordinal)));
        Assert.Equal($"SetAbsPosition 512 {384 - bar}", _beta.Calls[^1]);
        Assert.DoesNotContain(_alpha.Calls, c => c.StartsWith("SetAbsPosition", StringComparison.Ordinal));
    }

    [Fact]
    public void A_guest_is_told_the_size_of_the_monitor_that_it_is_on()
    {
        Until(() => _beta.Monitors.Count > 0);
        Assert.Equal((1280, 776), _beta.Monitors[^1]);
        _seat.SetMonitor(Q, 2);
        Until(() => _beta.Monitors[^1] == (1024, 744));

        // It had the primary monitor's size when the seat found it.
        Assert.Empty(_alpha.Monitors);

        // Another VM on that port.
        _seat.SetPorts([Port(2, "alpha"), Port(1, "beta")]);
        Until(() => _beta.Monitors[^1] == (1280, 776) && _alpha.Monitors.Contains((1024, 744)));
        Until(() => _monitors.MiddleOf(Q) == Red);
    }

    [Fact]
    public void A_monitor_that_is_unplugged_and_comes_back_shows_its_port_again()
    {
        _seat.SetMonitor(Q, 2);
        Leader(KeyCode.D1);
        Leader(KeyCode.D2);
        _monitors.Unplug(Q);

        // What has the keys is seen, and so are all monitors that are remembered.
        Until(() => _monitors.MiddleOf(P) == Green);
        Assert.DoesNotContain("keys", _monitors.BarOn(P), StringComparison.Ordinal);
        Assert.Equal([(P, "primary", 2, true), (Q, "absent", 2, false)], _seat.Monitors!.Select(m => (m.Id, m.Shows, m.Port, m.HasKeys)));
        Until(() => _beta.Monitors[^1] == (1280, 776));

        _monitors.Plug(Q, 1024, 768);
        Until(() => _monitors.FrameOn(Q) is not null && _monitors.MiddleOf(P) == Red && _monitors.MiddleOf(Q) == Green);
        Assert.Equal([(P, 1, false), (Q, 2, true)], _seat.Monitors!.Select(m => (m.Id, m.Port, m.HasKeys)));

        _monitors.Unplug(Q);
        Assert.Null(_seat.SetMonitor(Q, 3));
        Assert.Contains("when it is plugged in", _said[^1], StringComparison.Ordinal);
        Assert.Null(_seat.SetMonitor(Q, null));
        Assert.Single(_seat.Monitors!);
    }

    [Fact]
    public void A_port_is_on_one_monitor()
    {
        _monitors.Plug("R", 800, 600);
        _seat.SetMonitor(Q, 2);
        _seat.SetMonitor("R", 3);
        Assert.Null(_seat.SetMonitor("R", 2));
        Assert.Equal([(P, "primary", 0), (Q, "mirror", 0), ("R", "port", 2)], _seat.Monitors!.Select(m => (m.Id, m.Shows, m.Port)));
        Assert.Equal(new KnownMonitor("R", "Name of R", 2), Assert.Single(_memory.Monitors));
        Until(() => _monitors.FrameOn("R") is not null && _monitors.MiddleOf("R") == Green);
    }

    [Fact]
    public void A_monitor_that_is_made_the_primary_has_the_seat_whenever_it_is_plugged_in()
    {
        _seat.SetMonitor(Q, 2);
        Leader(KeyCode.D1);
        Leader(KeyCode.D2);
        Assert.Null(_seat.SetPrimaryMonitor("DP-Q"));
        Assert.Equal("Name of Q is the primary monitor.", _said[^1]);
        Assert.Equal([(Q, "primary", 2, true), (P, "mirror", 2, true)], _seat.Monitors!.Select(m => (m.Id, m.Shows, m.Port, m.HasKeys)));
        Until(() => _monitors.FrameOn(Q) is not null && _monitors.MiddleOf(Q) == Green);
        Assert.Equal((1024, 768), (_monitors.FrameOn(Q)!.Width, _monitors.FrameOn(Q)!.Height));
        Assert.DoesNotContain("keys", _monitors.BarOn(Q), StringComparison.Ordinal);
        Until(() => _alpha.Monitors.Contains((1024, 744)));

        // The one that was may have a port of its own now, and the other may not.
        Assert.Null(_seat.SetMonitor(P, 1));
        Until(() => _monitors.FrameOn(P) is not null && _monitors.MiddleOf(P) == Red);
        Assert.Contains("is the primary monitor", _seat.SetMonitor(Q, 2), StringComparison.Ordinal);

        _monitors.Unplug(Q);
        Assert.Equal([(P, "primary", 2, true)], _seat.Monitors!.Select(m => (m.Id, m.Shows, m.Port, m.HasKeys)));
        _monitors.Plug(Q, 1024, 768);
        Assert.Equal([(Q, "primary", 2, true), (P, "port", 1, false)], _seat.Monitors!.Select(m => (m.Id, m.Shows, m.Port, m.HasKeys)));
        Until(() => _monitors.FrameOn(Q) is not null && _monitors.FrameOn(P) is not null && _monitors.MiddleOf(Q) == Green && _monitors.MiddleOf(P) == Red);
    }

    /// <summary>A font of 16 rows on 2560 columns of pixels is small; <see cref="PixelPitch"/> wants 26 and gets 28.</summary>
    [Fact]
    public void Each_monitors_text_has_the_size_that_it_needs()
    {
        const int wide = 28;
        _monitors.Plug(R, 2560, 1440);
        _seat.SetMonitor(R, 7);
        Until(() => _monitors.FrameOn(R) is not null);
        AssertBarIsWrittenIn(16, P);
        AssertBarIsWrittenIn(wide, R);
        Assert.Equal((2560, 1440), (_seat.TakePhotograph(7)!.Width, _seat.TakePhotograph(7)!.Height));

        // As the primary it has the console and the bar in its own size, and the next one has them in its.
        _seat.SetPrimaryMonitor(R);
        Until(() => _monitors.FrameOn(R)?.Text is { Columns: 2560 / 14, Rows: 50 });
        AssertBarIsWrittenIn(wide, R);
        _monitors.Unplug(R);
        Until(() => _monitors.FrameOn(P)?.Text is { Columns: 1280 / 8 });
        AssertBarIsWrittenIn(16, P);
    }

    /// <summary>The bar's pixels are its text in the font with so many rows, when a text that was set last has been painted.</summary>
    private void AssertBarIsWrittenIn(int height, string id)
    {
        Frame frame = _monitors.FrameOn(id)!;
        PsfFont font = FontSizes.Load(out _)!.OfLine(height);
        Assert.Equal(height, font.Height);
        Assert.Equal(height + 2 * ScreenCompositor.BarPadding, frame.BarHeight);
        uint[] expected = new uint[frame.Width * frame.BarHeight];
        Until(() =>
        {
            frame = _monitors.FrameOn(id)!;
            Array.Fill(expected, frame.Bar[0, 0].Background.Value);
            new TextPainter(font).Paint(frame.Bar, expected, frame.Width, frame.Width % font.Width / 2, ScreenCompositor.BarPadding);
            return frame.Pixels[..expected.Length].SequenceEqual(expected);
        });
    }

    [Fact]
    public void What_is_lit_with_a_port_of_its_own_before_there_is_a_seat_shows_it()
    {
        SeatMemory memory = SeatMemory.Transient();
        memory.ShowOn(Q, "Name of Q", 7);
        using var monitors = new ScriptedMonitors(FontSizes.Load(out _)!, P, 1280, 800);
        monitors.Plug(Q, 1024, 768);
        monitors.Arrange(memory.MonitorChoice);
        using var seat = new SeatCore(_reactor, monitors, ChordOptions.Default, new ScriptedBackend(), TimeProvider.System) { Memory = memory };
        Until(() => monitors.FrameOn(Q) is not null);
        Assert.Contains(" 7 ", monitors.BarOn(Q), StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_is_refused_with_a_sentence()
    {
        Assert.Contains("is the primary monitor", _seat.SetMonitor(P, 1), StringComparison.Ordinal);
        Assert.Contains("There is no monitor \"X\"", _seat.SetMonitor("X", 1), StringComparison.Ordinal);
        Assert.Contains("There is no port 0", _seat.SetMonitor(Q, 0), StringComparison.Ordinal);
        Assert.Contains("No monitor \"X\" is lit", _seat.SetPrimaryMonitor("X"), StringComparison.Ordinal);
        Assert.Null(_memory.MonitorChoice.Primary);
        Assert.Empty(_memory.Monitors);
    }

    [Fact]
    public void A_port_without_a_VM_has_a_page_on_its_monitor_and_a_photograph_has_the_size_of_that()
    {
        _seat.SetMonitor(Q, 7);
        Until(() => _monitors.FrameOn(Q)?.Text is { } page && Enumerable.Range(0, page.Rows).Any(row => page.TextOf(row).Contains("Nothing is plugged into port 7", StringComparison.Ordinal)));
        Assert.Equal((1024, 768), (_seat.TakePhotograph(7)!.Width, _seat.TakePhotograph(7)!.Height));
        Assert.Equal(1280, _seat.TakePhotograph(null)!.Width);
    }

    /// <summary>Every motion of the mouse passes this; the guest's part of it is held elsewhere.</summary>
    [Fact]
    public void Motion_on_a_monitor_with_a_port_of_its_own_allocates_nothing_in_the_seat()
    {
        _seat.SetMonitor(Q, 3);
        _seat.SwitchTo(3);
        Move(100);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Move(1000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        void Move(int times)
        {
            for (int i = 0; i < times; i++)
            {
                _seat.Pointer(new PointerEvent(new DeviceId(2), false, 1, 0, PointerButtons.None, PointerButtons.None, _now));
            }
        }
    }

    /// <summary>A screen of its own takes what changes as the primary does, and frames are composed into what is there.</summary>
    [Fact]
    public void Frames_on_a_monitor_with_a_port_of_its_own_allocate_nothing_in_the_seat()
    {
        _seat.SetMonitor(Q, 2);
        Until(() => _monitors.FrameOn(Q) is not null && _monitors.MiddleOf(Q) == Green);
        long frames = _monitors.Frames;
        _beta.UpdateMap(0, 0, 10, 10);
        Until(() => _monitors.Frames > frames);
        frames = _monitors.Frames;
        for (int i = 0; i < 20; i++)
        {
            _beta.UpdateMap(i, 0, 10, 10);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++)
        {
            _reactor.RunOnce(TimeSpan.FromMilliseconds(1));
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.True(_monitors.Frames > frames);
        Assert.Equal(0, allocated);
    }

    public void Dispose()
    {
        _seat.Dispose();
        _monitors.Dispose();
        _alpha.Dispose();
        _beta.Dispose();
        _pictures.ForEach(static picture => picture.Dispose());
        _reactor.Dispose();
    }
}
