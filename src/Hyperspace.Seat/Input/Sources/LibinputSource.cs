using Hyperspace.Linux.Input;

namespace Hyperspace.Seat.Input.Sources;

/// <summary>
/// The keyboards, mice, touchpads, touch screens and tablets that are plugged into this computer, as the seat's events. Keys are passed one by one and never merged; motion is merged to what one wake-up of
/// the seat brings, and never behind a key or button that came after it. An event allocates nothing.
/// </summary>
public sealed class LibinputSource : IDisposable
{
    /// <summary>The numbers of its devices begin here; below are those of the control API and of terminals.</summary>
    public const int FirstDevice = 100;

    /// <summary>A person, a macro pad or a bar code reader stays far below this; a device that does not for <see cref="FloodSeconds"/> is heard no more.</summary>
    public const int FloodKeysPerSecond = 2000;

    public const int FloodSeconds = 2;

    private const int LargestFraction = 65535;
    private const long Second = 1_000_000_000;

    /// <summary>A wheel is turned by no more notches between two events; the rest of a senseless value is dropped.</summary>
    private const int MaxNotches = 20;

    private readonly IInputBackend _backend;
    private readonly IInputSink _sink;
    private readonly IDeviceWatcher _watcher;
    private readonly List<DeviceState> _devices = [];
    private InputLeds _leds;

    /// <summary>Motion that is not passed on yet, of this device; null for none.</summary>
    private DeviceState? _moving;

    private long _movedAt;

    private sealed class DeviceState(int number, InputDeviceInfo info)
    {
        public int Number => number;
        public InputDeviceInfo Info => info;
        public DeviceId Id { get; } = new(FirstDevice + number);

        /// <summary>Relative motion that is pending, and what was left of the last: less than one count.</summary>
        public double MotionX, MotionY;

        /// <summary>The last position, for devices that have one.</summary>
        public int X, Y;
        public bool IsAbsolute;

        /// <summary>120ths of a notch that are no whole one yet.</summary>
        public double Wheel;

        /// <summary>The finger that is the pointer; -1 for none.</summary>
        public int Finger = -1;
        public long WindowStart;
        public int KeysInWindow;
        public int FloodedWindows;
        public bool Silenced;
    }

    /// <param name="backend">Stays the caller's.</param>
    public LibinputSource(IInputBackend backend, IInputSink sink, IDeviceWatcher watcher) => (_backend, _sink, _watcher) = (backend, sink, watcher);

    /// <summary>Called for every press and release, after the sink: what repeats keys for the console.</summary>
    public KeyRepeater? Repeater { get; init; }

    /// <summary>How many devices there are.</summary>
    public int DeviceCount => _devices.Count;

    /// <summary>Passes on all that the devices have.</summary>
    /// <exception cref="Linux.LinuxException">The devices cannot be read at all any more.</exception>
    public void Drain()
    {
        _backend.Dispatch();
        while (_backend.TryRead(out InputEvent e))
        {
            Take(e);
        }

        FlushMotion();
    }

    /// <summary>The lights of all keyboards from now on, those that come later too.</summary>
    public void SetLeds(InputLeds leds)
    {
        _leds = leds;
        foreach (DeviceState device in _devices)
        {
            _backend.SetLeds(device.Number, leds);
        }
    }

    /// <summary>Whether nobody else gets the device's events.</summary>
    public bool IsGrabbed(DeviceId device) => _backend.IsGrabbed(device.Value - FirstDevice);

    private void Take(in InputEvent e)
    {
        if (e.Kind == InputEventKind.DeviceAdded)
        {
            Add(e.Device);
            return;
        }

        if (Find(e.Device) is not { } device)
        {
            return;
        }

        switch (e.Kind)
        {
            case InputEventKind.DeviceRemoved:
                Remove(device);
                break;
            case InputEventKind.Key:
                Key(device, e);
                break;
            case InputEventKind.Motion:
                Move(device, e);
                break;
            case InputEventKind.Position:
                MoveTo(device, e);
                break;
            case InputEventKind.Button when ButtonOf(e.Code) is var button and not PointerButtons.None:
                Press(device, e.Down ? button : PointerButtons.None, e.Down ? PointerButtons.None : button, e.Time);
                break;
            case InputEventKind.Wheel:
                Turn(device, e);
                break;
            case InputEventKind.TouchDown or InputEventKind.TouchMotion or InputEventKind.TouchUp:
                Touch(device, e);
                break;
        }
    }

    private void Add(int number)
    {
        FlushMotion();
        var device = new DeviceState(number, _backend.Describe(number));
        _devices.Add(device);
        _backend.SetLeds(number, _leds);
        _watcher.DeviceFound(device.Id, device.Info);
    }

    private void Remove(DeviceState device)
    {
        FlushMotion();
        _devices.Remove(device);
        Repeater?.DeviceLost(device.Id);
        _sink.DeviceLost(device.Id);
    }

    private void Key(DeviceState device, in InputEvent e)
    {
        FlushMotion();
        var key = (KeyCode)e.Code;
        if (e.Down && Floods(device, e.Time))
        {
            return;
        }

        if (KeyKinds.IsKey(key))
        {
            var seatEvent = new KeyEvent(device.Id, key, e.Down ? KeyAction.Down : KeyAction.Up, e.Time);
            _sink.Key(seatEvent);
            Repeater?.Key(seatEvent);
        }
    }

