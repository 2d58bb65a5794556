using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Hyperspace.Linux;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Benchmarks;

/// <summary>
/// From <c>vm start</c> to a QEMU whose QMP answers, sandbox included. The peer: the same QEMU command line run by hand, without a sandbox. And what daemon and seat take of memory while two VMs run.
/// </summary>
internal static class StartBenchmark
{
    private const int Pairs = 15;
    private const double MemoryGoal = 60;

    public static IEnumerable<Result> Run(BenchRig rig)
    {
        // A seat as users run it, in a process of its own: the one in this process shares its memory with the benchmarks.
        double daemon = ResidentMiB(rig.Daemon.Id), seat = rig.WithSeatOfItsOwn(ResidentMiB);
        string guest = BenchRig.Guests[1];
        string[] command = File.ReadAllText($"/proc/{rig.QemuPid(guest)}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        rig.Act(guest, VmAction.Kill);
        List<double> ours = [], peer = [];
        for (int i = 0; i < Pairs; i++)
        {
            ours.Add(Ours(rig, guest));
            peer.Add(Peer(rig, guest, command));
            Progress.Show("start", i + 1, Pairs);
        }

        rig.Act(guest, VmAction.Start);
        yield return new Result("start", "vm start to QMP", "ms", Statistics.Median(ours), Statistics.Median(peer), Statistics.PairedRatio(ours, peer), 1.1, Pairs);
        yield return new Result("start", "daemon, resident", "MiB", daemon, null, null, MemoryGoal, 1);
        yield return new Result("start", "seat, resident", "MiB", seat, null, null, MemoryGoal, 1);
    }

    private static double ResidentMiB(int pid) =>
        (ProcessInfo.ResidentBytes(pid) ?? throw new InvalidOperationException($"Process {pid} has ended.")) / 1048576.0;

    private static double Ours(BenchRig rig, string guest)
    {
        long began = Stopwatch.GetTimestamp();
        rig.Act(guest, VmAction.Start);
        double took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        rig.Act(guest, VmAction.Kill);
        return took;
    }

    private static double Peer(BenchRig rig, string guest, string[] command)
    {
        (string sockets, string overlay) = rig.MakeReadyByHand(guest, guest);
        string qmp = Path.Combine(sockets, "qmp.sock");
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true };
        long began = Stopwatch.GetTimestamp();
        using Process qemu = Process.Start(start)!;
        double took;
        try
        {
            WaitForQmp(qmp, qemu);
            took = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
        }
        finally
        {
            qemu.Kill();
            qemu.WaitForExit();
        }

        Directory.Delete(sockets, recursive: true);
        File.Delete(overlay);
        return took;
    }

    private static void WaitForQmp(string path, Process qemu)
    {
        while (true)
        {
            if (qemu.HasExited)
            {
                throw new InvalidOperationException($"QEMU by hand ended: {qemu.StandardError.ReadToEnd()}");
            }

            using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
            }
            catch (SocketException)
            {
                Thread.Sleep(1);
                continue;
            }

            using var reader = new StreamReader(new NetworkStream(socket), Encoding.UTF8);
            reader.ReadLine();
            socket.Send("{\"execute\":\"qmp_capabilities\"}\n"u8);
            reader.ReadLine();
            return;
        }
    }
}
