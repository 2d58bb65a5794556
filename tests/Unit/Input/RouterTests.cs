using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Input.Routing;

namespace Hyperspace.Tests.Unit.Input;

public class RouterTests
{
    [Fact]
    public void Keys_go_to_the_focused_guest_and_to_no_other()
    {
        var bench = new Bench().To(1);
        bench.Play("A +LeftShift B -LeftShift");
        Assert.Equal("+A -A +LeftShift +B -B -LeftShift", bench.One.Take());
        Assert.Equal("", bench.Two.Take() + bench.Console.Take());
    }

    [Fact]
    public void A_switch_releases_keys_first_and_carries_held_modifiers_over()
    {
        var bench = new Bench().To(1);
        bench.Play("+LeftShift +LeftMeta +B +A").Forget();
        bench.Router.SwitchTo(2);
        Assert.Equal("-A -B -LeftShift -LeftMeta", bench.One.Take());
        Assert.Equal("+LeftShift +LeftMeta", bench.Two.Take());
        bench.Play("-A -B -LeftShift -LeftMeta");
        Assert.Equal("-LeftShift -LeftMeta", bench.Two.Take());
        Assert.Equal("", bench.One.Take());
        bench.AssertNoFaults();
    }

    [Fact]
    public void A_key_held_across_a_switch_is_dead_until_pressed_again()
    {
        var bench = new Bench();
        bench.Play("+A").To(1);
        bench.Play("~A").To(0);
        bench.Play("~A -A +A ~A -A");
        Assert.Equal("+A ~A -A", bench.Console.Take());
        Assert.Equal("", bench.One.Take());
    }

    [Fact]
    public void Shift_tapped_within_the_chord_is_part_of_it_and_Shift_held_before_it_is_not()
    {
        var bench = new Bench().To(1);
        bench.Play("RightCtrl RightCtrl +LeftShift +D2 -D2 B -LeftShift C");
        Assert.Equal("+B -B +C -C", bench.Two.Take());
        bench.Play("+LeftShift").Forget();
        bench.Play("ScrollLock ScrollLock +D1 B -LeftShift");
        Assert.Equal("+LeftShift +B -B -LeftShift", bench.One.Take());
        Assert.Equal("-LeftShift", bench.Two.Take());
        bench.Play("-D1");
        Assert.Equal("", bench.One.Take());
    }

    [Fact]
    public void Only_the_console_gets_repeats()
    {
        var bench = new Bench();
        bench.Play("+A ~A ~A -A");
        Assert.Equal("+A ~A ~A -A", bench.Console.Take());
        bench.To(1).Play("+A ~A ~A -A");
        Assert.Equal("+A -A", bench.One.Take());
    }

    [Fact]
    public void The_console_is_told_the_modifiers()
    {
        var bench = new Bench();
        bench.Play("+LeftShift +A");
        Assert.Equal(KeyModifiers.Shift, bench.Console.Modifiers);
        bench.Play("-LeftShift");
        Assert.Equal(KeyModifiers.None, bench.Console.Modifiers);
        bench.Play("+RightAlt +RightMeta");
        Assert.Equal(KeyModifiers.Alt | KeyModifiers.Meta, bench.Console.Modifiers);
    }

    [Fact]
    public void A_key_on_two_keyboards_counts_once()
    {
        var bench = new Bench().To(1);
        bench.Play("+A@1 +A@2 -A@1 -A@2");
        Assert.Equal("+A -A", bench.One.Take());
    }

    [Fact]
    public void A_lost_device_releases_what_only_it_held()
    {
        var bench = new Bench().To(1);
        bench.Play("+A@1 +B@1 +A@2").Forget();
        bench.Router.DeviceLost(new DeviceId(1));
        Assert.Equal("-B", bench.One.Take());
        bench.Router.DeviceLost(new DeviceId(2));
        Assert.Equal("-A", bench.One.Take());
        bench.Router.DeviceLost(new DeviceId(3));
        Assert.Equal("", bench.One.Take());
    }

