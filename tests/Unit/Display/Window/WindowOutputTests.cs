using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sdl;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Outputs.Window;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Tests.Unit.ManagementConsole;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Unit.Display.Window;

/// <summary>A seat in a window that a test plays, with a guest that a test plays.</summary>
public sealed class WindowOutputTests : IDisposable
{
    private const uint Green = 0x00C000;

    private readonly Reactor _reactor = new();
    private readonly ScriptedWindow _window = new(800, 600);
    private readonly WindowOutput _output;
    private readonly SeatCore _seat;
    private readonly List<string> _said = [];
    private readonly List<WindowEventKind> _inputs = [];
    private readonly List<SafeFileHandle> _pictures = [];
    private FakeQemuDisplay? _qemu;
    private long _now = Reactor.Now;

    public WindowOutputTests()
    {
        PsfFont font = SystemFont.Load(out string? problem) ?? throw new InvalidOperationException(problem);
        _output = new WindowOutput(_window, font, new WindowLook("Hyperspace", false, false, false, true)) { Input = e => _inputs.Add(e.Kind) };
        _seat = new SeatCore(_reactor, _output, ChordOptions.Default, new ScriptedBackend(), TimeProvider.System) { Said = _said.Add };
        _seat.SetPorts([new PortInfo(1, "one", "One\u0007two", new Rgb(0x3B82F6), VmState.Running, null, 1)]);
        _output.Drain();
    }

    /// <summary>Lets the seat present, and the window show, until nothing is left to do.</summary>
    private void Settle()
    {
        for (int quiet = 0; quiet < 4;)
        {
            _reactor.RunOnce(TimeSpan.FromMilliseconds(10));
            quiet = _window.Showing is null ? quiet + 1 : 0;
            if (_window.Showing is not null)
            {
                _window.Shown();
            }
        }
    }

    private void Until(Func<bool> condition)
    {
        for (int i = 0; i < 500 && !condition(); i++)
        {
            _reactor.RunOnce(TimeSpan.FromMilliseconds(10));
        }

        Assert.True(condition());
    }

    private void AttachGuest(bool absolute = true, int width = 320, int height = 200)
    {
        _qemu = new FakeQemuDisplay(_reactor) { MouseIsAbsolute = absolute };
        _seat.Attach("one", 1, _qemu.Socket);
        Until(() => _qemu.HasListener);
        SafeFileHandle picture = FakeQemuDisplay.Picture(width, height, Green);
        _pictures.Add(picture);
        _qemu.ScanoutMap(picture, (uint)width, (uint)height, (uint)width * 4);
        Until(() => _seat.Status().Ports[0].Width == width);
    }

    private void Leader(KeyCode command)
    {
        foreach (KeyCode key in (KeyCode[])[KeyCode.RightCtrl, KeyCode.RightCtrl, command])
        {
            _seat.Key(new KeyEvent(new DeviceId(1), key, KeyAction.Down, _now += 20_000_000));
            _seat.Key(new KeyEvent(new DeviceId(1), key, KeyAction.Up, _now += 20_000_000));
        }
    }

    [Fact]
    public void The_first_frame_is_whole_and_later_ones_are_what_has_changed()
    {
        _reactor.RunOnce(TimeSpan.FromMilliseconds(50));
        Assert.Equal((0, 0, 800, 600), _window.Showing);
        Assert.False(_output.IsReady);

        // While the window shows a frame nothing is drawn; what has changed meanwhile follows.
        _seat.Notice = "something happened";
        _reactor.RunOnce(TimeSpan.FromMilliseconds(50));
        Assert.Equal((0, 0, 800, 600), _window.Showing);
        _window.Shown();
        _reactor.RunOnce(TimeSpan.FromMilliseconds(50));
        Assert.InRange(_window.Showing!.Value.Height, 1, 24);
        Settle();

        AttachGuest();
        _seat.SwitchTo(1);
        Settle();
        Assert.Equal(Green, _window[400, 300]);
        Assert.NotEqual(Green, _window[400, 10]);
        _qemu!.UpdateMap(10, 20, 30, 40);
        Until(() => _window.Showing is not null);
        Assert.Equal((250, 232, 30, 40), _window.Showing);
        Assert.True(_output.Frames > 2);
    }

