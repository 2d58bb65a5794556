using Hyperspace.Tests.Notebook.Rig;

namespace Hyperspace.Tests.Notebook.Scenarios;

/// <summary>What the notebook's screen shows.</summary>
public sealed class ScreenTests
{
    private const int BarHeight = Photo.BarHeight;

    [Fact]
    [Trait("Part", "core")]
    public void ConsoleAndTwoVmsAreSeenUnderTheBar()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        Photo console = notebook.See("the console is on the screen", p => p.Shows(Rig.Notebook.Console), "console");
        Assert.Equal((1280, 800), (console.Width, console.Height));
        Assert.Equal(0, console.Count(Rig.Notebook.Alpha, 0, BarHeight, 1280, 100));

        notebook.SwitchTo(1);
        Photo alpha = notebook.See("Alpha is on the screen", p => p.Shows(Rig.Notebook.Alpha), "alpha");
        Assert.Equal(0, alpha.Count(Rig.Notebook.Alpha, 0, 0, 1280, BarHeight));
        Assert.True(alpha.Count(0x3B82F6, 0, 0, 1280, BarHeight) > 400, "The bar has Alpha's colour.");

        notebook.SwitchTo(2);
        Photo beta = notebook.See("Beta is on the screen", p => p.Shows(Rig.Notebook.Beta), "beta");
        Assert.True(beta.Count(0x22C55E, 0, 0, 1280, BarHeight) > 400, "The bar has Beta's colour.");
        Assert.Equal(0, beta.Count(Rig.Notebook.Alpha, 0, 0, 1280, 700));
    }

    [Fact]
    [Trait("Part", "core")]
    public void AVmThatDrawsAFalseBarStaysBelowTheRealOne()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        notebook.SwitchTo(1);
        notebook.See("Alpha is on the screen", p => p.Shows(Rig.Notebook.Alpha));
        notebook.Press("f9");
        Photo photo = notebook.See("the false bar is on the screen", p => p.Count(0xFF2020, 0, BarHeight, 1280, BarHeight) > 1280 * BarHeight / 2, "false-bar");
        Assert.Equal(0, photo.Count(0xFF2020, 0, 0, 1280, BarHeight));
        Assert.True(photo.Count(0x3B82F6, 0, 0, 1280, BarHeight) > 400, "The bar has Alpha's own colour.");
    }

    [Fact]
    public void AnotherVirtualTerminalGetsTheScreenAndTheSeatComesBack()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        notebook.SwitchTo(1);
        notebook.See("Alpha is on the screen", p => p.Shows(Rig.Notebook.Alpha));

        notebook.Sh("chvt 2 && printf '\\033[41m\\033[2J\\033[H written by terminal 2' >/dev/tty2");
        notebook.See("the text console is on the screen", p => p.Shows(0xAA0000), "text-console");
        notebook.Press("q");
        notebook.Sh("sleep 1");
        Assert.DoesNotContain((16, true), notebook.KeysSeen("alpha"));

        notebook.Sh("chvt 1");
        notebook.See("Alpha is back", p => p.Shows(Rig.Notebook.Alpha), "back");
        notebook.Until("a key arrives in Alpha again", () =>
        {
            notebook.Press("w");
            return notebook.KeysSeen("alpha").Contains((17, true));
        });
    }

    [Fact]
    [Trait("Part", "core")]
    public void ASeatThatIsKilledWithAKeyDownLeavesTheTextConsoleUsableAndNoKeyDownInTheVms()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        notebook.SwitchTo(1);
        notebook.See("Alpha is on the screen", p => p.Shows(Rig.Notebook.Alpha));
        Assert.Contains("graphics", notebook.Sh(ConsoleMode));
        notebook.Down("a");
        notebook.Until("Alpha holds the key", () => notebook.HeldIn("alpha").Length == 1);

        notebook.Sh("kill -9 $(pgrep -o -f 'seat --output drm')");
        notebook.Until("Alpha holds nothing", () => notebook.HeldIn("alpha").Length == 0);
        notebook.Until("the console is a text console", () => notebook.Sh(ConsoleMode).Contains("text", StringComparison.Ordinal));
        notebook.Sh("printf '\\033[2J\\033[H\\033[41m\\033[2J written by the text console' >/dev/tty1");
        notebook.See("what is written to the text console is seen", p => p.Shows(0xAA0000), "text");

        notebook.Up("a");
        notebook.StartSeat();
        notebook.SwitchTo(1);
        notebook.See("Alpha goes on", p => p.Shows(Rig.Notebook.Alpha), "again");
    }

    [Fact]
    public void AMonitorOfAnotherSizeIsUsedInItsOwnSize()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        notebook.PlugMonitor(0, 1920, 1080);
        notebook.See("the console has the new size", p => (p.Width, p.Height) == (1920, 1080) && p.Shows(Rig.Notebook.Console), "large");
        notebook.Until("the seat says so too", () => notebook.Status()!["width"]!.GetValue<int>() == 1920);
        notebook.SwitchTo(1);
        Photo alpha = notebook.See("Alpha is on the large screen", p => p.Count(Rig.Notebook.Alpha, 0, 0, 1920, 1080) > 1280 * 700, "alpha");
        Assert.Equal(0, alpha.Count(Rig.Notebook.Alpha, 0, 0, 1920, BarHeight));
    }

    [Fact]
    public void ASecondMonitorShowsTheSame()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        notebook.PlugMonitor(1, 1024, 768);
        notebook.See("the console is on the second screen", p => p.Shows(Rig.Notebook.Console), "console", socket: 1);
        notebook.SwitchTo(1);
        notebook.See("Alpha is on the second screen", p => p.Shows(Rig.Notebook.Alpha), "alpha", socket: 1);
        notebook.See("Alpha is on the first screen", p => p.Shows(Rig.Notebook.Alpha));
    }

    /// <summary>KDGETMODE (ioctl_console(2)): 0 is text, 1 graphics.</summary>
    private const string ConsoleMode =
        "perl -e 'open(my $t, \"<\", \"/dev/tty0\") or die; my $m = pack(\"l\", 7); ioctl($t, 0x4B3B, $m) or die \"$!\"; print unpack(\"l\", $m) ? \"graphics\" : \"text\"'";
}
