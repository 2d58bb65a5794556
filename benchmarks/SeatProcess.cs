using System.Diagnostics;

namespace Hyperspace.Benchmarks;

/// <summary>A seat as users run it, in a process of its own, for its memory: the one in this process shares it with the benchmarks.</summary>
internal static class SeatProcess
{
    public static double ResidentMiB(BenchRig rig) => rig.WithSeatOfItsOwn(pid => Processes.Resident(pid) / 1048576.0);
}
