using System.Diagnostics;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Benchmarks;

/// <summary>
/// What it costs the host to show a guest that paints its whole screen without pause: the seat's process and what of its QEMU is not vCPU, with the seat in a window, beside QEMU's own window (SDL) with the
/// same guest run by hand. Each has an X server in memory of its own, whose time is not counted; a frame counts when the pixel in the middle of the screen has another colour, which the guest changes with every
/// frame. It runs on this machine and not in the emulated notebook, which has no desktop that QEMU could open a window on.
/// </summary>
internal static class NotebookCpuBenchmark
{
    private const int Pairs = 5;
    private const string Guest = "work", PeerGuest = "peer";
    private static readonly TimeSpan Span = TimeSpan.FromSeconds(5), Settled = TimeSpan.FromSeconds(1);

    private readonly record struct Sample(double FramesPerSecond, double CpuMillisecondsPerFrame, double CpuShare);

    public static IEnumerable<Result> Run(BenchRig rig)
    {
        List<Sample> ours = [], peer = [];
        using (var screen = new XServer())
        using (var peerScreen = new XServer())
        {
            using Process qemu = StartByHand(rig, peerScreen);
            try
            {
                Paint(rig, Guest);
                Paint(rig, PeerGuest);
                using MonitorSocket our = new(rig.SideMonitor(Guest)), their = new(rig.SideMonitor(PeerGuest));
                int ourQemu = rig.QemuPid(Guest);
                rig.WithSeatOfItsOwn(seat =>
                {
                    rig.RunProgram("seat", "switch", "1");
                    for (int i = 0; i < Pairs; i++)
                    {
                        their.Command("stop");
                        ours.Add(Measure(rig, screen, ourQemu, seat));
                        our.Command("stop");
                        their.Command("cont");
                        peer.Add(Measure(rig, peerScreen, qemu.Id));
                        our.Command("cont");
                        Progress.Show("notebook-cpu", i + 1, Pairs);
                    }

                    return true;
                }, "window", screen);
            }
            finally
            {
                qemu.Kill();
                qemu.WaitForExit();
            }
        }

        double[] ourCpu = [.. ours.Select(s => s.CpuMillisecondsPerFrame)], peerCpu = [.. peer.Select(s => s.CpuMillisecondsPerFrame)];
        yield return new Result("notebook-cpu", "CPU per frame shown", "ms", Statistics.Median(ourCpu), Statistics.Median(peerCpu), Statistics.PairedRatio(ourCpu, peerCpu), 0.7, Pairs);
        (ourCpu, peerCpu) = ([.. ours.Select(s => s.CpuShare)], [.. peer.Select(s => s.CpuShare)]);
        yield return new Result("notebook-cpu", "CPU while it paints", "%", Statistics.Median(ourCpu), Statistics.Median(peerCpu), Statistics.PairedRatio(ourCpu, peerCpu), null, Pairs);
        yield return new Result(
            "notebook-cpu", "full frames shown", "1/s", Statistics.Median(ours.Select(s => s.FramesPerSecond)), Statistics.Median(peer.Select(s => s.FramesPerSecond)), null, null, Pairs);
    }

    /// <summary>The command line of a VM that is defined as the other one is, with QEMU's window in the place of the seat's display.</summary>
    private static Process StartByHand(BenchRig rig, XServer screen)
    {
        rig.DefineAs(PeerGuest, Guest, "port: 3", "sound: off", "autostart: false", $"extra: [\"-vnc\", \"unix:{rig.VncSocket(PeerGuest)}\", \"-qmp\", \"unix:{rig.SideMonitor(PeerGuest)},server=on,wait=off\"]");
        rig.Pump(() => rig.Knows(PeerGuest), TimeSpan.FromSeconds(20), "the definition to be read");
        rig.Act(PeerGuest, VmAction.Start);
        rig.Pump(() => rig.Status(PeerGuest).Pid is not null, TimeSpan.FromSeconds(20), "the peer's process");
        string[] command = File.ReadAllText($"/proc/{rig.QemuPid(PeerGuest)}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        rig.Act(PeerGuest, VmAction.Kill);
        command[Array.IndexOf(command, "-display") + 1] = "sdl";
        rig.MakeReadyByHand(PeerGuest, Guest);
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        screen.Give(start);
        File.Delete(Path.Combine(rig.Paths.VmState(PeerGuest), "serial.log"));
        Process qemu = Process.Start(start)!;
        try
        {
            rig.Pump(() => qemu.HasExited || rig.Serial(PeerGuest).Contains("hs:ready", StringComparison.Ordinal), TimeSpan.FromMinutes(3), "the guest of QEMU by hand");
            return qemu.HasExited
                ? throw new InvalidOperationException($"QEMU's own window does not open; it is in the package qemu-system-gui of QEMU's own version: {qemu.StandardError.ReadToEnd()}")
                : qemu;
        }
        catch (TimeoutException)
        {
            qemu.Kill();
            throw;
        }
    }

    /// <summary>Types into a guest, through QEMU, and lets it paint for longer than all of this takes.</summary>
    private static void Paint(BenchRig rig, string guest)
    {
        using var client = new RfbClient(rig.VncSocket(guest));
        foreach (char c in "hs-fill 3000\r")
        {
            uint key = c == '\r' ? 0xFF0Du : c;
            client.Key(key, down: true);
            client.Key(key, down: false);
            rig.PumpFor(TimeSpan.FromMilliseconds(50));
        }
    }

    private static Sample Measure(BenchRig rig, XServer screen, params int[] processes)
    {
        rig.PumpFor(Settled);
        double cpu = processes.Sum(Processes.NonVcpuSeconds);
        long began = Stopwatch.GetTimestamp();
        int frames = 0;
        for (uint last = screen.Look(); Stopwatch.GetElapsedTime(began) < Span;)
        {
            Thread.Sleep(TimeSpan.FromMilliseconds(3));
            uint now = screen.Look();
            frames += now != last ? 1 : 0;
            last = now;
        }

        double seconds = Stopwatch.GetElapsedTime(began).TotalSeconds;
        cpu = processes.Sum(Processes.NonVcpuSeconds) - cpu;
        return frames > 0
            ? new Sample(frames / seconds, cpu * 1000 / frames, cpu * 100 / seconds)
            : throw new InvalidOperationException("No frame came: does the guest's hs-fill run?");
    }
}
