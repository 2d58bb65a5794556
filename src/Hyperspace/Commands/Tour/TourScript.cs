using System.Diagnostics;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Seat.Input;

namespace Hyperspace.Commands.Tour;

/// <summary>What the user of the README does, step by step. Each step is checked by what the guest says on its serial line and by what the screen shows.</summary>
internal sealed class TourScript(TourStage stage, TourReport report, CancellationToken cancel)
{
    private const string Attention = "ctrl+alt+esc";

    private static readonly int[] ChordKeys = [(int)KeyCode.RightCtrl, (int)KeyCode.Esc];

    /// <summary>The process of each VM before the daemon was killed.</summary>
    private readonly Dictionary<string, int?> _pids = [];
    private readonly string _word = Random.Shared.Next(100000, 999999).ToString();

    /// <summary>Typed into the browser and nowhere else.</summary>
    private readonly string _secret = $"secret {Random.Shared.Next(100000, 999999)}";
    private double? _lastSwitch;

    public double? LastSwitchMicroseconds => _lastSwitch;

    public async Task RunAsync()
    {
        await BeginAsync();
        await BrowseAsync();
        await BothUpAsync();
        await SwitchAndTypeAsync("work", 2, "2-work");
        await report.StepAsync("a battery falls in host and guest", BatteryFallsAsync);
        await SwitchAndTypeAsync("lab", 3, "3-lab");
        await report.StepAsync("no guest saw any part of a chord", NobodySawChordsAsync);
        await report.StepAsync("Ctrl+Alt+Esc leads to the console", AttentionAsync);
        await report.StepAsync("daemon killed; the seat still types into a guest", DaemonDiesAsync);
        await report.StepAsync("daemon back; it finds the same VMs", DaemonReturnsAsync);
        await report.StepAsync("seat killed and back; same guests, same screens", SeatDiesAsync);
        await report.StepAsync("lab powers itself off and is \"off\"", PowerOffAsync);
        await report.StepAsync("lab is started with the console's keys", StartFromConsoleAsync);
        await report.StepAsync("QEMU of lab killed; the crash is told, lab is restarted", CrashAsync);
        await report.StepAsync("Instant is closed, and nothing of what was typed in it is left", CloseInstantAsync);
        await report.StepAsync("both others are stopped by their power button", StopAsync);
    }

    private async Task BeginAsync()
    {
        await report.StepAsync("the template of Instant is there", async () =>
        {
            await stage.PrepareInstantAsync(cancel);
            return null;
        });
        await report.StepAsync("daemon and seat start; Instant is on the screen", InstantFirstAsync);
    }

    private async Task<string?> InstantFirstAsync()
    {
        var watch = Stopwatch.StartNew();
        await stage.StartDaemonAsync(cancel);
        double daemon = watch.Elapsed.TotalSeconds;
        await stage.StartSeatAsync(1, cancel);
        VmStatus instant = await stage.StateAsync(TourStage.Instant, "running", vm => vm.State == VmState.Running, cancel);
        await TourStage.UntilAsync("Instant's screen in the seat", async () => (await stage.SeatAsync(cancel)) is { Port: 1 } seat && seat.Ports.Any(p => p is { Port: 1, Screen: "live" }), cancel);
        double seen = watch.Elapsed.TotalSeconds;
        VmStatus work = await stage.VmAsync("work", cancel);
        return instant.StartedBy is "template" or "warm"
            ? $"{seen:0.0} s after the daemon's start (the daemon answered after {daemon:0.0} s); Work {(work.Boot is { IsUp: false } ? "boots behind it" : "is up")}"
            : throw new TourException($"Instant was started \"{instant.StartedBy}\" and not from its template: {instant.Instant?.Why}");
    }

