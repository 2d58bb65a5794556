using System.Diagnostics;
using Hyperspace.Commands.Tour;
using Hyperspace.Linux;
using Hyperspace.Linux.Reactor;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Seat.Input;

namespace Hyperspace.Benchmarks;

/// <summary>Opens one VM again and again, as somebody who sits before its port.</summary>
internal sealed class Opener(BenchRig rig, string guest, int port)
{
    private const int PageAttempts = 4;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Still = TimeSpan.FromSeconds(1.5);

    private Screen? _screen;
    private int _warm = -1;

    public string Guest => guest;

    /// <summary>Opens it once, to know what its first frame is to look like.</summary>
    public void LearnScreen()
    {
        rig.Seat.Core.SwitchTo(port);
        rig.Act(guest, VmAction.Start);
        rig.Pump(() => rig.Seat.Core.Status().Ports.Any(p => p.Port == port && p.Screen == "live"), Patience, $"{guest}'s screen");
        rig.PumpFor(TimeSpan.FromSeconds(4));
        rig.WaitStill(Still);
        _screen = new Screen(rig.Look());
        Close();
    }

    /// <summary>Has so many engines wait for the next opens.</summary>
    public void Warm(int count)
    {
        if (count != _warm)
        {
            rig.Define(guest, "autostart: false", $"instant: {{warm: {count}}}");
            _warm = count;
        }

        // What waited for another name, or waits no longer, is counted until the daemon has seen to it.
        rig.PumpFor(TimeSpan.FromSeconds(3));
        rig.Pump(() => rig.Status(guest).Instant is { Template: TemplateState.Ready } instant && instant.Warm == count, TimeSpan.FromSeconds(60), $"{count} engines that wait for {guest}");
        rig.PumpFor(TimeSpan.FromMilliseconds(300));
    }

    /// <summary>Opens it, presses a key, and closes it.</summary>
    public Opened Open() => Begin(VmAction.Start, Patience, (_, opened) => opened);

    /// <summary>Boots it.</summary>
    public Opened Boot(TimeSpan patience) => Begin(VmAction.StartCold, patience, (_, opened) => opened);

    /// <returns>Milliseconds until the browser had loaded a page, whose address was typed.</returns>
    public double OpenPage(TourPage page) => Begin(VmAction.Start, Patience, (began, _) => LoadPage(page, began));

    public double BootToPage(TourPage page, TimeSpan patience) => Begin(VmAction.StartCold, patience, (began, _) => LoadPage(page, began));

    /// <summary>Ends it, and waits until it is off.</summary>
    public void Close()
    {
        rig.Act(guest, VmAction.Kill);
        rig.Pump(() => rig.Status(guest).State == VmState.Off, Patience, $"the end of {guest}");
        rig.PumpFor(TimeSpan.FromMilliseconds(200));
    }

    /// <summary>The template's files are not in memory any more (posix_fadvise(2), POSIX_FADV_DONTNEED, by dd(1)).</summary>
    public void ForgetPageCache()
    {
        foreach (string file in Directory.EnumerateFiles(Path.Combine(rig.Paths.VmState(guest), "template")))
        {
            using Process dd = Process.Start(new ProcessStartInfo("dd", [$"if={file}", "iflag=nocache", "count=0", "status=none"]))!;
            dd.WaitForExit();
        }
    }

    private T Begin<T>(VmAction action, TimeSpan patience, Func<long, Opened, T> then)
    {
        rig.Seat.Core.SwitchTo(port);
        rig.PumpFor(TimeSpan.FromMilliseconds(300));
        Screen screen = _screen ?? throw new InvalidOperationException($"The screen of {guest} is not known yet.");
        long seen = 0;
        rig.Output.Presented = (frame, _) =>
        {
            if (seen == 0 && frame.Text is null && screen.Is(frame.Pixels))
            {
                seen = Reactor.Now;
            }
        };
        long began = Reactor.Now;
        rig.Act(guest, action);
        rig.Pump(() => seen != 0, patience, $"the first frame of {guest}");
        rig.Output.Presented = null;
        double key = Echo(began), pss = (rig.Status(guest).Pid is { } pid ? ProcessInfo.ProportionalBytes(pid) ?? 0 : 0) / 1048576.0;
        string wanted = action == VmAction.StartCold ? "cold" : _warm == 1 ? "warm" : "template";
        string? by = rig.Status(guest).StartedBy;
        T result = by == wanted ? then(began, new Opened((seen - began) / 1e6, key, pss)) : throw new InvalidOperationException($"{guest} was started \"{by}\" and not \"{wanted}\".");
        Close();
        return result;
    }

    /// <summary>Ctrl+L puts a browser's cursor into its address, where it may be already, and the letter is seen there; a shell clears its screen and redraws its prompt.</summary>
    private double Echo(long began)
    {
        uint[] before = rig.Look();
        long changed = 0;
        rig.Output.Presented = (frame, damage) =>
        {
            if (changed == 0 && KeyEchoBenchmark.ChangedWidth(before, frame, BenchRig.WithoutClock(frame, damage)) > KeyEchoBenchmark.CellWidth)
            {
                changed = Reactor.Now;
            }
        };
        rig.Key(KeyCode.LeftCtrl, down: true);
        rig.Tap(KeyCode.L);
        rig.Key(KeyCode.LeftCtrl, down: false);
        rig.Tap(KeyCode.X);
        rig.Pump(() => changed != 0, Patience, $"the echo of a key in {guest}");
        rig.Output.Presented = null;
        return (changed - began) / 1e6;
    }

    /// <summary>As a person does who looks whether the browser has understood, and begins anew when it has not.</summary>
    private double LoadPage(TourPage page, long began)
    {
        for (int attempt = 1; ; attempt++)
        {
            rig.WaitStill(Still);
            rig.Key(KeyCode.LeftCtrl, down: true);
            rig.Tap(KeyCode.L);
            rig.Key(KeyCode.LeftCtrl, down: false);
            rig.WaitStill(Still);
            rig.Type($"10.0.2.2:{page.Port}/");
            rig.WaitStill(Still);
            rig.Tap(KeyCode.Enter);
            try
            {
                rig.Pump(() => page.Reports.TryRead(out _), TimeSpan.FromSeconds(100), "the page");
                return (Reactor.Now - began) / 1e6;
            }
            catch (TimeoutException) when (attempt < PageAttempts)
            {
                rig.Tap(KeyCode.Esc);
            }
        }
    }
}
