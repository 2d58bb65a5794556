using Hyperspace.Linux.Input;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Sources;

namespace Hyperspace.Tests.Unit.Input.Sources;

public class LibinputSourceTests
{
    private readonly ScriptedDevices _devices = new();
    private readonly RecordingSink _seen = new();
    private readonly LibinputSource _source;

    public LibinputSourceTests() => _source = new LibinputSource(_devices, _seen, _seen);

    private string Drain()
    {
        _source.Drain();
        return _seen.Take();
    }

    [Fact]
    public void Keys_pass_one_by_one_with_the_number_of_their_device()
    {
        int one = _devices.Plug(InputDeviceKinds.Keyboard | InputDeviceKinds.Keys), two = _devices.Plug(InputDeviceKinds.Keyboard | InputDeviceKinds.Keys);
        _devices.Key(one, KeyCode.A, true);
        _devices.Key(two, KeyCode.A, true);
        _devices.Key(one, KeyCode.A, false);
        _devices.Key(one, KeyCode.A, true);
        Assert.Equal("found@101 found@102 +A@101 +A@102 -A@101 +A@101", Drain());
    }

    [Fact]
    public void Codes_that_are_no_keys_are_dropped()
    {
        int one = _devices.Plug(InputDeviceKinds.Keyboard | InputDeviceKinds.Keys);
        _devices.Put(InputEventKind.Key, one, code: 0x1D0, down: true);
        _devices.Put(InputEventKind.Key, one, code: 0, down: true);
        _devices.Put(InputEventKind.Button, one, code: 0x120, down: true);
        Assert.Equal("found@101", Drain());
    }

    [Fact]
    public void Motion_is_merged_to_one_event_of_a_wake_up_and_fractions_are_kept()
    {
        int mouse = _devices.Plug(InputDeviceKinds.Pointer);
        for (int i = 0; i < 1000; i++)
        {
            _devices.Put(InputEventKind.Motion, mouse, 0.25, -0.5);
        }

        Assert.Equal("found@101 by250,-500", Drain());
        _devices.Put(InputEventKind.Motion, mouse, 0.6);
        Assert.Equal("", Drain());
        _devices.Put(InputEventKind.Motion, mouse, 0.6);
        Assert.Equal("by1,0", Drain());
    }

    [Fact]
    public void Motion_stays_before_the_key_and_the_button_that_came_after_it()
    {
        int mouse = _devices.Plug(InputDeviceKinds.Pointer), keyboard = _devices.Plug(InputDeviceKinds.Keyboard | InputDeviceKinds.Keys);
        Drain();
        _devices.Put(InputEventKind.Motion, mouse, 3, 4);
        _devices.Key(keyboard, KeyCode.LeftShift, true);
        _devices.Put(InputEventKind.Motion, mouse, 1, 1);
        _devices.Put(InputEventKind.Button, mouse, code: 0x110, down: true);
        _devices.Put(InputEventKind.Motion, mouse, 2, 2);
        Assert.Equal("by3,4 +LeftShift@102 by1,1 by0,0[Left/None] by2,2", Drain());
    }

    [Fact]
    public void Two_mice_keep_their_own_motion()
    {
        int one = _devices.Plug(InputDeviceKinds.Pointer), two = _devices.Plug(InputDeviceKinds.Pointer);
        Drain();
        _devices.Put(InputEventKind.Motion, one, 0.7);
        _devices.Put(InputEventKind.Motion, two, 0.7);
        Assert.Equal("", Drain());
        _devices.Put(InputEventKind.Motion, two, 0.7);
        Assert.Equal("by1,0", Drain());
    }

    [Fact]
    public void A_tablet_gives_positions_also_with_its_buttons()
    {
        int tablet = _devices.Plug(InputDeviceKinds.Pointer);
        Drain();
        _devices.Put(InputEventKind.Position, tablet, 100, 200);
        _devices.Put(InputEventKind.Position, tablet, 65536, -1);
        _devices.Put(InputEventKind.Button, tablet, code: 0x111, down: true);
        _devices.Put(InputEventKind.Button, tablet, code: 0x111);
        Assert.Equal("to65535,0 to65535,0[Right/None] to65535,0[None/Right]", Drain());
    }

