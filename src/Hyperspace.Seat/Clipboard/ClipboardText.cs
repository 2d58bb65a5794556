using System.Buffers;
using System.Text;

namespace Hyperspace.Seat.Clipboard;

/// <summary>
/// What may go from one guest to another: text without what could act. Kept are letters of all scripts, tabs and line ends; taken away are all other control characters (escape sequences for
/// a terminal among them) and the marks that change the order in which text is shown, which can make a command look like another one. Line ends become LF.
/// </summary>
public static class ClipboardText
{
    /// <returns>UTF-8, or null for what is not UTF-8.</returns>
    /// <param name="characters">How many characters are left.</param>
    public static byte[]? Clean(ReadOnlySpan<byte> untrustedText, out int characters)
    {
        characters = 0;
        var clean = new byte[untrustedText.Length];
        int length = 0;
        for (int at = 0; at < untrustedText.Length;)
        {
            if (Rune.DecodeFromUtf8(untrustedText[at..], out Rune rune, out int size) != OperationStatus.Done)
            {
                Array.Clear(clean);
                return null;
            }

            at += size;
            bool lineEnds = rune.Value == '\r';
            if (lineEnds && at < untrustedText.Length && untrustedText[at] == '\n')
            {
                continue;
            }

            Rune kept = lineEnds ? new Rune('\n') : rune;
            if (MayPass(kept))
            {
                length += kept.EncodeToUtf8(clean.AsSpan(length));
                characters++;
            }
        }

        byte[] text = clean[..length];
        Array.Clear(clean);
        return text;
    }

    /// <summary>With CR LF in place of each LF.</summary>
    public static byte[] WithCrLf(ReadOnlySpan<byte> text)
    {
        var lines = new byte[text.Length + text.Count((byte)'\n')];
        int to = 0;
        foreach (byte b in text)
        {
            if (b == '\n')
            {
                lines[to++] = (byte)'\r';
            }

            lines[to++] = b;
        }

        return lines;
    }

    private static bool MayPass(Rune rune) => rune.Value is '\n' or '\t'
        || (!Rune.IsControl(rune) && rune.Value is not (0x2028 or 0x2029 or >= 0x202A and <= 0x202E or >= 0x2066 and <= 0x2069));
}