    [Fact]
    public void A_device_that_is_lost_in_a_chord_leaves_the_leader_up()
    {
        var bench = new Bench().To(1);
        bench.Play("RightCtrl +RightCtrl");
        bench.Router.DeviceLost(new DeviceId(1));
        bench.Play("D2");
        Assert.Equal("+RightCtrl -RightCtrl +RightCtrl -RightCtrl +D2 -D2", bench.One.Take());
    }

    [Fact]
    public void After_an_overflow_lost_releases_are_made_up_and_new_modifiers_pressed()
    {
        var bench = new Bench().To(1);
        bench.Play("+A +B +LeftShift").Forget();
        bench.Router.DeviceResync(new DeviceId(1), KeySet.Of(KeyCode.B, KeyCode.C, KeyCode.LeftAlt));
        Assert.Equal("-A -LeftShift +LeftAlt", bench.One.Take());
        bench.Play("-C -LeftAlt -B");
        Assert.Equal("-LeftAlt -B", bench.One.Take());
        bench.AssertNoFaults();
    }

    [Fact]
    public void The_attention_key_is_found_after_an_overflow()
    {
        var bench = new Bench().To(1);
        bench.Router.DeviceResync(new DeviceId(1), KeySet.Of(KeyCode.LeftCtrl, KeyCode.LeftAlt, KeyCode.Esc));
        Assert.Equal(0, bench.Port);
        Assert.Equal("", bench.One.Take() + bench.Console.Take());
    }

    [Fact]
    public void ReleaseAll_leaves_nothing_down()
    {
        var bench = new Bench().To(1);
        bench.Play("+A +LeftShift +LeftCtrl");
        bench.Router.Pointer(Mouse(0, 0, PointerButtons.Left));
        bench.Forget();
        bench.Router.ReleaseAll();
        Assert.Equal("-A -LeftCtrl -LeftShift [None/Left]", bench.One.Take());
        bench.Play("-A -LeftShift -LeftCtrl A");
        Assert.Equal("+A -A", bench.One.Take());
        Assert.True(bench.Router.KeysDown.IsEmpty);
    }

    [Fact]
    public void A_release_that_was_lost_is_made_up_when_the_key_is_pressed_again()
    {
        var bench = new Bench().To(1);
        bench.Play("+A +A -A");
        Assert.Equal("+A -A +A -A", bench.One.Take());
        bench.Play("-A ~A");
        Assert.Equal("", bench.One.Take());
    }

    [Fact]
    public void Codes_that_are_no_keys_are_dropped()
    {
        var bench = new Bench().To(1);
        foreach (ushort code in new ushort[] { 0, 249, 255, 256, 0x110, 0x2FF, ushort.MaxValue })
        {
            bench.Key((KeyCode)code, KeyAction.Down).Key((KeyCode)code, KeyAction.Up);
        }

        Assert.Equal("", bench.One.Take());
    }

    [Fact]
    public void A_dead_guest_hears_nothing_and_its_successor_sees_the_held_modifiers()
    {
        var bench = new Bench().To(1);
        bench.Play("+A +LeftShift").Forget();
        bench.One.Dead = true;
        bench.Router.GuestGone(1);
        bench.Play("B -A");
        Assert.Equal(FocusTarget.Nobody, bench.Router.Focus.Target);
        var successor = new RecordingGuest("successor");
        bench.Router.GuestAttached(1, successor);
        bench.Play("C -LeftShift");
        Assert.Equal("+LeftShift +C -C -LeftShift", successor.Take());
        Assert.Equal(["focus 1->1 Nobody", "focus 1->1 Guest"], bench.Events);
        bench.AssertNoFaults();
    }

    [Fact]
    public void A_guest_that_is_replaced_alive_is_left_with_nothing_down()
    {
        var bench = new Bench().To(1);
        bench.Play("+A +LeftShift").Forget();
        bench.Router.GuestAttached(1, bench.Two);
        Assert.Equal("-A -LeftShift", bench.One.Take());
        Assert.Equal("+LeftShift", bench.Two.Take());
    }

