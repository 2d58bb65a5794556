using Hyperspace.Commands.Tour;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Benchmarks;

/// <summary>
/// From the wish to open a VM that has a template to its first frame in the seat, to the first change that a key makes, and to a page in its browser; with an engine that was started before and without. The peers:
/// a boot of the same guest, and QEMU by hand without a sandbox, with its snapshot (<c>-loadvm</c>) and its migration to a file, seen by a VNC client. All in turns.
/// </summary>
internal static class InstantBenchmark
{
    private const int Rounds = 8;
    private const int PageRounds = 2;
    private const int SizeRounds = 12;
    private const int DesktopBootRounds = 2, TextBootRounds = 4;
    private const int Port = 1;
    private const string Guest = "instant", Desktop = "main", Text = "work", Small = "small", Large = "large";
    private const int SmallMiB = 512, LargeMiB = 1024;
    private const int SmallPort = 3;

    private static readonly TimeSpan BootPatience = TimeSpan.FromMinutes(15);

    public static IEnumerable<Result> Run()
    {
        using var rig = BenchRig.WithTemplates(rig =>
        {
            foreach (string installed in Directory.EnumerateFiles(rig.Paths.Definitions, "*.yaml"))
            {
                File.Delete(installed);
            }

            rig.Define(Guest, "autostart: false", "instant: {warm: 1}");
            rig.Define(Text, "autostart: false", "port: 2");
            rig.DefineAs(Desktop, Guest, "autostart: false", $"port: {SmallPort + 2}", "instant: false", "label: Main");
            rig.DefineAs(Small, "lab", "autostart: false", $"port: {SmallPort}", $"memory: {SmallMiB}MiB", "instant: {warm: 0}", "label: Small");
            rig.DefineAs(Large, "lab", "autostart: false", $"port: {SmallPort + 1}", $"memory: {LargeMiB}MiB", "instant: {warm: 0}", "label: Large");
        });
        var opener = new Opener(rig, Guest, Port);
        opener.Warm(1);
        opener.LearnScreen();
        foreach (Result result in FirstFrames(rig, opener).Concat(Pages(opener)).Concat(Sizes(rig)).Concat(MainBoots(rig, opener)))
        {
            yield return result;
        }
    }

    private static IEnumerable<Result> FirstFrames(BenchRig rig, Opener opener)
    {
        using SavedMachine saved = SavedMachine.Of(rig, opener);
        List<Opened> warm = [], plain = [], cold = [];
        List<double> loadvm = [], file = [];
        for (int i = 0; i < Rounds; i++)
        {
            opener.Warm(1);
            warm.Add(opener.Open());
            opener.Warm(0);
            loadvm.Add(saved.FromSnapshot());
            plain.Add(opener.Open());
            file.Add(saved.FromFile());
            opener.ForgetPageCache();
            cold.Add(opener.Open());
            Progress.Show("instant, first frame", i + 1, Rounds);
        }

        Opened boot = opener.Boot(BootPatience);
        double[] boots = [.. warm.Select(_ => boot.Frame)];
        double[] warmFrames = [.. warm.Select(o => o.Frame)], plainFrames = [.. plain.Select(o => o.Frame)];
        yield return Pair("open to first frame, to loadvm", warmFrames, loadvm, 0.5);
        yield return Pair("open to first frame, to migration file", warmFrames, file, null);
        yield return Pair("open to first frame, to cold boot", warmFrames, boots, 0.05);
        yield return Pair("the same, to one not pre-started", warmFrames, plainFrames, 0.4);
        yield return Pair("not pre-started, to loadvm", plainFrames, loadvm, 0.5);
        yield return Pair("not pre-started, cold page cache", [.. cold.Select(o => o.Frame)], plainFrames, null);
        yield return Pair("open to first key's echo, to cold boot", [.. warm.Select(o => o.Key)], [.. warm.Select(_ => boot.Key)], 0.05);
        yield return Pair("the same, not pre-started", [.. plain.Select(o => o.Key)], [.. warm.Select(_ => boot.Key)], 0.05);
        yield return new Result("instant", "an open VM's memory (PSS)", "MiB", Statistics.Median(warm.Select(o => o.MiB)), null, null, null, Rounds);
    }

