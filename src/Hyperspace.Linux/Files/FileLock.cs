using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Linux.Files;

/// <summary>
/// A lock that one process at a time holds, and that the kernel lets go of however that process ends (flock(2)). The file has the process's number in it, for people and for messages; it
/// stays when the lock is gone.
/// </summary>
public sealed partial class FileLock : IDisposable
{
    private const int Exclusive = 2;
    private const int DoNotWait = 4;
    private const int ReadOnly = 0;
    private const int ReadWrite = 2;
    private const int Create = 0x40;
    private const int CloseOnExec = 0x80000;

    private readonly SafeFileHandle _file;

    private FileLock(SafeFileHandle file) => _file = file;

    /// <summary>Takes the lock, and creates its file where there is none. The folder must exist.</summary>
    /// <returns>Null when another process has it.</returns>
    /// <exception cref="IOException">The file cannot be opened or locked.</exception>
    public static FileLock? TryTake(string path)
    {
        SafeFileHandle file = Open(path, ReadWrite | Create);
        try
        {
            if (Flock(file, Exclusive | DoNotWait) < 0)
            {
                int errno = Marshal.GetLastPInvokeError();
                file.Dispose();
                return errno == Libc.EAGAIN ? null : throw new LinuxException($"flock {path}", errno);
            }

            RandomAccess.SetLength(file, 0);
            RandomAccess.Write(file, Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"), 0);
            return new FileLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>The process that took the lock last; it need not live. Null when the file does not say.</summary>
    public static int? LastHolder(string path)
    {
        try
        {
            using SafeFileHandle file = Open(path, ReadOnly);
            Span<byte> text = stackalloc byte[16];
            int n = RandomAccess.Read(file, text, 0);
            return int.TryParse(text[..n].TrimEnd((byte)'\n'), NumberStyles.None, CultureInfo.InvariantCulture, out int pid) ? pid : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The runtime's own way of opening files takes a flock of its own, and close-on-exec keeps children from holding the lock.</summary>
    private static SafeFileHandle Open(string path, int flags)
    {
        SafeFileHandle file = AtomicFile.Open(path, flags | CloseOnExec, 0x1A4);
        return file.IsInvalid ? throw LinuxException.Last($"open {path}") : file;
    }

    public void Dispose() => _file.Dispose();

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int Flock(SafeFileHandle file, int operation);
}
