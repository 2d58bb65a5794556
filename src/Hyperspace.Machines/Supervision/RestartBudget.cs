namespace Hyperspace.Machines.Supervision;

/// <summary>When a VM that crashed may be started again: after 1, 2, 4 ... 60 s, and as often within ten minutes as its definition allows. Thread-safe.</summary>
internal sealed class RestartBudget(TimeProvider clock)
{
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(60);

    private readonly Lock _lock = new();
    private readonly List<long> _times = [];

    /// <summary>Takes one restart and says how long to wait before it; null when there is none left.</summary>
    /// <param name="used">The restarts within the last ten minutes.</param>
    public TimeSpan? Take(int maximum, out int used)
    {
        lock (_lock)
        {
            long now = clock.GetTimestamp();
            _times.RemoveAll(time => clock.GetElapsedTime(time, now) > Window);
            used = _times.Count;
            if (used >= maximum)
            {
                return null;
            }

            _times.Add(now);
            return TimeSpan.FromSeconds(Math.Min(Math.Pow(2, used), LongestWait.TotalSeconds));
        }
    }

    /// <summary>A person has started it: what was before no longer counts.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _times.Clear();
        }
    }
}
