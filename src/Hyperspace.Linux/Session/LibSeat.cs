using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Session;

/// <summary>The functions of libseat (libseat.h, 0.6 and later).</summary>
internal static unsafe partial class LibSeat
{
    internal const string Library = "libseat.so.1";

    /// <summary>struct libseat_seat_listener.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Listener
    {
        public delegate* unmanaged<nint, nint, void> Enable;
        public delegate* unmanaged<nint, nint, void> Disable;
    }

    internal const int LogSilent = 0;

    [LibraryImport(Library, EntryPoint = "libseat_open_seat", SetLastError = true)]
    internal static partial nint OpenSeat(Listener* listener, nint userData);

    [LibraryImport(Library, EntryPoint = "libseat_close_seat", SetLastError = true)]
    internal static partial int CloseSeat(nint seat);

    [LibraryImport(Library, EntryPoint = "libseat_disable_seat", SetLastError = true)]
    internal static partial int DisableSeat(nint seat);

    [LibraryImport(Library, EntryPoint = "libseat_open_device", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int OpenDevice(nint seat, string path, out int fd);

    [LibraryImport(Library, EntryPoint = "libseat_close_device", SetLastError = true)]
    internal static partial int CloseDevice(nint seat, int device);

    [LibraryImport(Library, EntryPoint = "libseat_switch_session", SetLastError = true)]
    internal static partial int SwitchSession(nint seat, int session);

    [LibraryImport(Library, EntryPoint = "libseat_get_fd", SetLastError = true)]
    internal static partial int GetFd(nint seat);

    [LibraryImport(Library, EntryPoint = "libseat_dispatch", SetLastError = true)]
    internal static partial int Dispatch(nint seat, int timeout);

    [LibraryImport(Library, EntryPoint = "libseat_set_log_level")]
    internal static partial void SetLogLevel(int level);

    [LibraryImport(Library, EntryPoint = "libseat_seat_name")]
    internal static partial nint SeatName(nint seat);
}
