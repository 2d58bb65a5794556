using System.Runtime.InteropServices;
using static Hyperspace.Linux.Input.LibInput;

namespace Hyperspace.Linux.Input;

/// <summary>libinput's events as values, and its devices as descriptions.</summary>
public sealed unsafe partial class LibInputContext
{
    /// <summary>Positions are fractions of this.</summary>
    private const uint Whole = 65536;

    /// <summary>libinput.h, libinput_event_pointer_get_scroll_value: a notch of a wheel is usually 15 degrees, and fingers scroll in the same unit.</summary>
    private const double UnitsPerNotch = 15;

    private const int ButtonLeft = 0x110;

    /// <summary>False for what a seat has no use for.</summary>
    private bool Decode(nint native, out InputEvent e)
    {
        e = default;
        int type = EventType(native);
        nint handle = EventDevice(native);
        if (type == DeviceAdded)
        {
            e = new InputEvent(InputEventKind.DeviceAdded, Add(handle), 0, false, 0, 0, 0);
            return true;
        }

        int device = (int)DeviceGetUserData(handle);
        if (device == 0)
        {
            return false;
        }

        switch (type)
        {
            case DeviceRemoved:
                _removed = device;
                e = new InputEvent(InputEventKind.DeviceRemoved, device, 0, false, 0, 0, 0);
                return true;
            case KeyboardKey:
                nint key = Keyboard(native);
                e = new InputEvent(InputEventKind.Key, device, (int)KeyboardGetKey(key), KeyboardGetState(key) != 0, 0, 0, Nanoseconds(KeyboardTime(key)));
                return true;
            case PointerMotion or PointerMotionAbsolute or PointerButton or PointerScrollWheel or PointerScrollFinger or PointerScrollContinuous:
                return DecodePointer(type, device, Pointer(native), out e);
            case TouchDown or TouchMotion or TouchUp or TouchCancel:
                return DecodeTouch(type, device, Touch(native), out e);
            case TabletToolAxis or TabletToolProximity or TabletToolTip or TabletToolButton:
                return DecodeTablet(type, device, Tablet(native), out e);
            default:
                return false;
        }
    }

    private static bool DecodePointer(int type, int device, nint pointer, out InputEvent e)
    {
        long time = Nanoseconds(PointerTime(pointer));
        e = type switch
        {
            PointerMotion => new InputEvent(InputEventKind.Motion, device, 0, false, PointerDx(pointer), PointerDy(pointer), time),
            PointerMotionAbsolute => new InputEvent(InputEventKind.Position, device, 0, false, PointerX(pointer, Whole), PointerY(pointer, Whole), time),
            PointerButton => new InputEvent(InputEventKind.Button, device, (int)PointerGetButton(pointer), PointerGetButtonState(pointer) != 0, 0, 0, time),
            _ => new InputEvent(InputEventKind.Wheel, device, 0, false, Scroll(type, pointer, AxisHorizontal), Scroll(type, pointer, AxisVertical), time),
        };
        return true;
    }

    private static double Scroll(int type, nint pointer, int axis) =>
        PointerHasAxis(pointer, axis) == 0 ? 0
        : type == PointerScrollWheel ? PointerScroll120(pointer, axis)
        : PointerScroll(pointer, axis) * (120 / UnitsPerNotch);

    private static bool DecodeTouch(int type, int device, nint touch, out InputEvent e)
    {
        InputEventKind kind = type switch { TouchDown => InputEventKind.TouchDown, TouchMotion => InputEventKind.TouchMotion, _ => InputEventKind.TouchUp };
        bool has = kind != InputEventKind.TouchUp;
        e = new InputEvent(kind, device, TouchSlot(touch), has, has ? TouchX(touch, Whole) : 0, has ? TouchY(touch, Whole) : 0, Nanoseconds(TouchTime(touch)));
        return true;
    }

