using System.Text;

namespace Hyperspace.Machines;

/// <summary>The last lines of a log that a guest or QEMU wrote: untrusted text, so control characters go.</summary>
internal static class LogTail
{
    /// <summary>So much of the file's end is read at most, in bytes.</summary>
    public const int MaxBytes = 256 << 10;

    /// <summary>A log that a guest fills without end is cut when it has grown beyond this, in bytes.</summary>
    public const long MaxLogBytes = 16 << 20;

    /// <summary>So much of it is kept then, beside it, in bytes.</summary>
    public const int KeptBytes = 1 << 20;

    /// <summary>
    /// Empties a log that is too large and keeps its end in <c>NAME.1.log</c>. Its writer goes on appending to the same file; what it writes in between is lost. A log that cannot be
    /// cut stays as it is.
    /// </summary>
    public static void Trim(string file)
    {
        try
        {
            if (new FileInfo(file) is not { Exists: true, Length: > MaxLogBytes })
            {
                return;
            }

            using var log = new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
            try
            {
                KeepEnd(log, Path.ChangeExtension(file, ".1.log"));
            }
            finally
            {
                // Also on a full disk, and then most of all.
                log.SetLength(0);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"hyperspace: {file} is too large, and its end cannot be kept: {e.Message}");
        }
    }

    private static void KeepEnd(FileStream log, string kept)
    {
        log.Position = log.Length - KeptBytes;
        var buffer = new byte[KeptBytes];
        int n = log.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        using FileStream stream = File.Create(kept);
        stream.Write(buffer, 0, n);
    }

    /// <summary>The last lines, oldest first; none for a file that does not exist.</summary>
    public static IReadOnlyList<string> Lines(string file, int count)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            long start = Math.Max(0, stream.Length - MaxBytes);
            stream.Position = start;
            var bytes = new byte[(int)Math.Min(MaxBytes, stream.Length - start)];
            int n = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            string[] lines = Encoding.UTF8.GetString(bytes, 0, n).TrimEnd('\n').Split('\n');
            return [.. lines.Skip(start > 0 ? 1 : 0).Select(Harmless).TakeLast(count)];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>The last lines in one, for a reason.</summary>
    public static string OneLine(string file, int count, string nothing)
    {
        string text = string.Join(" / ", Lines(file, count).Where(line => line.Length > 0));
        return text.Length > 0 ? text : nothing;
    }

    private static string Harmless(string line) => string.Concat(line.TrimEnd('\r').Select(c => c == '\t' ? ' ' : char.IsControl(c) ? '\uFFFD' : c));
}
