using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Benchmarks;

/// <summary>
/// From an event of the host's (a value set over the control API) to the event in the guest (a line on its serial port, written by a process that waits for the kernel's events). The peer is QEMU's own
/// nearest equivalent: its ACPI power button, pressed over QMP and reported by the same process in the same guest. QEMU has no battery to compare with, and the button needs neither a table of ours nor a daemon.
/// </summary>
internal static class PowerBenchmark
{
    private const double GoalMilliseconds = 50;

    /// <summary>With 100 the second longest is the 99th percentile, by the nearest rank: with fewer the longest would be.</summary>
    private const int Samples = 100;

    /// <summary>Events before those that count: code of the daemon and the guest that runs for the first time.</summary>
    private const int WarmUp = 4;

    private const string Guest = "work";

    /// <summary>The reminder for Linux's cache, 1.1 s after a battery's change, is no event of the next sample.</summary>
    private static readonly TimeSpan AfterReminder = TimeSpan.FromMilliseconds(1250);
    private static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(150);

    public static IEnumerable<Result> Run(BenchRig rig)
    {
        using HttpClient client = Client(rig.Paths.ApiSocket);
        var guest = new Watcher(rig, Path.Combine(rig.Paths.VmState(Guest), "serial.log"));
        Set(client, State(0));
        rig.Seat.Core.SwitchTo(1);

        // What reports keys switches the guest off when its power button is pressed, which is the peer here.
        rig.Type("pkill hs-events\n");
        guest.WaitFor("hs:power-ready", () => rig.Type("hs-power\n"), Settled);
        rig.PumpFor(TimeSpan.FromSeconds(3));
        foreach (string load in new[] { "idle", "busy guest" })
        {
            if (load != "idle")
            {
                rig.Type("hs-power busy\n");
                rig.PumpFor(TimeSpan.FromSeconds(2));
            }

            List<double> peer = Peer(rig, guest);
            foreach ((string what, Func<int, PowerSetting> setting, string line, TimeSpan quiet) in Events())
            {
                List<double> ours = Measure(i => guest.WaitFor(line, () => Set(client, setting(i)), quiet));
                yield return new Result("power", $"{what}, {load}, p50", "ms", Statistics.Median(ours), Statistics.Median(peer), null, null, Samples);
                yield return new Result("power", $"{what}, {load}, p99", "ms", Statistics.Percentile(ours, 99), Statistics.Percentile(peer, 99), null, GoalMilliseconds, Samples);
            }
        }
    }

    private static PowerSetting State(int i) => new([Battery(i)], AcOnline: true, LidOpen: true);

    private static BatteryState Battery(int i) => new("BAT0", true, BatteryStatus.Discharging, null, 40_000 - i, 50_000, 50_000);

    private static IEnumerable<(string, Func<int, PowerSetting>, string, TimeSpan)> Events()
    {
        yield return ("battery", i => new PowerSetting([Battery(i)]), "hs:power BAT0", AfterReminder);
        yield return ("charger", i => new PowerSetting(AcOnline: i % 2 == 0), "hs:power AC0", Settled);
        yield return ("lid", i => new PowerSetting(LidOpen: i % 2 == 0), "hs:lid", Settled);
    }

    private static List<double> Peer(BenchRig rig, Watcher guest)
    {
        using var monitor = new MonitorSocket(rig.SideMonitor(Guest));
        return Measure(_ => guest.WaitFor("hs:button 116", () => monitor.Command("system_powerdown"), Settled));
    }

    /// <summary>All are done, in their order from 1 on; those after the warm-up count. (Skip of a Select over a Range would not do those that it skips.)</summary>
    private static List<double> Measure(Func<int, double> sample)
    {
        var all = new List<double>();
        for (int i = 1; i <= WarmUp + Samples; i++)
        {
            all.Add(sample(i));
        }

        return all[WarmUp..];
    }

    private static HttpClient Client(string socket) => new(new SocketsHttpHandler { ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(new NetworkStream(Connect(socket), ownsSocket: true)) })
    {
        BaseAddress = new Uri("http://hyperspace/"),
    };

    private static Socket Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    private static void Set(HttpClient client, PowerSetting setting)
    {
        using var body = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(setting, ControlJson.Default.PowerSetting));
        body.Headers.ContentType = new("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Patch, "v1/power") { Content = body };
        using HttpResponseMessage response = client.Send(request);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new InvalidOperationException($"The daemon answered {response.StatusCode} to {request.Method} {request.RequestUri}.");
        }
    }

    /// <summary>Reads what is new on a serial line.</summary>
    private sealed class Watcher(BenchRig rig, string file)
    {
        private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

        /// <returns>From the beginning of the deed to the line, in milliseconds.</returns>
        public double WaitFor(string line, Action deed, TimeSpan quiet)
        {
            rig.PumpFor(quiet);
            using var log = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            log.Seek(0, SeekOrigin.End);
            long began = Stopwatch.GetTimestamp();
            deed();
            string text = "";
            byte[] buffer = new byte[4096];
            while (true)
            {
                int count = log.Read(buffer);
                text += Encoding.UTF8.GetString(buffer, 0, count);
                if (text.Contains(line, StringComparison.Ordinal))
                {
                    return Stopwatch.GetElapsedTime(began).TotalMilliseconds;
                }

                if (Stopwatch.GetElapsedTime(began) > Patience)
                {
                    throw new TimeoutException($"Waited {Patience.TotalSeconds:0} s for \"{line}\" in the guest, which said meanwhile: \"{text}\".");
                }

                // The seat goes on meanwhile, as one of its own process would: nobody waits for it.
                rig.PumpOnce();
                Thread.Sleep(TimeSpan.FromMilliseconds(0.2));
            }
        }
    }
}