    private static IEnumerable<Result> Pages(Opener opener)
    {
        TourPage page = TourPage.StartAsync(CancellationToken.None).GetAwaiter().GetResult();
        List<double> warm = [], plain = [];
        for (int i = 0; i < PageRounds; i++)
        {
            opener.Warm(1);
            warm.Add(opener.OpenPage(page));
            opener.Warm(0);
            plain.Add(opener.OpenPage(page));
            Progress.Show("instant, page", i + 1, PageRounds);
        }

        double boot = opener.BootToPage(page, BootPatience);
        page.DisposeAsync().AsTask().Wait();
        yield return Pair("open to page loaded, to cold boot", warm, [.. warm.Select(_ => boot)], null);
        yield return Pair("the same, not pre-started", plain, [.. plain.Select(_ => boot)], null);
    }

    /// <summary>A text guest that is twice the size of another, neither pre-started.</summary>
    private static IEnumerable<Result> Sizes(BenchRig rig)
    {
        rig.RunProgram("instant", "build", Small, Large);
        var small = new Opener(rig, Small, SmallPort);
        var large = new Opener(rig, Large, SmallPort + 1);
        small.LearnScreen();
        large.LearnScreen();
        List<Opened> ours = [], peer = [];
        for (int i = 0; i < SizeRounds; i++)
        {
            ours.Add(large.Open());
            peer.Add(small.Open());
            Progress.Show("instant, memory sizes", i + 1, SizeRounds);
        }

        yield return Pair($"{LargeMiB} MiB, to {SmallMiB} MiB", [.. ours.Select(o => o.Frame)], [.. peer.Select(o => o.Frame)], 1.15);
        yield return Pair("their first key's echo", [.. ours.Select(o => o.Key)], [.. peer.Select(o => o.Key)], 1.15);
    }

    /// <summary>
    /// As at power-on: the Instant VM is opened and has the focus, and the main VM boots behind it. What the first seconds of the Instant VM take is the same for every main VM, and so counts most for one that is
    /// up in a few seconds.
    /// </summary>
    private static IEnumerable<Result> MainBoots(BenchRig rig, Opener opener)
    {
        yield return MainBoot(rig, opener, Desktop, Guest, "a main VM's boot beside it, a desktop", DesktopBootRounds);
        yield return MainBoot(rig, opener, Text, Text, "the same, a text console", TextBootRounds);
    }

    /// <param name="host">The main VM's host name, which its last line before it is up has.</param>
    private static Result MainBoot(BenchRig rig, Opener opener, string main, string host, string figure, int rounds)
    {
        List<double> beside = [], without = [];
        for (int i = 0; i < rounds; i++)
        {
            opener.Warm(1);
            rig.Seat.Core.SwitchTo(Port);
            rig.Act(Guest, VmAction.Start);
            beside.Add(rig.Boot(main, host));
            opener.Close();
            opener.Warm(0);
            without.Add(rig.Boot(main, host));
            Progress.Show($"instant, {figure}", i + 1, rounds);
        }

        return new Result("instant", figure, "s", Statistics.Median(beside), Statistics.Median(without), Statistics.PairedRatio(beside, without), 1.1, rounds);
    }

    private static Result Pair(string figure, IReadOnlyList<double> ours, IReadOnlyList<double> peer, double? goal) =>
        new("instant", figure, "ms", Statistics.Median(ours), Statistics.Median(peer), Statistics.PairedRatio(ours, peer), goal, ours.Count);
}

/// <summary>One open. Times in milliseconds from the wish.</summary>
/// <param name="Frame">To the first frame.</param>
/// <param name="Key">To the change that a key made, which was pressed when the frame was there.</param>
/// <param name="MiB">The memory of the process, parts of what is shared (PSS).</param>
internal sealed record Opened(double Frame, double Key, double MiB);
