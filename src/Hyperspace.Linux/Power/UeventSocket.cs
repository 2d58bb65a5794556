using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Power;

/// <summary>The kernel's announcements of changes to devices (netlink(7), NETLINK_KOBJECT_UEVENT). Not thread-safe.</summary>
public sealed partial class UeventSocket : IDisposable
{
    private const int Netlink = 16, Datagram = 3 | 0x80000 | 0x800, KobjectUevent = 15, KernelGroup = 1;

    private readonly byte[] _buffer = new byte[8192];
    private int _fd;

    private UeventSocket(int fd) => _fd = fd;

    /// <summary>To wait on until it is readable.</summary>
    public int Descriptor => _fd;

    /// <exception cref="LinuxException">The kernel gives none, as in some containers.</exception>
    public static UeventSocket Open()
    {
        int fd = CreateSocket(Netlink, Datagram, KobjectUevent);
        if (fd < 0)
        {
            throw LinuxException.Last("a socket for the kernel's device events");
        }

        // struct sockaddr_nl: family, padding, port (0: the kernel chooses), groups.
        byte[] address = new byte[12];
        BitConverter.TryWriteBytes(address, (ushort)Netlink);
        BitConverter.TryWriteBytes(address.AsSpan(8), KernelGroup);
        if (Bind(fd, address, address.Length) != 0)
        {
            LinuxException failure = LinuxException.Last("listening to the kernel's device events");
            _ = Libc.Close(fd);
            throw failure;
        }

        return new UeventSocket(fd);
    }

    /// <summary>The next announcement's text, <c>ACTION@PATH</c> and <c>KEY=VALUE</c> with zero bytes between; null when there is none. Events that were lost for lack of room read as an empty text.</summary>
    public unsafe string? Next()
    {
        nint count;

        // SAFETY: the buffer is pinned for the call and its length is given.
        fixed (byte* buffer = _buffer)
        {
            count = Libc.Read(_fd, buffer, (nuint)_buffer.Length);
        }

        if (count < 0)
        {
            return Marshal.GetLastPInvokeError() == NoBufferSpace ? "" : null;
        }

        return System.Text.Encoding.UTF8.GetString(_buffer, 0, (int)count);
    }

    private const int NoBufferSpace = 105;

    public void Dispose()
    {
        if (_fd >= 0)
        {
            _ = Libc.Close(_fd);
            _fd = -1;
        }
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int CreateSocket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(int fd, byte[] address, int length);
}
