using System.Globalization;
using Hyperspace.Tests.Notebook.Rig;

namespace Hyperspace.Benchmarks;

/// <summary>
/// From a key's evdev timestamp in the notebook to its evdev timestamp in a guest with KVM, through the seat, beside QEMU's own <c>input-linux</c> with the same guest: once with a virtio keyboard, which is what
/// the seat's VM has, and once with <c>usb-kbd</c>. All three run at once and take turns; each has a keyboard of its own, made by uinput, because who reads one has it alone.
/// <para>
/// The two timestamps are of two clocks, which nothing here sets to each other well enough. So the notebook takes the time until the guest's word for the event comes (the first byte on a port, which is one exit from
/// the guest and one message on a socket), and the guest says how long before that its kernel had stamped the event. The difference is two durations, each by one clock. What it has too much is the way of one byte,
/// the same for all three.
/// </para>
/// </summary>
internal static class NotebookInputBenchmark
{
    private const int Samples = 100;

    /// <summary>As program/bench/keys of the notebook's image calls them.</summary>
    private static readonly string[] Ways = ["ours", "virtio", "usb"];

    public static IEnumerable<Result> Run()
    {
        Dictionary<string, List<double>> all;
        using (Notebook notebook = NotebookFixture.Open("notebook-input"))
        {
            all = Measure(notebook);
        }

        (List<double> ours, List<double> virtio, List<double> usb) = (all["ours"], all["virtio"], all["usb"]);
        yield return new Result("notebook-input", "evdev to the guest's evdev, p50", "ms", Statistics.Median(ours), Statistics.Median(virtio), Statistics.PairedRatio(ours, virtio), 1.0, Samples);
        yield return new Result("notebook-input", "the same, p99", "ms", Statistics.Percentile(ours, 99), Statistics.Percentile(virtio, 99), null, null, Samples);
        yield return new Result("notebook-input", "the same beside usb-kbd, p50", "ms", Statistics.Median(ours), Statistics.Median(usb), Statistics.PairedRatio(ours, usb), 1.0, Samples);
    }

    private static Dictionary<string, List<double>> Measure(Notebook notebook)
    {
        // The notebook has one CPU and little memory; the VM that is measured takes the place of the three that were there.
        notebook.Sh("for vm in alpha beta gamma; do /program/api POST /v1/vms/$vm/kill; done; cp /program/bench/echo.yaml /etc/hyperspace/vms/; /program/api POST /v1/reload");
        notebook.Sh("for try in 1 2 3; do /program/api POST /v1/vms/echo/start && exit; done; exit 1");
        notebook.Until("the VM is up", () => notebook.Log("echo").Contains("hs:ready Echo"));

        // The peers' keyboards are not the seat's.
        notebook.Sh("""
            mkdir -p /run/udev/rules.d
            for peer in virtio usb; do echo "SUBSYSTEM==\"input\", KERNEL==\"event*\", ATTRS{name}==\"bench $peer\", ENV{LIBINPUT_IGNORE_DEVICE}=\"1\""; done >/run/udev/rules.d/60-bench.rules
            udevadm control --reload
            """);
        notebook.Sh($"setsid perl /program/bench/keys {Samples} </dev/null >/tmp/keys.log 2>&1 &");
        notebook.Until("the seat asks about the keyboard", () => Device(notebook)?.Trust == "asked");
        notebook.Sh($"setsid {Notebook.Program} seat devices accept {Device(notebook)?.Id} </dev/null >/tmp/accept.log 2>&1 &");
        notebook.Until("it is accepted", () => Device(notebook)?.Trust == "trusted");
        Wait("the first peer has keys", said => said.Contains("ready virtio"));
        Wait("the second peer has keys", said => said.Contains("ready usb"));
        notebook.SwitchTo(4);
        notebook.Sh("touch /tmp/keys.go");
        Wait("the seat's VM has keys", said => said.Contains("ready ours"));
        for (int done = 0; done < Samples;)
        {
            int now = 0;
            Wait($"more keys than {done} have come by each way", said => (now = said.Count(IsSample) / Ways.Length) > done);
            done = now;
            Progress.Show("notebook-input", done, Samples);
        }

        string[][] samples = [.. Said().Where(IsSample).Select(line => line.Split(' '))];
        return Ways.ToDictionary(way => way, way => samples.Where(s => s[1] == way).Select(s => double.Parse(s[2], CultureInfo.InvariantCulture) / 1000).ToList());

        string[] Said() => notebook.Sh("cat /tmp/keys.log").Split('\n');

        // Asking takes the notebook's one CPU, so it is done seldom.
        void Wait(string what, Func<string[], bool> holds) => notebook.Until(what, () =>
        {
            string[] said = Said();
            if (said.FirstOrDefault(line => line.StartsWith("fail ", StringComparison.Ordinal)) is { } failure)
            {
                throw new InvalidOperationException($"The keys did not go through: {failure[5..]}. The seat has had {Device(notebook)?.Events} events of its keyboard.");
            }

            bool does = holds(said);
            if (!does)
            {
                Thread.Sleep(TimeSpan.FromSeconds(5));
            }

            return does;
        });
    }

    private static bool IsSample(string line) => line.StartsWith("sample ", StringComparison.Ordinal);

    private static (string Id, string Trust, long Events)? Device(Notebook notebook) =>
        notebook.Status()?["devices"]?.AsArray().FirstOrDefault(d => d!["name"]!.GetValue<string>() == "bench ours") is { } device
            ? (device["id"]!.GetValue<string>(), device["trust"]!.GetValue<string>(), device["events"]!.GetValue<long>())
            : null;
}
