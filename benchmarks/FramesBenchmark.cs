using System.Diagnostics;
using Hyperspace.Linux.Reactor;

namespace Hyperspace.Benchmarks;

/// <summary>
/// Full frames that reach the eye a second, and the CPU that each costs on the host: the client's thread and those of QEMU that are not vCPUs. The guest paints its whole screen as
/// fast as it can. The peer: a VNC client with raw encoding that asks for the next frame as soon as it has one.
/// </summary>
internal static class FramesBenchmark
{
    private const int Pairs = 5;
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(4);

    private readonly record struct Sample(double FramesPerSecond, double CpuMillisecondsPerFrame);

    public static IEnumerable<Result> Run(BenchRig rig)
    {
        rig.Seat.Core.SwitchTo(1);
        rig.Type($"hs-fill {(int)(Pairs * 2 * (Span.TotalSeconds + 1.5) + 5)}\n");
        rig.PumpFor(TimeSpan.FromSeconds(2));
        int qemu = rig.QemuPid(BenchRig.Guests[0]);
        List<Sample> ours = [], peer = [];
        for (int i = 0; i < Pairs; i++)
        {
            ours.Add(Ours(rig, qemu));
            peer.Add(Peer(rig, qemu));
            Progress.Show("frames", i + 1, Pairs);
        }

        rig.PumpFor(TimeSpan.FromSeconds(6));
        double[] our = [.. ours.Select(s => s.CpuMillisecondsPerFrame)], their = [.. peer.Select(s => s.CpuMillisecondsPerFrame)];
        yield return new Result("frames", "CPU per full frame", "ms", Statistics.Median(our), Statistics.Median(their), Statistics.PairedRatio(our, their), 0.5, Pairs);
        yield return new Result(
            "frames", "full frames delivered", "1/s", Statistics.Median(ours.Select(s => s.FramesPerSecond)), Statistics.Median(peer.Select(s => s.FramesPerSecond)), null, null, Pairs);
    }

    private static Sample Ours(BenchRig rig, int qemu)
    {
        rig.PumpFor(TimeSpan.FromMilliseconds(500));
        int frames = 0;
        rig.Output.Presented = (frame, damage) => frames += damage.Width == frame.Width && damage.Height >= frame.Height - frame.BarHeight ? 1 : 0;
        Sample sample = Measure(qemu, () => rig.PumpFor(Span), () => frames);
        rig.Output.Presented = null;
        return sample;
    }

    private static Sample Peer(BenchRig rig, int qemu)
    {
        // The seat looks at the other guest meanwhile and composes nothing of this one.
        rig.Seat.Core.SwitchTo(2);
        rig.PumpFor(TimeSpan.FromMilliseconds(200));
        Sample sample;
        using (var client = new RfbClient(rig.VncSocket(BenchRig.Guests[0])))
        {
            int frames = 0;
            sample = Measure(qemu, () => frames = Receive(client), () => frames);
        }

        rig.Seat.Core.SwitchTo(1);
        rig.PumpFor(TimeSpan.FromMilliseconds(200));
        return sample;
    }

    private static int Receive(RfbClient client)
    {
        long full = (long)client.Width * client.Height, pixels = 0;
        var watch = Stopwatch.StartNew();
        client.RequestUpdate(incremental: false);
        while (watch.Elapsed < Span)
        {
            if (client.Poll(TimeSpan.FromMilliseconds(100)))
            {
                (Area sent, _) = client.ReadUpdate();
                pixels += (long)sent.Width * sent.Height;
                client.RequestUpdate(incremental: true);
            }
        }

        return (int)(pixels / full);
    }

    private static Sample Measure(int qemu, Action run, Func<int> frames)
    {
        double cpu = Processes.ThisThreadSeconds() + Processes.NonVcpuSeconds(qemu);
        long began = Reactor.Now;
        run();
        double seconds = (Reactor.Now - began) / 1e9;
        cpu = Processes.ThisThreadSeconds() + Processes.NonVcpuSeconds(qemu) - cpu;
        return frames() is var count and > 0
            ? new Sample(count / seconds, cpu * 1000 / count)
            : throw new InvalidOperationException("No full frame came: does the guest's hs-fill run?");
    }
}
