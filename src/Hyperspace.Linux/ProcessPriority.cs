using System.Globalization;
using System.Runtime.InteropServices;

namespace Hyperspace.Linux;

/// <summary>
/// How a process shares the CPUs with others: nice values, setpriority(2). 0 is usual, 19 the most modest. Where the kernel groups processes by session (sched(7), "The autogroup feature"), the nice value of
/// a thread counts among those of its own session alone, and the group has another.
/// </summary>
public static partial class ProcessPriority
{
    private const int OfProcess = 0;
    private const int ResourceNice = 13;
    private const int Root = 0;

    /// <summary>Whether this process may give back what it has taken: root may, and whoever has a limit RLIMIT_NICE of at least 20 (getrlimit(2)).</summary>
    public static bool CanRaise { get; } = GetEffectiveUser() == Root || (GetLimit(ResourceNice, out Limit limit) == 0 && limit.Soft >= 20);

    /// <summary>
    /// Sets the nice value of all threads of a process and of its session's group. Threads that they make later have it from them. A process that is gone is no error, and what this process may not do is not done.
    /// </summary>
    /// <param name="pid">A process with a session of its own, or one that speaks for all of its session.</param>
    public static void Set(int pid, int nice)
    {
        try
        {
            foreach (string task in Directory.EnumerateDirectories(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/task")))
            {
                _ = SetPriority(OfProcess, int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture), nice);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone meanwhile.
        }

        try
        {
            File.WriteAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/autogroup"), nice.ToString(CultureInfo.InvariantCulture));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Gone too, or the kernel has no groups.
        }
    }

    /// <summary>struct rlimit of 64-bit Linux.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }

    [LibraryImport("libc", EntryPoint = "setpriority", SetLastError = true)]
    private static partial int SetPriority(int which, int who, int nice);

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUser();
}
