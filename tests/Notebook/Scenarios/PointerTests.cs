using System.Globalization;
using Hyperspace.Tests.Notebook.Rig;

namespace Hyperspace.Tests.Notebook.Scenarios;

/// <summary>Where the notebook's mouse goes: to positions in a VM with a tablet (Alpha), as motion in one with a PS/2 mouse (Gamma).</summary>
public sealed class PointerTests
{
    [Fact]
    public void ThePointerReachesAllCornersAndNothingBeyond()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        notebook.SwitchTo(1);
        notebook.See("Alpha is on the screen", p => p.Shows(Rig.Notebook.Alpha));

        // Not the upper left one first: a tablet that has not moved yet is there for the VM's kernel, which reports nothing that it knows already.
        (int X, int Y)[] corners = [(1, 1), (-1, 1), (-1, -1), (1, -1)];
        foreach ((int x, int y) in corners)
        {
            notebook.MoveMouse(x * 3000, y * 2000);
            notebook.Until($"the pointer is in the corner ({x}, {y})", () =>
            {
                notebook.MoveMouse(x, y);
                return LastPointer(notebook) is { } at && IsCorner(at.X, x) && IsCorner(at.Y, y);
            });
        }
    }

    /// <summary>A virtio tablet has 0 to 32767 on both axes; a pixel is up to 43 of them.</summary>
    private static bool IsCorner(int position, int side) => side < 0 ? position <= 64 : position >= 32767 - 64;

    private static (int X, int Y)? LastPointer(Rig.Notebook notebook) =>
        notebook.Log("alpha").LastOrDefault(line => line.StartsWith("hs:pointer", StringComparison.Ordinal))?.Split(' ') is { Length: 3 } words
            ? (int.Parse(words[1], CultureInfo.InvariantCulture), int.Parse(words[2], CultureInfo.InvariantCulture))
            : null;

    [Fact]
    public void AVmWithAMouseGetsMotionInAllDirections()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        notebook.SwitchTo(3);
        notebook.See("Gamma is on the screen", p => p.Shows(Rig.Notebook.Gamma));
        (int X, int Y)[] directions = [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, -1)];
        foreach ((int x, int y) in directions)
        {
            // A PS/2 mouse's packet whose bytes come half a second apart is thrown away by the VM's kernel (psmouse), so a slow notebook's mouse is moved until it is seen.
            int before = notebook.Log("gamma").Length;
            notebook.Until($"Gamma's mouse has moved by ({x}, {y})", () =>
            {
                notebook.MoveMouse(x * 60, y * 60);
                (int sumX, int sumY) = Motion(notebook, before);
                return (x == 0 ? Math.Abs(sumX) < Math.Abs(sumY) : Math.Sign(sumX) == x) && (y == 0 ? Math.Abs(sumY) < Math.Abs(sumX) : Math.Sign(sumY) == y);
            });
        }

        // What is behind the motions has come, so they have.
        notebook.Press("q");
        notebook.Until("Gamma has its key", () => notebook.KeysSeen("gamma").Contains((16, false)));

        // Positions are for the other VM alone.
        Assert.DoesNotContain(notebook.Log("gamma"), line => line.StartsWith("hs:pointer", StringComparison.Ordinal));
        int seen = notebook.Log("gamma").Length;
        notebook.SwitchTo(1);
        notebook.Until("the pointer moves in Alpha", () =>
        {
            notebook.MoveMouse(40, 40);
            return LastPointer(notebook) is not null;
        });
        Assert.Equal(seen, notebook.Log("gamma").Length);
    }

    /// <summary>How far Gamma's mouse has gone since its log had that many lines. The seat's acceleration makes it more or less than what the hand did.</summary>
    private static (int X, int Y) Motion(Rig.Notebook notebook, int since)
    {
        (int x, int y) = (0, 0);
        foreach (string[] words in notebook.Log("gamma").Skip(since).Select(line => line.Split(' ')).Where(words => words is ["hs:motion", _, _]))
        {
            (x, y) = (x + int.Parse(words[1], CultureInfo.InvariantCulture), y + int.Parse(words[2], CultureInfo.InvariantCulture));
        }

        return (x, y);
    }
}
