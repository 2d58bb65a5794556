using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Linux.Files;

/// <summary>
/// Writes files that people own so that a full disk, a crash or a power cut leaves the old content or the new one, and never half of it: temporary file in the same folder, fsync, rename,
/// fsync of the folder.
/// </summary>
public static partial class AtomicFile
{
    private const UnixFileMode DefaultMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Replaces the file or creates it; an existing one keeps its mode. A symbolic link is followed, so that people may link their definitions from elsewhere.</summary>
    /// <exception cref="IOException">It cannot be written; what was there is untouched.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written; what was there is untouched.</exception>
    public static void WriteAllText(string path, string text) => WriteAllBytes(path, Encoding.UTF8.GetBytes(text));

    /// <inheritdoc cref="WriteAllText"/>
    /// <param name="overwrite">False: a file that exists already is an <see cref="IOException"/>.</param>
    public static void WriteAllBytes(string path, ReadOnlySpan<byte> content, bool overwrite = true)
    {
        string target = Target(path);
        string folder = Path.GetDirectoryName(target)!;
        string temporary = Path.Combine(folder, $".{Path.GetFileName(target)}.{Guid.NewGuid():N}.new");
        UnixFileMode? kept = File.Exists(target) ? File.GetUnixFileMode(target) : null;
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = kept ?? DefaultMode };
            using (var stream = new FileStream(temporary, options))
            {
                if (kept is { } mode)
                {
                    // What the umask took away at its creation.
                    File.SetUnixFileMode(stream.SafeFileHandle, mode);
                }

                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite);
        }
        catch (ArgumentOutOfRangeException e)
        {
            // .NET's word for EFBIG: RLIMIT_FSIZE, or a file system's own limit.
            TryDelete(temporary);
            throw new IOException($"A file of {content.Length} bytes is larger than this process or its file system may write.", e);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }

        SyncFolder(folder);
    }

    /// <summary>What a link leads to, whether that exists or not; the file itself when it is no link.</summary>
    private static string Target(string path)
    {
        try
        {
            return File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return Path.GetFullPath(path);
        }
    }

    private static void TryDelete(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Its folder is not there or not ours; the first error is the one to tell.
        }
    }

    /// <summary>Makes renames and deletions in a folder last (fsync(2): the entry of a file is not synced with the file).</summary>
    public static void SyncFolder(string folder)
    {
        using SafeFileHandle handle = Open(folder, 0x80000 | 0x10000, 0);
        if (!handle.IsInvalid)
        {
            // Some file systems cannot sync folders and say so; there is nothing more that could be done.
            _ = FSync(handle);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial SafeFileHandle Open(string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int FSync(SafeFileHandle file);
}
