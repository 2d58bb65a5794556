using System.Text.RegularExpressions;
using Hyperspace.Tests.Notebook.Rig;

namespace Hyperspace.Tests.Notebook.Scenarios;

/// <summary>Where the notebook's keys go. The evidence is what the VMs' kernels have logged.</summary>
public sealed partial class KeyTests
{
    private const int Esc = 1, KeyA = 30, KeyE = 18, KeyQ = 16, KeyW = 17, LeftShift = 42;

    private static readonly string[] Vms = ["alpha", "beta", "gamma"];

    [Fact]
    public void FiftySwitchesWithKeysHeldLeaveNoKeyDownAndLoseNone()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
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
            int made = before + i + 1;
            notebook.Until($"switch {i + 1} is made", () => notebook.Status()?["switches"]?.GetValue<int>() == made);
        }

        notebook.Up("a");
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
    [Trait("Part", "core")]
    public void TheAttentionKeyWorksWhileTheFocusedVmHangs()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
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
    [Trait("Part", "core")]
    public void ChordsAndTheAttentionKeyWorkWhileKeysAreStuck()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        notebook.SwitchTo(1);
        notebook.Down("shift");
        notebook.Down("a");
        notebook.Until("Alpha holds both", () => notebook.HeldIn("alpha") is [KeyA, LeftShift]);

        notebook.SwitchTo(2);
        notebook.Until("Beta holds the modifier", () => notebook.HeldIn("beta") is [LeftShift]);
        notebook.Until("Alpha holds nothing", () => notebook.HeldIn("alpha").Length == 0);

        notebook.Press("ctrl", "alt", "esc");
        notebook.Until("the console has the focus", () => notebook.Status()?["port"]?.GetValue<int>() == 0);
        notebook.Until("Beta holds nothing", () => notebook.HeldIn("beta").Length == 0);
        Assert.DoesNotContain(notebook.KeysSeen("beta"), k => k.Code is KeyA or Esc);
    }

    [Fact]
    public void AChordDuringAnAutoRepeatEndsTheRepeat()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        notebook.SwitchTo(1);
        notebook.Down("a");
        notebook.Until("Alpha repeats the key", () => notebook.Log("alpha").Count(line => line == $"hs:key {KeyA} 2") > 3);

        notebook.SwitchTo(2);
        notebook.Until("Alpha holds nothing", () => notebook.HeldIn("alpha").Length == 0);
        int repeats = Repeats();
        notebook.Press("q");
        notebook.Until("Beta has its key", () => notebook.KeysSeen("beta").Contains((KeyQ, false)));
        Assert.Equal(repeats, Repeats());
        Assert.DoesNotContain(notebook.Log("beta"), line => line.StartsWith($"hs:key {KeyA} ", StringComparison.Ordinal));

        // The key is dead until it is pressed again, in this VM and in the other.
        notebook.SwitchTo(1);
        notebook.Up("a");
        notebook.Press("a");
        notebook.Until("Alpha has the second press", () => notebook.KeysSeen("alpha").Count(k => k == (KeyA, false)) == 2);
        Assert.Equal(2, notebook.KeysSeen("alpha").Count(k => k == (KeyA, true)));

        int Repeats() => notebook.Log("alpha").Count(line => line == $"hs:key {KeyA} 2");
    }

    [Fact]
    [Trait("Part", "core")]
    public void AVmThatIsKilledWhileFocusedLeavesTheSeatAndTheOthersUsable()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        notebook.SwitchTo(1);
        notebook.See("Alpha is on the screen", p => p.Shows(Rig.Notebook.Alpha));
        notebook.Down("a");
        notebook.Sh("kill -9 $(pgrep -f 'guest=[a]lpha')");
        notebook.See("the seat says that Alpha is gone", p => !p.Shows(Rig.Notebook.Alpha) && p.Bar.Contains("crashed", StringComparison.Ordinal), "gone");
        notebook.Up("a");
        notebook.SwitchTo(2);
        notebook.See("Beta is on the screen", p => p.Shows(Rig.Notebook.Beta));
        notebook.Press("q");
        notebook.Until("Beta has its key", () => notebook.KeysSeen("beta").Contains((KeyQ, false)));
        Assert.DoesNotContain((KeyA, true), notebook.KeysSeen("beta"));
        Assert.Empty(notebook.HeldIn("beta"));
    }

    [Fact]
    public void AKeyboardThatIsUnpluggedWithShiftDownLetsItGoAndIsKnownWhenItComesBack()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        notebook.PlugIn("usb-kbd", "own", "4711");
        notebook.Until("the seat asks about it", () => notebook.TrustOf("4711") == "asked");
        notebook.Sh($"setsid {Rig.Notebook.Program} seat devices accept {notebook.DeviceWith("4711")!["id"]} </dev/null >/tmp/accept.log 2>&1 &");
        notebook.Until("it is accepted", () => notebook.TrustOf("4711") == "trusted");
        notebook.SwitchTo(1);
        notebook.Down("shift");
        notebook.Press("q");
        notebook.Until("Alpha holds Shift", () => notebook.HeldIn("alpha") is [LeftShift]);
        notebook.Unplug("own");
        notebook.Until("Alpha holds nothing", () => notebook.HeldIn("alpha").Length == 0);

        notebook.PlugIn("usb-kbd", "own", "4711");
        notebook.Until("the seat has it again", () => notebook.TrustOf("4711") == "trusted");
        notebook.Press("w");
        notebook.Until("Alpha has its key", () => notebook.KeysSeen("alpha").Contains((KeyW, false)));
        Assert.Empty(notebook.HeldIn("alpha"));
    }

    [Fact]
    [Trait("Part", "core")]
    public void AKeyboardThatIsPluggedInTypesNothingUntilItIsAccepted()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        notebook.SwitchTo(1);
        notebook.See("Alpha is on the screen", p => p.Shows(Rig.Notebook.Alpha));
        notebook.PlugIn("usb-kbd", "stick", "666");
        notebook.Until("the seat asks about it", () => notebook.TrustOf("666") == "asked");
        notebook.See("the bar asks", p => p.Bar.Contains("New keyboard", StringComparison.Ordinal), "asked");

        // QEMU's keys come from the keyboard that was plugged in last. The attention key is behind the other one in its queue.
        notebook.Press("w");
        notebook.Press("ctrl", "alt", "esc");
        notebook.See("the console is on the screen", p => p.Shows(Rig.Notebook.Console), "attention");
        Assert.DoesNotContain(notebook.KeysSeen("alpha"), k => k.Code is KeyW or Esc);
        notebook.Chord(2);

        // Only who sees the screen knows the digits. A slow notebook's keyboard loses keys when sixteen events wait in it; who sees that it was not accepted begins anew, and a letter is that.
        notebook.See("the bar asks for digits", p => DigitsIn(p) is not null, "digits");
        notebook.Until("it is accepted", () =>
        {
            if (notebook.TrustOf("666") == "asked" && DigitsIn(notebook.Photograph()) is { } digits)
            {
                foreach (char key in $"w{digits}")
                {
                    notebook.Press(key.ToString());
                }
            }

            return notebook.TrustOf("666") == "trusted";
        });
        Assert.Equal(0, notebook.Status()!["port"]!.GetValue<int>());
        notebook.SwitchTo(1);
        notebook.Press("e");
        notebook.Until("Alpha has its key", () => notebook.KeysSeen("alpha").Contains((KeyE, false)));
        Assert.DoesNotContain(notebook.KeysSeen("alpha"), k => k.Code == KeyW);
        Assert.Empty(notebook.KeysSeen("beta"));
    }

    private static string? DigitsIn(Photo photo) => Digits().Match(photo.Bar) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex(@"type (\d{4}) on it")]
    private static partial Regex Digits();

    [Fact]
    public void LockLightsFollowTheFocusedVm()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        notebook.SwitchTo(1);
        Assert.DoesNotContain("1", notebook.Sh(CapsLights));
        notebook.Press("caps_lock");
        notebook.Until("the keyboard's light is on", () => notebook.Sh(CapsLights).Contains('1'));
        notebook.SwitchTo(2);
        notebook.Until("it is off for Beta", () => !notebook.Sh(CapsLights).Contains('1'));
        notebook.SwitchTo(1);
        notebook.Until("it is on for Alpha again", () => notebook.Sh(CapsLights).Contains('1'));
    }

    private const string CapsLights = "cat /sys/class/leds/*::capslock/brightness | tr -d '\\n'";
}