    /// <summary>A page on this host proves that it is a real browser: its script tells what runs it and what is typed into it.</summary>
    private async Task BrowseAsync()
    {
        await using TourPage page = await TourPage.StartAsync(cancel);
        var browser = new TourBrowser(stage, page);
        await report.StepAsync("its browser opens a page of this computer", async () =>
        {
            await stage.LookAsync(null, "0-instant", cancel);
            (PageReport seen, int attempt) = await browser.VisitAsync("", cancel);
            return seen.Agent + (attempt == 1 ? "" : $" (at the {attempt}. attempt)");
        });
        await report.StepAsync("what is typed arrives in that page", async () =>
        {
            await browser.FillAsync(_secret, cancel);
            await stage.LookAsync(null, "1-page", cancel);
            return $"\"{_secret}\", told by its script";
        });
    }

    private async Task BothUpAsync()
    {
        await report.StepAsync("Work and Lab have booted behind it", async () =>
        {
            foreach (string guest in TourStage.TextGuests)
            {
                await stage.Serial(guest).WaitAsync(0, line => line == $"hs:ready {guest}", $"hs:ready {guest}", TimeSpan.FromSeconds(120), cancel);
                await stage.StateAsync(guest, "up", vm => vm.Boot is { IsUp: true }, cancel);
            }

            return "each says so on its serial line, and the daemon knows";
        });
        await report.StepAsync("port 0 shows the console with all three", async () =>
        {
            await stage.PressAsync(Attention, 0, cancel);
            await stage.SeeAsync(null, "Instant", null, cancel);
            await stage.SeeAsync(null, "Work", null, cancel);
            await stage.SeeAsync(null, "Lab", null, cancel);
            await stage.SeeAsync(null, "running", "1-console", cancel);
            return null;
        });
    }

    private async Task<string?> CloseInstantAsync()
    {
        await stage.Client.InstantAsync(TourStage.Instant, InstantAction.Close, cancel);
        await stage.StateAsync(TourStage.Instant, "off", vm => vm.State == VmState.Off, cancel);
        string[] left = stage.FilesWith(_secret);
        return left.Length == 0 ? $"\"{_secret}\" is in no file" : throw new TourException($"\"{_secret}\" is left in {string.Join(", ", left)}");
    }

    private async Task SwitchAndTypeAsync(string guest, int port, string picture)
    {
        string other = TourStage.TextGuests.Single(g => g != guest);
        await report.StepAsync($"Right Ctrl, Right Ctrl, {port} shows {guest}", async () =>
        {
            SeatStatus seat = await stage.PressAsync($"leader {port}", port, cancel);
            _lastSwitch = seat.LastSwitchMicroseconds;
            (string bar, _) = await stage.LookAsync(null, null, cancel);
            string label = seat.Ports.Single(p => p.Port == port).Label;
            return bar.TrimStart().StartsWith($"{port} {label}", StringComparison.Ordinal)
                ? $"first frame after {seat.LastSwitchMicroseconds / 1000:0.00} ms"
                : throw new TourException($"the trusted bar reads \"{bar}\"; expected \"{port} {label}\"");
        });
        await report.StepAsync($"what is typed goes to {guest} and to nobody else", async () =>
        {
            int mark = stage.Serial(guest).Mark(), otherMark = stage.Serial(other).Mark();
            string text = $"echo {guest} {_word}";
            await stage.Client.TypeAsync(text + "\n", cancel);
            await stage.Serial(guest).WaitAsync(mark, line => line == $"hs:cmd {text}", $"hs:cmd {text}", TimeSpan.FromSeconds(20), cancel);
            await stage.SeeAsync(null, $"{guest} {_word}", picture, cancel);
            string[] strays = stage.Serial(other).Since(otherMark, line => line.StartsWith("hs:key", StringComparison.Ordinal));
            return strays.Length == 0 ? $"\"{text}\" on its serial line and on its screen" : throw new TourException($"{other} got keys too: {string.Join(", ", strays)}");
        });
    }

