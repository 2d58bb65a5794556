using System.Diagnostics;
using Hyperspace.Linux.Input;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Sources;

namespace Hyperspace.Tests.Devices;

/// <summary>What is promised of real devices, on software ones.</summary>
internal static class Checks
{
    public const string FloodName = "a device that floods is silenced, and the others go on";

    public static IEnumerable<(string Name, Action<RealDevices> Check)> All =>
    [
        ("a keyboard is described, and grabbed by the seat alone", Grabbed),
        ("keys come with the kernel's time, in order, and from their keyboard", Keys),
        ("a device that goes with keys down releases them before it is lost", Unplugged),
        ("a keyboard that comes back is taken again", ComesBack),
        ("a mouse moves, clicks and turns", Mouse),
        ("a touch screen is a pointer with its button down", TouchScreen),
        ("lights are shown on the keyboard", Lights),
        ("keys are lost by nobody when the seat was slow, and nothing stays down", Overflow),
        (FloodName, Flood),
        ("a device that another program holds is refused, said, and taken later", Refused),
        ("all devices are given back and taken again", SuspendAndResume),
        ("a new keyboard types nothing until its digits are typed on it, and is known when it comes back", TrustChecks.NewKeyboard),
        ("events allocate nothing", Allocations),
        ("the router's properties hold over evdev", Properties),
    ];

    private static UinputDevice Board(string name) => UinputDevice.Keyboard(name, 0x046D, 0xC31C);

    private static void Grabbed(RealDevices devices)
    {
        DeviceId id = devices.Plug("Board G", () => Board("Board G"), out UinputDevice board);
        InputDeviceInfo info = devices.Present[id];
        Assert.Equal((0x046D, 0xC31C, "Board G"), (info.Vendor, info.Product, info.UntrustedName));
        Assert.Equal(InputDeviceKinds.Keyboard | InputDeviceKinds.Keys, info.Kinds);
        Assert.True(devices.Source.IsGrabbed(id));
        using var other = Evdev.Open(info.Node);
        Assert.False(other.TryGrab());
        board.Key(30, true);
        board.Key(30, false);
        devices.NextKey();
        devices.NextKey();
        Assert.False(other.HasEvents(), "another reader sees what is typed");
        devices.Unplug(board, id);
    }

    private static void Keys(RealDevices devices)
    {
        DeviceId one = devices.Plug("Board 1", () => Board("Board 1"), out UinputDevice board1), two = devices.Plug("Board 2", () => Board("Board 2"), out UinputDevice board2);
        long before = Stopwatch.GetTimestamp();
        board1.Key(42, true);
        board2.Key(30, true);
        board1.Key(42, false);
        board2.Key(30, false);
        KeyEvent[] keys = [devices.NextKey(), devices.NextKey(), devices.NextKey(), devices.NextKey()];
        foreach (DeviceId device in (DeviceId[])[one, two])
        {
            KeyEvent[] own = [.. keys.Where(k => k.Device == device)];
            Assert.Equal([KeyAction.Down, KeyAction.Up], own.Select(k => k.Action));
            Assert.All(own, k => Assert.Equal(device == one ? KeyCode.LeftShift : KeyCode.A, k.Key));
            Assert.All(own, k => Assert.InRange(k.Timestamp, before - 1_000_000, Stopwatch.GetTimestamp()));
        }

        devices.Unplug(board1, one);
        devices.Unplug(board2, two);
    }

    private static void Unplugged(RealDevices devices)
    {
        DeviceId id = devices.Plug("Board U", () => Board("Board U"), out UinputDevice board);
        board.Key(42, true);
        board.Key(30, true);
        devices.NextKey();
        devices.NextKey();
        devices.Unplug(board, id);
        Assert.Equal([(KeyCode.A, KeyAction.Up), (KeyCode.LeftShift, KeyAction.Up)], devices.Keys.Select(k => (k.Key, k.Action)).Order());
        devices.Keys.Clear();
    }

    private static void ComesBack(RealDevices devices)
    {
        for (int i = 0; i < 3; i++)
        {
            DeviceId id = devices.Plug("Board B", () => Board("Board B"), out UinputDevice board);
            board.Key(30 + i, true);
            Assert.Equal((id, (KeyCode)(30 + i)), (devices.NextKey() is var key ? key.Device : default, key.Key));
            board.Key(30 + i, false);
            devices.NextKey();
            devices.Unplug(board, id);
        }
    }