    [Fact]
    public void Wheels_turn_by_whole_notches_and_a_turn_back_begins_anew()
    {
        int mouse = _devices.Plug(InputDeviceKinds.Pointer);
        Drain();
        _devices.Put(InputEventKind.Wheel, mouse, y: 120);
        _devices.Put(InputEventKind.Wheel, mouse, y: 60);
        Assert.Equal("by0,0[WheelDown/WheelDown]", Drain());
        _devices.Put(InputEventKind.Wheel, mouse, y: -60);
        _devices.Put(InputEventKind.Wheel, mouse, y: -59);
        Assert.Equal("", Drain());
        _devices.Put(InputEventKind.Wheel, mouse, y: -1);
        Assert.Equal("by0,0[WheelUp/WheelUp]", Drain());
        _devices.Put(InputEventKind.Wheel, mouse, y: 240);
        Assert.Equal("by0,0[WheelDown/WheelDown] by0,0[WheelDown/WheelDown]", Drain());
    }

    [Fact]
    public void A_senseless_turn_of_a_wheel_is_cut()
    {
        int mouse = _devices.Plug(InputDeviceKinds.Pointer);
        Drain();
        _devices.Put(InputEventKind.Wheel, mouse, y: 1e12);
        Assert.Equal(20, Drain().Split(' ').Length);
        _devices.Put(InputEventKind.Wheel, mouse, y: 60);
        Assert.Equal("", Drain());
    }

    [Fact]
    public void The_first_finger_is_the_pointer_and_others_are_nothing()
    {
        int screen = _devices.Plug(InputDeviceKinds.Touch);
        Drain();
        _devices.Put(InputEventKind.TouchDown, screen, 10, 20, code: 3, down: true);
        _devices.Put(InputEventKind.TouchDown, screen, 500, 500, code: 4, down: true);
        _devices.Put(InputEventKind.TouchMotion, screen, 600, 600, code: 4);
        _devices.Put(InputEventKind.TouchMotion, screen, 30, 40, code: 3);
        _devices.Put(InputEventKind.TouchUp, screen, code: 4);
        _devices.Put(InputEventKind.TouchUp, screen, code: 3);
        Assert.Equal("to10,20[Left/None] to30,40 to30,40[None/Left]", Drain());
    }

    [Fact]
    public void A_device_that_goes_is_lost_and_comes_back_as_another_one()
    {
        int keyboard = _devices.Plug(InputDeviceKinds.Keyboard | InputDeviceKinds.Keys);
        _devices.Key(keyboard, KeyCode.LeftShift, true);
        _devices.Unplug(keyboard);
        _devices.Key(keyboard, KeyCode.A, true);
        Assert.Equal("found@101 +LeftShift@101 lost@101", Drain());
        keyboard = _devices.Plug(InputDeviceKinds.Keyboard | InputDeviceKinds.Keys);
        _devices.Key(keyboard, KeyCode.A, true);
        Assert.Equal("found@102 +A@102", Drain());
    }

    [Fact]
    public void All_keyboards_have_the_lights_those_that_come_later_too()
    {
        int one = _devices.Plug(InputDeviceKinds.Keyboard);
        Drain();
        _source.SetLeds(InputLeds.Caps | InputLeds.Num);
        int two = _devices.Plug(InputDeviceKinds.Keyboard);
        Drain();
        Assert.Equal(InputLeds.Caps | InputLeds.Num, _devices.Leds[one]);
        Assert.Equal(InputLeds.Caps | InputLeds.Num, _devices.Leds[two]);
    }

    /// <param name="perSecond">Presses.</param>
    [Theory]
    [InlineData(1900, false)]
    [InlineData(2600, true)]
    public void A_device_that_floods_is_silenced_and_one_that_is_only_quick_is_not(int perSecond, bool silenced)
    {
        int keyboard = _devices.Plug(InputDeviceKinds.Keyboard | InputDeviceKinds.Keys), other = _devices.Plug(InputDeviceKinds.Keyboard | InputDeviceKinds.Keys);
        for (int i = 0; i < perSecond * 4; i++)
        {
            _devices.Now += 1_000_000_000 / perSecond;
            _devices.Key(keyboard, KeyCode.A, true);
            _devices.Key(keyboard, KeyCode.A, false);
        }

        _devices.Key(other, KeyCode.B, true);
        string seen = Drain();
        Assert.Equal(silenced ? [keyboard] : [], _devices.Silenced);
        Assert.Equal(silenced ? 1 : 0, seen.Split(' ').Count(word => word == "trouble@101"));
        Assert.EndsWith("+B@102", seen);
        int down = seen.Split(' ').Count(word => word == "+A@101"), up = seen.Split(' ').Count(word => word == "-A@101");
        Assert.True(up >= down, $"{down} presses but {up} releases");
    }