    [Fact]
    public void An_empty_port_takes_the_keys_and_gives_them_to_nobody()
    {
        var bench = new Bench().To(1);
        bench.Play("ScrollLock ScrollLock D7 A +LeftShift");
        Assert.Equal(FocusTarget.Nobody, bench.Router.Focus.Target);
        Assert.Equal("", bench.One.Take());
        bench.Router.SwitchTo(2);
        Assert.Equal("+LeftShift", bench.Two.Take());
    }

    [Fact]
    public void The_state_says_where_the_focus_is_and_was()
    {
        var bench = new Bench();
        bench.Router.SwitchTo(1);
        bench.Router.SwitchTo(1);
        bench.Router.SwitchTo(2);
        Assert.Equal(new FocusState(2, FocusTarget.Guest, 1, 2), bench.Router.Focus);
        Assert.Equal(2, bench.Router.Switches);
        Assert.Equal(["focus 0->1 Guest", "focus 1->2 Guest"], bench.Events);
    }

    [Theory]
    [InlineData(0, "Right", 1)]
    [InlineData(1, "Right", 2)]
    [InlineData(2, "Right", 0)]
    [InlineData(0, "Left", 2)]
    [InlineData(5, "Right", 0)]
    [InlineData(5, "Left", 2)]
    public void Next_and_previous_go_round_the_occupied_ports(int from, string key, int to)
    {
        var bench = new Bench().To(from);
        bench.Play($"ScrollLock ScrollLock {key}");
        Assert.Equal(to, bench.Port);
    }

    [Fact]
    public void What_is_held_back_goes_to_the_old_port_when_the_API_switches()
    {
        var bench = new Bench().To(1);
        bench.Play("ScrollLock +LeftCtrl").Forget();
        bench.Router.SwitchTo(2);
        Assert.Equal("+LeftCtrl -LeftCtrl", bench.One.Take());
        Assert.Equal("+LeftCtrl", bench.Two.Take());
        bench.AssertNoFaults();
    }

