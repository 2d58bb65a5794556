using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Input;
using static Hyperspace.Tests.Unit.ManagementConsole.ConsoleScreen;

namespace Hyperspace.Tests.Unit.ManagementConsole;

public class MachinesPageTests
{
    [Fact]
    public void TheListShowsEachVmInARow()
    {
        string[] rows = new ConsoleScreen().Text.Split('\n');
        Assert.Equal("", rows[0]);
        Assert.StartsWith(" Hyperspace on thinkpad", rows[1]);
        Assert.EndsWith("CPU 23 %   memory 9.0 / 16 GiB", rows[1]);
        Assert.Matches("^  Port Name +State +CPU +Memory +Accel +Up for$", rows[3]);
        Assert.Matches("^▸  1 █ Work +● running +12 % +1\\.1 / 4 GiB +kvm +3 h 12 min$", rows[4]);
        Assert.Matches("^   2 █ Lab +· off +4 GiB +kvm$", rows[5]);
        Assert.Matches("^   3 █ Mail +● running", rows[6]);
        Assert.Equal(" Enter switch   S start   T stop    K kill   R reset   P pause   Space menu", rows[22]);
        Assert.Equal(" L log          M move    V sound   H host   W power   F1 help", rows[23]);
    }

    [Fact]
    public void AWideScreenShowsMetersAndNames()
    {
        string row = new ConsoleScreen(160, 49).SelectedRow;
        Assert.Matches("^▸  1 █ Work +work +● running +12 % ━─+ +1\\.1 / 4 GiB ━━━─+ +kvm +3 h 12 min$", row);
    }

    [Fact]
    public void ArrowsHomeAndEndMoveTheBarAndStopAtTheEnds()
    {
        var screen = new ConsoleScreen();
        Assert.Contains("Work", screen.Press("Up").SelectedRow);
        Assert.Contains("Lab", screen.Press("Down").SelectedRow);
        Assert.Contains("Mail", screen.Press("End").SelectedRow);
        Assert.Contains("Mail", screen.Press("Down").SelectedRow);
        Assert.Contains("Work", screen.Press("Home").SelectedRow);
        Assert.Contains("Mail", screen.Press("PageDown").SelectedRow);
        Assert.Contains("Work", screen.Press("PageUp").SelectedRow);
        Assert.Contains("Lab", screen.Press("2").SelectedRow);
        Assert.Contains("Lab", screen.Press("9").SelectedRow);
    }

    [Fact]
    public void ALongListScrollsWithTheBar()
    {
        var screen = new ConsoleScreen(80, 14);
        screen.Tell([.. Enumerable.Range(1, 30).Select(i => AVm($"vm{i}", i <= 9 ? i : null))]);
        for (int i = 1; i <= 30; i++)
        {
            Assert.Matches($" Vm{i} ", screen.SelectedRow);
            screen.Press("Down");
        }

        Assert.DoesNotContain(" Vm1 ", screen.Text);
        Assert.Matches(" Vm1 ", screen.Press("Home").SelectedRow);
    }

    [Fact]
    public void HomeDownSStartsTheSecondVm()
    {
        var screen = new ConsoleScreen();
        screen.Press("Home", "Down", "s");
        Assert.Equal(["Start lab"], screen.Backend.Asked);
        Assert.Contains("starting Lab ...", screen.Text);
        screen.Backend.Answer();
        Assert.DoesNotContain("starting", screen.Text);
        Assert.Equal(["Start lab"], screen.Backend.Asked);
    }

    [Fact]
    public void SeveralDeedsRunAtOnceAndEachOnlyOnce()
    {
        var screen = new ConsoleScreen();
        screen.Press("p", "Down", "s", "s", "Down", "p");
        Assert.Equal(["Pause work", "Start lab", "Pause mail"], screen.Backend.Asked);
        Assert.Contains("pausing Work ..., starting Lab ..., pausing Mail ...", screen.Text);
        screen.Backend.Answer(index: 1);
        Assert.Contains("pausing Work ..., pausing Mail ...", screen.Text);
    }

    [Fact]
    public void TheBarStaysOnItsVmWhenTheListChanges()
    {
        var screen = new ConsoleScreen().Press("End");
        screen.Tell(AVm("mail", 1), AVm("work", 2));
        Assert.Contains("Mail", screen.SelectedRow);
        screen.Tell(AVm("work", 2), AVm("other", 3));
        Assert.Contains("Work", screen.SelectedRow);
        screen.Tell();
        screen.Tell(AVm("other", 3));
        Assert.Contains("Other", screen.SelectedRow);
    }

