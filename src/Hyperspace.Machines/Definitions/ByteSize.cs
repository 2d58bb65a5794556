using System.Globalization;
using System.Text.RegularExpressions;

namespace Hyperspace.Machines.Definitions;

/// <summary>Amounts of memory and disk as people write and read them: binary units, 1 KiB = 1024 bytes.</summary>
public static partial class ByteSize
{
    internal const string Form = "^[0-9]{1,7}(MiB|GiB|TiB)$";

    /// <summary>The bytes of a text such as <c>2GiB</c>: a whole number with MiB, GiB or TiB. Null for what is not one.</summary>
    public static long? Parse(string? text) => text is not null && Pattern().IsMatch(text) && !text.EndsWith('\n')
        ? (long.Parse(text.AsSpan(0, text.Length - 3), CultureInfo.InvariantCulture), text[^3]) switch
        {
            (var mib, 'M') => mib << 20,
            (var gib, 'G') => gib << 30,
            (var tib, _) => tib <= long.MaxValue >> 40 ? tib << 40 : null,
        }
        : null;

    /// <summary>What <see cref="Parse"/> reads back as the same number, rounded up to whole MiB.</summary>
    public static string Exact(long bytes)
    {
        long mib = bytes / (1 << 20) + (bytes % (1 << 20) == 0 ? 0 : 1);
        (long number, string unit) = mib > 0 && mib % (1 << 20) == 0 ? (mib >> 20, "TiB") : mib > 0 && mib % 1024 == 0 ? (mib >> 10, "GiB") : (mib, "MiB");
        return number.ToString(CultureInfo.InvariantCulture) + unit;
    }

    /// <summary>For people: at most three digits that matter, such as <c>1.5 GiB</c>.</summary>
    public static string Human(long bytes)
    {
        string[] units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        double value = bytes;
        int unit = 0;
        while (value >= 1023.5 && unit < units.Length - 1)
        {
            (value, unit) = (value / 1024, unit + 1);
        }

        string number = value.ToString(value >= 99.95 || unit == 0 ? "0" : "0.#", CultureInfo.InvariantCulture);
        return $"{number} {units[unit]}";
    }

    [GeneratedRegex(Form, RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
