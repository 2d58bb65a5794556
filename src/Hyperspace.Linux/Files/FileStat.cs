namespace Hyperspace.Linux.Files;

/// <summary>What tells one state of a file from another: statx(2).</summary>
/// <param name="Size">In bytes, holes included.</param>
/// <param name="Allocated">Bytes that it takes of its file system.</param>
/// <param name="ModifiedNanoseconds">Of its content, since 1970.</param>
public readonly record struct FileStat(ulong Inode, long Size, long Allocated, long ModifiedNanoseconds)
{
    /// <summary>Follows links; null when there is no such file or it may not be looked at.</summary>
    public static unsafe FileStat? Of(string path)
    {
        // SAFETY: struct statx is 256 bytes (linux/stat.h): stx_ino lies at 32, stx_size at 40, stx_blocks at 48, stx_mtime at 112 (seconds) and 120 (nanoseconds).
        byte* buffer = stackalloc byte[256];
        return FileOwner.Statx(-100, path, 0, 0x7FF, buffer) == 0
            ? new FileStat(*(ulong*)(buffer + 32), *(long*)(buffer + 40), *(long*)(buffer + 48) * 512, *(long*)(buffer + 112) * 1_000_000_000 + *(uint*)(buffer + 120))
            : null;
    }
}
