using System.Diagnostics;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Display.Text;
using static Hyperspace.Tests.Unit.ManagementConsole.ConsoleScreen;

namespace Hyperspace.Tests.Unit.ManagementConsole;

public class DrawingTests
{
    private static readonly string[][] EveryPage =
        [[], ["Down"], ["t"], ["t", "Left"], [" "], ["m", "2"], ["l"], ["l", "Tab"], ["h"], ["h", "End"], ["?"], ["?", "End"], ["End", "Enter", "s"]];

    [Fact]
    public void ChangedIsRaisedOnlyWhenSomethingVisibleChanges()
    {
        var screen = new ConsoleScreen();
        screen.App.DataChanged();
        screen.Press("Up", "Tab", "Escape", "0");
        screen.Backend.Snapshot = screen.Backend.Snapshot! with { Seat = new SeatStatus(0, null, "headless", 800, 600, [], 7, 1.5, []) };
        screen.App.DataChanged();
        Assert.Equal(0, screen.Changes);
        screen.Press("Down");
        Assert.Equal(1, screen.Changes);
        screen.Now += TimeSpan.FromSeconds(59);
        screen.App.DataChanged();
        Assert.Equal(1, screen.Changes);
        screen.Now += TimeSpan.FromSeconds(1);
        screen.App.DataChanged();
        Assert.Equal(2, screen.Changes);
    }

    [Fact]
    public void AnAnswerThatCanBeSeenAsksToBeDrawn()
    {
        var screen = new ConsoleScreen().Press("p");
        int before = screen.Changes;
        screen.Backend.Answer();
        Assert.Equal(before + 1, screen.Changes);
    }

    [Fact]
    public void ADifferentSizeIsDrawnWhole()
    {
        var screen = new ConsoleScreen();
        foreach (string[] keys in EveryPage)
        {
            var fresh = new ConsoleScreen(120, 40).Press(keys);
            var resized = new ConsoleScreen().Press(keys);
            resized.Grid.Resize(40, 10);
            resized.Draw();
            resized.Grid.Resize(120, 40);
            Assert.Equal(fresh.Text, resized.Text);
        }
    }

    [Fact]
    public void TheSmallestScreensShowWhatFits()
    {
        var screen = new ConsoleScreen(40, 10);
        Assert.Contains("Hyperspace", screen.Text);
        Assert.Matches("▸  1 █ Work +● running", screen.Text);
        Assert.Contains("Enter switch", screen.Text);
        Assert.Contains("▸ No", screen.Press("t").Text);
        foreach (string[] keys in EveryPage)
        {
            for (int columns = 1; columns <= 44; columns += 6)
            {
                for (int rows = 1; rows <= 12; rows++)
                {
                    Assert.Equal(rows, new ConsoleScreen(columns, rows).Press(keys).Text.Split('\n').Length);
                }
            }
        }
    }

    [Theory]
    [InlineData(80, 24)]
    [InlineData(160, 49)]
    public void DrawingAllocatesNothing(int columns, int rows)
    {
        var screen = new ConsoleScreen(columns, rows);
        screen.Tell([.. Enumerable.Range(1, 9).Select(i => AVm($"vm{i}", i, (VmState)(i % 7), "A reason that is shown below the list."))]);
        foreach (string[] keys in (string[][])[[], ["l"], ["h"], ["?"]])
        {
            screen.Press("Escape").Press(keys);
            if (screen.Backend.PendingLogs > 0)
            {
                screen.Backend.AnswerLog([.. Enumerable.Range(1, 200).Select(i => $"line {i}")]);
            }

            Assert.True(SomeDrawAllocatesNothing(screen), $"every draw of {string.Join(" ", keys)} allocates");
        }
    }

    /// <summary>
    /// The first draws pay for what the runtime does once and run code that it has not optimised yet, which comes late while the tests beside this one have code compiled all the time; what the code itself
    /// allocates is in every draw, however long one waits.
    /// </summary>
    private static bool SomeDrawAllocatesNothing(ConsoleScreen screen)
    {
        var watch = Stopwatch.StartNew();
        for (int i = 0; BytesOfADraw(screen) != 0; i++)
        {
            if (watch.Elapsed > TimeSpan.FromMinutes(2))
            {
                return false;
            }

            Thread.Sleep(i < 50 ? 0 : 20);
        }

        return true;
    }

    private static long BytesOfADraw(ConsoleScreen screen)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        screen.Draw();
        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    [Fact]
    public void EveryCharacterOfThePagesIsInTheConsoleFont()
    {
        PsfFont? font = SystemFont.Load(out string? problem);
        Assert.True(font is not null, problem);
        foreach (string[] keys in EveryPage)
        {
            foreach ((int columns, int rows) in ((int, int)[])[(80, 24), (160, 49)])
            {
                Assert.All(new ConsoleScreen(columns, rows).Press(keys).Text.Where(c => c != '\n').Distinct(), c => Assert.True(font.Contains(c), $"{c} U+{(int)c:X4}"));
            }
        }
    }
}
