using Hyperspace.Linux.Input;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Sources;
using Hyperspace.Seat.Input.Trust;
using Hyperspace.Tests.Unit.Input.Sources;

namespace Hyperspace.Tests.Unit.Input.Trust;

public class TrustedInputTests
{
    private const InputDeviceKinds Board = InputDeviceKinds.Keyboard | InputDeviceKinds.Keys;
    private const long Second = 1_000_000_000;

    private sealed class Seat : ITrustedSeat
    {
        public RecordingSink Seen { get; } = new();
        public int Attentions { get; private set; }

        public void Key(in KeyEvent e) => Seen.Key(e);

        public void Pointer(in PointerEvent e) => Seen.Pointer(e);

        public void DeviceLost(DeviceId device) => Seen.DeviceLost(device);

        public void RaiseAttention(long time) => Attentions++;
    }

    private readonly Seat _seat = new();
    private readonly ScriptedDevices _devices = new();
    private readonly SeatMemory _memory = SeatMemory.Transient();
    private readonly Queue<int> _numbers = new();
    private readonly List<string> _said = [];
    private TrustedInput _guard;
    private LibinputSource _source;

    public TrustedInputTests() => (_guard, _source) = Start(strict: false);

    private (TrustedInput, LibinputSource) Start(bool strict)
    {
        _guard = new TrustedInput(_seat, _memory, strict, TimeProvider.System, () => _numbers.Count > 0 ? _numbers.Dequeue() : 7315) { Notify = _said.Add };
        _source = new LibinputSource(_devices, _guard, _guard);
        return (_guard, _source);
    }

    private int Plug(InputDeviceKinds kinds, string name, string serial)
    {
        int device = _devices.Plug(kinds, name, serial);
        _source.Drain();
        return device;
    }

    private string Press(int device, params ReadOnlySpan<KeyCode> keys)
    {
        foreach (KeyCode key in keys)
        {
            _devices.Now += Second / 100;
            _devices.Key(device, key, true);
            _devices.Key(device, key, false);
        }

        _source.Drain();
        return _seat.Seen.Take();
    }

    private DeviceTrust TrustOf(int device) => _guard.Devices.Single(d => d.Device.Value == LibinputSource.FirstDevice + device).Trust;

    [Fact]
    public void What_is_there_at_the_start_is_trusted_also_when_it_comes_back()
    {
        int old = Plug(Board, "Old", "1");
        _guard.Started();
        Assert.Equal("+A@101 -A@101", Press(old, KeyCode.A));
        _devices.Unplug(old);
        _source.Drain();
        int again = Plug(Board, "Old", "1");
        _seat.Seen.Take();
        Assert.Equal("+A@102 -A@102", Press(again, KeyCode.A));
        Assert.Null(_guard.Question);
        Assert.Empty(_memory.Devices);
    }

    [Fact]
    public void A_new_keyboard_types_nothing_until_the_digits_shown_are_typed_on_it()
    {
        Plug(Board, "Old", "1");
        _guard.Started();
        int fresh = Plug(Board, "Logitech K120", "2");
        Assert.Equal(new KeyboardQuestion("usb:0001:0001:2", "Logitech K120", "7315"), _guard.Question);
        Assert.Contains("\"Logitech K120\": type 7315 on it", _guard.Question!.Sentence, StringComparison.Ordinal);
        Assert.Equal("", Press(fresh, KeyCode.A, KeyCode.Enter, KeyCode.LeftCtrl, KeyCode.D7, KeyCode.D3, KeyCode.D1));
        Assert.Equal(DeviceTrust.Asked, TrustOf(fresh));
        Assert.Equal("", Press(fresh, KeyCode.Kp5));
        Assert.Equal(DeviceTrust.Trusted, TrustOf(fresh));
        Assert.Null(_guard.Question);
        Assert.Equal("+A@102 -A@102", Press(fresh, KeyCode.A));
        Assert.True(_memory.Knows("usb:0001:0001:2"));
    }

    [Fact]
    public void Digits_of_another_keyboard_are_no_answer()
    {
        int old = Plug(Board, "Old", "1");
        _guard.Started();
        int fresh = Plug(Board, "New", "2"), second = Plug(Board, "Newer", "3");
        Assert.Equal("+D7@101 -D7@101 +D3@101 -D3@101 +D1@101 -D1@101 +D5@101 -D5@101", Press(old, KeyCode.D7, KeyCode.D3, KeyCode.D1, KeyCode.D5));
        Assert.Equal("", Press(second, KeyCode.D7, KeyCode.D3, KeyCode.D1, KeyCode.D5));
        Assert.Equal((DeviceTrust.Asked, DeviceTrust.Asked), (TrustOf(fresh), TrustOf(second)));
    }

