using System.Globalization;

namespace Hyperspace.Machines.Definitions;

/// <summary>What definitions are checked against.</summary>
/// <param name="MemoryBytes">All of the host's memory.</param>
public sealed record HostFacts(long MemoryBytes, int CpuCount)
{
    /// <summary>Those of this machine.</summary>
    public static HostFacts Read()
    {
        string? line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith("MemTotal:", StringComparison.Ordinal));
        long kib = line is null ? long.MaxValue >> 10 : long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
        return new HostFacts(kib << 10, Environment.ProcessorCount);
    }
}
