using System.Diagnostics;
using Hyperspace.Linux.Reactor;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Input;

namespace Hyperspace.Benchmarks;

/// <summary>
/// From a key, received by the seat, to the pixels that it changes in the seat's output, through a guest's shell that echoes it. The peer: the same key sent to
/// the same guest by a VNC client, to the same pixels in its framebuffer. Both wait for a change wider than a text cell: the cursor's blinking is narrower, a new character and the
/// cursor that it moves are wider.
/// </summary>
internal static class KeyEchoBenchmark
{
    private const int Pairs = 60;
    public const int CellWidth = 8;

    public static IEnumerable<Result> Run(BenchRig rig)
    {
        rig.Seat.Core.SwitchTo(1);
        rig.PumpFor(TimeSpan.FromMilliseconds(300));
        using var client = new RfbClient(rig.VncSocket(BenchRig.Guests[0]));
        client.RequestUpdate(incremental: false);
        client.ReadUpdate();
        List<double> ours = [], peer = [];
        for (int i = 0; i < Pairs; i++)
        {
            if (i % 2 == 0)
            {
                ours.Add(Ours(rig));
                peer.Add(Peer(rig, client));
            }
            else
            {
                peer.Add(Peer(rig, client));
                ours.Add(Ours(rig));
            }

            if (i % 10 == 9)
            {
                ClearLine(rig);
            }

            Progress.Show("key-echo", i + 1, Pairs);
        }

        yield return new Result(
            "key-echo", "key to changed pixels, p50", "ms", Statistics.Median(ours), Statistics.Median(peer), Statistics.PairedRatio(ours, peer), 0.7, Pairs);
        yield return new Result("key-echo", "key to changed pixels, p99", "ms", Statistics.Percentile(ours, 99), Statistics.Percentile(peer, 99), null, null, Pairs);
    }

    private static double Ours(BenchRig rig)
    {
        uint[] before = [];
        long changed = 0;
        rig.Output.Presented = (frame, damage) =>
        {
            if (changed == 0 && before.Length > 0 && ChangedWidth(before, frame, damage) > CellWidth)
            {
                changed = Reactor.Now;
            }

            before = Copy(frame, before);
        };
        Settle(rig);
        before = Copy(rig, before);
        long received = Reactor.Now;
        rig.Key(KeyCode.X, down: true);
        rig.Pump(() => changed != 0, TimeSpan.FromSeconds(5), "the echo");
        rig.Output.Presented = null;
        rig.Key(KeyCode.X, down: false);
        Settle(rig);
        return (changed - received) / 1e6;
    }

    private static double Peer(BenchRig rig, RfbClient client)
    {
        Settle(rig);
        Drain(client);
        long began = Stopwatch.GetTimestamp();
        client.Key('x', down: true);
        while (true)
        {
            client.RequestUpdate(incremental: true);
            (_, Area changed) = client.ReadUpdate();
            if (changed.Width > CellWidth)
            {
                break;
            }
        }

        double took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        client.Key('x', down: false);
        Settle(rig);
        return took;
    }

    /// <summary>Brings the client up to date: what changed while it did not ask, such as the seat's own echo, comes with the next update.</summary>
    private static void Drain(RfbClient client)
    {
        client.RequestUpdate(incremental: false);
        client.ReadUpdate();
    }

    private static void Settle(BenchRig rig) => rig.PumpFor(TimeSpan.FromMilliseconds(60));

    private static void ClearLine(BenchRig rig)
    {
        rig.Key(KeyCode.LeftCtrl, down: true);
        rig.Tap(KeyCode.U);
        rig.Key(KeyCode.LeftCtrl, down: false);
        rig.PumpFor(TimeSpan.FromMilliseconds(200));
    }

    private static uint[] Copy(BenchRig rig, uint[] into) => rig.Seat.Core.TakePhotograph(null)?.Pixels ?? into;

    private static uint[] Copy(Frame frame, uint[] into)
    {
        if (into.Length != frame.Pixels.Length)
        {
            into = new uint[frame.Pixels.Length];
        }

        frame.Pixels.CopyTo(into);
        return into;
    }

    /// <summary>The width of what is different in the damaged part of the guest's picture; 0 or less when nothing is.</summary>
    public static int ChangedWidth(uint[] before, Frame frame, PixelRect damage)
    {
        (int left, int right) = (int.MaxValue, int.MinValue);
        for (int y = Math.Max(damage.Y, frame.BarHeight); y < damage.Bottom; y++)
        {
            ReadOnlySpan<uint> now = frame.Pixels.Slice(y * frame.Width + damage.X, damage.Width);
            ReadOnlySpan<uint> old = before.AsSpan(y * frame.Width + damage.X, damage.Width);
            int same = old.CommonPrefixLength(now);
            if (same < now.Length)
            {
                int last = now.Length - 1;
                while (old[last] == now[last])
                {
                    last--;
                }

                (left, right) = (Math.Min(left, same), Math.Max(right, last + 1));
            }
        }

        return right - left;
    }
}