    /// <summary>A pen is a pointer: it hovers, its tip is the left button, and its own buttons are BTN_STYLUS and BTN_STYLUS2.</summary>
    private static bool DecodeTablet(int type, int device, nint tool, out InputEvent e)
    {
        long time = Nanoseconds(TabletTime(tool));
        e = type switch
        {
            TabletToolTip => new InputEvent(InputEventKind.Button, device, ButtonLeft, TabletTip(tool) != 0, 0, 0, time),
            TabletToolButton => new InputEvent(InputEventKind.Button, device, (int)TabletButton(tool), TabletButtonState(tool) != 0, 0, 0, time),
            _ => new InputEvent(InputEventKind.Position, device, 0, false, TabletX(tool, Whole), TabletY(tool, Whole), time),
        };
        return true;
    }

    private static long Nanoseconds(ulong microseconds) => (long)microseconds * 1000;

    private int Add(nint handle)
    {
        int id = ++_lastDevice;
        _ = DeviceRef(handle);
        DeviceSetUserData(handle, id);
        _devices[id] = new Device(handle, DescribeNative(id, handle));
        Configure(handle);
        return id;
    }

    private void Configure(nint device)
    {
        if (TapFingers(device) > 0)
        {
            _ = TapSet(device, _settings.Tap ? 1 : 0);
        }

        if (HasNaturalScroll(device) != 0)
        {
            _ = SetNaturalScroll(device, _settings.NaturalScroll ? 1 : 0);
        }

        if (HasAcceleration(device) != 0)
        {
            _ = SetSpeed(device, Math.Clamp(_settings.Speed, -1, 1));
        }
    }

    private static InputDeviceInfo DescribeNative(int id, nint handle)
    {
        nint udev = DeviceUdev(handle);
        string Property(string name) => udev == 0 ? "" : LibUdev.Property(udev, name);

        // SAFETY: libinput's strings live as long as the device; they are copied at once.
        string name = Marshal.PtrToStringUTF8((nint)DeviceName(handle)) ?? "";
        string node = Marshal.PtrToStringUTF8((nint)DeviceSysName(handle)) ?? "";
        var info = new InputDeviceInfo(
            id, name, node, Property("ID_BUS"), (int)DeviceVendor(handle), (int)DeviceProduct(handle), Property("ID_SERIAL_SHORT"), Property("ID_PATH"), KindsOf(udev, handle));
        if (udev != 0)
        {
            _ = LibUdev.DeviceUnref(udev);
        }

        return info;
    }

    /// <summary>What a device is, by udev (its builtin input_id) and, where there is a handle, by libinput.</summary>
    private static InputDeviceKinds KindsOf(nint udev, nint handle)
    {
        InputDeviceKinds If(string property, InputDeviceKinds kind) => udev != 0 && LibUdev.Property(udev, property) == "1" ? kind : InputDeviceKinds.None;
        InputDeviceKinds kinds = If("ID_INPUT_KEYBOARD", InputDeviceKinds.Keyboard) | If("ID_INPUT_MOUSE", InputDeviceKinds.Pointer) | If("ID_INPUT_POINTINGSTICK", InputDeviceKinds.Pointer)
            | If("ID_INPUT_TOUCHPAD", InputDeviceKinds.Touchpad) | If("ID_INPUT_TOUCHSCREEN", InputDeviceKinds.Touch) | If("ID_INPUT_TABLET", InputDeviceKinds.Tablet);
        if (handle == 0)
        {
            return kinds;
        }

        InputDeviceKinds Has(int capability, InputDeviceKinds kind) => DeviceHas(handle, capability) != 0 ? kind : InputDeviceKinds.None;
        return kinds | Has(CapabilityKeyboard, InputDeviceKinds.Keys) | Has(CapabilityPointer, InputDeviceKinds.Pointer) | Has(CapabilityTouch, InputDeviceKinds.Touch)
            | Has(CapabilityTabletTool, InputDeviceKinds.Tablet) | Has(CapabilitySwitch, InputDeviceKinds.Switch);
    }
}
