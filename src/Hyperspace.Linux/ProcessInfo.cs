using System.Globalization;

namespace Hyperspace.Linux;

/// <summary>What /proc says about a process (proc(5)). All members answer for processes of other users too, and with null or nothing for one that is gone.</summary>
public static class ProcessInfo
{
    /// <summary>Clock ticks a second in /proc: 100 on every Linux that there is (USER_HZ).</summary>
    private const double TicksPerSecond = 100;

    /// <summary>When the process started, in clock ticks since boot: with the pid it names one process for good. Null for one that is gone or a zombie.</summary>
    public static ulong? StartTime(int pid) => Stat(pid) is { } fields && fields[0] is not ("Z" or "X") ? ulong.Parse(fields[19], CultureInfo.InvariantCulture) : null;

    /// <summary>CPU seconds used by all its threads so far.</summary>
    public static double? CpuSeconds(int pid) => Stat(pid) is { } fields
        ? (ulong.Parse(fields[11], CultureInfo.InvariantCulture) + ulong.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond
        : null;

    /// <summary>Resident bytes.</summary>
    public static long? ResidentBytes(int pid) => Stat(pid) is { } fields ? long.Parse(fields[21], CultureInfo.InvariantCulture) * Environment.SystemPageSize : null;

    /// <summary>The fields of /proc/PID/stat from the third on; the second, the name, may contain anything.</summary>
    private static string[]? Stat(int pid)
    {
        try
        {
            string text = File.ReadAllText($"/proc/{pid}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }
}