    [Fact]
    public void A_port_that_does_not_exist_is_refused()
    {
        var bench = new Bench();
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Router.SwitchTo(10));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Router.SwitchTo(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Router.GuestAttached(0, bench.One));
    }

    /// <summary>A guest whose connection breaks in the middle of being released, and a seat that goes to port 0 because of it.</summary>
    private sealed class DiesOfFirstRelease(Action die) : IGuestInput
    {
        public int Calls { get; private set; }

        public void Key(KeyCode key, bool down)
        {
            Calls++;
            if (!down)
            {
                die();
            }
        }

        public void PointerTo(int x, int y) => Calls++;

        public void PointerBy(int dx, int dy) => Calls++;

        public void Buttons(PointerButtons pressed, PointerButtons released) => Calls++;
    }

    [Fact]
    public void A_guest_that_dies_while_it_is_released_is_left_alone_and_the_switch_is_completed()
    {
        var bench = new Bench();
        DiesOfFirstRelease guest = null!;
        guest = new DiesOfFirstRelease(() => bench.Router.GuestGone(3));
        bench.Router.GuestAttached(3, guest);
        bench.To(3).Play("+A +B +LeftShift");
        bench.Router.FocusChanged += (_, now) =>
        {
            if (now.Target == FocusTarget.Nobody)
            {
                bench.Router.SwitchTo(0);
            }
        };
        bench.Router.SwitchTo(2);
        Assert.Equal(4, guest.Calls);
        Assert.Equal(2, bench.Port);
        Assert.Equal("+LeftShift", bench.Two.Take());
        Assert.True(bench.Console.Down.IsEmpty);
        bench.Play("-LeftShift");
        Assert.Equal("-LeftShift", bench.Two.Take());
    }

    private static PointerEvent Mouse(int dx, int dy, PointerButtons pressed = 0, PointerButtons released = 0, long at = 2_000 * Bench.Millisecond, int device = 5) =>
        new(new DeviceId(device), false, dx, dy, pressed, released, at);

    private static PointerEvent Tablet(int x, int y, PointerButtons pressed = 0, PointerButtons released = 0, long at = 2_000 * Bench.Millisecond) =>
        new(new DeviceId(6), true, (x * 65536 + 999) / 1000, (y * 65536 + 999) / 1000, pressed, released, at);

    [Fact]
    public void Motion_floods_are_merged_without_losing_a_count()
    {
        var bench = new Bench().To(1);
        for (int i = 0; i < 1000; i++)
        {
            bench.Router.Pointer(Mouse(1, -2, at: bench.Now));
            bench.Wait(1);
        }

        bench.Wait(10);
        string[] moves = bench.One.Take().Split(' ');
        Assert.InRange(moves.Length, 240, 260);
        Assert.Equal("by1,-2", moves[0]);
        Assert.Equal(1000, moves.Sum(m => int.Parse(m[2..].Split(',')[0])));
        Assert.Equal(-2000, moves.Sum(m => int.Parse(m[2..].Split(',')[1])));
    }

    [Fact]
    public void Motion_never_passes_a_button_or_a_key()
    {
        var bench = new Bench().To(1);
        bench.Router.Pointer(Mouse(1, 0, at: bench.Now));
        bench.Router.Pointer(Mouse(2, 0, at: bench.Now));
        bench.Router.Pointer(Mouse(3, 0, PointerButtons.Left, at: bench.Now));
        bench.Router.Pointer(Mouse(4, 0, at: bench.Now));
        bench.Key(KeyCode.A, KeyAction.Down);
        bench.Router.Pointer(Mouse(5, 0, at: bench.Now));
        bench.Router.Pointer(Tablet(500, 500, at: bench.Now));
        bench.Router.Pointer(Mouse(0, 0, released: PointerButtons.Left, at: bench.Now));
        Assert.Equal("by1,0 by5,0 [Left/None] by4,0 +A by5,0 @500,480 [None/Left]", bench.One.Take());
    }

    [Fact]
    public void Pending_motion_and_held_buttons_stay_with_the_old_guest()
    {
        var bench = new Bench().To(1);
        bench.Router.Pointer(Mouse(1, 0, PointerButtons.Left | PointerButtons.Right, at: bench.Now));
        bench.Router.Pointer(Mouse(2, 0, at: bench.Now));
        bench.Router.SwitchTo(2);
        bench.Router.Pointer(Mouse(0, 0, released: PointerButtons.Left | PointerButtons.Right, at: bench.Now));
        Assert.Equal("by1,0 [Left, Right/None] by2,0 [None/Left, Right]", bench.One.Take());
        Assert.Equal("", bench.Two.Take());
        bench.AssertNoFaults();
    }

    [Fact]
    public void A_dead_guests_pointer_hears_nothing()
    {
        var bench = new Bench().To(1);
        bench.Router.Pointer(Mouse(1, 0, PointerButtons.Left, at: bench.Now));
        bench.Router.Pointer(Mouse(2, 0, at: bench.Now));
        bench.Forget();
        bench.One.Dead = true;
        bench.Router.GuestGone(1);
        bench.Wait(100).Router.Pointer(Mouse(2, 0, released: PointerButtons.Left, at: bench.Now));
        Assert.Equal("", bench.One.Take());
        Assert.Equal(IDeadline.Never, bench.Router.Deadline);
        bench.AssertNoFaults();
    }

    [Fact]
    public void A_button_on_two_mice_counts_once_and_a_lost_mouse_lets_go()
    {
        var bench = new Bench().To(1);
        bench.Router.Pointer(Mouse(0, 0, PointerButtons.Left, device: 5));
        bench.Router.Pointer(Mouse(0, 0, PointerButtons.Left, device: 7));
        bench.Router.DeviceLost(new DeviceId(5));
        Assert.Equal("[Left/None]", bench.One.Take());
        bench.Router.DeviceLost(new DeviceId(7));
        Assert.Equal("[None/Left]", bench.One.Take());
    }

    [Fact]
    public void Clicks_on_the_trusted_bar_never_reach_a_guest()
    {
        var bench = new Bench().To(1);
        bench.Router.Pointer(Tablet(500, 10));
        bench.Router.Pointer(Tablet(500, 19, PointerButtons.Left));
        bench.Router.Pointer(Tablet(500, 500, released: PointerButtons.Left));
        bench.Router.Pointer(Tablet(500, 0, PointerButtons.WheelUp, PointerButtons.WheelUp));
        Assert.Equal("@500,480", bench.One.Take());
        // The map is wrong and says that the picture is under the bar: the bar wins.
        bench.Router.PointerMap = bench.Router.PointerMap with { Guest = new PixelRect(0, 0, 1000, 1000), GuestHeight = 1000 };
        bench.Router.Pointer(Tablet(500, 19, PointerButtons.Left, PointerButtons.Left));
        Assert.Equal("", bench.One.Take());
    }

    [Fact]
    public void A_drag_goes_on_over_the_bar_at_the_guests_edge_and_is_released_there()
    {
        var bench = new Bench().To(1);
        bench.Router.Pointer(Tablet(500, 100, PointerButtons.Left));
        bench.Router.Pointer(Tablet(600, 5, released: PointerButtons.Left));
        bench.Router.Pointer(Tablet(700, 5));
        Assert.Equal("@500,80 [Left/None] @600,0 [None/Left]", bench.One.Take());
        bench.AssertNoFaults();
    }

    [Theory]
    // A 640x480 guest, doubled, in the middle of 1280x1000 below a bar of 20, and pixel positions of the monitor.
    [InlineData(0, 30, 0, 0, true)]
    [InlineData(1279, 30, 639, 0, true)]
    [InlineData(640, 510, 320, 240, true)]
    [InlineData(1279, 989, 639, 479, true)]
    [InlineData(640, 25, 320, 0, false)]
    [InlineData(640, 995, 320, 479, false)]
    [InlineData(640, 5, 320, 0, false)]
    public void Positions_are_mapped(int x, int y, int guestX, int guestY, bool inside)
    {
        var map = new PointerMap(1280, 1000, 20, new PixelRect(0, 30, 1280, 960), 640, 480);
        Assert.True(map.TryLocate((x * 65536 + 65535) / 1280, (y * 65536 + 65535) / 1000, out int foundX, out int foundY, out bool isInside));
        Assert.Equal((guestX, guestY, inside), (foundX, foundY, isInside));
    }

    [Fact]
    public void Without_a_picture_absolute_motion_and_clicks_go_nowhere()
    {
        var bench = new Bench().To(1);
        bench.Router.PointerMap = default;
        bench.Router.Pointer(Tablet(500, 500, PointerButtons.Left, PointerButtons.Left));
        Assert.Equal("", bench.One.Take());
        Assert.False(default(PointerMap).TryLocate(0, 0, out _, out _, out _));
    }

    [Fact]
    public void The_owner_of_the_timer_is_told_of_every_change()
    {
        var bench = new Bench().To(1);
        long told = IDeadline.Never;
        bench.Router.DeadlineChanged = () => told = bench.Router.Deadline;
        foreach (string step in new[] { "+RightCtrl", "-RightCtrl", "RightCtrl", "A", "+LeftCtrl", "300", "-LeftCtrl" })
        {
            bench.Play(step);
            Assert.Equal(bench.Router.Deadline, told);
        }

        bench.Router.Pointer(Mouse(1, 1, at: bench.Now));
        bench.Router.Pointer(Mouse(1, 1, at: bench.Now));
        Assert.Equal(bench.Now + 4 * Bench.Millisecond, told);
    }

    private sealed class Silent : IGuestInput, IConsoleKeys
    {
        public int Calls { get; private set; }

        public void Key(KeyCode key, bool down) => Calls++;

        public void Key(KeyCode key, KeyAction action, KeyModifiers modifiers) => Calls++;

        public void PointerTo(int x, int y) => Calls++;

        public void PointerBy(int dx, int dy) => Calls++;

        public void Buttons(PointerButtons pressed, PointerButtons released) => Calls++;
    }

    /// <summary>The budget of the hot path: nothing per event, chords that come to nothing included. Only a switch makes a new <see cref="FocusState"/>.</summary>
    [Fact]
    public void No_event_allocates()
    {
        var guest = new Silent();
        var router = new Router(ChordOptions.Default, guest) { PointerMap = new PointerMap(1000, 1000, 20, new PixelRect(0, 20, 1000, 980), 1000, 980) };
        int armed = 0;
        router.Armed += _ => armed++;
        router.DeadlineChanged = () => { };
        router.GuestAttached(1, guest);
        router.SwitchTo(1);
        KeyCode[] keys =
        [
            KeyCode.A, KeyCode.RightCtrl, KeyCode.RightCtrl, KeyCode.B, KeyCode.LeftCtrl, KeyCode.C, KeyCode.LeftShift, KeyCode.ScrollLock, KeyCode.ScrollLock, KeyCode.Esc,
        ];
        long now = 0;

        void Play(int events)
        {
            for (int i = 0; i < events; i += 4)
            {
                KeyCode key = keys[i / 4 % keys.Length];
                var device = new DeviceId(i / 40 % 3);
                now += 20_000_000;
                router.Key(new KeyEvent(device, key, KeyAction.Down, now));
                router.Key(new KeyEvent(device, key, KeyAction.Repeat, now));
                router.Pointer(new PointerEvent(new DeviceId(9), (i & 4) == 0, i & 0xFFFF, 30_000, PointerButtons.None, PointerButtons.None, now));
                router.Key(new KeyEvent(device, key, KeyAction.Up, now));
                router.Tick(now);
            }
        }

        Play(4_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Play(100_000);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.True(armed > 1000, "the events were to include armed leaders");
        Assert.True(guest.Calls > 50_000);
        Assert.Equal(1, router.Focus.Port);
    }
}