    /// <summary>The guest is asked what its own /sys says, and answers on its serial line.</summary>
    private async Task<string?> BatteryFallsAsync()
    {
        const string question = "echo hs:battery $(cat /sys/class/power_supply/BAT0/capacity) >/dev/ttyS0";
        var seen = new List<string>();
        foreach (int level in new[] { 42, 41, 17 })
        {
            await stage.Client.SetPowerAsync(new PowerSetting([new BatteryState("BAT0", true, BatteryStatus.Discharging, level)], AcOnline: false), cancel);

            // Linux keeps what a battery said for a second.
            await Task.Delay(TimeSpan.FromSeconds(1.5), cancel);
            int mark = stage.Serial("work").Mark();
            await stage.Client.TypeAsync(question + "\n", cancel);
            string line = await stage.Serial("work").WaitAsync(mark, l => l.StartsWith("hs:battery", StringComparison.Ordinal), "hs:battery", TimeSpan.FromSeconds(20), cancel);
            (string bar, _) = await stage.LookAsync(null, level == 17 ? "2-battery" : null, cancel);
            if (line != $"hs:battery {level}" || !bar.Contains($"{level}%-", StringComparison.Ordinal))
            {
                throw new TourException($"the host's battery is at {level} %; the guest says \"{line}\" and the trusted bar \"{bar}\"");
            }

            seen.Add($"{level} %");
        }

        await stage.Client.ReleasePowerAsync(cancel);
        return $"{string.Join(", ", seen)} in the guest's /sys and in the trusted bar";
    }

    private Task<string?> NobodySawChordsAsync()
    {
        int keys = 0;
        foreach (string guest in TourStage.TextGuests)
        {
            foreach (string line in stage.Serial(guest).Since(0, l => l.StartsWith("hs:key ", StringComparison.Ordinal)))
            {
                keys++;
                if (ChordKeys.Any(key => line.StartsWith($"hs:key {key} ", StringComparison.Ordinal)))
                {
                    throw new TourException($"{guest} saw {line}");
                }
            }
        }

        return keys > 0
            ? Task.FromResult<string?>($"{keys} key events in both guests, none of Right Ctrl or Esc")
            : throw new TourException("no guest has reported a single key event, so this proves nothing");
    }

    private async Task<string?> AttentionAsync()
    {
        await stage.PressAsync(Attention, 0, cancel);
        await NobodySawChordsAsync();
        return null;
    }

    private async Task<string?> DaemonDiesAsync()
    {
        await stage.PressAsync("leader 2", 2, cancel);
        int mark = stage.Serial("work").Mark();

        // The words are on their way through the seat when the daemon dies; they are paced, so most of them are typed without it.
        string text = $"echo the daemon is gone but the seat types on {_word}";
        foreach (string guest in TourStage.AllGuests)
        {
            _pids[guest] = (await stage.VmAsync(guest, cancel)).Pid;
        }

        Task typing = stage.Client.TypeAsync(text + "\n", cancel);
        await stage.Serial("work").WaitAsync(mark, line => line.StartsWith("hs:key ", StringComparison.Ordinal), "the first key", TimeSpan.FromSeconds(10), cancel);
        await stage.KillDaemonAsync(cancel);
        await Task.WhenAny(typing, Task.Delay(TimeSpan.FromSeconds(5), cancel));
        _ = typing.Exception;
        await stage.Serial("work").WaitAsync(mark, line => line == $"hs:cmd {text}", $"hs:cmd {text}", TimeSpan.FromSeconds(20), cancel);
        return "the guest got the whole line";
    }

    private async Task<string?> DaemonReturnsAsync()
    {
        int boots = Boots();
        await stage.StartDaemonAsync(cancel);
        foreach (string guest in TourStage.AllGuests)
        {
            VmStatus vm = await stage.StateAsync(guest, "running", v => v.State == VmState.Running, cancel);
            if (_pids[guest] != vm.Pid)
            {
                throw new TourException($"{guest} has process {vm.Pid}; it had {_pids[guest]}");
            }
        }

        await TourStage.UntilAsync("the seat's return to the daemon", async () => await stage.SeatAsync(cancel) is not null, cancel);
        return Boots() == boots ? $"processes {string.Join(" and ", _pids.Values)} go on, no guest has booted again" : throw new TourException("a guest has booted again");
    }

