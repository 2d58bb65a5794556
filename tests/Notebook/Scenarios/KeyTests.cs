using Hyperspace.Tests.Notebook.Rig;

namespace Hyperspace.Tests.Notebook.Scenarios;

/// <summary>Where the notebook's keys go. The evidence is what the VMs' kernels have logged.</summary>
[Collection("notebook")]
public sealed class KeyTests(NotebookFixture fixture)
{
    private const int KeyA = 30, KeyQ = 16, LeftShift = 42;

    private static readonly string[] Vms = ["alpha", "beta", "gamma"];

    [Fact]
    public void FiftySwitchesWithKeysHeldLeaveNoKeyDownAndLoseNone()
    {
        using Rig.Notebook notebook = fixture.Open();
        int before = notebook.Status()!["switches"]!.GetValue<int>();
        int[] pressed = new int[3];
        notebook.Down("a");
        for (int i = 0; i < 50; i++)
        {
            int port = i % 3 + 1;
            notebook.Chord(port);
            notebook.Press("q");
            pressed[port - 1]++;

            // The emulated keyboard holds sixteen events, and only the notebook knows how quickly it takes them.
            notebook.Sh("sleep 0.1");
        }

        notebook.Up("a");
        notebook.Until("all switches are made", () => notebook.Status()!["switches"]!.GetValue<int>() == before + 50);
        for (int i = 0; i < Vms.Length; i++)
        {
            string vm = Vms[i];
            int wanted = pressed[i];
            notebook.Until($"{vm} has all of its keys", () => notebook.KeysSeen(vm).Count(k => k == (KeyQ, false)) >= wanted);
            Assert.Equal(wanted, notebook.KeysSeen(vm).Count(k => k == (KeyQ, true)));
            Assert.Empty(notebook.HeldIn(vm));
        }
    }

    [Fact]
    public void TheAttentionKeyWorksWhileTheFocusedVmHangs()
    {
        using Rig.Notebook notebook = fixture.Open();
        notebook.SwitchTo(1);
        notebook.See("Alpha is on the screen", p => p.Shows(Rig.Notebook.Alpha));
        notebook.Press("f10");
        notebook.Sh("sleep 3");
        notebook.Press("ctrl", "alt", "esc");
        notebook.See("the console is on the screen", p => p.Shows(Rig.Notebook.Console), "console");
        notebook.SwitchTo(2);
        notebook.Press("q");
        notebook.Until("Beta has its key", () => notebook.KeysSeen("beta").Contains((KeyQ, false)));
        Assert.DoesNotContain((KeyQ, true), notebook.KeysSeen("alpha"));
    }

    [Fact]
    public void AVmThatIsKilledWhileFocusedLeavesTheSeatAndTheOthersUsable()
    {
        using Rig.Notebook notebook = fixture.Open();
        notebook.SwitchTo(1);
        notebook.See("Alpha is on the screen", p => p.Shows(Rig.Notebook.Alpha));
        notebook.Down("a");
        notebook.Sh("kill -9 $(pgrep -f guest=alpha)");
        notebook.See("the seat says that Alpha is gone", p => !p.Shows(Rig.Notebook.Alpha), "gone");
        notebook.Up("a");
        notebook.SwitchTo(2);
        notebook.See("Beta is on the screen", p => p.Shows(Rig.Notebook.Beta));
        notebook.Press("q");
        notebook.Until("Beta has its key", () => notebook.KeysSeen("beta").Contains((KeyQ, false)));
        Assert.DoesNotContain((KeyA, true), notebook.KeysSeen("beta"));
        Assert.Empty(notebook.HeldIn("beta"));
    }

    [Fact]
    public void AKeyboardThatIsUnpluggedWithShiftDownLetsItGo()
    {
        using Rig.Notebook notebook = fixture.Open();
        notebook.SwitchTo(1);
        notebook.Down("shift");
        notebook.Press("q");
        notebook.Until("Alpha holds Shift", () => notebook.HeldIn("alpha").Contains(LeftShift));
        notebook.Unplug("kbd0");
        notebook.Until("Alpha holds nothing", () => notebook.HeldIn("alpha").Length == 0);
    }

    [Fact]
    public void LockLightsFollowTheFocusedVm()
    {
        using Rig.Notebook notebook = fixture.Open();
        notebook.SwitchTo(1);
        Assert.DoesNotContain("1", notebook.Sh(CapsLights));
        notebook.Press("caps_lock");
        notebook.Until("the keyboard's light is on", () => notebook.Sh(CapsLights).Contains('1'));
        notebook.SwitchTo(2);
        notebook.Until("it is off for Beta", () => !notebook.Sh(CapsLights).Contains('1'));
        notebook.SwitchTo(1);
        notebook.Until("it is on for Alpha again", () => notebook.Sh(CapsLights).Contains('1'));
    }

    [Fact]
    public void ThePointerReachesAllCornersAndNothingBeyond()
    {
        using Rig.Notebook notebook = fixture.Open();
        notebook.SwitchTo(1);
        notebook.See("Alpha is on the screen", p => p.Shows(Rig.Notebook.Alpha));
        (int X, int Y)[] corners = [(-1, -1), (1, -1), (1, 1), (-1, 1)];
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
            ? (int.Parse(words[1], null), int.Parse(words[2], null))
            : null;

    private const string CapsLights = "cat /sys/class/leds/*::capslock/brightness | tr -d '\\n'";
}