    private static void Mouse(RealDevices devices)
    {
        DeviceId id = devices.Plug("Mouse M", () => UinputDevice.Mouse("Mouse M", 1, 2), out UinputDevice mouse);
        mouse.Send(UinputDevice.Relative, 0, 20);
        mouse.Send(UinputDevice.Relative, 1, -20);
        mouse.Report();
        PointerEvent move = devices.NextPointer();
        Assert.True(!move.Absolute && move.X > 0 && move.Y < 0, $"moved by {move.X},{move.Y}");
        mouse.Key(0x110, true);
        Assert.Equal(PointerButtons.Left, devices.NextPointer().Pressed);
        mouse.Key(0x110, false);
        Assert.Equal(PointerButtons.Left, devices.NextPointer().Released);
        mouse.Send(UinputDevice.Relative, 8, 1);
        mouse.Send(UinputDevice.Relative, 11, 120);
        mouse.Report();
        PointerEvent wheel = devices.NextPointer();
        Assert.Equal((PointerButtons.WheelUp, PointerButtons.WheelUp), (wheel.Pressed, wheel.Released));
        devices.Unplug(mouse, id);
        devices.Pointers.Clear();
    }

    private static void TouchScreen(RealDevices devices)
    {
        DeviceId id = devices.Plug("Screen T", () => UinputDevice.TouchScreen("Screen T", 1, 3), out UinputDevice screen);
        screen.Send(UinputDevice.Absolute, 0, 16384);
        screen.Send(UinputDevice.Absolute, 1, 8192);
        screen.Key(0x14A, true);
        PointerEvent down = devices.NextPointer();
        Assert.Equal((true, PointerButtons.Left), (down.Absolute, down.Pressed));
        Assert.InRange(down.X, 32700, 32840);
        Assert.InRange(down.Y, 16320, 16450);
        screen.Key(0x14A, false);
        Assert.Equal(PointerButtons.Left, devices.NextPointer().Released);
        devices.Unplug(screen, id);
    }

    private static void Lights(RealDevices devices)
    {
        DeviceId id = devices.Plug("Board L", () => Board("Board L"), out UinputDevice board);
        devices.Source.SetLeds(InputLeds.Caps);
        (int Led, bool On)? light = null;
        devices.Until(() => (light = board.ReadLight() ?? light) is { Led: 1 }, "the Caps Lock light");
        Assert.True(light!.Value.On);
        devices.Source.SetLeds(InputLeds.None);
        devices.Until(() => (light = board.ReadLight() ?? light) is { Led: 1, On: false }, "the Caps Lock light to go out");
        devices.Unplug(board, id);
    }

    private static void Overflow(RealDevices devices)
    {
        DeviceId id = devices.Plug("Board O", () => Board("Board O"), out UinputDevice board);
        for (int i = 0; i < 2000; i++)
        {
            board.Key(30, true);
            board.Key(30, false);
        }

        board.Key(42, true);
        var down = new HashSet<KeyCode>();
        devices.Until(
            () =>
            {
                while (devices.Keys.TryDequeue(out KeyEvent e))
                {
                    _ = e.Action == KeyAction.Down ? down.Add(e.Key) : down.Remove(e.Key);
                }

                return down.SetEquals([KeyCode.LeftShift]);
            },
            "only Shift to be down");
        devices.Unplug(board, id);
        devices.Keys.Clear();
        devices.Troubles.Clear();
    }

    private static void Flood(RealDevices devices)
    {
        DeviceId id = devices.Plug("Board F", () => Board("Board F"), out UinputDevice board), other = devices.Plug("Board N", () => Board("Board N"), out UinputDevice quiet);
        var watch = Stopwatch.StartNew();
        while (devices.Troubles.Count == 0 && watch.Elapsed < TimeSpan.FromSeconds(20))
        {
            for (int i = 0; i < 10; i++)
            {
                board.Key(31, true);
                board.Key(31, false);
            }

            devices.Source.Drain();
        }

        Assert.Single(devices.Troubles);
        devices.Source.Drain();
        int downs = devices.Keys.Count(k => k.Action == KeyAction.Down), ups = devices.Keys.Count(k => k.Action == KeyAction.Up);
        Assert.InRange(ups, downs, int.MaxValue);
        Assert.Equal(KeyAction.Up, devices.Keys.Last(k => k.Device == id).Action);
        devices.Keys.Clear();
        board.Key(31, true);
        quiet.Key(32, true);
        Assert.Equal(other, devices.NextKey().Device);
        devices.Unplug(board, id);
        devices.Unplug(quiet, other);
        devices.Keys.Clear();
        devices.Troubles.Clear();
    }

