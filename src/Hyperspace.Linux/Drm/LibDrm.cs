using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Linux.Drm;

/// <summary>The functions of libdrm (xf86drm.h, xf86drmMode.h) that showing pixels needs, and the kernel's ioctls for buffers (drm_mode.h).</summary>
internal static unsafe partial class LibDrm
{
    internal const string Library = "libdrm.so.2";

    internal const ulong CapDumbBuffer = 1, CapCursorWidth = 8, CapCursorHeight = 9;
    internal const ulong ClientUniversalPlanes = 2, ClientAtomic = 3, ClientCursorPlaneHotspot = 6;
    internal const uint ObjectCrtc = 0xCCCCCCCC, ObjectConnector = 0xC0C0C0C0, ObjectPlane = 0xEEEEEEEE;
    internal const uint FlagPageFlipEvent = 0x01, FlagNonBlock = 0x0200, FlagAllowModeset = 0x0400;
    internal const uint FormatXrgb8888 = 0x34325258, FormatArgb8888 = 0x34325241;
    internal const uint IoctlCreateDumb = 0xC02064B2, IoctlMapDumb = 0xC01064B3, IoctlDestroyDumb = 0xC00464B4;

    /// <summary>struct _drmModeRes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Resources
    {
        public int FbCount;
        public uint* Fbs;
        public int CrtcCount;
        public uint* Crtcs;
        public int ConnectorCount;
        public uint* Connectors;
        public int EncoderCount;
        public uint* Encoders;
        public uint MinWidth, MaxWidth, MinHeight, MaxHeight;
    }

    /// <summary>struct _drmModeConnector.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Connector
    {
        public uint Id, EncoderId, Type, TypeId;
        public int Connection;
        public uint WidthMillimetres, HeightMillimetres;
        public int Subpixel;
        public int ModeCount;
        public DrmMode* Modes;
        public int PropertyCount;
        public uint* Properties;
        public ulong* PropertyValues;
        public int EncoderCount;
        public uint* Encoders;
    }

    /// <summary>struct _drmModeEncoder.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Encoder
    {
        public uint Id, Type, CrtcId, PossibleCrtcs, PossibleClones;
    }

    /// <summary>struct _drmModePlaneRes.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PlaneResources
    {
        public uint Count;
        public uint* Planes;
    }

    /// <summary>struct _drmModePlane.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Plane
    {
        public uint FormatCount;
        public uint* Formats;
        public uint Id, CrtcId, FbId, CrtcX, CrtcY, X, Y, PossibleCrtcs, GammaSize;
    }

    /// <summary>struct _drmModeObjectProperties.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct ObjectProperties
    {
        public uint Count;
        public uint* Properties;
        public ulong* Values;
    }

    /// <summary>struct _drmModeProperty.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Property
    {
        public uint Id, Flags;
        public fixed byte Name[32];
        public int ValueCount;
        public ulong* Values;
        public int EnumCount;
        public void* Enums;
        public int BlobCount;
        public uint* Blobs;
    }

    /// <summary>struct _drmModePropertyBlob.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct PropertyBlob
    {
        public uint Id, Length;
        public byte* Data;
    }

    /// <summary>struct drm_mode_create_dumb.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct CreateDumb
    {
        public uint Height, Width, BitsPerPixel, Flags, Handle, Pitch;
        public ulong Size;
    }

    /// <summary>struct drm_mode_map_dumb.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct MapDumb
    {
        public uint Handle, Padding;
        public ulong Offset;
    }

    /// <summary>struct drm_mode_destroy_dumb.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct DestroyDumb
    {
        public uint Handle;
    }

    /// <summary>struct drm_mode_rect: a rectangle of damage, right and bottom not included.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Rect
    {
        public int X1, Y1, X2, Y2;
    }

    /// <summary>struct drm_event_vblank: what is read when a frame is on the monitor.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct FlipEvent
    {
        public uint Type, Length;
        public ulong UserData;
        public uint Seconds, Microseconds, Sequence, CrtcId;
    }

    internal const uint EventFlipComplete = 2;

    [LibraryImport(Library, EntryPoint = "drmGetCap", SetLastError = true)]
    internal static partial int GetCap(SafeFileHandle card, ulong capability, out ulong value);

    [LibraryImport(Library, EntryPoint = "drmSetClientCap", SetLastError = true)]
    internal static partial int SetClientCap(SafeFileHandle card, ulong capability, ulong value);

    [LibraryImport(Library, EntryPoint = "drmSetMaster", SetLastError = true)]
    internal static partial int SetMaster(SafeFileHandle card);

    [LibraryImport(Library, EntryPoint = "drmIsMaster")]
    internal static partial int IsMaster(SafeFileHandle card);

    [LibraryImport(Library, EntryPoint = "drmIoctl", SetLastError = true)]
    internal static partial int Ioctl(SafeFileHandle card, nuint request, void* argument);

    [LibraryImport(Library, EntryPoint = "drmModeGetResources", SetLastError = true)]
    internal static partial Resources* GetResources(SafeFileHandle card);

