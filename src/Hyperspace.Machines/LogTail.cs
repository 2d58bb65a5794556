using System.Text;

namespace Hyperspace.Machines;

/// <summary>The last lines of a log that a guest or QEMU wrote: untrusted text, so control characters go.</summary>
internal static class LogTail
{
    /// <summary>So much of the file's end is read at most, in bytes.</summary>
    public const int MaxBytes = 256 << 10;

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
