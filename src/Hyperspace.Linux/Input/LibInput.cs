using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Input;

/// <summary>
/// The functions of libinput (1.19 and later) that a seat needs. Signatures and numbers: libinput.h, which promises that they do not change within libinput.so.10. The get_*_event functions check the type
/// and return their argument.
/// </summary>
internal static unsafe partial class LibInput
{
    internal const string Library = "libinput.so.10";

    internal const int DeviceAdded = 1;
    internal const int DeviceRemoved = 2;
    internal const int KeyboardKey = 300;
    internal const int PointerMotion = 400;
    internal const int PointerMotionAbsolute = 401;
    internal const int PointerButton = 402;
    internal const int PointerScrollWheel = 404;
    internal const int PointerScrollFinger = 405;
    internal const int PointerScrollContinuous = 406;
    internal const int TouchDown = 500;
    internal const int TouchUp = 501;
    internal const int TouchMotion = 502;
    internal const int TouchCancel = 503;
    internal const int TabletToolAxis = 600;
    internal const int TabletToolProximity = 601;
    internal const int TabletToolTip = 602;
    internal const int TabletToolButton = 603;

    internal const int CapabilityKeyboard = 0;
    internal const int CapabilityPointer = 1;
    internal const int CapabilityTouch = 2;
    internal const int CapabilityTabletTool = 3;
    internal const int CapabilitySwitch = 6;

    internal const int AxisVertical = 0;
    internal const int AxisHorizontal = 1;

    internal const int LogError = 30;
    internal const uint SendEventsDisabled = 1;

    /// <summary>struct libinput_interface.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Interface
    {
        public delegate* unmanaged<byte*, int, void*, int> OpenRestricted;
        public delegate* unmanaged<int, void*, void> CloseRestricted;
    }

    [LibraryImport(Library, EntryPoint = "libinput_udev_create_context")]
    internal static partial nint UdevCreateContext(Interface* callbacks, void* userData, nint udev);

    [LibraryImport(Library, EntryPoint = "libinput_udev_assign_seat")]
    internal static partial int UdevAssignSeat(nint context, byte* seat);

    [LibraryImport(Library, EntryPoint = "libinput_unref")]
    internal static partial nint Unref(nint context);

    [LibraryImport(Library, EntryPoint = "libinput_get_fd")]
    internal static partial int GetFd(nint context);

    [LibraryImport(Library, EntryPoint = "libinput_dispatch")]
    internal static partial int Dispatch(nint context);

    [LibraryImport(Library, EntryPoint = "libinput_suspend")]
    internal static partial void Suspend(nint context);

    [LibraryImport(Library, EntryPoint = "libinput_resume")]
    internal static partial int Resume(nint context);

    [LibraryImport(Library, EntryPoint = "libinput_log_set_handler")]
    internal static partial void LogSetHandler(nint context, delegate* unmanaged<nint, int, byte*, void*, void> handler);

    [LibraryImport(Library, EntryPoint = "libinput_log_set_priority")]
    internal static partial void LogSetPriority(nint context, int priority);

    [LibraryImport(Library, EntryPoint = "libinput_get_event")]
    internal static partial nint GetEvent(nint context);

