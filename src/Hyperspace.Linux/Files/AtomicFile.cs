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
    public static void WriteAllText(string path, string text) => WriteAllBytes(path, Encoding.UTF8.GetBytes(text));

    /// <inheritdoc cref="WriteAllText"/>
    public static void WriteAllBytes(string path, ReadOnlySpan<byte> content)
    {
        string target = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        string folder = Path.GetDirectoryName(target)!;
        string temporary = Path.Combine(folder, $".{Path.GetFileName(target)}.{Environment.ProcessId}.new");
        UnixFileMode mode = File.Exists(target) ? File.GetUnixFileMode(target) : DefaultMode;
        try
        {
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = mode };
            using (var stream = new FileStream(temporary, options))
            {
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        SyncFolder(folder);
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
