using System.Diagnostics;
using System.Globalization;

namespace Hyperspace.Tests.Notebook.Rig;

/// <summary>
/// Counts the time in which a process ran or had nothing to do, and not the time in which it waited for the host's processors: a notebook on a busy host is slow, and cannot know it. How long each thread
/// waited is in /proc/PID/task/TID/schedstat, in nanoseconds; the thread that waited most is the emulated CPU.
/// </summary>
internal sealed class FairClock
{
    /// <summary>A notebook that gets less of the host than this for so long is given up.</summary>
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(20);

    private readonly int _process;
    private readonly Stopwatch _wall = Stopwatch.StartNew();
    private readonly Dictionary<string, long> _before;

    public FairClock(Process process)
    {
        _process = process.Id;
        _before = Waited();
    }

    public TimeSpan Elapsed => _wall.Elapsed > Most ? TimeSpan.MaxValue : _wall.Elapsed - Lost;

    /// <summary>How long the process would have run if the host had let it.</summary>
    private TimeSpan Lost
    {
        get
        {
            long most = 0;
            foreach ((string thread, long waited) in Waited())
            {
                most = Math.Max(most, waited - _before.GetValueOrDefault(thread));
            }

            return TimeSpan.FromTicks(most / 100);
        }
    }

    private Dictionary<string, long> Waited()
    {
        var waited = new Dictionary<string, long>();
        string tasks = $"/proc/{_process}/task";
        foreach (string thread in Directory.Exists(tasks) ? Directory.GetDirectories(tasks) : [])
        {
            try
            {
                if (File.ReadAllText(Path.Combine(thread, "schedstat")).Split(' ') is [_, var wait, ..])
                {
                    waited[thread] = long.Parse(wait, CultureInfo.InvariantCulture);
                }
            }
            catch (IOException)
            {
                // The thread ended meanwhile; or this kernel counts nothing, and then time is time.
            }
        }

        return waited;
    }

    public override string ToString() =>
        $"{_wall.Elapsed.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s ({Lost.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s of them without a processor of the host)";
}