    [Fact]
    public void EnterSwitchesToARunningVm()
    {
        Assert.Equal(["switch 3"], new ConsoleScreen().Press("End", "Enter").Backend.Asked);
    }

    [Fact]
    public void EnterStartsAVmThatIsOffAndThenSwitchesToIt()
    {
        var screen = new ConsoleScreen().Press("Down", "Enter", "Enter");
        Assert.Equal(["Start lab"], screen.Backend.Asked);
        screen.Tell(AVm("work", 1), AVm("lab", 4));
        screen.Backend.Answer();
        Assert.Equal(["Start lab", "switch 4"], screen.Backend.Asked);
    }

    [Fact]
    public void WhoGoesOnTypingIsNotSwitchedAway()
    {
        var screen = new ConsoleScreen().Press("Down", "Enter", "Up");
        screen.Backend.Answer();
        Assert.Equal(["Start lab"], screen.Backend.Asked);
    }

    [Fact]
    public void WhoHasSwitchedToAnotherGuestMeanwhileStaysThere()
    {
        var screen = new ConsoleScreen().Press("Down", "Enter");
        screen.Backend.Snapshot = screen.Backend.Snapshot! with { Seat = new SeatStatus(1, "work", "headless", 800, 600, [], 1, null, []) };
        screen.App.DataChanged();
        screen.Backend.Answer();
        Assert.Equal(["Start lab"], screen.Backend.Asked);
    }

    [Fact]
    public void AFailedStartSaysWhyAndDoesNotSwitch()
    {
        var screen = new ConsoleScreen().Press("Down", "Enter");
        screen.Backend.Answer("The disk lab.qcow2 is not there.");
        Assert.Contains("Lab could not be started", screen.Text);
        Assert.Contains("The disk lab.qcow2 is not there.", screen.Text);
        Assert.DoesNotContain("could not be started", screen.Press("Enter").Text);
        Assert.Equal(["Start lab"], screen.Backend.Asked);
    }

    [Fact]
    public void ABackendThatAnswersAtOnceIsAnsweredToo()
    {
        var screen = new ConsoleScreen();
        (screen.Backend.AnswersAtOnce, screen.Backend.Refusal) = (true, "No.");
        Assert.Contains("Lab could not be started", screen.Press("Down", "s").Text);
        screen.Backend.Refusal = null;
        screen.Press("Escape", "Enter");
        Assert.Equal(["Start lab", "Start lab", "switch 2"], screen.Backend.Asked);
    }

    [Theory]
    [InlineData(VmState.Off, "p", "X is off.")]
    [InlineData(VmState.Off, "t", "X is off.")]
    [InlineData(VmState.Running, "s", "X runs already.")]
    [InlineData(VmState.Paused, "s", "X runs already; P lets it go on.")]
    [InlineData(VmState.Starting, "t", "X is still starting.")]
    [InlineData(VmState.Stopping, "t", "X is stopping already; K ends it at once.")]
    [InlineData(VmState.Stopping, "p", "X is stopping.")]
    [InlineData(VmState.Stopping, "s", "X is still stopping; it can be started when it is off.")]
    [InlineData(VmState.Crashed, "k", "X has crashed and does not run.")]
    [InlineData(VmState.Invalid, "k", "X has errors in its definition; correct them first.")]
    public void WhatCannotBeDoneSaysWhy(VmState state, string key, string why)
    {
        var screen = new ConsoleScreen();
        screen.Tell(AVm("x", 1, state));
        screen.Press(key);
        Assert.Empty(screen.Backend.Asked);
        Assert.Contains(why, screen.Text);
        Assert.DoesNotContain(why, screen.Press("F5").Text);
    }

    [Fact]
    public void KeysThatCannotBeUsedAreDim()
    {
        var screen = new ConsoleScreen();
        int column = screen.Grid.TextOf(22).IndexOf("S start", StringComparison.Ordinal);
        var dim = screen.Grid[column, 22].Foreground;
        screen.Press("Down");
        Assert.NotEqual(dim, screen.Grid[column, 22].Foreground);
        Assert.Equal(dim, screen.Grid[screen.Grid.TextOf(22).IndexOf("T stop", StringComparison.Ordinal), 22].Foreground);
    }

    [Fact]
    public void PIsPauseOrResume()
    {
        var screen = new ConsoleScreen();
        screen.Tell(AVm("x", 1, VmState.Paused));
        Assert.Contains("P resume", screen.Text);
        screen.Press("P");
        screen.Tell(AVm("x", 1));
        screen.Press("p");
        Assert.Equal(["Resume x", "Pause x"], screen.Backend.Asked);
    }