    [Fact]
    public void A_window_of_another_size_is_a_monitor_of_that_size_and_guests_are_told_when_it_stays()
    {
        AttachGuest();
        Settle();
        Until(() => _qemu!.Monitors.Count > 0);
        _qemu!.Monitors.Clear();
        for (int width = 810; width <= 900; width += 10)
        {
            _window.Happens(WindowEventKind.SizeChanged);
            _window.Renewed(width, 700);
            Assert.Equal((width, 700), _output.Size);
            _reactor.RunOnce(TimeSpan.FromMilliseconds(1));
            if (_window.Showing is not null)
            {
                _window.Shown();
            }
        }

        Assert.Equal((900, 700), (_seat.Status().Width, _seat.Status().Height));
        Settle();
        Assert.NotEqual(0u, _window[899, 1]);
        Until(() => _qemu.Monitors.Count > 0);
        Assert.Equal([(900, 700 - 24)], _qemu.Monitors);
        Assert.Equal(10, _window.Renewals);
    }

    [Fact]
    public void Pixels_are_not_given_back_while_the_window_shows_them()
    {
        _reactor.RunOnce(TimeSpan.FromMilliseconds(50));
        _window.Happens(WindowEventKind.SizeChanged);
        Assert.Equal(0, _window.Renewals);
        _window.Shown();
        Assert.Equal(1, _window.Renewals);
        Assert.False(_output.IsReady);
        _window.Happens(WindowEventKind.SizeChanged);
        _window.Renewed(640, 480);
        Assert.Equal(2, _window.Renewals);
        _window.Renewed(320, 100);
        Settle();
        Assert.Equal((320, 200), _output.Size);
        Assert.NotEqual(0u, _window[319, 99]);
    }

    [Fact]
    public void The_keyboard_is_grabbed_and_the_desktops_pointer_is_hidden_while_a_guest_has_them()
    {
        Settle();
        AttachGuest();
        _seat.SwitchTo(1);
        Assert.Equal(new WindowLook("1 One two - Hyperspace", FullScreen: false, GrabsKeyboard: true, TakesMotion: false, ShowsPointer: false), _window.Look);
        _window.Happens(WindowEventKind.FocusGained);
        _window.Happens(WindowEventKind.Button, 1, down: true, 32768, 32768);
        Assert.False(_window.Look!.TakesMotion);
        _seat.SwitchTo(0);
        Assert.Equal(new WindowLook("Hyperspace", FullScreen: false, GrabsKeyboard: false, TakesMotion: false, ShowsPointer: true), _window.Look);

        // A port whose VM has no picture has nothing to give keys to.
        _seat.SwitchTo(2);
        Assert.Equal("2 nothing here - Hyperspace", _window.Look!.Title);
        Assert.False(_window.Look.GrabsKeyboard);
        Assert.Equal([WindowEventKind.FocusGained, WindowEventKind.Button], _inputs);
    }

    [Fact]
    public void A_click_holds_the_pointer_for_a_guest_that_takes_motion_until_port_or_focus_are_others()
    {
        Settle();
        AttachGuest(absolute: false);
        _seat.SwitchTo(1);
        _window.Happens(WindowEventKind.Button, 1, down: true, 32768, 32768);
        Assert.False(_output.HoldsPointer);
        _window.Happens(WindowEventKind.FocusGained);
        Assert.False(_output.HoldsPointer);
        _window.Happens(WindowEventKind.Button, 1, down: true, 32768, 32768);
        Assert.True(_output.HoldsPointer);
        _window.Happens(WindowEventKind.FocusLost);
        Assert.False(_output.HoldsPointer);
        _window.Happens(WindowEventKind.FocusGained);
        _window.Happens(WindowEventKind.Button, 1, down: true, 32768, 32768);
        Assert.True(_window.Look!.TakesMotion);
        _seat.SwitchTo(0);
        Assert.False(_window.Look.TakesMotion);
        _seat.SwitchTo(1);
        Assert.False(_window.Look.TakesMotion);
    }