    [Fact]
    public void Another_key_in_between_begins_the_digits_anew()
    {
        _guard.Started();
        int fresh = Plug(Board, "New", "2");
        Press(fresh, KeyCode.D7, KeyCode.D3, KeyCode.A, KeyCode.D1, KeyCode.D5);
        Assert.Equal(DeviceTrust.Asked, TrustOf(fresh));
        Press(fresh, KeyCode.Backspace, KeyCode.D7, KeyCode.D3, KeyCode.D1, KeyCode.D5);
        Assert.Equal(DeviceTrust.Trusted, TrustOf(fresh));
    }

    [Fact]
    public void Guessing_is_answered_with_other_digits_and_longer_and_longer_waits_also_after_unplugging()
    {
        _guard.Started();
        foreach (int number in (int[])[1111, 2222, 3333, 4444, 4444, 4444, 4444, 5555])
        {
            _numbers.Enqueue(number);
        }

        int evil = Plug(Board, "Evil", "2");
        KeyCode[] guess = [KeyCode.D0, KeyCode.D0, KeyCode.D0, KeyCode.D0];
        Assert.Equal("1111", _guard.Question!.Digits);
        Press(evil, guess);
        Assert.Equal("2222", _guard.Question!.Digits);
        _devices.Unplug(evil);
        evil = Plug(Board, "Evil", "other");
        Assert.Equal("3333", _guard.Question!.Digits);
        Press(evil, guess);
        Press(evil, guess);
        Assert.Null(_guard.Question!.Digits);
        Press(evil, KeyCode.D4, KeyCode.D4, KeyCode.D4, KeyCode.D4);
        Assert.Equal(DeviceTrust.Asked, TrustOf(evil));
        _devices.Now += TrustedInput.FirstWait;
        Press(evil, KeyCode.A);
        Assert.NotNull(_guard.Question!.Digits);
        for (int i = 0; i < 3; i++)
        {
            Press(evil, guess);
        }

        Assert.Null(_guard.Question!.Digits);
        _devices.Now += TrustedInput.FirstWait;
        Press(evil, KeyCode.A);
        Assert.Null(_guard.Question!.Digits);
        _devices.Now += TrustedInput.FirstWait;
        Press(evil, KeyCode.A);
        Assert.NotNull(_guard.Question!.Digits);
    }

    [Fact]
    public void The_attention_key_works_from_every_keyboard_whatever_else_it_holds()
    {
        Plug(Board, "Old", "1");
        _guard.Started();
        int fresh = Plug(Board, "New", "2");
        _devices.Key(fresh, KeyCode.A, true);
        _devices.Key(fresh, KeyCode.Esc, true);
        _devices.Key(fresh, KeyCode.RightAlt, true);
        _source.Drain();
        Assert.Equal(0, _seat.Attentions);
        _devices.Key(fresh, KeyCode.LeftCtrl, true);
        _source.Drain();
        Assert.Equal(1, _seat.Attentions);
        _guard.Refuse("usb:0001:0001:2");
        _devices.Key(fresh, KeyCode.Esc, false);
        _devices.Key(fresh, KeyCode.Esc, true);
        _source.Drain();
        Assert.Equal(2, _seat.Attentions);
        Assert.Equal("", _seat.Seen.Take());
    }

    [Fact]
    public void One_that_was_refused_is_not_asked_about_before_it_is_plugged_in_again()
    {
        Plug(Board, "Old", "1");
        _guard.Started();
        int fresh = Plug(Board, "New", "2");
        _guard.Refuse("usb:0001:0001:2");
        Assert.Null(_guard.Question);
        Assert.Equal("", Press(fresh, KeyCode.D7, KeyCode.D3, KeyCode.D1, KeyCode.D5, KeyCode.A));
        _devices.Unplug(fresh);
        Plug(Board, "New", "2");
        Assert.NotNull(_guard.Question);
    }

    [Fact]
    public void Mice_are_taken_at_once_and_their_keys_are_not()
    {
        _guard.Started();
        int mouse = Plug(InputDeviceKinds.Pointer, "Mouse", "5"), music = Plug(InputDeviceKinds.Pointer | InputDeviceKinds.Keys, "Mouse with keys", "6");
        Assert.Null(_guard.Question);
        Assert.Equal((DeviceTrust.Trusted, DeviceTrust.PointerOnly), (TrustOf(mouse), TrustOf(music)));
        Assert.Equal("", Press(music, KeyCode.A));
        _devices.Put(InputEventKind.Button, music, code: 0x110, down: true);
        _source.Drain();
        Assert.Equal("by0,0[Left/None]", _seat.Seen.Take());
    }

