using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Linux.Files;

/// <summary>Files with holes, which read as zeroes and take no space: lseek(2), fallocate(2).</summary>
public static partial class SparseFile
{
    private const int SeekData = 3;
    private const int SeekHole = 4;
    private const int KeepSize = 1;
    private const int PunchHole = 2;
    private const int NoMoreData = 6;
    private const int ChunkBytes = 1 << 20;
    private const int PageBytes = 4096;

    /// <summary>Makes holes of pages that are all zero.</summary>
    /// <returns>The bytes that are no hole afterwards.</returns>
    /// <exception cref="IOException">The file cannot be read. A file system without holes is no error.</exception>
    public static long Punch(SafeFileHandle file, CancellationToken cancel)
    {
        long kept = 0;
        Walk(file, cancel, (offset, data) =>
        {
            for (int at = 0; at < data.Length;)
            {
                bool zero = IsZero(data, at);
                int end = at + PageBytes;
                while (end < data.Length && IsZero(data, end) == zero)
                {
                    end += PageBytes;
                }

                end = Math.Min(end, data.Length);
                kept += zero ? 0 : end - at;
                if (zero)
                {
                    _ = Fallocate(file, KeepSize | PunchHole, offset + at, end - at);
                }

                at = end;
            }
        });
        return kept;
    }

    /// <summary>A checksum of the content: SHA-256 of each page that is not all zero with its offset, so that it does not matter where the file has holes. In hexadecimal digits.</summary>
    public static string Checksum(SafeFileHandle file, CancellationToken cancel)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var place = new byte[8];
        Walk(file, cancel, (offset, data) =>
        {
            for (int at = 0; at < data.Length; at += PageBytes)
            {
                if (!IsZero(data, at))
                {
                    BitConverter.TryWriteBytes(place, offset + at);
                    hash.AppendData(place);
                    hash.AppendData(data.Slice(at, Math.Min(PageBytes, data.Length - at)));
                }
            }
        });
        BitConverter.TryWriteBytes(place, RandomAccess.GetLength(file));
        hash.AppendData(place);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Copies a file's content into an empty one; what is a hole stays one.</summary>
    /// <exception cref="IOException">One cannot be read or the other not written.</exception>
    public static void Copy(SafeFileHandle from, SafeFileHandle to, CancellationToken cancel)
    {
        RandomAccess.SetLength(to, RandomAccess.GetLength(from));
        Walk(from, cancel, (offset, data) => RandomAccess.Write(to, data, offset));
    }

    private delegate void Chunk(long offset, ReadOnlySpan<byte> data);

    private static bool IsZero(ReadOnlySpan<byte> data, int at) => !data.Slice(at, Math.Min(PageBytes, data.Length - at)).ContainsAnyExcept((byte)0);

    private static void Walk(SafeFileHandle file, CancellationToken cancel, Chunk chunk)
    {
        var buffer = new byte[ChunkBytes];
        long length = RandomAccess.GetLength(file);
        for (long start = NextData(file, 0, length); start < length;)
        {
            long end = Seek(file, start, SeekHole) is >= 0 and var hole ? hole : length;
            for (long at = start / PageBytes * PageBytes; at < end;)
            {
                cancel.ThrowIfCancellationRequested();
                int want = (int)Math.Min(ChunkBytes, length - at);
                int n = 0;
                while (n < want && RandomAccess.Read(file, buffer.AsSpan(n, want - n), at + n) is > 0 and var more)
                {
                    n += more;
                }

                if (n == 0)
                {
                    return;
                }

                chunk(at, buffer.AsSpan(0, n));
                at += n;
                end = Math.Max(end, at);
            }

            start = NextData(file, end, length);
        }
    }

    /// <summary>The length when nothing but a hole follows. A file system that knows no holes has data everywhere.</summary>
    private static long NextData(SafeFileHandle file, long from, long length)
    {
        if (from >= length)
        {
            return length;
        }

        long at = Seek(file, from, SeekData);
        return at >= 0 ? at : Marshal.GetLastPInvokeError() == NoMoreData ? length : from;
    }

    [LibraryImport("libc", EntryPoint = "lseek", SetLastError = true)]
    private static partial long Seek(SafeFileHandle file, long offset, int whence);

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    private static partial int Fallocate(SafeFileHandle file, int mode, long offset, long length);
}
