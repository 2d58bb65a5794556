using System.Diagnostics;
using Hyperspace.Linux.Reactor;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Input;

namespace Hyperspace.Benchmarks;

/// <summary>
/// From the last key of a chord, received, to the target VM's first complete frame in the seat's output. The peer: a VNC client that connects to the same VM and has its first
/// full frame.
/// </summary>
internal static class SwitchBenchmark
{
    private const int Pairs = 200;

    public static IEnumerable<Result> Run(BenchRig rig)
    {
        List<double> ours = [], peer = [];
        for (int i = 0; i < Pairs; i++)
        {
            int target = i % BenchRig.Guests.Length;
            ours.Add(Ours(rig, target + 1));
            peer.Add(Peer(rig, BenchRig.Guests[target]));
            Progress.Show("switch", i + 1, Pairs);
        }

        double ratio = Statistics.PairedRatio(ours, peer);
        yield return new Result("switch", "hot-key to first frame, p50", "ms", Statistics.Median(ours), Statistics.Median(peer), ratio, 0.2, Pairs);
        yield return new Result("switch", "hot-key to first frame, p50, limit", "ms", Statistics.Median(ours), null, null, 16.7, Pairs);
        yield return new Result("switch", "hot-key to first frame, p99", "ms", Statistics.Percentile(ours, 99), Statistics.Percentile(peer, 99), null, null, Pairs);
    }

    private static double Ours(BenchRig rig, int port)
    {
        rig.Tap(KeyCode.RightCtrl);
        rig.PumpFor(TimeSpan.FromMilliseconds(15));
        rig.Tap(KeyCode.RightCtrl);
        rig.PumpFor(TimeSpan.FromMilliseconds(25));

        long complete = 0;
        rig.Output.Presented = (frame, damage) =>
        {
            if (frame.Text is null && damage.Width == frame.Width && damage.Height == frame.Height)
            {
                complete = Reactor.Now;
            }
        };
        long received = Reactor.Now;
        rig.Key(DigitKey(port), down: true);
        rig.Pump(() => complete != 0 && rig.Seat.Core.FocusedPort == port, TimeSpan.FromSeconds(5), "the switch");
        rig.Output.Presented = null;
        rig.Key(DigitKey(port), down: false);
        return (complete - received) / 1e6;
    }

    private static KeyCode DigitKey(int port) => (KeyCode)((int)KeyCode.D1 + port - 1);

    private static double Peer(BenchRig rig, string guest)
    {
        long began = Stopwatch.GetTimestamp();
        using var client = new RfbClient(rig.VncSocket(guest));
        client.RequestUpdate(incremental: false);
        long missing = (long)client.Width * client.Height;
        while (missing > 0)
        {
            (Area sent, _) = client.ReadUpdate();
            missing -= (long)sent.Width * sent.Height;
            if (missing > 0)
            {
                client.RequestUpdate(incremental: true);
            }
        }

        return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
    }
}
