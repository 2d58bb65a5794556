using System.Runtime.InteropServices;

namespace Hyperspace.Linux;

/// <summary>
/// The C library's functions that several rooms of this project use; a function that one room alone needs is declared there.
/// Signatures follow the man pages of section 2 and 3; errors are read with <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
internal static partial class Libc
{
    internal const int EINTR = 4;
    internal const int EAGAIN = 11;
    internal const int EPIPE = 32;

    [LibraryImport("libc", EntryPoint = "close")]
    internal static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    internal static unsafe partial nint Read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    internal static unsafe partial nint Write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", EntryPoint = "fcntl", SetLastError = true)]
    internal static partial int Fcntl(int fd, int command, int argument);

    /// <summary>The text of an errno, for messages: <c>Permission denied (13)</c>.</summary>
    internal static string ErrorText(int errno) => $"{Marshal.GetPInvokeErrorMessage(errno)} ({errno})";
}

/// <summary>A call to the kernel or to a native library failed. The message says which, on what, and why.</summary>
public class LinuxException : IOException
{
    public LinuxException(string what, int errno)
        : base($"{what}: {Libc.ErrorText(errno)}")
    {
        Errno = errno;
    }

    /// <summary>errno.h's number.</summary>
    public int Errno { get; }

    internal static LinuxException Last(string what) => new(what, Marshal.GetLastPInvokeError());
}
