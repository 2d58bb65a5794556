using Hyperspace.Commands.Tour;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Input;
using Hyperspace.Tests.Integration.Engine;

namespace Hyperspace.Tests.Integration.Instant;

/// <summary>What tests of templates do again and again: an instant guest of one sector, and keys that go the way of a seat's.</summary>
internal static class InstantHome
{
    /// <summary>Defines an instant VM that boots <see cref="BootSector"/> from an ephemeral disk.</summary>
    public static void DefineInstant(this EngineHome home, string name, string instant = "{warm: 0}", string more = "") => home.Define(
        name, $"restart: {{policy: never, maximum: 1}}\ndisks: [{{file: boot.img, format: raw, mode: ephemeral}}]\ninstant: {instant}\nready: \"{BootSector.Ready}\"\n{more}");

    /// <summary>Whether a text is on a disk, in a file or in what is left of one.</summary>
    public static bool Holds(string disk, string text) => TourStage.FilesWith(Path.GetDirectoryName(disk)!, text).Contains(disk);

    public static async Task<VmStatus> OpenAsync(this Fleet fleet, string name)
    {
        string opened = await fleet.InstantAsync(name, InstantAction.Open, CancellationToken.None);
        return EngineHome.Vm(fleet, opened);
    }

    public static Task<string> BuildAsync(this Fleet fleet, string name) => fleet.InstantAsync(name, InstantAction.Build, CancellationToken.None);

    public static Task<string> CloseAsync(this Fleet fleet, string name) => fleet.InstantAsync(name, InstantAction.Close, CancellationToken.None);

    public static TemplateState Template(this Fleet fleet, string name) => EngineHome.Vm(fleet, name).Instant!.Template;

    public static string TemplateFile(this EngineHome home, string vm, string file) => Path.Combine(home.Paths.VmState(vm), "template", file);

    /// <summary>Presses keys on the VM's display, as the seat does.</summary>
    public static async Task PressAsync(this Fleet fleet, string name, params KeyCode[] keys)
    {
        using HandOnDisplay hand = await HandOnDisplay.OpenAsync(fleet, name);
        hand.Press(keys);
    }
}