    [Fact]
    public void LettersWithCtrlAreNotCommands()
    {
        var screen = new ConsoleScreen().Press("Down");
        screen.App.Key(Key("s", KeyModifiers.Ctrl));
        screen.App.Key(Key("s", KeyModifiers.Alt));
        Assert.Empty(screen.Backend.Asked);
        screen.App.Key(Key("S", KeyModifiers.Shift));
        Assert.Equal(["Start lab"], screen.Backend.Asked);
    }

    [Fact]
    public void TheReasonOfACrashIsShownForTheSelectedVm()
    {
        var screen = new ConsoleScreen();
        screen.Tell(AVm("x", 1, VmState.Crashed, "QEMU ended with signal 9."), AVm("y", 2, VmState.Off, "The guest powered itself off."));
        Assert.Contains("QEMU ended with signal 9.", screen.Text);
        Assert.DoesNotContain("QEMU ended with signal 9.", screen.Press("Down").Text);
        Assert.Contains("The guest powered itself off.", screen.Text);
    }

    [Fact]
    public void AnInvalidVmShowsAllOfItsErrorsWhenItIsStarted()
    {
        string errors = string.Join(" ", Enumerable.Range(1, 120).Select(i => $"error{i}"));
        var screen = new ConsoleScreen();
        screen.Tell(AVm("x", 1, VmState.Invalid, errors));
        screen.Press("s");
        Assert.Contains("X cannot be used", screen.Text);
        screen.Press("End");
        Assert.Contains("error120", screen.Text);
        Assert.Empty(screen.Press("Escape").Backend.Asked);
        Assert.DoesNotContain("cannot be used", screen.Text);
    }

    [Fact]
    public void AVmWithoutAPortCannotBeSwitchedTo()
    {
        var screen = new ConsoleScreen();
        screen.Tell(AVm("x", null));
        Assert.Contains("X is on no port; M gives it one.", screen.Press("Enter").Text);
        Assert.Empty(screen.Backend.Asked);
    }

    [Fact]
    public void WithoutADaemonNothingIsAskedButSwitchingWorks()
    {
        var screen = new ConsoleScreen();
        screen.Backend.Problem = "The daemon has ended. Running VMs go on.";
        screen.App.DataChanged();
        Assert.Contains(" The daemon has ended. Running VMs go on.", screen.Text);
        Assert.Contains("Only the daemon can do this.", screen.Press("p").Text);
        screen.Press("t", "y", "Enter", "Down", "Enter");
        Assert.Contains("Lab does not run, and only the daemon can start it.", screen.Text);
        Assert.Equal(["switch 1"], screen.Backend.Asked);
    }

    [Fact]
    public void BeforeTheDaemonsFirstWordThePageSaysWhatIsMissing()
    {
        var screen = new ConsoleScreen();
        (screen.Backend.Snapshot, screen.Backend.Problem) = (null, "No daemon is running.");
        screen.App.DataChanged();
        Assert.Contains("No daemon is running.", screen.Text);
        Assert.Contains("hyperspace daemon starts it.", screen.Text);
        Assert.Contains("There is no VM to do this to.", screen.Press("s").Text);
    }

    [Fact]
    public void WithoutVmsThePageSaysHowToCreateOne()
    {
        var screen = new ConsoleScreen();
        screen.Tell();
        Assert.Contains("There are no VMs yet.", screen.Text);
        Assert.Contains("hyperspace vm create NAME", screen.Text);
        screen.Press("Down", "End", "Enter", "t", "m", "l");
        Assert.Empty(screen.Backend.Asked);
        Assert.Empty(screen.Backend.AskedLogs);
    }

    [Fact]
    public void QuitIsOfferedOnlyWhereThereIsSomethingToLeaveFor()
    {
        var screen = new ConsoleScreen();
        Assert.DoesNotContain("Q quit", screen.Press("q", "F10").Text);
        int quits = 0;
        screen.App.Quit = () => quits++;
        Assert.Contains("Q quit", screen.Press("q", "F10").Text);
        Assert.Equal(2, quits);
    }

    [Fact]
    public void NamesThatLieAreMadeHarmless()
    {
        var screen = new ConsoleScreen();
        screen.Tell(AVm("x", 1, VmState.Crashed, "a\u001b[2Jb\u202Ec", "evil\u001b[31m\u200B\n\u0301"));
        Assert.Contains("evil�[31m���", screen.SelectedRow);
        Assert.Contains("a�[2Jb�c", screen.Text);
        Assert.DoesNotContain(screen.Text, c => (c < ' ' && c != '\n') || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format);
    }
}
