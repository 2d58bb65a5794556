using Hyperspace.Linux.Sdl;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.KeyMaps;
using Hyperspace.Seat.Input.Sources;

namespace Hyperspace.Tests.Unit.Input.Sources;

/// <summary>What a window's keyboard and mouse become.</summary>
public sealed class WindowInputTests : IInputSink
{
    private const int A = 4, B = 5, LeftCtrl = 224, Power = 102, Sleep = 282, VolumeUp = 128, Unknown = 500;

    private readonly List<string> _seen = [];
    private readonly WindowInput _input;
    private bool _console;
    private bool _holdsPointer;
    private long _now = 1_000;

    public WindowInputTests() => _input = new WindowInput(this, new DeviceId(1), _ => _console, () => _holdsPointer);

    void IInputSink.Key(in KeyEvent e) => _seen.Add($"{e.Device.Value} {e.Key} {e.Action}");

    void IInputSink.Pointer(in PointerEvent e) => _seen.Add($"{e.Device.Value} {(e.Absolute ? "at" : "by")} {e.X} {e.Y} +{e.Pressed} -{e.Released}");

    void IInputSink.DeviceLost(DeviceId device) => _seen.Add($"{device.Value} lost");

    private void Happens(WindowEventKind kind, int code = 0, bool down = false, int x = 0, int y = 0) => _input.Take(new WindowEvent(kind, code, down, x, y, _now));

    private string[] Take()
    {
        string[] seen = [.. _seen];
        _seen.Clear();
        return seen;
    }

    [Fact]
    public void Keys_are_passed_one_by_one_but_for_power_and_for_what_no_keyboard_has()
    {
        Happens(WindowEventKind.Key, LeftCtrl, down: true);
        Happens(WindowEventKind.Key, A, down: true);
        Happens(WindowEventKind.Key, A, down: false);
        Happens(WindowEventKind.Key, Power, down: true);
        Happens(WindowEventKind.Key, Sleep, down: true);
        Happens(WindowEventKind.Key, Unknown, down: true);
        Happens(WindowEventKind.Key, VolumeUp, down: true);
        Assert.Equal(["1 LeftCtrl Down", "1 A Down", "1 A Up", "1 VolumeUp Down"], Take());
    }

    [Fact]
    public void Keys_repeat_for_the_console_and_for_no_guest()
    {
        Happens(WindowEventKind.Key, A, down: true);
        Assert.Equal(IDeadline.Never, _input.Deadline);
        _console = true;
        Happens(WindowEventKind.Key, B, down: true);
        Take();
        _input.Tick(_now + KeyRepeater.Delay);
        Assert.Equal(["1 B Repeat"], Take());
        Happens(WindowEventKind.FocusLost);
        Assert.Equal(IDeadline.Never, _input.Deadline);
    }

    [Fact]
    public void What_is_held_is_up_when_the_focus_is_gone()
    {
        Happens(WindowEventKind.Key, A, down: true);
        Happens(WindowEventKind.Button, 1, down: true, 10, 20);
        Take();
        Happens(WindowEventKind.FocusLost);
        Assert.Equal(["1 lost", "2 lost"], Take());
    }

    [Fact]
    public void The_mouse_is_where_it_is_in_the_window_and_buttons_and_wheel_come_there()
    {
        Happens(WindowEventKind.Position, x: 100, y: 200);
        Happens(WindowEventKind.Button, 1, down: true, 101, 201);
        Happens(WindowEventKind.Button, 1, down: false, 102, 202);
        Happens(WindowEventKind.Wheel, y: -2);
        Happens(WindowEventKind.Wheel, y: 1);
        Assert.Equal(
            ["2 at 100 200 +None -None", "2 at 101 201 +Left -None", "2 at 102 202 +None -Left", "2 at 102 202 +WheelUp -WheelUp", "2 at 102 202 +WheelUp -WheelUp", "2 at 102 202 +WheelDown -WheelDown"], Take());
        foreach (int button in (int[])[2, 3, 4, 5, 6])
        {
            Happens(WindowEventKind.Button, button, down: true, 1, 2);
        }

        Assert.Equal(["2 at 1 2 +Middle -None", "2 at 1 2 +Right -None", "2 at 1 2 +Side -None", "2 at 1 2 +Extra -None"], Take());
        Happens(WindowEventKind.Wheel, y: int.MinValue);
        Assert.Equal(20, Take().Length);
    }

    [Fact]
    public void A_pointer_that_is_held_tells_motion_and_buttons_without_a_place()
    {
        Happens(WindowEventKind.Position, x: 100, y: 200);
        _holdsPointer = true;
        Take();
        Happens(WindowEventKind.Motion, x: -3, y: 4);
        Happens(WindowEventKind.Button, 3, down: true, 500, 600);
        Happens(WindowEventKind.Wheel, y: -1);
        Assert.Equal(["2 by -3 4 +None -None", "2 by 0 0 +Right -None", "2 by 0 0 +WheelUp -WheelUp"], Take());
    }