    private static void Refused(RealDevices devices)
    {
        using UinputDevice board = Board("Board R");
        string node = "";
        // Whoever grabs it first has it: a second seat takes part in the race until it wins one.
        devices.Until(() => (node = Evdev.NodeOf("Board R")).Length > 0 && devices.Present.Values.Any(d => d.Node == node), "the board");
        devices.Backend.Suspend();
        devices.Source.Drain();
        using (var thief = Evdev.Open(node))
        {
            Assert.True(thief.TryGrab());
            Assert.True(devices.Backend.Resume());
            devices.Source.Drain();
            InputRefusal refusal = Assert.Single(devices.Backend.Refusals);
            Assert.Equal((node, "Board R", 16, true), (refusal.Node, refusal.Name, refusal.Errno, refusal.IsGrab));
            Assert.Contains("another program has it", SeatInput.Sentence(refusal), StringComparison.Ordinal);
            devices.Backend.RetryRefused();
            Assert.Single(devices.Backend.Refusals);
            Assert.DoesNotContain(devices.Present.Values, d => d.Node == node);
        }

        devices.Backend.RetryRefused();
        Assert.Empty(devices.Backend.Refusals);
        devices.Until(() => devices.Present.Values.Any(d => d.Node == node), "the board to be taken");
        devices.Keys.Clear();
    }

    private static void SuspendAndResume(RealDevices devices)
    {
        DeviceId id = devices.Plug("Board S", () => Board("Board S"), out UinputDevice board);
        board.Key(42, true);
        devices.NextKey();
        devices.Backend.Suspend();
        devices.Until(() => devices.Lost.Contains(id), "the device to be given back");
        Assert.Equal((KeyCode.LeftShift, KeyAction.Up), (devices.NextKey() is var key ? key.Key : default, key.Action));
        using (var other = Evdev.Open(Evdev.NodeOf("Board S")))
        {
            Assert.True(other.TryGrab());
        }

        board.Key(42, false);
        Assert.True(devices.Backend.Resume());
        devices.Until(() => devices.Present.Values.Any(d => d.UntrustedName == "Board S"), "the device to be taken again");
        board.Key(31, true);
        Assert.Equal(KeyCode.S, devices.NextKey().Key);
        board.Dispose();
        devices.Until(() => devices.Present.Values.All(d => d.UntrustedName != "Board S"), "its end");
        devices.Keys.Clear();
    }

    private static void Allocations(RealDevices devices)
    {
        DeviceId id = devices.Plug("Board A", () => Board("Board A"), out UinputDevice board), mouseId = devices.Plug("Mouse A", () => UinputDevice.Mouse("Mouse A", 1, 9), out UinputDevice mouse);
        var sink = new CountingSink();
        long allocated = -1;
        using (var backend = LibInputContext.TryOpen(new DirectDeviceOpener(), new PointerSettings(), out string? reason) ?? throw new InvalidOperationException(reason))
        {
            // The seat's own source gives its devices away for a moment.
            devices.Backend.Suspend();
            devices.Source.Drain();
            backend.Suspend();
            Assert.True(backend.Resume());
            using var source = new LibinputSource(backend, sink, sink);
            for (int round = 0; round < 3; round++)
            {
                for (int i = 0; i < 20; i++)
                {
                    board.Key(30, i % 2 == 0);
                    mouse.Send(UinputDevice.Relative, 0, 5);
                    mouse.Report();
                }

                Thread.Sleep(200);
                int before = sink.Events;
                allocated = GC.GetAllocatedBytesForCurrentThread();
                source.Drain();
                allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
                Assert.InRange(sink.Events - before, 20, 40);
            }
        }

        Assert.True(devices.Backend.Resume());
        Assert.Equal(0, allocated);
        board.Dispose();
        mouse.Dispose();
        devices.Until(() => devices.Present.Values.All(d => !d.UntrustedName.EndsWith(" A", StringComparison.Ordinal)), "their end");
        devices.Keys.Clear();
        devices.Pointers.Clear();
        Assert.True(id != mouseId);
    }

    private static void Properties(RealDevices devices)
    {
        using var properties = new EvdevProperties(devices);
        int scripts = int.TryParse(Environment.GetEnvironmentVariable("SCRIPTS"), out int n) ? n : 60;
        properties.Hold(scripts);
        Assert.True(properties.Keys > scripts, $"only {properties.Keys} keys in {scripts} scripts");
        Console.WriteLine($"  {scripts} scripts, {properties.Keys} keys over evdev");
    }

    private sealed class CountingSink : IInputSink, IDeviceWatcher
    {
        public int Events { get; private set; }

        public void Key(in KeyEvent e) => Events++;

        public void Pointer(in PointerEvent e) => Events++;

        public void DeviceLost(DeviceId device)
        {
        }

        public void DeviceFound(DeviceId device, InputDeviceInfo info)
        {
        }

        public void DeviceTrouble(DeviceId device, string sentence)
        {
        }
    }
}
