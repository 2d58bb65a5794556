using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Input;
using static Hyperspace.Tests.Unit.ManagementConsole.ConsoleScreen;

namespace Hyperspace.Tests.Unit.ManagementConsole;

public class PagesTests
{
    private static string[] Lines(int from, int count) => [.. Enumerable.Range(from, count).Select(i => $"line {i}.")];

    [Fact]
    public void TheLogFollowsItsEnd()
    {
        var screen = new ConsoleScreen().Press("l");
        Assert.Contains("Logs of Work", screen.Text);
        Assert.Contains("The daemon is asked for it ...", screen.Text);
        screen.Backend.AnswerLog(Lines(1, 100));
        Assert.Contains("line 100.", screen.Text);
        Assert.Contains("following the end", screen.Text);
        Assert.DoesNotContain("line 1.", screen.Text);
        screen.App.DataChanged();
        screen.Backend.AnswerLog(Lines(1, 101));
        Assert.Contains("line 101.", screen.Text);
    }

    [Fact]
    public void ScrollingStaysInItsPlaceWhenLinesComeAndGo()
    {
        var screen = new ConsoleScreen().Press("l");
        screen.Backend.AnswerLog(Lines(1, 1000));
        screen.Press("Home", "PageDown", "PageDown", "Down");
        string first = screen.Text.Split('\n').First(row => row.StartsWith(" line", StringComparison.Ordinal));
        Assert.DoesNotContain("following", screen.Text);
        screen.Press("F5").Backend.AnswerLog(Lines(8, 1000));
        Assert.Equal(first, screen.Text.Split('\n').First(row => row.StartsWith(" line", StringComparison.Ordinal)));
        screen.Press("End", "F5").Backend.AnswerLog(Lines(9, 1000));
        Assert.Contains("line 1008.", screen.Text);
    }

    [Fact]
    public void TabGoesThroughTheLogs()
    {
        var screen = new ConsoleScreen().Press("l", "Tab", "Right", "Tab", "Left");
        screen.App.Key(Key("Tab", KeyModifiers.Shift));
        Assert.Equal(["work serial", "work qemu", "work events", "work serial", "work events", "work qemu"], screen.Backend.AskedLogs);
        Assert.Contains("▸QEMU", screen.Text);
    }

    [Fact]
    public void AnswersOfEarlierQuestionsAreNotShown()
    {
        var screen = new ConsoleScreen().Press("l", "F5");
        screen.Backend.AnswerLog(["new"], index: 1);
        screen.Backend.AnswerLog(["old"]);
        Assert.Contains("new", screen.Text);
        Assert.DoesNotContain("old", screen.Text);
    }

    [Fact]
    public void ALogThatNeverComesIsAskedForOnceAndCanBeLeft()
    {
        var screen = new ConsoleScreen().Press("l");
        screen.App.DataChanged();
        screen.App.DataChanged();
        Assert.Single(screen.Backend.AskedLogs);
        Assert.Contains("Hyperspace on", screen.Press("Escape").Text);
        screen.Backend.AnswerLog(["late"]);
        Assert.DoesNotContain("late", screen.Text);
    }

    [Fact]
    public void ALogIsNotReadWhileAGuestHasTheScreen()
    {
        var screen = new ConsoleScreen().Press("l");
        screen.Backend.AnswerLog(["a"]);
        screen.Backend.Snapshot = screen.Backend.Snapshot! with { Seat = new SeatStatus(1, "work", "headless", 800, 600, [], 1, null, []) };
        screen.App.DataChanged();
        Assert.Single(screen.Backend.AskedLogs);
        screen.Backend.Snapshot = screen.Backend.Snapshot! with { Seat = screen.Backend.Snapshot.Seat! with { Port = 0 } };
        screen.App.DataChanged();
        Assert.Equal(2, screen.Backend.AskedLogs.Count);
    }

    [Fact]
    public void AnErrorTakesTheLogsPlaceUntilItComes()
    {
        var screen = new ConsoleScreen().Press("l");
        screen.Backend.AnswerLog(null, "There is no VM called work.");
        Assert.Contains("There is no VM called work.", screen.Text);
        screen.Press("F5").Backend.AnswerLog([]);
        Assert.Contains("Nothing has been written here.", screen.Text);
    }