    [Fact]
    public void Motion_and_places_are_merged_until_they_are_read_and_keys_never_are()
    {
        var queue = new WindowQueue();
        WindowEvent Event(WindowEventKind kind, int x, long time) => new(kind, x, true, x, x, time);
        Assert.True(queue.Add(Event(WindowEventKind.Motion, 1, 1)));
        Assert.False(queue.Add(Event(WindowEventKind.Motion, 2, 2)));
        queue.Add(Event(WindowEventKind.Key, 7, 3));
        queue.Add(Event(WindowEventKind.Key, 7, 4));
        queue.Add(Event(WindowEventKind.Position, 5, 5));
        queue.Add(Event(WindowEventKind.Position, 6, 6));
        queue.Add(Event(WindowEventKind.Motion, 3, 7));
        var read = new List<(WindowEventKind, int, long)>();
        while (queue.TryRead(out WindowEvent e))
        {
            read.Add((e.Kind, e.X, e.Time));
        }

        Assert.Equal([(WindowEventKind.Motion, 3, 2), (WindowEventKind.Key, 7, 3), (WindowEventKind.Key, 7, 4), (WindowEventKind.Position, 6, 6), (WindowEventKind.Motion, 3, 7)], read);
        Assert.True(queue.Add(Event(WindowEventKind.Motion, 1, 8)));
        Assert.True(queue.TryRead(out _));
        Assert.False(queue.TryRead(out _));

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            queue.Add(Event(WindowEventKind.Key, 7, i));
            queue.TryRead(out _);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>SDL_scancode.h, and the keys of Linux that are printed with the same.</summary>
    public static TheoryData<int, string> Scancodes() => new()
    {
        { 4, "A B C D E F G H I J K L M N O P Q R S T U V W X Y Z D1 D2 D3 D4 D5 D6 D7 D8 D9 D0 Enter Esc Backspace Tab Space Minus Equal LeftBrace RightBrace Backslash Backslash Semicolon Apostrophe Grave Comma Dot Slash" },
        { 57, "CapsLock F1 F2 F3 F4 F5 F6 F7 F8 F9 F10 F11 F12 SysRq ScrollLock Pause Insert Home PageUp Delete End PageDown Right Left Down Up" },
        { 83, "NumLock KpSlash KpAsterisk KpMinus KpPlus KpEnter Kp1 Kp2 Kp3 Kp4 Kp5 Kp6 Kp7 Kp8 Kp9 Kp0 KpDot Iso102 Compose Power KpEqual F13 F14 F15 F16 F17 F18 F19 F20 F21 F22 F23 F24" },
        { 116, "Open Help Menu Front Stop Again Undo Cut Copy Paste Find Mute VolumeUp VolumeDown None None None KpComma KpEqual" },
        { 135, "Ro KatakanaHiragana Yen Henkan Muhenkan KpJpComma None None None Hangeul Hanja Katakana Hiragana ZenkakuHankaku None None None None Alterase SysRq Cancel" },
        { 182, "Kpleftparen Kprightparen" },
        { 215, "KpPlusMinus" },
        { 224, "LeftCtrl LeftShift LeftAlt LeftMeta RightCtrl RightShift RightAlt RightMeta" },
        { 258, "Nextsong Previoussong Stopcd Playpause Mute Media Www Mail Calc Computer Search Homepage Back Forward Stop Refresh Bookmarks Brightnessdown Brightnessup Switchvideomode Kbdillumtoggle Kbdillumdown Kbdillumup Ejectcd Sleep Prog1 Prog2 Rewind Fastforward" },
    };

    [Theory]
    [MemberData(nameof(Scancodes))]
    public void Scancodes_become_keys(int first, string keys) =>
        Assert.Equal(keys.Split(' '), keys.Split(' ').Select((_, i) => SdlKeyMap.Of(first + i).ToString()));

    [Fact]
    public void Every_other_scancode_is_no_key()
    {
        var known = new HashSet<int>(Scancodes().SelectMany(row => Enumerable.Range((int)row[0], ((string)row[1]).Split(' ').Length)));
        Assert.Equal([], Enumerable.Range(-2, 1000).Where(code => !known.Contains(code) && SdlKeyMap.Of(code) != KeyCode.None));
        Assert.Equal(KeyCode.None, SdlKeyMap.Of(int.MinValue));
        Assert.Equal(KeyCode.None, SdlKeyMap.Of(int.MaxValue));
    }
}
