using System.Text;

namespace Hyperspace.Machines.Instant;

/// <summary>
/// Looks for a text in what a guest writes to its serial line. What is read at a time and what is kept are bounded, whatever the guest writes. Not thread-safe.
/// </summary>
/// <param name="file">The serial line's log, which need not exist yet.</param>
public sealed class ReadyText(string file, string text)
{
    private const int MaxBytesALook = 1 << 20;

    private readonly byte[] _text = Encoding.UTF8.GetBytes(text);
    private long _at;

    /// <summary>Whether it has been there since the first look. Once found it stays found.</summary>
    public bool IsThere { get; private set; }

    /// <summary>Reads what is new; at most 1 MiB, the rest at the next look.</summary>
    public bool Look()
    {
        if (IsThere)
        {
            return true;
        }

        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (stream.Length < _at)
            {
                // It was cut or begun anew.
                _at = 0;
            }

            stream.Position = _at;
            byte[] untrusted = new byte[Math.Min(MaxBytesALook, stream.Length - _at)];
            int n = stream.ReadAtLeast(untrusted, untrusted.Length, throwOnEndOfStream: false);
            IsThere = untrusted.AsSpan(0, n).IndexOf(_text) >= 0;

            // The text may stand across the end of what is there now.
            _at += Math.Max(0, n - _text.Length + 1);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not there yet.
        }

        return IsThere;
    }
}
