namespace Hyperspace.Linux.Input;

public enum InputEventKind : byte
{
    None,
    /// <summary>A device is there; <see cref="IInputBackend.Describe"/> says which.</summary>
    DeviceAdded,
    /// <summary>A device is gone. Its keys' and buttons' releases came before.</summary>
    DeviceRemoved,
    /// <summary><see cref="InputEvent.Code"/> is a key, <see cref="InputEvent.Down"/> its state. Never a repeat.</summary>
    Key,
    /// <summary><see cref="InputEvent.X"/> and Y are motion in pixels of a screen with 96 dots an inch, accelerated.</summary>
    Motion,
    /// <summary><see cref="InputEvent.X"/> and Y are fractions of the monitor: 0 up to, but not including, 65536.</summary>
    Position,
    /// <summary><see cref="InputEvent.Code"/> is a BTN_* code.</summary>
    Button,
    /// <summary><see cref="InputEvent.X"/> (to the right) and Y (towards the user) are in 1/120 of a wheel's notch.</summary>
    Wheel,
    /// <summary>A finger or pen: Code is its slot, X and Y as for <see cref="Position"/>.</summary>
    TouchDown,
    /// <inheritdoc cref="TouchDown"/>
    TouchMotion,
    /// <summary>Code is the slot.</summary>
    TouchUp,
}

/// <summary>One event of a device, decoded. A value: reading events allocates nothing.</summary>
/// <param name="Device">The number of the device, from 1; never used again for another one.</param>
/// <param name="Time">Nanoseconds of CLOCK_MONOTONIC, as the kernel stamped it.</param>
public readonly record struct InputEvent(InputEventKind Kind, int Device, int Code, bool Down, double X, double Y, long Time);

[Flags]
public enum InputDeviceKinds : byte
{
    None = 0,
    /// <summary>Has keys that people type with. A mouse with a few extra keys and a power button have <see cref="Keys"/> only.</summary>
    Keyboard = 1,
    Pointer = 2,
    Touchpad = 4,
    Touch = 8,
    Tablet = 16,
    Switch = 32,
    /// <summary>Can send key codes at all.</summary>
    Keys = 64,
}

/// <summary>Keyboard lights, as libinput numbers them (enum libinput_led).</summary>
[Flags]
public enum InputLeds
{
    None = 0,
    Num = 1,
    Caps = 2,
    Scroll = 4,
}

/// <summary>A device as it describes itself; what it says is not to be believed (a malicious USB stick may claim to be any keyboard).</summary>
/// <param name="Node">Such as <c>event3</c>.</param>
/// <param name="Bus">udev's ID_BUS, such as <c>usb</c> or <c>bluetooth</c>; empty when it has none.</param>
/// <param name="Serial">udev's ID_SERIAL_SHORT; empty when it has none.</param>
/// <param name="Path">Where it is plugged in: udev's ID_PATH; empty when that is not known.</param>
public sealed record InputDeviceInfo(int Id, string UntrustedName, string Node, string Bus, int Vendor, int Product, string UntrustedSerial, string Path, InputDeviceKinds Kinds);

/// <summary>How touchpads and mice behave; libinput's words.</summary>
/// <param name="Tap">A tap on a touchpad is a click.</param>
/// <param name="NaturalScroll">The picture follows the fingers.</param>
/// <param name="Speed">Acceleration: -1 to 1.</param>
public sealed record PointerSettings(bool Tap = true, bool NaturalScroll = false, double Speed = 0);

/// <summary>A device that could not be taken, and why: the errno of open(2) or of EVIOCGRAB.</summary>
public sealed record InputRefusal(string Node, string Name, int Errno, bool IsGrab);

/// <summary>The devices of a seat, whoever reads them. On one thread.</summary>
public interface IInputBackend : IDisposable
{
    /// <summary>Readable when there is something for <see cref="Dispatch"/>.</summary>
    int Fd { get; }

    /// <summary>Reads what the devices have. Does not block.</summary>
    void Dispatch();

    /// <summary>The next event that was read.</summary>
    bool TryRead(out InputEvent e);

    /// <summary>Valid from <see cref="InputEventKind.DeviceAdded"/> to <see cref="InputEventKind.DeviceRemoved"/>, both included.</summary>
    InputDeviceInfo Describe(int device);

    /// <summary>Whether all of the device's events come to this process and to nobody else.</summary>
    bool IsGrabbed(int device);

    /// <summary>Sets a keyboard's lights; devices without any take no notice.</summary>
    void SetLeds(int device, InputLeds leds);

    /// <summary>Hears a device no more; what it held is released.</summary>
    void Silence(int device);

    /// <summary>Devices that are there but could not be taken.</summary>
    IReadOnlyList<InputRefusal> Refusals { get; }

    /// <summary>Tries again to take those that could not be taken before. May take and give back all devices; nothing is lost but what is held.</summary>
    void RetryRefused();

    /// <summary>Gives all devices back: the seat's console is not in front. Their removals are read next.</summary>
    void Suspend();

    /// <summary>Takes them again, and those that came meanwhile.</summary>
    /// <returns>False when that failed.</returns>
    bool Resume();
}
