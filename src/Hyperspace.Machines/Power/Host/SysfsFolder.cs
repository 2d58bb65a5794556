using System.Globalization;

namespace Hyperspace.Machines.Power.Host;

/// <summary>Reads small files of sysfs; what is missing, unreadable or no number is null.</summary>
internal static class SysfsFolder
{
    public static IEnumerable<string> Folders(string folder)
    {
        try
        {
            return Directory.Exists(folder) ? [.. Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    public static string? Text(string folder, string file)
    {
        try
        {
            string path = Path.Combine(folder, file);
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A device that is being pulled out answers with errors such as ENODEV.
            return null;
        }
    }

    public static long? Number(string folder, string file) =>
        long.TryParse(Text(folder, file), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;
}
