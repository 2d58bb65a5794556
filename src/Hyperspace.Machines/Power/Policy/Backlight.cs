using System.Globalization;

namespace Hyperspace.Machines.Power.Policy;

/// <summary>The backlight of the machine's own panel: Linux, Documentation/ABI/stable/sysfs-class-backlight.</summary>
/// <param name="folder"><c>/sys/class/backlight</c>.</param>
internal sealed class Backlight(string folder)
{
    /// <summary>FB_BLANK_UNBLANK and FB_BLANK_POWERDOWN of linux/fb.h.</summary>
    private const string On = "0", Off = "4";

    /// <summary>Its name, such as <c>intel_backlight</c>; null where there is none. Of several the one of the firmware comes first, then the platform's, then the raw one, as the kernel advises.</summary>
    public string? Name => Devices().OrderBy(name => Read(name, "type") switch { "firmware" => 0, "platform" => 1, _ => 2 }).ThenBy(name => name, StringComparer.Ordinal).FirstOrDefault();

    /// <summary>0 to 100; null where there is none, or where it says nothing that makes sense.</summary>
    public int? Percent => Name is { } name && Number(name, "brightness") is { } now && Maximum(name) is { } most ? (int)Math.Round(100.0 * Math.Min(now, most) / most) : null;

    /// <summary>The raw value of a brightness in percent; 1 at least for any that is not 0.</summary>
    /// <exception cref="MachineException">There is no backlight.</exception>
    public (string Name, int Raw) RawOf(int percent)
    {
        string name = Name ?? throw None();
        int most = Maximum(name) ?? throw new MachineException($"The backlight {name} does not say how bright it can be, so it cannot be set.");
        return (name, Math.Clamp((int)Math.Round(most * percent / 100.0), percent > 0 ? 1 : 0, most));
    }

    /// <exception cref="UnauthorizedAccessException">Only root may.</exception>
    public void Write(int percent)
    {
        (string name, int raw) = RawOf(percent);
        File.WriteAllText(Path.Combine(folder, name, "brightness"), raw.ToString(CultureInfo.InvariantCulture));
    }

    /// <exception cref="MachineException">There is no backlight.</exception>
    /// <exception cref="UnauthorizedAccessException">Only root may.</exception>
    public void Blank(bool blank) => File.WriteAllText(Path.Combine(folder, Name ?? throw None(), "bl_power"), blank ? Off : On);

    private static MachineException None() => new("This machine has no backlight that can be set.");

    private string[] Devices()
    {
        try
        {
            return Directory.Exists(folder) ? [.. Directory.EnumerateDirectories(folder).Select(d => Path.GetFileName(d)!)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private int? Maximum(string name) => Number(name, "max_brightness") is > 0 and var most ? most : null;

    private int? Number(string name, string file) => int.TryParse(Read(name, file), NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : null;

    private string Read(string name, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, name, file)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
