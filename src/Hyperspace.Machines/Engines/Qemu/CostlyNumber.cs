namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>
/// A number that may take long to find out, asked for often: it is found out anew only when a hundred times as long has passed as it took the last time, so that it costs a hundredth of one CPU at most.
/// </summary>
/// <param name="find">Finds it out.</param>
internal sealed class CostlyNumber(TimeProvider clock, Func<long?> find)
{
    private const int Pause = 100;

    private readonly Lock _lock = new();
    private long? _last;
    private long _next = long.MinValue;

    /// <summary>The number as it was found out last.</summary>
    public long? Read()
    {
        lock (_lock)
        {
            long began = clock.GetTimestamp();
            if (began >= _next)
            {
                _last = find();
                long ended = clock.GetTimestamp();
                _next = ended + (ended - began) * Pause;
            }

            return _last;
        }
    }
}
