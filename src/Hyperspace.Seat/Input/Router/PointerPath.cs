namespace Hyperspace.Seat.Input.Routing;

/// <summary>
/// The pointer's way to the focused guest: maps positions, keeps clicks off the trusted bar, and merges motion of sources that send more of
/// it than a guest can use. Motion is late by at most <see cref="MotionInterval"/>, and never behind a button or a key that came after it.
/// </summary>
internal sealed class PointerPath
{
    /// <summary>Guests get motion at most this often, in nanoseconds: 250 times a second, twice what an emulated USB tablet is polled at.</summary>
    public const long MotionInterval = 4_000_000;

    private const PointerButtons Wheel = PointerButtons.WheelUp | PointerButtons.WheelDown;

    private enum Motion : byte
    {
        None,
        Absolute,
        Relative,
    }

    private readonly ButtonsByDevice _held = new();
    private IGuestInput? _guest;
    private Motion _pending;
    private long _x, _y;
    private long _lastSent = -MotionInterval;

    /// <summary>Where the pointer is, in 65536ths of the monitor; kept for mice that move it in a guest that takes positions.</summary>
    private int _atX = 32768, _atY = 32768;

    public PointerMap Map { get; set; }

    /// <summary>The pointer's place in pixels of the monitor.</summary>
    public (int X, int Y) Position => ((int)((long)_atX * Map.MonitorWidth >> 16), (int)((long)_atY * Map.MonitorHeight >> 16));

    /// <summary>Buttons that the guest believes to be down.</summary>
    public PointerButtons Held => _held.Union();

    public long Deadline => _pending == Motion.None ? IDeadline.Never : _lastSent + MotionInterval;

    /// <summary>Sends what is pending to the guest that it was meant for, releases its buttons, and goes on with another one.</summary>
    public void Retarget(IGuestInput? guest)
    {
        FlushMotion();
        PointerButtons held = _held.Union();
        IGuestInput? old = _guest;
        Drop(guest);
        if (held != PointerButtons.None)
        {
            old?.Buttons(PointerButtons.None, held);
        }
    }

    /// <summary>Goes on with another guest without a word to the old one, which is dead.</summary>
    public void Drop(IGuestInput? guest)
    {
        _pending = Motion.None;
        _held.Clear();
        _guest = guest;
    }

    public void Event(in PointerEvent e, long now)
    {
        if (_guest is null)
        {
            return;
        }

        bool inside = true;
        bool absolute = e.Absolute;
        if (absolute)
        {
            (_atX, _atY) = (Math.Clamp(e.X, 0, 65535), Math.Clamp(e.Y, 0, 65535));
        }
        else if (_guest.IsAbsolute && !Map.Guest.IsEmpty)
        {
            absolute = true;
            MoveWithin(e.X, e.Y);
        }

        if (absolute)
        {
            if (!Map.TryLocate(_atX, _atY, out int x, out int y, out inside))
            {
                inside = false;
            }
            else if (inside || Held != PointerButtons.None)
            {
                // Beside the picture the pointer is the guest's only while it drags something: it stops at the edge.
                Put(Motion.Absolute, x, y);
            }
        }
        else if (e.X != 0 || e.Y != 0)
        {
            Put(Motion.Relative, e.X, e.Y);
        }

        if ((e.Pressed | e.Released) != PointerButtons.None)
        {
            FlushMotion(now);
            Buttons(e.Device, inside ? e.Pressed : PointerButtons.None, e.Released);
        }
        else
        {
            Tick(now);
        }
    }

    /// <summary>A mouse cannot leave the guest's picture: there is nothing to point at beside it. One count is one pixel of the monitor.</summary>
    private void MoveWithin(int dx, int dy)
    {
        _atX = Moved(_atX, dx, Map.MonitorWidth, Map.Guest.X, Map.Guest.Right);
        _atY = Moved(_atY, dy, Map.MonitorHeight, Math.Max(Map.Guest.Y, Map.BarHeight), Map.Guest.Bottom);
    }

    private static int Moved(int at, int by, int monitor, int first, int end)
    {
        long least = (((long)first << 16) + monitor - 1) / monitor;
        long most = (((long)end << 16) - 1) / monitor;
        return (int)Math.Clamp(at + ((long)by << 16) / monitor, least, Math.Max(least, Math.Min(most, 65535)));
    }

    public void DeviceLost(DeviceId device) => Buttons(device, PointerButtons.None, _held.Of(device));

    /// <summary>Sends pending motion that is due.</summary>
    public void Tick(long now)
    {
        if (_pending != Motion.None && now >= Deadline)
        {
            FlushMotion(now);
        }
    }

    /// <summary>Sends pending motion before something that came after it.</summary>
    public void FlushMotion(long now)
    {
        if (_pending != Motion.None)
        {
            _lastSent = now;
            FlushMotion();
        }
    }

    private void FlushMotion()
    {
        Motion pending = _pending;
        _pending = Motion.None;
        switch (pending)
        {
            case Motion.Absolute:
                _guest?.PointerTo((int)_x, (int)_y);
                break;
            case Motion.Relative:
                _guest?.PointerBy((int)Math.Clamp(_x, int.MinValue, int.MaxValue), (int)Math.Clamp(_y, int.MinValue, int.MaxValue));
                break;
        }
    }

    private void Put(Motion kind, int x, int y)
    {
        if (_pending != kind)
        {
            FlushMotion();
            (_x, _y) = (0, 0);
        }

        _pending = kind;
        (_x, _y) = kind == Motion.Relative ? (_x + x, _y + y) : (x, y);
    }

    /// <summary>A button that two pointers hold counts once; one that was pressed for another guest, or beside the picture, is dead until it is pressed again.</summary>
    private void Buttons(DeviceId device, PointerButtons pressed, PointerButtons released)
    {
        PointerButtons notches = pressed & Wheel;
        PointerButtons down = pressed & ~Wheel & ~_held.Union();
        _held.Add(device, pressed & ~Wheel);

        PointerButtons up = released & _held.Of(device);
        _held.Remove(device, up);
        up &= ~_held.Union();
        if ((notches | down | up) != PointerButtons.None)
        {
            _guest?.Buttons(down | notches, up | notches);
        }
    }
}
