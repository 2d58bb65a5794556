using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Input;

/// <summary>The functions of libudev (libudev.h) that tell what a device is.</summary>
internal static unsafe partial class LibUdev
{
    internal const string Library = "libudev.so.1";

    [LibraryImport(Library, EntryPoint = "udev_new")]
    internal static partial nint New();

    [LibraryImport(Library, EntryPoint = "udev_unref")]
    internal static partial nint Unref(nint udev);

    [LibraryImport(Library, EntryPoint = "udev_device_new_from_subsystem_sysname", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint DeviceOf(nint udev, string subsystem, string name);

    [LibraryImport(Library, EntryPoint = "udev_device_unref")]
    internal static partial nint DeviceUnref(nint device);

    [LibraryImport(Library, EntryPoint = "udev_device_get_parent")]
    private static partial nint DeviceParent(nint device);

    [LibraryImport(Library, EntryPoint = "udev_device_get_property_value", StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* PropertyValue(nint device, string name);

    [LibraryImport(Library, EntryPoint = "udev_device_get_sysattr_value", StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* AttributeValue(nint device, string name);

    /// <summary>A property of the device, or empty.</summary>
    internal static string Property(nint device, string name)
    {
        // SAFETY: the string belongs to the device, which the caller holds; it is copied at once.
        return Marshal.PtrToStringUTF8((nint)PropertyValue(device, name)) ?? "";
    }

    /// <summary>An attribute of the device's parent (its input device has the name), or empty. The parent belongs to the child.</summary>
    internal static string ParentAttribute(nint device, string name)
    {
        nint parent = DeviceParent(device);

        // SAFETY: as above.
        return parent == 0 ? "" : Marshal.PtrToStringUTF8((nint)AttributeValue(parent, name)) ?? "";
    }
}