    [Fact]
    public void The_leader_and_F_make_a_full_screen_and_a_window_again()
    {
        Leader(KeyCode.F);
        Assert.True(_window.Look!.FullScreen);
        _seat.SwitchTo(1);
        Assert.True(_window.Look.FullScreen);
        Leader(KeyCode.F);
        Assert.False(_window.Look.FullScreen);
        Assert.Empty(_said);
    }

    [Fact]
    public void A_switch_lasts_until_the_target_is_on_the_screen()
    {
        Settle();
        _seat.SwitchTo(1);
        Settle();
        Assert.Null(_seat.LastSwitchMicroseconds);
        long before = Reactor.Now;
        _seat.SwitchTo(0);
        long presented = Reactor.Now;
        Assert.NotNull(_window.Showing);
        Assert.Null(_seat.LastSwitchMicroseconds);

        int told = 0;
        _seat.StatusChanged = () => told++;
        Thread.Sleep(2);
        long shown = Reactor.Now;
        _window.Shown();
        Assert.InRange(_seat.LastSwitchMicroseconds ?? 0, (shown - presented) / 1000.0, (Reactor.Now - before) / 1000.0);
        Assert.Equal(1, told);

        // A later frame changes nothing of it.
        double? first = _seat.LastSwitchMicroseconds;
        _seat.Notice = "Something else.";
        Settle();
        Assert.Equal(first, _seat.LastSwitchMicroseconds);
    }

    [Fact]
    public void Where_there_is_no_window_the_leader_and_F_say_so()
    {
        PsfFont font = SystemFont.Load(out _)!;
        using var output = new HeadlessOutput(640, 400, font);
        using var seat = new SeatCore(_reactor, output, ChordOptions.Default, new ScriptedBackend(), TimeProvider.System) { Said = _said.Add };
        foreach (KeyCode key in (KeyCode[])[KeyCode.RightCtrl, KeyCode.RightCtrl, KeyCode.F])
        {
            seat.Key(new KeyEvent(new DeviceId(1), key, KeyAction.Down, _now += 20_000_000));
            seat.Key(new KeyEvent(new DeviceId(1), key, KeyAction.Up, _now += 20_000_000));
        }

        Assert.Equal(["There is no window here to make larger."], _said);
    }

    [Fact]
    public void The_end_of_the_window_is_told_with_its_reason_if_there_is_one()
    {
        var ends = new List<string?>();
        _output.Closed = ends.Add;
        _window.Happens(WindowEventKind.CloseAsked);
        _window.Problem = "It takes no picture.";
        _window.Happens(WindowEventKind.Failed);
        Assert.Equal([null, "It takes no picture."], ends);
    }

    [Fact]
    public void Frames_and_events_allocate_nothing()
    {
        Settle();
        var frame = new StillFrame(800, 600);
        void Once()
        {
            _output.Present(frame, new PixelRect(0, 0, 800, 600));
            _window.Shown();
            _output.Announce(new ShownPort(3, "Three", true, false));
        }

        _output.ReadyAgain = null;
        Once();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
        {
            Once();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private sealed class StillFrame(int width, int height) : Frame
    {
        private readonly uint[] _pixels = new uint[width * height];

        public override CellGrid Bar { get; } = new(10, 1);

        public override CellGrid? Text => null;

        public override ReadOnlySpan<uint> Pixels => _pixels;

        public override int Width => width;

        public override int Height => height;

        public override int BarHeight => 24;
    }

    public void Dispose()
    {
        _seat.Dispose();
        _output.Dispose();
        _qemu?.Dispose();
        _pictures.ForEach(p => p.Dispose());
        _reactor.Dispose();
    }
}
