using System.Globalization;
using System.Text;

namespace Hyperspace.Linux;

/// <summary>What /proc says about a process (proc(5)). All members answer for processes of other users too, and with null or nothing for one that is gone.</summary>
public static class ProcessInfo
{
    /// <summary>Clock ticks a second in /proc: 100 on every Linux that there is (USER_HZ).</summary>
    private const double TicksPerSecond = 100;

    /// <summary>Names this boot of the machine: numbers of processes and their start times mean nothing beyond it. Empty where /proc does not say.</summary>
    public static string BootId { get; } = Read("/proc/sys/kernel/random/boot_id")?.Trim() ?? "";

    /// <summary>When the process started, in clock ticks since boot: with the pid it names one process for good. Null for one that is gone or a zombie.</summary>
    public static ulong? StartTime(int pid) => Stat(pid) is { } fields && fields[0] is not ("Z" or "X") ? ulong.Parse(fields[19], CultureInfo.InvariantCulture) : null;

    /// <summary>The pid of its parent.</summary>
    public static int? Parent(int pid) => Stat(pid) is { } fields ? int.Parse(fields[1], CultureInfo.InvariantCulture) : null;

    /// <summary>The user that it runs as. (The owner of /proc/PID is root for a process that must not be traced.)</summary>
    public static uint? User(int pid)
    {
        string? line = Read($"/proc/{pid}/status")?.Split('\n').FirstOrDefault(l => l.StartsWith("Uid:", StringComparison.Ordinal));
        return uint.TryParse(line?.Split('\t').ElementAtOrDefault(1), NumberStyles.None, CultureInfo.InvariantCulture, out uint user) ? user : null;
    }

    /// <summary>CPU seconds used by all its threads so far.</summary>
    public static double? CpuSeconds(int pid) => Stat(pid) is { } fields
        ? (ulong.Parse(fields[11], CultureInfo.InvariantCulture) + ulong.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond
        : null;

    /// <summary>Resident bytes, memory shared with others included (proc(5): anonymous, file and shared memory pages).</summary>
    public static long? ResidentBytes(int pid) => Stat(pid) is { } fields ? long.Parse(fields[21], CultureInfo.InvariantCulture) * Environment.SystemPageSize : null;

    /// <summary>Resident bytes with those of pages that it shares with others divided among them (PSS). Null where the kernel does not tell this process.</summary>
    public static long? ProportionalBytes(int pid)
    {
        string? line = Read($"/proc/{pid}/smaps_rollup")?.Split('\n').FirstOrDefault(l => l.StartsWith("Pss:", StringComparison.Ordinal));
        return long.TryParse(line?.Split(' ', StringSplitOptions.RemoveEmptyEntries).ElementAtOrDefault(1), NumberStyles.None, CultureInfo.InvariantCulture, out long kib) ? kib << 10 : null;
    }

    /// <summary>Its arguments, the program's name first; none for one that is gone. The process may have written anything there.</summary>
    public static IReadOnlyList<string> UntrustedArguments(int pid)
    {
        string text = Read($"/proc/{pid}/cmdline") ?? "";
        return text.Length == 0 ? [] : text.TrimEnd('\0').Split('\0');
    }

    /// <summary>All processes that this one can see.</summary>
    public static IEnumerable<int> All() =>
        Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => name!.All(char.IsAsciiDigit)).Select(name => int.Parse(name!, CultureInfo.InvariantCulture));

    /// <summary>The fields of /proc/PID/stat from the third on; the second, the name, may contain anything.</summary>
    private static string[]? Stat(int pid)
    {
        string? text = Read($"/proc/{pid}/stat");
        string[]? fields = text?[(text.LastIndexOf(')') + 2)..].Split(' ');
        return fields?.Length > 21 ? fields : null;
    }

    private static string? Read(string file)
    {
        try
        {
            return Encoding.UTF8.GetString(File.ReadAllBytes(file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
