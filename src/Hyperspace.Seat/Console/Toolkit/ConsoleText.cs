using System.Globalization;
using System.Text;

namespace Hyperspace.Seat.Console;

/// <summary>Text for the console: figures as people read them, lines broken at words, and nothing in it that a screen would obey.</summary>
public static class ConsoleText
{
    /// <summary>The longest line of a log that is kept, in characters.</summary>
    public const int MaxLineLength = 2000;

    private const char Escape = '\u001B';
    private const char Replacement = '\uFFFD';

    /// <summary>A character as it may stand in a cell: neither control nor invisible nor combining; those become a replacement character, tabs a space.</summary>
    public static char Harmless(char c)
    {
        if (c is >= ' ' and <= '~')
        {
            return c;
        }

        return c == '\t' ? ' ' : char.GetUnicodeCategory(c) switch
        {
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator or UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
                or UnicodeCategory.OtherNotAssigned => Replacement,
            UnicodeCategory.SpaceSeparator => ' ',
            _ => c,
        };
    }

    /// <summary>
    /// A line of a log, ready to be shown: terminal sequences that only colour or move are left out (ECMA-48, section 5.4: CSI, parameters, a final byte), tabs are
    /// spaces up to the next multiple of eight, what else is not harmless is replaced. An escape character that has already been replaced counts as one.
    /// </summary>
    public static string Plain(string untrustedLine)
    {
        var text = new StringBuilder(Math.Min(untrustedLine.Length, MaxLineLength));
        for (int i = 0; i < untrustedLine.Length && text.Length < MaxLineLength; i++)
        {
            char c = untrustedLine[i];
            if (c is Escape or Replacement && EndOfSequence(untrustedLine, i) is { } end)
            {
                i = end;
            }
            else if (c == '\t')
            {
                text.Append(' ', 8 - text.Length % 8);
            }
            else if (char.IsHighSurrogate(c) && i + 1 < untrustedLine.Length && char.IsLowSurrogate(untrustedLine[i + 1]))
            {
                text.Append(Replacement);
                i++;
            }
            else
            {
                text.Append(Harmless(c));
            }
        }

        return text.ToString().TrimEnd();
    }

    private static int? EndOfSequence(string line, int start)
    {
        if (start + 1 >= line.Length || line[start + 1] != '[')
        {
            return null;
        }

        int i = start + 2;
        while (i < line.Length && line[i] is >= ' ' and <= '?')
        {
            i++;
        }

        return i < line.Length && line[i] is >= '@' and <= '~' ? i : null;
    }

    /// <summary>Takes the next row of at most <paramref name="width"/> characters from a text: it ends at a line's end, else between two words, else anywhere.</summary>
    public static ReadOnlySpan<char> TakeRow(ref ReadOnlySpan<char> rest, int width)
    {
        width = Math.Max(width, 1);
        int newline = rest.IndexOf('\n');
        if (newline >= 0 && newline <= width)
        {
            ReadOnlySpan<char> line = rest[..newline];
            rest = rest[(newline + 1)..];
            return line;
        }

        if (rest.Length <= width)
        {
            ReadOnlySpan<char> all = rest;
            rest = default;
            return all;
        }

        // The character after the row may be the space between two words. Spaces at the beginning are no place to break.
        int space = rest[..(width + 1)].LastIndexOf(' ');
        bool breaks = space > 0 && !rest[..space].IsWhiteSpace();
        ReadOnlySpan<char> row = rest[..(breaks ? space : width)];
        rest = rest[row.Length..];
        if (breaks)
        {
            rest = rest.TrimStart(' ');
        }

        return row.TrimEnd(' ');
    }

    /// <summary>How many rows a text takes at this width.</summary>
    public static int RowsOf(ReadOnlySpan<char> text, int width)
    {
        int rows = 0;
        do
        {
            TakeRow(ref text, width);
            rows++;
        }
        while (!text.IsEmpty);
        return rows;
    }

    /// <summary><c>45 s</c>, <c>12 min</c>, <c>3 h 12 min</c>, <c>12 d 3 h</c>: 11 characters at most.</summary>
    public static ReadOnlySpan<char> Duration(Span<char> buffer, TimeSpan time)
    {
        time = time < TimeSpan.Zero ? TimeSpan.Zero : time;
        int n = 0;
        _ = time.TotalMinutes < 1 ? buffer.TryWrite($"{time.Seconds} s", out n)
            : time.TotalHours < 1 ? buffer.TryWrite($"{time.Minutes} min", out n)
            : time.TotalDays < 1 ? buffer.TryWrite($"{time.Hours} h {time.Minutes} min", out n)
            : time.Days < 100 ? buffer.TryWrite($"{time.Days} d {time.Hours} h", out n)
            : buffer.TryWrite($"{time.Days} d", out n);
        return buffer[..n];
    }

    /// <summary>In whole percent: <c>7 %</c>.</summary>
    public static ReadOnlySpan<char> Percent(Span<char> buffer, double percent)
    {
        percent = double.IsFinite(percent) ? Math.Clamp(percent, 0, 99_999) : 0;
        return buffer[..Append(buffer, Append(buffer, 0, percent, "0"), " %")];
    }

    /// <summary>A part of a whole in the whole's unit: <c>1.1 / 4 GiB</c>, <c>112 / 256 MiB</c>; the whole alone when there is no part.</summary>
    public static ReadOnlySpan<char> Memory(Span<char> buffer, long? usedBytes, int wholeMiB)
    {
        bool small = wholeMiB < 1000;
        double whole = small ? wholeMiB : wholeMiB / 1024.0;
        double used = Math.Max(usedBytes ?? 0, 0) / (small ? 1024.0 * 1024 : 1024.0 * 1024 * 1024);
        int n = 0;
        if (usedBytes is not null)
        {
            n = Append(buffer, n, used, small || used >= 100 ? "0" : "0.0");
            n = Append(buffer, n, " / ");
        }

        n = Append(buffer, n, whole, "0.#");
        return buffer[..Append(buffer, n, small ? " MiB" : " GiB")];
    }

    /// <summary>Interpolation would box the number.</summary>
    private static int Append(Span<char> buffer, int at, double number, string format) =>
        number.TryFormat(buffer[at..], out int n, format, CultureInfo.InvariantCulture) ? at + n : at;

    private static int Append(Span<char> buffer, int at, string text) => text.TryCopyTo(buffer[at..]) ? at + text.Length : at;

    /// <summary>An amount in the unit that suits it: <c>512 MiB</c>, <c>15.6 GiB</c>, <c>431 GiB</c>.</summary>
    public static string Size(long bytes)
    {
        ReadOnlySpan<string> units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        double amount = Math.Max(bytes, 0);
        int unit = 0;
        while (amount >= 1000 && unit < units.Length - 1)
        {
            amount /= 1024;
            unit++;
        }

        string format = unit == 0 || amount >= 100 ? "0" : "0.#";
        return $"{amount.ToString(format, CultureInfo.InvariantCulture)} {units[unit]}";
    }
}