    [LibraryImport(Library, EntryPoint = "drmModeFreeResources")]
    internal static partial void FreeResources(Resources* resources);

    [LibraryImport(Library, EntryPoint = "drmModeGetConnector", SetLastError = true)]
    internal static partial Connector* GetConnector(SafeFileHandle card, uint id);

    [LibraryImport(Library, EntryPoint = "drmModeFreeConnector")]
    internal static partial void FreeConnector(Connector* connector);

    [LibraryImport(Library, EntryPoint = "drmModeGetEncoder", SetLastError = true)]
    internal static partial Encoder* GetEncoder(SafeFileHandle card, uint id);

    [LibraryImport(Library, EntryPoint = "drmModeFreeEncoder")]
    internal static partial void FreeEncoder(Encoder* encoder);

    [LibraryImport(Library, EntryPoint = "drmModeGetPlaneResources", SetLastError = true)]
    internal static partial PlaneResources* GetPlaneResources(SafeFileHandle card);

    [LibraryImport(Library, EntryPoint = "drmModeFreePlaneResources")]
    internal static partial void FreePlaneResources(PlaneResources* resources);

    [LibraryImport(Library, EntryPoint = "drmModeGetPlane", SetLastError = true)]
    internal static partial Plane* GetPlane(SafeFileHandle card, uint id);

    [LibraryImport(Library, EntryPoint = "drmModeFreePlane")]
    internal static partial void FreePlane(Plane* plane);

    [LibraryImport(Library, EntryPoint = "drmModeObjectGetProperties", SetLastError = true)]
    internal static partial ObjectProperties* GetProperties(SafeFileHandle card, uint id, uint type);

    [LibraryImport(Library, EntryPoint = "drmModeFreeObjectProperties")]
    internal static partial void FreeProperties(ObjectProperties* properties);

    [LibraryImport(Library, EntryPoint = "drmModeGetProperty", SetLastError = true)]
    internal static partial Property* GetProperty(SafeFileHandle card, uint id);

    [LibraryImport(Library, EntryPoint = "drmModeFreeProperty")]
    internal static partial void FreeProperty(Property* property);

    [LibraryImport(Library, EntryPoint = "drmModeGetPropertyBlob", SetLastError = true)]
    internal static partial PropertyBlob* GetPropertyBlob(SafeFileHandle card, uint id);

    [LibraryImport(Library, EntryPoint = "drmModeFreePropertyBlob")]
    internal static partial void FreePropertyBlob(PropertyBlob* blob);

    [LibraryImport(Library, EntryPoint = "drmModeCreatePropertyBlob", SetLastError = true)]
    internal static partial int CreatePropertyBlob(SafeFileHandle card, void* data, nuint length, out uint id);

    [LibraryImport(Library, EntryPoint = "drmModeDestroyPropertyBlob", SetLastError = true)]
    internal static partial int DestroyPropertyBlob(SafeFileHandle card, uint id);

    [LibraryImport(Library, EntryPoint = "drmModeAddFB2", SetLastError = true)]
    internal static partial int AddFb2(SafeFileHandle card, uint width, uint height, uint format, uint* handles, uint* pitches, uint* offsets, out uint id, uint flags);

    [LibraryImport(Library, EntryPoint = "drmModeRmFB", SetLastError = true)]
    internal static partial int RmFb(SafeFileHandle card, uint id);

    [LibraryImport(Library, EntryPoint = "drmModeSetCrtc", SetLastError = true)]
    internal static partial int SetCrtc(SafeFileHandle card, uint crtc, uint fb, uint x, uint y, uint* connectors, int count, DrmMode* mode);

    [LibraryImport(Library, EntryPoint = "drmModePageFlip", SetLastError = true)]
    internal static partial int PageFlip(SafeFileHandle card, uint crtc, uint fb, uint flags, nint userData);

    [LibraryImport(Library, EntryPoint = "drmModeDirtyFB", SetLastError = true)]
    internal static partial int DirtyFb(SafeFileHandle card, uint fb, void* clips, uint count);

    [LibraryImport(Library, EntryPoint = "drmModeAtomicAlloc")]
    internal static partial AtomicRequestHandle AtomicAlloc();

    [LibraryImport(Library, EntryPoint = "drmModeAtomicFree")]
    internal static partial void AtomicFree(nint request);

    [LibraryImport(Library, EntryPoint = "drmModeAtomicSetCursor")]
    internal static partial void AtomicSetCursor(AtomicRequestHandle request, int cursor);

    [LibraryImport(Library, EntryPoint = "drmModeAtomicAddProperty")]
    internal static partial int AtomicAddProperty(AtomicRequestHandle request, uint objectId, uint propertyId, ulong value);

    [LibraryImport(Library, EntryPoint = "drmModeAtomicCommit", SetLastError = true)]
    internal static partial int AtomicCommit(SafeFileHandle card, AtomicRequestHandle request, uint flags, nint userData);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    internal static partial nint MMap(nint address, nuint length, int protection, int flags, SafeFileHandle file, long offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    internal static partial int MUnmap(nint address, nuint length);
}

internal sealed class AtomicRequestHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        LibDrm.AtomicFree(handle);
        return true;
    }
}
