using System.Globalization;

namespace Hyperspace.Seat.Input.Sources;

/// <summary>What devices say about themselves, made fit to be shown: a name comes out of a USB descriptor and may be anything.</summary>
public static class DeviceText
{
    /// <summary>Longer names are cut.</summary>
    public const int MaxName = 40;

    /// <summary>The name without control and invisible characters and quotation marks, at most <see cref="MaxName"/> characters.</summary>
    public static string Name(string untrusted)
    {
        string shown = string.Concat(untrusted.Select(static c => IsPlain(c) ? c : ' ')).Trim();
        shown = shown.Length > MaxName ? shown[..MaxName].TrimEnd() : shown;
        return shown.Length == 0 ? "a device without a name" : shown;
    }

    /// <summary>The name in quotation marks, so that nothing in it can be taken for a part of the seat's own sentence.</summary>
    public static string Quoted(string untrusted) => $"\"{Name(untrusted)}\"";

    /// <summary>Letters, digits and <c>. _ -</c> only, at most 64 characters: a part of an identity.</summary>
    public static string Token(string untrusted) =>
        string.Concat(untrusted.Take(64).Select(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-' ? c : '_'));

    private static bool IsPlain(char c) =>
        c != '"' && !char.IsControl(c) && !char.IsSurrogate(c) && char.GetUnicodeCategory(c) is not (UnicodeCategory.Format or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse);
}
