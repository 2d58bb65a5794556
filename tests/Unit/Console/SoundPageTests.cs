using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.ManagementConsole;

public class SoundPageTests
{
    private static readonly SoundStatus Heard = new("default", null, 45, false,
    [
        new VmSound("work", "Work", true, "heard"),
        new VmSound("lab", "Lab", false, "ducked"),
        new VmSound("mail", "Mail", false, "off"),
    ]);

    [Fact]
    public void The_page_tells_device_and_level_and_of_each_VM_how_it_is_heard()
    {
        ConsoleScreen screen = Open(Heard);
        Assert.Contains("default", screen.Row("Device"));
        Assert.Contains("█████████░░░░░░░░░░░  45 %", screen.Row("Volume"));
        Assert.DoesNotContain("muted", screen.Row("Volume"));
        Assert.Matches("▸ Work +♪ playing +heard", screen.Row("Work"));
        Assert.Matches("Lab +silent +ducked", screen.Row("Lab"));
        Assert.Matches("Mail +has no sound", screen.Row("Mail"));
    }

    [Fact]
    public void What_is_wrong_is_told_and_what_is_muted_too()
    {
        ConsoleScreen screen = Open(Heard with
        {
            Problem = "nothing is plugged in",
            Muted = true,
            Vms = [new VmSound("work", "Work", true, "muted") { MutedHere = true }, new VmSound("lab", "Lab", false, "ducked") { Problem = "it plays 8-bit samples" }],
        });
        Assert.Contains("default; no sound: nothing is plugged in", screen.Row("Device"));
        Assert.Contains("45 %, muted", screen.Row("Volume"));
        Assert.Matches("Work +♪ playing +muted here", screen.Row("Work"));
        Assert.Matches("Lab +silent +ducked; it plays 8-bit samples", screen.Row("Lab"));
        Assert.Contains("unmute all", screen.Text);
    }

    [Fact]
    public void Its_keys_change_the_level_and_mute_all_or_the_selected_VM()
    {
        ConsoleScreen screen = Open(Heard).Press("+", "Right", "-", "Left", "m", "Down", " ", "Down", "Down", "Up", "Up", "Up", " ");
        Assert.Equal(["sound up", "sound up", "sound down", "sound down", "sound mute", "sound mute lab", "sound mute work"], screen.Backend.Asked);
        screen.Backend.Asked.Clear();
        screen.Backend.Sound = Heard with { Muted = true, Vms = [Heard.Vms[0] with { MutedHere = true }] };
        screen.App.DataChanged();
        screen.Press("m", " ");
        Assert.Equal(["sound unmute", "sound unmute work"], screen.Backend.Asked);
        Assert.Contains("Lab", screen.Press("Escape").Text);
    }

    [Fact]
    public void What_the_seat_refuses_is_shown()
    {
        ConsoleScreen screen = Open(Heard);
        screen.Backend.Refusal = "This seat plays no sound.";
        Assert.Contains("This seat plays no sound.", screen.Press("m").Text);
    }

    [Fact]
    public void Without_a_seat_that_plays_the_page_says_so() => Assert.Contains("No seat plays sound now.", new ConsoleScreen().Press("v").Text);

    private static ConsoleScreen Open(SoundStatus sound)
    {
        var screen = new ConsoleScreen();
        screen.Backend.Sound = sound;
        return screen.Press("v");
    }
}
