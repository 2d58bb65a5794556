using System.Globalization;
using System.Reflection;
using Hyperspace.Linux;
using Hyperspace.Machines.Engines;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Supervision;

/// <summary>Reads what the host page shows from /proc (proc(5)).</summary>
internal sealed class HostSampler(IEngine engine, HyperspacePaths paths)
{
    private readonly string _cpuModel = Field("/proc/cpuinfo", "model name") ?? "unknown CPU";
    private readonly string _kernel = Read("/proc/sys/kernel/osrelease").Trim();
    private readonly DateTimeOffset _bootedAt = DateTimeOffset.UtcNow - Uptime();
    private (long Busy, long Total) _last;

    public HostStatus Sample()
    {
        (long memory, long available) = (KiB("MemTotal") * 1024, KiB("MemAvailable") * 1024);
        (long disk, long free) = Disk();
        return new HostStatus(
            Environment.MachineName, _cpuModel, Environment.ProcessorCount, Cpu(), memory, available, disk, free, engine.Accelerator.Accelerator,
            engine.Accelerator.Reason, _kernel, engine.Version, Version, _bootedAt, engine.Degraded);
    }

    private static string Version { get; } =
        typeof(HostSampler).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>The share of all CPUs that was busy since the last sample, in percent.</summary>
    private double Cpu()
    {
        string[] fields = Read("/proc/stat").Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        long[] times = [.. fields.Skip(1).Take(8).Select(field => long.Parse(field, CultureInfo.InvariantCulture))];
        if (times.Length < 5)
        {
            return 0;
        }

        (long busy, long total) = (times.Sum() - times[3] - times[4], times.Sum());
        double percent = total > _last.Total ? 100.0 * (busy - _last.Busy) / (total - _last.Total) : 0;
        _last = (busy, total);
        return Math.Round(Math.Clamp(percent, 0, 100), 1);
    }

    private (long Size, long Free) Disk()
    {
        try
        {
            string folder = paths.State;
            while (!Directory.Exists(folder))
            {
                folder = Path.GetDirectoryName(folder)!;
            }

            var drive = new DriveInfo(folder);
            return (drive.TotalSize, drive.AvailableFreeSpace);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (0, 0);
        }
    }

    private static TimeSpan Uptime() =>
        TimeSpan.FromSeconds(double.TryParse(Read("/proc/uptime").Split(' ')[0], NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds) ? seconds : 0);

    private static long KiB(string name) =>
        long.TryParse(Field("/proc/meminfo", name)?.Split(' ')[0], NumberStyles.None, CultureInfo.InvariantCulture, out long value) ? value : 0;

    private static string? Field(string file, string name) => Read(file).Split('\n')
        .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Contains(':')).Select(line => line[(line.IndexOf(':') + 1)..].Trim()).FirstOrDefault();

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (IOException)
        {
            return "";
        }
    }
}