    [Fact]
    public void One_burst_of_a_second_silences_nobody()
    {
        int keyboard = _devices.Plug(InputDeviceKinds.Keyboard | InputDeviceKinds.Keys);
        for (int i = 0; i < 5000; i++)
        {
            _devices.Now += 200_000;
            _devices.Key(keyboard, KeyCode.A, true);
            _devices.Key(keyboard, KeyCode.A, false);
        }

        Drain();
        _devices.Now += 3_000_000_000;
        _devices.Key(keyboard, KeyCode.A, true);
        Assert.Equal("+A@101", Drain());
        Assert.Empty(_devices.Silenced);
    }

    [Fact]
    public void Repeats_are_for_the_console_of_the_last_key_only_and_end_with_it()
    {
        bool console = true;
        var repeater = new KeyRepeater(_seen, () => console);
        using var source = new LibinputSource(_devices, _seen, _seen) { Repeater = repeater };
        int keyboard = _devices.Plug(InputDeviceKinds.Keyboard | InputDeviceKinds.Keys);
        _devices.Key(keyboard, KeyCode.A, true);
        _devices.Key(keyboard, KeyCode.LeftShift, true);
        source.Drain();
        Assert.Equal(IDeadline.Never, repeater.Deadline);
        _devices.Key(keyboard, KeyCode.B, true);
        source.Drain();
        _seen.Take();
        Assert.Equal(_devices.Now + KeyRepeater.Delay, repeater.Deadline);
        repeater.Tick(repeater.Deadline);
        repeater.Tick(repeater.Deadline);
        Assert.Equal("~B@101 ~B@101", _seen.Take());
        _devices.Key(keyboard, KeyCode.A, false);
        source.Drain();
        Assert.NotEqual(IDeadline.Never, repeater.Deadline);
        _devices.Key(keyboard, KeyCode.B, false);
        source.Drain();
        Assert.Equal(IDeadline.Never, repeater.Deadline);
        console = false;
        _devices.Key(keyboard, KeyCode.B, true);
        source.Drain();
        Assert.Equal(IDeadline.Never, repeater.Deadline);
    }

    [Fact]
    public void Events_allocate_nothing()
    {
        var sink = new CountingSink();
        using var source = new LibinputSource(_devices, sink, sink) { Repeater = new KeyRepeater(sink, () => false) };
        int keyboard = _devices.Plug(InputDeviceKinds.Keyboard | InputDeviceKinds.Keys), mouse = _devices.Plug(InputDeviceKinds.Pointer);
        void Burst()
        {
            for (int i = 0; i < 200; i++)
            {
                _devices.Put(InputEventKind.Motion, mouse, 1, 1);
                _devices.Key(keyboard, KeyCode.A, i % 2 == 0);
                _devices.Put(InputEventKind.Button, mouse, code: 0x110, down: i % 2 == 0);
                _devices.Put(InputEventKind.Wheel, mouse, y: 120);
            }

            source.Drain();
        }

        // The queues of the scripted devices grow once.
        Burst();
        int before = sink.Events;
        long allocated = GC.GetAllocatedBytesForCurrentThread();
        Burst();
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        Assert.Equal(800, sink.Events - before);
        Assert.Equal(0, allocated);
    }

    private sealed class CountingSink : IInputSink, IDeviceWatcher
    {
        public int Events { get; private set; }

        public void Key(in KeyEvent e) => Events++;

        public void Pointer(in PointerEvent e) => Events++;

        public void DeviceLost(DeviceId device) => Events++;

        public void DeviceFound(DeviceId device, InputDeviceInfo info)
        {
        }

        public void DeviceTrouble(DeviceId device, string sentence)
        {
        }
    }
}
