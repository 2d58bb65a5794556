using Hyperspace.Linux.Input;
using Hyperspace.Linux.Reactor;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Input.Trust;
using Hyperspace.Tests.Unit.ManagementConsole;

namespace Hyperspace.Tests.Unit.Input.Trust;

/// <summary>A seat in memory with VMs on its ports: locks, questions and keys of the host.</summary>
public sealed class SeatTrustTests : IDisposable
{
    private readonly Reactor _reactor = new();
    private readonly HeadlessOutput _output;
    private readonly SeatCore _seat;
    private readonly List<string> _said = [];
    private long _now = 1_000_000_000;
    private string _bar = "";

    public SeatTrustTests()
    {
        PsfFont font = SystemFont.Load(out string? problem) ?? throw new InvalidOperationException(problem);
        _output = new HeadlessOutput(1280, 800, font) { Presented = (frame, _) => _bar = RowOf(frame.Bar) };
        _seat = new SeatCore(_reactor, _output, ChordOptions.Default, new ScriptedBackend(), TimeProvider.System) { Said = _said.Add };
        _seat.SetPorts([Port(1, "one"), Port(2, "two"), Port(3, "shy") with { AsksFocus = true }]);
    }

    private static PortInfo Port(int number, string vm) => new(number, vm, vm.ToUpperInvariant(), new Rgb(0x3B82F6), VmState.Running, null, 1);

    private static string RowOf(CellGrid grid) => string.Concat(Enumerable.Range(0, grid.Columns).Select(x => grid[x, 0].Character));

    private void Down(KeyCode key, int device = 1) => _seat.Key(new KeyEvent(new DeviceId(device), key, KeyAction.Down, _now += 20_000_000));

    private void Up(KeyCode key, int device = 1) => _seat.Key(new KeyEvent(new DeviceId(device), key, KeyAction.Up, _now += 20_000_000));

    private void Tap(params ReadOnlySpan<KeyCode> keys)
    {
        foreach (KeyCode key in keys)
        {
            Down(key);
            Up(key);
        }
    }

    private void Leader(KeyCode command) => Tap(KeyCode.RightCtrl, KeyCode.RightCtrl, command);

    private void Attention(int device = 1)
    {
        Down(KeyCode.LeftCtrl, device);
        Down(KeyCode.LeftAlt, device);
        Down(KeyCode.Esc, device);
        Up(KeyCode.Esc, device);
        Up(KeyCode.LeftAlt, device);
        Up(KeyCode.LeftCtrl, device);
    }

    private string Bar()
    {
        _reactor.RunOnce(TimeSpan.FromMilliseconds(30));
        _reactor.RunOnce(TimeSpan.FromMilliseconds(30));
        return _bar;
    }

    public void Dispose()
    {
        _seat.Dispose();
        _output.Dispose();
        _reactor.Dispose();
    }

    [Fact]
    public void A_locked_seat_goes_nowhere_but_to_the_console_and_back()
    {
        Assert.Null(_seat.Lock("two"));
        Assert.Equal((2, "two"), (_seat.FocusedPort, _seat.Status().LockedTo));
        Leader(KeyCode.D1);
        Leader(KeyCode.D0);
        Leader(KeyCode.Tab);
        Assert.Equal(2, _seat.FocusedPort);
        Assert.Contains("locked to TWO", _said[^1], StringComparison.Ordinal);
        Assert.Contains("locked", _seat.TrySwitch(1), StringComparison.Ordinal);
        Assert.Contains("locked", Bar(), StringComparison.Ordinal);
        Attention();
        Assert.Equal(0, _seat.FocusedPort);
        Assert.Null(_seat.TrySwitch(2));
        Assert.Null(_seat.Unlock());
        Leader(KeyCode.D1);
        Assert.Equal(1, _seat.FocusedPort);
        Assert.Contains("\"nobody\"", _seat.Lock("nobody"), StringComparison.Ordinal);
    }

