using Hyperspace.Tests.Notebook.Rig;

namespace Hyperspace.Benchmarks;

/// <summary>
/// From a key of the notebook's keyboard to the page flip that shows the target VM: the kernel's time of the chord's last key to the kernel's time of the flip, both of one clock, as the seat says it
/// (<see cref="Hyperspace.Seat.SeatCore.LastSwitchMicroseconds"/>). The notebook is emulated (tests/Notebook), its CPU with it: what takes a microsecond of a real one takes it tens of them.
/// There is no peer: nothing else switches both keys and picture on a bare monitor. The goal is a frame's time at 60 Hz and a millisecond.
/// </summary>
internal static class NotebookSwitchBenchmark
{
    private const int Samples = 100, WarmUp = 10;
    private const double GoalMilliseconds = 1000 / 60.0 + 1;

    /// <summary>Asking how long it took takes the notebook's one CPU, so it is not asked before the switch is over.</summary>
    private static readonly TimeSpan SwitchTime = TimeSpan.FromSeconds(1.5);

    public static IEnumerable<Result> Run()
    {
        List<double> ours = [];
        using (Notebook notebook = NotebookFixture.Open("notebook-switch"))
        {
            notebook.SwitchTo(1);
            for (int i = 0; i < WarmUp + Samples; i++)
            {
                double took = Switch(notebook, i % 2 == 0 ? 2 : 1);
                if (i >= WarmUp)
                {
                    ours.Add(took);
                    Progress.Show("notebook-switch", ours.Count, Samples);
                }
            }
        }

        yield return new Result("notebook-switch", "key to page flip, p50", "ms", Statistics.Median(ours), null, null, GoalMilliseconds, Samples);
        yield return new Result("notebook-switch", "key to page flip, p99", "ms", Statistics.Percentile(ours, 99), null, null, null, Samples);
    }

    private static double Switch(Notebook notebook, int port)
    {
        double? microseconds = null;
        notebook.Chord(port);
        Thread.Sleep(SwitchTime);

        // There is no figure from a switch until its frame is shown.
        notebook.Until($"port {port} is on the screen", () => notebook.Status() is { } seat && seat["port"]!.GetValue<int>() == port
            && (microseconds = seat["lastSwitchMicroseconds"]?.GetValue<double>()) is not null);
        return microseconds!.Value / 1000;
    }
}
