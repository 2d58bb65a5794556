using Hyperspace.Protocols.Control;
using static Hyperspace.Tests.Unit.ManagementConsole.ConsoleScreen;

namespace Hyperspace.Tests.Unit.ManagementConsole;

public class DialogTests
{
    [Theory]
    [InlineData("t", "Stop")]
    [InlineData("k", "Kill")]
    [InlineData("r", "Reset")]
    public void WhatDestroysAsksFirst(string key, string action)
    {
        var screen = new ConsoleScreen().Press(key);
        Assert.Contains($"{action} Work?", screen.Text);
        Assert.Contains($"Yes, {action.ToLowerInvariant()}", screen.Text);
        Assert.Empty(screen.Backend.Asked);
        screen.Press("y");
        Assert.Equal([$"{action} work"], screen.Backend.Asked);
        Assert.DoesNotContain($"{action} Work?", screen.Text);
    }

    [Theory]
    [InlineData("Enter")]
    [InlineData("n")]
    [InlineData("Escape")]
    [InlineData("Backspace")]
    [InlineData("Left", "Right", "Enter")]
    [InlineData("Tab", "Escape")]
    public void NoIsTheDefault(params string[] keys)
    {
        var screen = new ConsoleScreen().Press("t").Press(keys);
        Assert.Empty(screen.Backend.Asked);
        Assert.DoesNotContain("Stop Work?", screen.Text);
    }

    [Theory]
    [InlineData("Left")]
    [InlineData("Up")]
    [InlineData("Tab")]
    public void ArrowsChooseYes(string arrow)
    {
        var screen = new ConsoleScreen().Press("k");
        Assert.Contains("▸ No", screen.Text);
        Assert.Contains("▸ Yes, kill", screen.Press(arrow).Text);
        Assert.Equal(["Kill work"], screen.Press("Enter").Backend.Asked);
    }

    [Fact]
    public void KeysBelongToTheQuestionWhileItIsOpen()
    {
        var screen = new ConsoleScreen().Press("t", "t", "k", "s", "Down", "1", "h");
        Assert.Contains("Stop Work?", screen.Text);
        Assert.Empty(screen.Backend.Asked);
    }

    [Fact]
    public void AYesForAnEarlierRunDoesNothing()
    {
        var screen = new ConsoleScreen().Press("k");
        screen.Tell(AVm("work", 1) with { Generation = 2 });
        screen.Press("y");
        Assert.Empty(screen.Backend.Asked);
        Assert.Contains("Work has been started again since you were asked; nothing was done.", screen.Text);
    }

    [Fact]
    public void AYesForAVmThatHasEndedDoesNothing()
    {
        var screen = new ConsoleScreen().Press("k");
        screen.Tell(AVm("work", 1, VmState.Off));
        Assert.Contains("Work is off.", screen.Press("y").Text);
        screen.Tell(AVm("work", 1));
        screen.Press("k");
        screen.Tell();
        Assert.Contains("Work is gone.", screen.Press("y").Text);
        Assert.Empty(screen.Backend.Asked);
    }

    [Fact]
    public void AMessageWaitsUntilAQuestionIsAnswered()
    {
        var screen = new ConsoleScreen().Press("p", "k");
        screen.Backend.Answer("QEMU does not answer.");
        Assert.DoesNotContain("could not be paused", screen.Text);
        Assert.Contains("Work could not be paused", screen.Press("n").Text);
        Assert.DoesNotContain("could not be paused", screen.Press("Enter").Text);
    }

    [Fact]
    public void MessagesAreShownOneAfterTheOther()
    {
        var screen = new ConsoleScreen().Press("p", "Down", "s");
        screen.Backend.Answer("First.");
        screen.Backend.Answer("Second.");
        Assert.Contains("Work could not be paused", screen.Text);
        Assert.Contains("Lab could not be started", screen.Press("Escape").Text);
        Assert.DoesNotContain("could not", screen.Press("Escape").Text);
    }

    [Fact]
    public void EveryDeedIsInTheMenuAndReachedWithArrowsAndEnter()
    {
        Assert.Contains("switch 1", Chosen(0));
        Assert.Contains("Stop Work?", Chosen(2));
        Assert.Contains("Kill Work?", Chosen(3));
        Assert.Contains("Reset Work?", Chosen(4));
        Assert.Contains("Pause work", Chosen(5));
        Assert.Contains("Logs of Work", Chosen(6));
        Assert.Contains("Which port for Work?", Chosen(7));
        Assert.Contains("Example CPU", Chosen(8));
        Assert.Contains("nothing about power yet", Chosen(9));
        Assert.Contains("Switching, from everywhere", Chosen(10));
        Assert.Contains("quit", Chosen(11));
    }

    /// <summary>Opens the menu with an arrow, goes down so far, and presses Enter.</summary>
    private static string Chosen(int down)
    {
        var screen = new ConsoleScreen(80, 40);
        screen.App.Quit = () => screen.Backend.Asked.Add("quit");
        screen.Press("Right").Press([.. Enumerable.Repeat("Down", down)]).Press("Enter");
        return $"{screen.Text}\n{string.Join('\n', screen.Backend.Asked)}";
    }

    [Fact]
    public void TheMenuTakesLettersAndSaysWhyNot()
    {
        var screen = new ConsoleScreen().Press(" ");
        Assert.Contains("Move it to another port", screen.Text);
        Assert.DoesNotContain("Quit", screen.Text);
        Assert.Contains("Work runs already.", screen.Press("s").Text);
        Assert.Empty(screen.Backend.Asked);
        Assert.Equal(["Pause work"], screen.Press("p").Backend.Asked);
        Assert.DoesNotContain("Move it to another port", screen.Text);
        Assert.Contains("Stop Work?", screen.Press("a", "t").Text);
    }

    [Fact]
    public void TheMenuFollowsTheVmsState()
    {
        var screen = new ConsoleScreen().Press(" ", "Down", "Down", "Down", "Down", "Down");
        screen.Tell(AVm("work", 1, VmState.Paused));
        Assert.Contains("Resume", screen.Text);
        screen.Tell();
        Assert.DoesNotContain("Resume", screen.Text);
        Assert.Contains("About this computer", screen.Text);
        screen.Press("Home", "Enter");
        Assert.Contains("Example CPU", screen.Text);
        Assert.Empty(screen.Backend.Asked);
    }

    [Fact]
    public void WithoutASeatEnterOpensTheMenu()
    {
        var screen = new ConsoleScreen();
        screen.Backend.CanSwitch = false;
        Assert.DoesNotContain("Enter switch", screen.Text);
        screen.Press("Enter");
        Assert.Contains("There is no seat here", screen.Text);
        Assert.Empty(screen.Press("Enter", "Enter").Backend.Asked);
        Assert.DoesNotContain("There is no seat here", screen.Press("Escape").Text);
    }
}
