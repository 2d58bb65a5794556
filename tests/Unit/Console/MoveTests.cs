using Hyperspace.Protocols.Control;
using static Hyperspace.Tests.Unit.ManagementConsole.ConsoleScreen;

namespace Hyperspace.Tests.Unit.ManagementConsole;

public class MoveTests
{
    [Fact]
    public void DownAndEnterSwapWithTheNextVm()
    {
        var screen = new ConsoleScreen().Press("m");
        Assert.Contains("Which port for Work?", screen.Text);
        screen.Press("Down");
        Assert.Contains("Work moves to port 2, and Lab gets its old place.", screen.Text);
        Assert.Matches("^↕  2 █ Work", screen.SelectedRow);
        Assert.Matches(" 1 █ Lab", screen.Text);
        Assert.Empty(screen.Backend.Asked);
        screen.Press("Enter");
        Assert.Equal(["move work 2"], screen.Backend.Asked);
        Assert.Contains("moving Work ...", screen.Text);
        screen.Backend.Answer();
        Assert.DoesNotContain("moving", screen.Text);
    }

    [Theory]
    [InlineData("7", "move work 7")]
    [InlineData("0", "move work off")]
    [InlineData("Delete", "move work off")]
    [InlineData("End", "move work 9")]
    public void ADigitChoosesThePort(string key, string asked) =>
        Assert.Equal([asked], new ConsoleScreen().Press("m", key, "Enter").Backend.Asked);

    [Fact]
    public void EscForgetsIt()
    {
        var screen = new ConsoleScreen().Press("m", "3", "Escape");
        Assert.Matches("^▸  1 █ Work", screen.SelectedRow);
        Assert.Empty(screen.Press("Escape").Backend.Asked);
    }

    [Fact]
    public void ItsOwnPortIsNotAskedFor()
    {
        var screen = new ConsoleScreen().Press("m", "Up", "Up", "Enter");
        Assert.Empty(screen.Backend.Asked);
        Assert.Matches("^▸  1 █ Work", screen.SelectedRow);
    }

    [Fact]
    public void PastTheLastPortComesNone()
    {
        var screen = new ConsoleScreen().Press("m", "9", "Down", "Down");
        Assert.Contains("Work leaves its port.", screen.Text);
        Assert.Equal(["move work 9"], screen.Press("Up", "Enter").Backend.Asked);
    }

    [Fact]
    public void OtherKeysDoNothingMeanwhile()
    {
        var screen = new ConsoleScreen().Press("m", "s", "t", "k", "r", "p", "l", "h", "Tab");
        Assert.Contains("Which port for Work?", screen.Text);
        Assert.Empty(screen.Backend.Asked);
    }

    [Fact]
    public void AVmThatGoesMeanwhileEndsTheMove()
    {
        var screen = new ConsoleScreen().Press("m", "3");
        screen.Tell(AVm("lab", 2, VmState.Off));
        Assert.Contains("The VM that was being moved is gone.", screen.Text);
        Assert.Equal(["Start lab"], screen.Press("s").Backend.Asked);
    }

    [Fact]
    public void ARefusalSaysWhy()
    {
        var screen = new ConsoleScreen().Press("m", "3", "Enter");
        screen.Backend.Answer("The file work.yaml cannot be written: the disk is full.");
        Assert.Contains("Work could not be moved", screen.Text);
        Assert.Contains("the disk is full", screen.Text);
    }
}
