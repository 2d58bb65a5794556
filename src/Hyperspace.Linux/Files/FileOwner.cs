using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Files;

/// <summary>Who owns a file, and giving it to another user: chown(2), statx(2).</summary>
public static partial class FileOwner
{
    /// <summary>Gives the file, and not what it links to, to a user and the group of the same number.</summary>
    /// <exception cref="LinuxException">The kernel refuses.</exception>
    public static void Give(string path, uint user)
    {
        if (LChown(path, user, user) < 0)
        {
            throw LinuxException.Last($"chown {path}");
        }
    }

    /// <summary>Gives the file to a group and leaves its user.</summary>
    /// <exception cref="LinuxException">The kernel refuses.</exception>
    public static void GiveToGroup(string path, uint group)
    {
        if (LChown(path, uint.MaxValue, group) < 0)
        {
            throw LinuxException.Last($"chown {path}");
        }
    }

    /// <summary>The user who owns the file; null when there is none.</summary>
    public static unsafe uint? Of(string path)
    {
        // SAFETY: struct statx is 256 bytes (linux/stat.h); stx_uid lies at offset 20.
        byte* buffer = stackalloc byte[256];
        return Statx(-100, path, 0x100, 0x8, buffer) == 0 ? *(uint*)(buffer + 20) : null;
    }

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int LChown(string path, uint user, uint group);

    [LibraryImport("libc", EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static unsafe partial int Statx(int folder, string path, int flags, uint mask, byte* result);
}