/// <summary>Mice in guests that take positions.</summary>
public class AbsoluteGuestTests
{
    private sealed class TabletGuest : IGuestInput
    {
        public List<string> Log { get; } = [];

        public bool IsAbsolute => true;

        public void Key(KeyCode key, bool down)
        {
        }

        public void PointerTo(int x, int y) => Log.Add($"@{x},{y}");

        public void PointerBy(int dx, int dy) => Log.Add($"by{dx},{dy}");

        public void Buttons(PointerButtons pressed, PointerButtons released) => Log.Add($"[{pressed}/{released}]");
    }

    [Fact]
    public void Motion_moves_the_pointer_and_stops_at_the_edges_of_the_picture()
    {
        var guest = new TabletGuest();
        var router = new Router(ChordOptions.Default, new RecordingConsole()) { PointerMap = new PointerMap(1000, 820, 20, new PixelRect(100, 20, 800, 800), 800, 800) };
        router.GuestAttached(1, guest);
        router.SwitchTo(1);
        long now = 1_000_000_000;
        void Move(int x, int y, PointerButtons pressed = PointerButtons.None) => router.Pointer(new PointerEvent(new DeviceId(5), false, x, y, pressed, PointerButtons.None, now += 10_000_000));
        Move(0, 0);
        Move(30, -20);
        Move(-5000, -5000);
        Move(0, 0, PointerButtons.Left);
        Move(9000, 9000);
        Assert.Equal(["@400,400", "@430,380", "@0,0", "@0,0", "[Left/None]", "@799,799"], guest.Log);
        Assert.Equal((899, 819), router.PointerPosition);
    }

    [Fact]
    public void A_tablet_and_a_mouse_move_the_same_pointer()
    {
        var guest = new TabletGuest();
        var router = new Router(ChordOptions.Default, new RecordingConsole()) { PointerMap = new PointerMap(1000, 820, 20, new PixelRect(0, 20, 1000, 800), 1000, 800) };
        router.GuestAttached(1, guest);
        router.SwitchTo(1);
        router.Pointer(new PointerEvent(new DeviceId(5), true, 16384, 32768, PointerButtons.None, PointerButtons.None, 1_000_000_000));
        router.Pointer(new PointerEvent(new DeviceId(6), false, 1, 1, PointerButtons.None, PointerButtons.None, 1_010_000_000));
        Assert.Equal(["@250,390", "@251,391"], guest.Log);
    }
}
