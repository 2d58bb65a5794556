namespace Hyperspace.Seat.Input;

/// <summary>One physical device, numbered by its input source for as long as it is plugged in.</summary>
public readonly record struct DeviceId(int Value);

public enum KeyAction : byte
{
    Up = 0,
    Down = 1,
    /// <summary>Auto-repeat of a key that is down (evdev value 2).</summary>
    Repeat = 2,
}

/// <summary>A key of a keyboard, by its physical position.</summary>
/// <param name="Timestamp">Nanoseconds of CLOCK_MONOTONIC, when the source received it.</param>
public readonly record struct KeyEvent(DeviceId Device, KeyCode Key, KeyAction Action, long Timestamp);

[Flags]
public enum PointerButtons : byte
{
    None = 0,
    Left = 1,
    Middle = 2,
    Right = 4,
    WheelUp = 8,
    WheelDown = 16,
    Side = 32,
    Extra = 64,
}

/// <summary>A pointer event, already in the seat's terms.</summary>
/// <param name="Absolute">True: X and Y are fractions of the monitor, 0 to 65535; false: they are motions in counts.</param>
public readonly record struct PointerEvent(DeviceId Device, bool Absolute, int X, int Y, PointerButtons Pressed, PointerButtons Released, long Timestamp);

/// <summary>Where the events of a source go. Called on the seat's thread only.</summary>
public interface IInputSink
{
    void Key(in KeyEvent e);

    void Pointer(in PointerEvent e);

    /// <summary>The device is gone: whatever it held is up.</summary>
    void DeviceLost(DeviceId device);
}
