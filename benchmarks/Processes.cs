using System.Globalization;

namespace Hyperspace.Benchmarks;

/// <summary>What /proc says about processes and threads (proc(5)).</summary>
internal static class Processes
{
    private const double TicksPerSecond = 100;

    /// <summary>CPU seconds of a QEMU's threads that are not vCPUs: its displays, its VNC server, its device models.</summary>
    public static double NonVcpuSeconds(int pid)
    {
        double seconds = 0;
        foreach (string task in Directory.GetDirectories($"/proc/{pid}/task"))
        {
            string stat = File.ReadAllText(Path.Combine(task, "stat"));
            string name = stat[(stat.IndexOf('(') + 1)..stat.LastIndexOf(')')];
            if (!name.StartsWith("CPU ", StringComparison.Ordinal))
            {
                seconds += Nanoseconds(task) / 1e9;
            }
        }

        return seconds;
    }

    /// <summary>CPU seconds of the calling thread.</summary>
    public static double ThisThreadSeconds() => Nanoseconds("/proc/thread-self") / 1e9;

    /// <summary>The scheduler's own count, in nanoseconds; where the kernel keeps none, the clock ticks.</summary>
    private static double Nanoseconds(string task)
    {
        string schedstat = Path.Combine(task, "schedstat");
        if (File.Exists(schedstat))
        {
            return double.Parse(File.ReadAllText(schedstat).Split(' ')[0], CultureInfo.InvariantCulture);
        }

        string stat = File.ReadAllText(Path.Combine(task, "stat"));
        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture)) / TicksPerSecond * 1e9;
    }
}