    [Fact]
    public void The_pointer_of_a_keyboard_that_is_not_trusted_does_nothing()
    {
        _guard.Started();
        int combined = Plug(Board | InputDeviceKinds.Pointer, "Combined", "5");
        _devices.Put(InputEventKind.Button, combined, code: 0x110, down: true);
        _devices.Put(InputEventKind.Motion, combined, 5, 5);
        _source.Drain();
        Assert.Equal("", _seat.Seen.Take());
    }

    [Fact]
    public void A_strict_seat_trusts_nobody_at_the_start_but_those_it_remembers()
    {
        _memory.Remember("usb:0001:0001:1", "Known", DateTimeOffset.UnixEpoch);
        (_guard, _source) = Start(strict: true);
        int known = Plug(Board, "Known", "1"), other = Plug(Board, "Other", "2");
        _guard.Started();
        Assert.Equal((DeviceTrust.Trusted, DeviceTrust.Asked), (TrustOf(known), TrustOf(other)));
    }

    [Fact]
    public void Who_is_accepted_is_remembered_and_who_is_forgotten_lets_go_and_is_asked_about()
    {
        Plug(Board, "Old", "1");
        _guard.Started();
        int fresh = Plug(Board, "New", "2");
        Assert.Null(_guard.Accept("usb:0001:0001:2"));
        _devices.Key(fresh, KeyCode.LeftShift, true);
        _source.Drain();
        Assert.Equal("+LeftShift@102", _seat.Seen.Take());
        Assert.Null(_guard.Forget("usb:0001:0001:2"));
        Assert.Equal("lost@102", _seat.Seen.Take());
        Assert.Equal("", Press(fresh, KeyCode.A));
        Assert.Equal("usb:0001:0001:2", _guard.Question?.Id);
        Assert.False(_memory.Knows("usb:0001:0001:2"));
        Assert.Contains("no device", _guard.Accept("usb:ffff:ffff:1"), StringComparison.Ordinal);
        Assert.Contains("no device", _guard.Forget("usb:ffff:ffff:1"), StringComparison.Ordinal);
    }

    [Fact]
    public void Two_devices_of_one_keyboard_are_asked_about_once()
    {
        _guard.Started();
        int one = _devices.Plug(Board, "Combo", path: "pci-0000:00:14.0-usb-0:2:1.0"), two = _devices.Plug(Board, "Combo Consumer", path: "pci-0000:00:14.0-usb-0:2:1.1");
        _source.Drain();
        Press(one, KeyCode.D7, KeyCode.D3, KeyCode.D1, KeyCode.D5);
        Assert.Equal((DeviceTrust.Trusted, DeviceTrust.Trusted), (TrustOf(one), TrustOf(two)));
        Assert.Null(_guard.Question);
    }

    [Fact]
    public void Names_are_made_fit_to_be_shown()
    {
        _guard.Started();
        Plug(Board, "K\"\u001b[31m\u202Eevil\n" + new string('x', 500), "../../etc\u0000");
        KeyboardQuestion question = _guard.Question!;
        Assert.InRange(question.Name.Length, 1, DeviceText.MaxName);
        Assert.DoesNotContain(question.Name, c => char.IsControl(c) || c is '"' or '\u202E');
        Assert.Matches("^[A-Za-z0-9._:@-]+$", question.Id);
    }

    [Fact]
    public void Events_of_trusted_devices_allocate_nothing_in_the_guard()
    {
        int old = Plug(Board, "Old", "1");
        _guard.Started();
        var sink = new SilentSeat();
        var guard = new TrustedInput(sink, _memory, false, TimeProvider.System);
        var device = new DeviceId(200);
        guard.DeviceFound(device, _devices.Describe(old));
        guard.Key(new KeyEvent(device, KeyCode.A, KeyAction.Down, 1));
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            guard.Key(new KeyEvent(device, KeyCode.A, (KeyAction)(i & 1), i));
            guard.Pointer(new PointerEvent(device, false, 1, 1, PointerButtons.None, PointerButtons.None, i));
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
        Assert.Equal(2001, sink.Events);
    }

    private sealed class SilentSeat : ITrustedSeat
    {
        public int Events { get; private set; }

        public void Key(in KeyEvent e) => Events++;

        public void Pointer(in PointerEvent e) => Events++;

        public void DeviceLost(DeviceId device) => Events++;

        public void RaiseAttention(long time) => Events++;
    }
}