    private int Boots() => TourStage.AllGuests.Sum(guest => stage.Serial(guest).Since(0, line => line.StartsWith("hs:boot", StringComparison.Ordinal)).Length);

    private async Task<string?> SeatDiesAsync()
    {
        await stage.KillSeatAsync(cancel);
        await stage.StartSeatAsync(TourStage.AllGuests.Length, cancel);
        await stage.PressAsync("leader 2", 2, cancel);
        await stage.SeeAsync(null, $"work {_word}", null, cancel);
        return null;
    }

    private async Task<string?> PowerOffAsync()
    {
        await stage.PressAsync("leader 3", 3, cancel);
        int mark = stage.Serial("lab").Mark();
        await stage.Client.TypeAsync("poweroff\n", cancel);
        await stage.Serial("lab").WaitAsync(mark, line => line == "hs:poweroff", "hs:poweroff", TimeSpan.FromSeconds(20), cancel);
        VmStatus vm = await stage.StateAsync("lab", "off", v => v.State == VmState.Off, cancel);
        await stage.SeeAsync(null, "Lab is off.", "4-off", cancel);
        return vm.Reason;
    }

    private async Task<string?> StartFromConsoleAsync()
    {
        await stage.PressAsync(Attention, 0, cancel);
        await stage.Client.PressAsync("home", cancel);
        await stage.Client.PressAsync("down", cancel);
        await stage.Client.PressAsync("down", cancel);
        await stage.Client.PressAsync("s", cancel);
        await stage.StateAsync("lab", "running", v => v.State == VmState.Running, cancel);
        await ReadyAgainAsync("lab");
        return "home, down, down, s";
    }

    private async Task<string?> CrashAsync()
    {
        VmStatus before = await stage.VmAsync("lab", cancel);
        Process.GetProcessById(before.Pid!.Value).Kill();
        VmStatus after = await stage.StateAsync("lab", "restarted", v => v.State == VmState.Running && v.Generation > before.Generation, cancel);
        IReadOnlyList<string> events = await stage.Client.GetLogAsync("lab", "events", 20, cancel);
        string told = events.LastOrDefault(line => line.Contains("crash", StringComparison.OrdinalIgnoreCase))
            ?? throw new TourException($"the log of events does not tell of a crash: {string.Join(" | ", events)}");
        await ReadyAgainAsync("lab");
        await stage.LookAsync(0, "5-restarted", cancel);
        return $"restart {after.Restarts}; {told}";
    }

    private async Task<string?> StopAsync()
    {
        int[] marks = [.. TourStage.TextGuests.Select(g => stage.Serial(g).Mark())];
        await Task.WhenAll(TourStage.TextGuests.Select(g => stage.Client.ActAsync(g, VmAction.Stop, cancel)));
        for (int i = 0; i < marks.Length; i++)
        {
            string guest = TourStage.TextGuests[i];
            await stage.Serial(guest).WaitAsync(marks[i], line => line == "hs:poweroff", "hs:poweroff", TimeSpan.FromSeconds(5), cancel);
            await stage.StateAsync(guest, "off", v => v.State == VmState.Off, cancel);
        }

        await stage.LookAsync(0, "6-stopped", cancel);
        return "each guest says hs:poweroff before it is off";
    }

    /// <summary>Every run has a serial log of its own, so what stands in it was said in this run.</summary>
    private Task ReadyAgainAsync(string guest) =>
        stage.Serial(guest).WaitAsync(0, line => line == $"hs:ready {guest}", $"hs:ready {guest}", TimeSpan.FromSeconds(60), cancel);
}
