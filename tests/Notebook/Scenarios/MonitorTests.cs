using System.Text.Json.Nodes;
using Hyperspace.Tests.Notebook.Rig;

namespace Hyperspace.Tests.Notebook.Scenarios;

/// <summary>Two monitors that show two VMs, and either of them as the primary.</summary>
public sealed class MonitorTests
{
    private const int W = 17, E = 18;

    [Fact]
    public void ASecondMonitorShowsAVmOfItsOwnUnderItsBarAndRemembersIt()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        notebook.PlugMonitor(1, 1024, 768);
        notebook.See("the console is on the second screen", p => p.Shows(Rig.Notebook.Console), socket: 1);

        // The console's page Monitors: the second one, port 2.
        notebook.Press("d");
        notebook.Press("down");
        notebook.Press("2");
        notebook.Until("the second monitor has a port of its own", () => Second(notebook) is { } m && m["shows"]!.GetValue<string>() == "port");
        notebook.SwitchTo(1);
        Photo alpha = notebook.See("Alpha is on the first screen and has the keys", p => p.Shows(Rig.Notebook.Alpha) && p.Bar.Contains("has the keys", StringComparison.Ordinal), "alpha");
        Photo beta = notebook.See("Beta is on the second screen", p => p.Shows(Rig.Notebook.Beta) && p.Bar.Contains("no keys: 1 Alpha has them", StringComparison.Ordinal), "beta", socket: 1);
        Assert.Equal((1024, 768), (beta.Width, beta.Height));
        Assert.True(alpha.Count(0x3B82F6, 0, 0, 1280, Photo.BarHeight) > 400, "The first bar has Alpha's colour.");
        Assert.True(beta.Count(0x22C55E, 0, 0, 1024, Photo.BarHeight) > 400, "The second bar has Beta's colour.");
        Assert.Equal(0, beta.Count(Rig.Notebook.Beta, 0, 0, 1024, Photo.BarHeight));
        PressUntilSeen(notebook, "w", "alpha", W);
        Assert.DoesNotContain((W, true), notebook.KeysSeen("beta"));

        // The chord moves the keys; the pictures stay where they are.
        notebook.SwitchTo(2);
        notebook.See("the second screen has the keys", p => p.Shows(Rig.Notebook.Beta) && p.Bar.Contains("has the keys", StringComparison.Ordinal), "keys", socket: 1);
        notebook.See("Alpha stays on the first screen", p => p.Shows(Rig.Notebook.Alpha) && p.Bar.Contains("no keys: 2 Beta has them", StringComparison.Ordinal), "no-keys");
        PressUntilSeen(notebook, "e", "beta", E);
        Assert.DoesNotContain((E, true), notebook.KeysSeen("alpha"));

        notebook.UnplugMonitor(1);
        notebook.See("Beta, which has the keys, is on the only screen", p => p.Shows(Rig.Notebook.Beta), "unplugged");
        Assert.Equal("absent", Second(notebook)!["shows"]!.GetValue<string>());
        notebook.PlugMonitor(1, 1024, 768);
        notebook.See("Beta is on the second screen again", p => (p.Width, p.Height) == (1024, 768) && p.Shows(Rig.Notebook.Beta), "again", socket: 1);
        notebook.See("Alpha is on the first screen again", p => p.Shows(Rig.Notebook.Alpha));

        // The next seat knows it too.
        notebook.Sh("kill $(pgrep -o -f 'seat --output drm')");
        notebook.Until("the seat has ended", () => notebook.Status() is null);
        notebook.StartSeat();
        notebook.See("Beta is on the second screen of a new seat", p => p.Shows(Rig.Notebook.Beta), socket: 1);
        notebook.Press("ctrl", "alt", "esc");
        notebook.See("the console is on the first screen", p => p.Shows(Rig.Notebook.Console), "console");

        // The second monitor becomes the primary: the console is there, and the first one shows the same.
        notebook.Press("d");
        notebook.Press("down");
        notebook.Press("p");
        notebook.Until("the second monitor is the primary", () => First(notebook) is { } m && m["shows"]!.GetValue<string>() == "primary" && m["width"]!.GetValue<int>() == 1024);
        notebook.See("the console is on the second screen, in its size", p => (p.Width, p.Height) == (1024, 768) && p.Shows(Rig.Notebook.Console), "primary", socket: 1);
        notebook.SwitchTo(1);
        notebook.See("Alpha is on the second screen", p => p.Shows(Rig.Notebook.Alpha), socket: 1);
        notebook.See("the first one mirrors it", p => p.Shows(Rig.Notebook.Alpha));
        notebook.UnplugMonitor(1);
        notebook.See("the only screen has the seat in its own size", p => (p.Width, p.Height) == (1280, 800) && p.Shows(Rig.Notebook.Alpha) && p.BarRows == Photo.BarHeight);

        // It is the primary again, and comes with more pixels: text of 20 rows is what 192 columns on 1920 pixels have.
        notebook.PlugMonitor(1, 1920, 1080);
        notebook.See("Alpha is on the large screen, under a bar in its size", p => p.Width == 1920 && p.Shows(Rig.Notebook.Alpha) && p.BarRows == Photo.BarHeight + 4, "large", socket: 1);
        notebook.Press("ctrl", "alt", "esc");
        notebook.See("the console too", p => p.Width == 1920 && p.Shows(Rig.Notebook.Console) && p.BarRows == Photo.BarHeight + 4, "large-console", socket: 1);
    }

    private static JsonNode? First(Rig.Notebook notebook) => notebook.Status()?["monitors"]?[0];

    private static JsonNode? Second(Rig.Notebook notebook) => notebook.Status()?["monitors"]?.AsArray() is { Count: 2 } monitors ? monitors[1] : null;

    private static void PressUntilSeen(Rig.Notebook notebook, string key, string vm, int code) => notebook.Until($"{vm} sees the key", () =>
    {
        notebook.Press(key);
        return notebook.KeysSeen(vm).Contains((code, true));
    });
}