    [Fact]
    public void WhatAGuestWritesNeverReachesTheScreenRaw()
    {
        var screen = new ConsoleScreen().Press("l");
        screen.Backend.AnswerLog(["\u001b[0;32m[  OK  ]\u001b[0m Started", "�[1mdaemon's�[0m", "bell\a tab\tnull\0 bidi\u202Eabc \u001b]0;title\a", "emoji😀|"]);
        Assert.Contains(" [  OK  ] Started\n", screen.Text);
        Assert.Contains(" daemon's\n", screen.Text);
        Assert.Contains("bell� tab       null� bidi�abc �]0;title�", screen.Text);
        Assert.Contains("emoji�|", screen.Text);
    }

    [Fact]
    public void LongLinesAreWrapped()
    {
        var screen = new ConsoleScreen(60, 24).Press("l");
        screen.Backend.AnswerLog([string.Join(' ', Enumerable.Range(1, 30).Select(i => $"word{i}"))]);
        Assert.All(Enumerable.Range(1, 30), i => Assert.Matches($"word{i}( |\n|$)", screen.Text));
    }

    [Fact]
    public void TheHostPageTellsAllOfTheHost()
    {
        var screen = new ConsoleScreen(100, 40).Press("h");
        Assert.Matches("Processor +Example CPU at 3 GHz, 4 CPUs", screen.Text);
        Assert.Matches("CPU +━+─+ +23 % in use", screen.Text);
        Assert.Matches("Memory +━+─+ +9 GiB of 16 GiB", screen.Text);
        Assert.Matches("VMs' disk +━+─+ +69 GiB of 500 GiB, 431 GiB free", screen.Text);
        Assert.Matches("Accelerator +KVM. The CPU has hardware virtualisation and /dev/kvm opens.", screen.Text);
        Assert.Matches("Up for +3 d 3 h", screen.Text);
        Assert.Matches("Nothing: all that", screen.Text);
        Assert.Matches("Hyperspace +0.1.0\n +QEMU +10.0.2\n +Linux +6.12.41-amd64", screen.Text);
        Assert.Contains("Hyperspace on thinkpad", screen.Press("Escape").Text);
    }

    [Fact]
    public void WhatIsDegradedIsToldWithItsRemedy()
    {
        var screen = new ConsoleScreen(80, 40);
        var slow = new Degradation("CPUs are emulated", "There is no /dev/kvm.", "Switch virtualisation on in the firmware's set-up, which is reached with a key while the computer starts.");
        screen.Backend.Snapshot = screen.Backend.Snapshot! with { Host = AHost(slow) };
        screen.App.DataChanged();
        Assert.Contains("! 1 degraded", screen.Text);
        screen.Press("H");
        Assert.Contains("! CPUs are emulated", screen.Text);
        Assert.Matches("Why +There is no /dev/kvm.", screen.Text);
        Assert.Matches("Remedy +Switch virtualisation on in the firmware's set-up, which is\n +reached with a key", screen.Text);
    }

    [Fact]
    public void HelpNamesEveryKeyAndScrolls()
    {
        var screen = new ConsoleScreen(80, 24).Press("F1");
        Assert.Contains("Ctrl+Alt+Esc", screen.Text);
        Assert.DoesNotContain("In a question", screen.Text);
        screen.Press("End");
        Assert.Contains("Arrows, Enter", screen.Text);
        Assert.DoesNotContain("Ctrl+Alt+Esc", screen.Text);
        Assert.Contains("Ctrl+Alt+Esc", screen.Press("Home").Text);
        Assert.Contains("Hyperspace on", screen.Press("q").Text);
    }

    [Fact]
    public void HelpWithoutASeatDoesNotSpeakOfChords()
    {
        var screen = new ConsoleScreen();
        screen.Backend.CanSwitch = false;
        screen.Press("?");
        Assert.Contains("runs in a terminal without a seat", screen.Text);
        Assert.DoesNotContain("Right Ctrl", screen.Text);
    }

    [Fact]
    public void HelpOpensFromEveryPageAndLeadsBackToIt()
    {
        var screen = new ConsoleScreen().Press("l", "F1");
        Assert.Contains("Switching, from everywhere", screen.Text);
        Assert.Contains("Logs of Work", screen.Press("F1", "Escape").Text);
    }
}
