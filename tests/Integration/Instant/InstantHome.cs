using System.Text;
using Hyperspace.Linux.Reactor;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Input;
using Hyperspace.Tests.Integration.Engine;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Integration.Instant;

/// <summary>What tests of templates do again and again: an instant guest of one sector, and keys that go the way of a seat's.</summary>
internal static class InstantHome
{
    /// <summary>Defines an instant VM that boots <see cref="BootSector"/> from an ephemeral disk.</summary>
    public static void DefineInstant(this EngineHome home, string name, string instant = "{warm: 0}", string more = "") => home.Define(
        name, $"restart: {{policy: never, maximum: 1}}\ndisks: [{{file: boot.img, format: raw, mode: ephemeral}}]\ninstant: {instant}\nready: \"{BootSector.Ready}\"\n{more}");

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
    public static async Task PressAsync(this EngineHome home, Fleet fleet, string name, params KeyCode[] keys)
    {
        using SafeFileHandle socket = await fleet.OpenDisplayAsync(name, EngineHome.Vm(fleet, name).Generation, CancellationToken.None);
        using var reactor = new Reactor();
        var events = new Events();
        using var display = new GuestDisplay(reactor, name, socket, events);
        Pump(reactor, () => display.Surface is not null);
        foreach (KeyCode key in keys)
        {
            display.Key(key, down: true);
            display.Key(key, down: false);
            var watch = System.Diagnostics.Stopwatch.StartNew();
            Pump(reactor, () => watch.ElapsedMilliseconds > 60);
        }
    }

    /// <summary>The files below a folder in which a text stands.</summary>
    public static string[] FilesWith(string folder, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return [.. Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Where(file => File.ReadAllBytes(file).AsSpan().IndexOf(bytes) >= 0)];
    }

    private static void Pump(Reactor reactor, Func<bool> done)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!done())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(60), "Waited 60 s for the display.");
            reactor.RunOnce(TimeSpan.FromMilliseconds(10));
        }
    }

    private sealed class Events : IGuestDisplayEvents
    {
        public void ScanoutChanged(GuestDisplay display) { }

        public void Damaged(GuestDisplay display, PixelRect rect) { }

        public void CursorChanged(GuestDisplay display, PixelRect before) { }

        public void LedsChanged(GuestDisplay display) { }

        public void Closed(GuestDisplay display, string why) { }
    }
}