    [LibraryImport(Library, EntryPoint = "libinput_event_destroy")]
    internal static partial void EventDestroy(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_get_type")]
    internal static partial int EventType(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_get_device")]
    internal static partial nint EventDevice(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_get_keyboard_event")]
    internal static partial nint Keyboard(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_keyboard_get_time_usec")]
    internal static partial ulong KeyboardTime(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_keyboard_get_key")]
    internal static partial uint KeyboardGetKey(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_keyboard_get_key_state")]
    internal static partial int KeyboardGetState(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_get_pointer_event")]
    internal static partial nint Pointer(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_pointer_get_time_usec")]
    internal static partial ulong PointerTime(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_pointer_get_dx")]
    internal static partial double PointerDx(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_pointer_get_dy")]
    internal static partial double PointerDy(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_pointer_get_absolute_x_transformed")]
    internal static partial double PointerX(nint e, uint width);

    [LibraryImport(Library, EntryPoint = "libinput_event_pointer_get_absolute_y_transformed")]
    internal static partial double PointerY(nint e, uint height);

    [LibraryImport(Library, EntryPoint = "libinput_event_pointer_get_button")]
    internal static partial uint PointerGetButton(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_pointer_get_button_state")]
    internal static partial int PointerGetButtonState(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_pointer_has_axis")]
    internal static partial int PointerHasAxis(nint e, int axis);

    [LibraryImport(Library, EntryPoint = "libinput_event_pointer_get_scroll_value")]
    internal static partial double PointerScroll(nint e, int axis);

    [LibraryImport(Library, EntryPoint = "libinput_event_pointer_get_scroll_value_v120")]
    internal static partial double PointerScroll120(nint e, int axis);

    [LibraryImport(Library, EntryPoint = "libinput_event_get_touch_event")]
    internal static partial nint Touch(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_touch_get_time_usec")]
    internal static partial ulong TouchTime(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_touch_get_slot")]
    internal static partial int TouchSlot(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_touch_get_x_transformed")]
    internal static partial double TouchX(nint e, uint width);

    [LibraryImport(Library, EntryPoint = "libinput_event_touch_get_y_transformed")]
    internal static partial double TouchY(nint e, uint height);

    [LibraryImport(Library, EntryPoint = "libinput_event_get_tablet_tool_event")]
    internal static partial nint Tablet(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_tablet_tool_get_time_usec")]
    internal static partial ulong TabletTime(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_tablet_tool_get_x_transformed")]
    internal static partial double TabletX(nint e, uint width);

    [LibraryImport(Library, EntryPoint = "libinput_event_tablet_tool_get_y_transformed")]
    internal static partial double TabletY(nint e, uint height);

    [LibraryImport(Library, EntryPoint = "libinput_event_tablet_tool_get_tip_state")]
    internal static partial int TabletTip(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_tablet_tool_get_button")]
    internal static partial uint TabletButton(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_event_tablet_tool_get_button_state")]
    internal static partial int TabletButtonState(nint e);

    [LibraryImport(Library, EntryPoint = "libinput_device_ref")]
    internal static partial nint DeviceRef(nint device);

    [LibraryImport(Library, EntryPoint = "libinput_device_unref")]
    internal static partial nint DeviceUnref(nint device);

    [LibraryImport(Library, EntryPoint = "libinput_device_set_user_data")]
    internal static partial void DeviceSetUserData(nint device, nint data);

    [LibraryImport(Library, EntryPoint = "libinput_device_get_user_data")]
    internal static partial nint DeviceGetUserData(nint device);

    [LibraryImport(Library, EntryPoint = "libinput_device_get_name")]
    internal static partial byte* DeviceName(nint device);

    [LibraryImport(Library, EntryPoint = "libinput_device_get_sysname")]
    internal static partial byte* DeviceSysName(nint device);

    [LibraryImport(Library, EntryPoint = "libinput_device_get_id_vendor")]
    internal static partial uint DeviceVendor(nint device);

    [LibraryImport(Library, EntryPoint = "libinput_device_get_id_product")]
    internal static partial uint DeviceProduct(nint device);

    [LibraryImport(Library, EntryPoint = "libinput_device_get_udev_device")]
    internal static partial nint DeviceUdev(nint device);

    [LibraryImport(Library, EntryPoint = "libinput_device_has_capability")]
    internal static partial int DeviceHas(nint device, int capability);

    [LibraryImport(Library, EntryPoint = "libinput_device_led_update")]
    internal static partial void DeviceLeds(nint device, int leds);

    [LibraryImport(Library, EntryPoint = "libinput_device_config_tap_get_finger_count")]
    internal static partial int TapFingers(nint device);

    [LibraryImport(Library, EntryPoint = "libinput_device_config_tap_set_enabled")]
    internal static partial int TapSet(nint device, int enabled);

    [LibraryImport(Library, EntryPoint = "libinput_device_config_scroll_has_natural_scroll")]
    internal static partial int HasNaturalScroll(nint device);

    [LibraryImport(Library, EntryPoint = "libinput_device_config_scroll_set_natural_scroll_enabled")]
    internal static partial int SetNaturalScroll(nint device, int enabled);

    [LibraryImport(Library, EntryPoint = "libinput_device_config_accel_is_available")]
    internal static partial int HasAcceleration(nint device);

    [LibraryImport(Library, EntryPoint = "libinput_device_config_accel_set_speed")]
    internal static partial int SetSpeed(nint device, double speed);

    [LibraryImport(Library, EntryPoint = "libinput_device_config_send_events_set_mode")]
    internal static partial int SendEvents(nint device, uint mode);
}
