using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Linux.Memory;

/// <summary>Anonymous files in memory (memfd_create(2)).</summary>
public static partial class MemFd
{
    private const uint Cloexec = 1;

    /// <summary>Creates one of that size in bytes, close-on-exec.</summary>
    public static SafeFileHandle Create(string name, long size)
    {
        int fd = MemFdCreate(name, Cloexec);
        if (fd < 0)
        {
            throw LinuxException.Last($"memfd_create {name}");
        }

        var handle = new SafeFileHandle(fd, ownsHandle: true);
        if (FTruncate(handle, size) != 0)
        {
            int errno = Marshal.GetLastPInvokeError();
            handle.Dispose();
            throw new LinuxException($"ftruncate of a memfd to {size} bytes", errno);
        }

        return handle;
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MemFdCreate(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int FTruncate(SafeFileHandle file, long length);
}