    [Fact]
    public void The_console_unlocks_when_it_is_asked_and_confirmed()
    {
        _seat.Lock("two");
        Attention();
        Leader(KeyCode.D1);
        Assert.Equal((0, "two"), (_seat.FocusedPort, _seat.LockedTo));
        Tap(KeyCode.Enter);
        Assert.Equal((0, "two"), (_seat.FocusedPort, _seat.LockedTo));
        Leader(KeyCode.D1);
        Tap(KeyCode.Y);
        Assert.Equal((1, null), (_seat.FocusedPort, _seat.LockedTo));
    }

    [Fact]
    public void A_lock_is_remembered()
    {
        SeatMemory memory = SeatMemory.Transient();
        memory.Lock("one");
        _seat.Memory = memory;
        Assert.Contains("locked", _seat.TrySwitch(2), StringComparison.Ordinal);
        Assert.Null(_seat.TrySwitch(1));
    }

    [Fact]
    public void A_VM_that_asks_first_is_entered_by_Enter_alone()
    {
        Leader(KeyCode.D1);
        Leader(KeyCode.D3);
        Assert.Equal(1, _seat.FocusedPort);
        Assert.Contains("SHY asks first", Bar(), StringComparison.Ordinal);
        Tap(KeyCode.LeftShift);
        Down(KeyCode.Enter);
        Assert.Equal(3, _seat.FocusedPort);
        Up(KeyCode.Enter);
        Assert.Empty(_seat.Status().KeysDown);
        Assert.DoesNotContain("asks first", Bar(), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_other_key_forgets_the_question_and_reaches_nobody()
    {
        Leader(KeyCode.D1);
        Leader(KeyCode.D3);
        Down(KeyCode.A);
        Assert.Empty(_seat.Status().KeysDown);
        Assert.DoesNotContain("asks first", Bar(), StringComparison.Ordinal);
        Up(KeyCode.A);
        Down(KeyCode.Enter);
        Assert.Equal(1, _seat.FocusedPort);
        Assert.Equal([(int)KeyCode.Enter], _seat.Status().KeysDown);
    }

    [Fact]
    public void A_held_Enter_that_repeats_confirms_nothing()
    {
        Down(KeyCode.Enter);
        Assert.Contains("without asking", _seat.TrySwitch(3), StringComparison.Ordinal);
        _seat.Key(new KeyEvent(new DeviceId(1), KeyCode.Enter, KeyAction.Repeat, _now += 20_000_000));
        Up(KeyCode.Enter);
        Assert.Equal(0, _seat.FocusedPort);
    }

    [Fact]
    public void Chords_and_the_attention_key_work_while_a_question_is_open()
    {
        Leader(KeyCode.D1);
        Leader(KeyCode.D3);
        Leader(KeyCode.D2);
        Assert.Equal(2, _seat.FocusedPort);
        Assert.DoesNotContain("asks first", Bar(), StringComparison.Ordinal);
        Leader(KeyCode.D3);
        Attention(device: 7);
        Assert.Equal(0, _seat.FocusedPort);
    }

    [Fact]
    public void An_answer_that_comes_too_late_is_typing()
    {
        Leader(KeyCode.D1);
        _now = Reactor.Now;
        Leader(KeyCode.D3);
        _now = Reactor.Now + FocusQuestion.Patience + 1_000_000_000;
        Down(KeyCode.Enter);
        Assert.Equal(1, _seat.FocusedPort);
        Assert.Equal([(int)KeyCode.Enter], _seat.Status().KeysDown);
    }

    [Theory]
    [InlineData(KeyCode.Mute, HostKeyKind.Volume)]
    [InlineData(KeyCode.VolumeUp, HostKeyKind.Volume)]
    [InlineData(KeyCode.Brightnessdown, HostKeyKind.Brightness)]
    [InlineData(KeyCode.Sleep, HostKeyKind.Power)]
    [InlineData(KeyCode.Playpause, HostKeyKind.Media)]
    [InlineData(KeyCode.Wlan, HostKeyKind.Hardware)]
    public void Keys_of_the_host_reach_no_guest(KeyCode key, HostKeyKind kind)
    {
        var told = new List<(HostKeyKind, KeyCode, KeyAction)>();
        _seat.HostKey = (k, code, action) => told.Add((k, code, action));
        Leader(KeyCode.D1);
        Down(key);
        Assert.Empty(_seat.Status().KeysDown);
        Up(key);
        Assert.Equal([(kind, key, KeyAction.Down), (kind, key, KeyAction.Up)], told);
        Down(KeyCode.A);
        Assert.Equal([(int)KeyCode.A], _seat.Status().KeysDown);
    }

    /// <summary>The event goes to its guest first; what is told of it takes a CPU that the guest may be waiting for.</summary>
    [Fact]
    public void That_somebody_is_there_is_told_after_the_event_and_not_with_every_one()
    {
        int told = 0;
        long before = _seat.Status().Inputs;
        _seat.StatusChanged = () => told++;
        for (int round = 1; round <= 2; round++)
        {
            Move();
            Move();
            Assert.Equal(round - 1, told);
            for (int i = 0; i < 1000 && told < round; i++)
            {
                _reactor.RunOnce(TimeSpan.FromMilliseconds(10));
            }

            Assert.Equal((round, before + round), (told, _seat.Status().Inputs));
        }

        void Move() => _seat.Pointer(new PointerEvent(new DeviceId(1), false, 1, 1, default, default, _now += 20_000_000));
    }

    [Fact]
    public void A_new_keyboard_is_asked_about_in_the_bar_and_answered_in_the_console()
    {
        const InputDeviceKinds board = InputDeviceKinds.Keyboard | InputDeviceKinds.Keys;
        var guard = new TrustedInput(_seat, _seat.Memory, false, TimeProvider.System, () => 42);
        _seat.Guard = guard;
        guard.DeviceFound(new DeviceId(1), new InputDeviceInfo(1, "Old", "event1", "usb", 1, 1, "1", "", board));
        guard.Started();
        Leader(KeyCode.D1);
        guard.DeviceFound(new DeviceId(2), new InputDeviceInfo(2, "Evil", "event2", "usb", 6, 6, "6", "", board));
        Assert.Contains("New keyboard \"Evil\": type 0042", Bar(), StringComparison.Ordinal);
        guard.Key(new KeyEvent(new DeviceId(2), KeyCode.A, KeyAction.Down, _now));
        Assert.Empty(_seat.Status().KeysDown);
        guard.Key(new KeyEvent(new DeviceId(2), KeyCode.LeftCtrl, KeyAction.Down, _now));
        guard.Key(new KeyEvent(new DeviceId(2), KeyCode.LeftAlt, KeyAction.Down, _now));
        guard.Key(new KeyEvent(new DeviceId(2), KeyCode.Esc, KeyAction.Down, _now));
        Assert.Equal(0, _seat.FocusedPort);
        guard.Key(new KeyEvent(new DeviceId(2), KeyCode.Y, KeyAction.Down, _now));
        Assert.NotNull(guard.Question);
        guard.Key(new KeyEvent(new DeviceId(1), KeyCode.Y, KeyAction.Down, _now += 1000));
        Assert.Null(guard.Question);
        Assert.True(_seat.Memory.Knows("usb:0006:0006:6"));
    }

    [Fact]
    public void No_is_what_the_console_answers_at_first()
    {
        const InputDeviceKinds board = InputDeviceKinds.Keyboard | InputDeviceKinds.Keys;
        var guard = new TrustedInput(_seat, _seat.Memory, false, TimeProvider.System, () => 42);
        _seat.Guard = guard;
        guard.DeviceFound(new DeviceId(1), new InputDeviceInfo(1, "Old", "event1", "usb", 1, 1, "1", "", board));
        guard.Started();
        guard.DeviceFound(new DeviceId(2), new InputDeviceInfo(2, "Evil", "event2", "usb", 6, 6, "6", "", board));
        guard.Key(new KeyEvent(new DeviceId(1), KeyCode.Enter, KeyAction.Down, _now));
        Assert.Null(guard.Question);
        Assert.False(_seat.Memory.Knows("usb:0006:0006:6"));
    }
}