    /// <summary>Counts presses. What a device holds when it is silenced is released by the backend, whose releases still pass.</summary>
    private bool Floods(DeviceState device, long time)
    {
        if (device.Silenced)
        {
            return true;
        }

        if (time - device.WindowStart >= Second)
        {
            device.FloodedWindows = device.KeysInWindow > FloodKeysPerSecond && time - device.WindowStart < 2 * Second ? device.FloodedWindows + 1 : 0;
            (device.WindowStart, device.KeysInWindow) = (time, 0);
        }

        device.KeysInWindow++;
        bool over = device.FloodedWindows >= FloodSeconds - 1 && device.KeysInWindow > FloodKeysPerSecond;
        if (over)
        {
            device.Silenced = true;
            _backend.Silence(device.Number);
            _watcher.DeviceTrouble(device.Id, $"It sends more than {FloodKeysPerSecond} keys a second and is ignored until it is plugged in again.");
        }

        return over;
    }

    private void Move(DeviceState device, in InputEvent e)
    {
        BeginMotion(device, e.Time);
        device.IsAbsolute = false;
        device.MotionX += e.X;
        device.MotionY += e.Y;
    }

    private void MoveTo(DeviceState device, in InputEvent e)
    {
        BeginMotion(device, e.Time);
        device.IsAbsolute = true;
        (device.X, device.Y) = (Fraction(e.X), Fraction(e.Y));
    }

    private void BeginMotion(DeviceState device, long time)
    {
        if (_moving is not null && !ReferenceEquals(_moving, device))
        {
            FlushMotion();
        }

        (_moving, _movedAt) = (device, time);
    }

    private void FlushMotion()
    {
        if (_moving is not { } device)
        {
            return;
        }

        _moving = null;
        if (device.IsAbsolute)
        {
            _sink.Pointer(new PointerEvent(device.Id, true, device.X, device.Y, PointerButtons.None, PointerButtons.None, _movedAt));
            return;
        }

        (int x, int y) = ((int)Math.Clamp(device.MotionX, -1e6, 1e6), (int)Math.Clamp(device.MotionY, -1e6, 1e6));
        (device.MotionX, device.MotionY) = (device.MotionX - Math.Truncate(device.MotionX), device.MotionY - Math.Truncate(device.MotionY));
        if (x != 0 || y != 0)
        {
            _sink.Pointer(new PointerEvent(device.Id, false, x, y, PointerButtons.None, PointerButtons.None, _movedAt));
        }
    }

    private void Press(DeviceState device, PointerButtons pressed, PointerButtons released, long time)
    {
        FlushMotion();
        bool absolute = device.IsAbsolute;
        _sink.Pointer(new PointerEvent(device.Id, absolute, absolute ? device.X : 0, absolute ? device.Y : 0, pressed, released, time));
    }

    private void Turn(DeviceState device, in InputEvent e)
    {
        if (e.Y == 0)
        {
            // Fingers were lifted, or it is the horizontal wheel, which guests do not have.
            device.Wheel = e.X == 0 ? 0 : device.Wheel;
            return;
        }

        device.Wheel = Math.Sign(device.Wheel) == -Math.Sign(e.Y) ? e.Y : device.Wheel + e.Y;
        int notches = (int)Math.Clamp(device.Wheel / 120, -MaxNotches, MaxNotches);
        device.Wheel = Math.Abs(notches) == MaxNotches ? 0 : device.Wheel - notches * 120;
        PointerButtons notch = notches < 0 ? PointerButtons.WheelUp : PointerButtons.WheelDown;
        for (int i = 0; i < Math.Abs(notches); i++)
        {
            Press(device, notch, notch, e.Time);
        }
    }

    /// <summary>The first finger is the pointer, and the left button while it is down.</summary>
    private void Touch(DeviceState device, in InputEvent e)
    {
        if (e.Kind == InputEventKind.TouchDown && device.Finger < 0)
        {
            FlushMotion();
            (device.Finger, device.IsAbsolute, device.X, device.Y) = (e.Code, true, Fraction(e.X), Fraction(e.Y));
            Press(device, PointerButtons.Left, PointerButtons.None, e.Time);
        }
        else if (e.Code == device.Finger && e.Kind == InputEventKind.TouchMotion)
        {
            MoveTo(device, e);
        }
        else if (e.Code == device.Finger && e.Kind == InputEventKind.TouchUp)
        {
            device.Finger = -1;
            Press(device, PointerButtons.None, PointerButtons.Left, e.Time);
        }
    }

    private DeviceState? Find(int number)
    {
        foreach (DeviceState device in _devices)
        {
            if (device.Number == number)
            {
                return device;
            }
        }

        return null;
    }

    private static int Fraction(double value) => (int)Math.Clamp(value, 0, LargestFraction);

    /// <summary>BTN_* of linux/input-event-codes.h; others have no meaning for a guest's mouse.</summary>
    private static PointerButtons ButtonOf(int code) => code switch
    {
        0x110 => PointerButtons.Left,
        0x111 or 0x14B => PointerButtons.Right,
        0x112 or 0x14C => PointerButtons.Middle,
        0x113 or 0x116 => PointerButtons.Side,
        0x114 or 0x115 => PointerButtons.Extra,
        _ => PointerButtons.None,
    };

    /// <summary>All devices are lost for the seat.</summary>
    public void Dispose()
    {
        foreach (DeviceState device in _devices.ToArray())
        {
            Remove(device);
        }
    }
}
