using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Linux.Memory;

/// <summary>Anonymous files in memory (memfd_create(2)) and their seals (fcntl(2), F_ADD_SEALS).</summary>
public static partial class MemFd
{
    private const int FAddSeals = 1033;
    private const int FGetSeals = 1034;
    private const int SealShrink = 2;
    private const uint AllowSealing = 2;
    private const uint Cloexec = 1;

    /// <summary>Creates one of that size in bytes, close-on-exec and sealable.</summary>
    public static SafeFileHandle Create(string name, long size)
    {
        int fd = MemFdCreate(name, Cloexec | AllowSealing);
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

    /// <summary>
    /// Makes sure that the file can never become shorter, so that reading a mapping of it cannot raise SIGBUS. False when it cannot be
    /// made sure (not a memfd, or made without MFD_ALLOW_SEALING): then it must be read with pread, not mapped.
    /// </summary>
    public static bool TrySealAgainstShrinking(SafeFileHandle file)
    {
        bool added = false;
        try
        {
            file.DangerousAddRef(ref added);
            int fd = (int)file.DangerousGetHandle();
            int seals = Libc.Fcntl(fd, FGetSeals, 0);
            return seals >= 0 && ((seals & SealShrink) != 0 || Libc.Fcntl(fd, FAddSeals, SealShrink) == 0);
        }
        finally
        {
            if (added)
            {
                file.DangerousRelease();
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MemFdCreate(string name, uint flags);

    [LibraryImport("libc", EntryPoint = "ftruncate", SetLastError = true)]
    private static partial int FTruncate(SafeFileHandle file, long length);
}
