using Hyperspace.Linux.DBus;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sockets;
using Hyperspace.Machines;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Input;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Integration.Engine;

/// <summary>The display's socket as the engine hands it out: what comes of clients that do not do their part, and that keys and pixels pass from the firmware on.</summary>
[Collection(QemuCollection.Name)]
public sealed class DisplayTests : IAsyncLifetime
{
    private readonly EngineHome _home = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _home.DisposeAsync().AsTask();

    [Theory]
    [InlineData("virtio")]
    [InlineData("usb")]
    [InlineData("ps2")]
    public async Task A_key_on_the_display_arrives_in_the_firmware_and_is_seen_on_the_screen(string input)
    {
        _home.Define("vm", $"input: {input}");
        Fleet fleet = await _home.OpenFleetAsync();
        VmStatus vm = await _home.BootAsync(fleet, "vm");
        using SafeFileHandle socket = await fleet.OpenDisplayAsync("vm", vm.Generation, CancellationToken.None);
        using var reactor = new Reactor();
        var events = new LastPicture();
        using var display = new GuestDisplay(reactor, "vm", socket, events);
        Pump(reactor, () => display.Surface is not null, () => $"a picture; closed: {events.WhyClosed}");

        long before = display.Updates;
        display.Key(KeyCode.A, down: true);
        display.Key(KeyCode.A, down: false);
        Pump(reactor, () => _home.Serial("vm").EndsWith("ready\r\na", StringComparison.Ordinal), () => $"the key; the serial line says {_home.Serial("vm")}");
        Pump(reactor, () => display.Updates > before, () => "an update of the picture");
    }

    [Fact]
    public async Task A_client_that_never_authenticates_costs_nothing_and_gives_way_to_the_next()
    {
        _home.Define("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        VmStatus vm = await _home.BootAsync(fleet, "vm");
        using SafeFileHandle silent = await fleet.OpenDisplayAsync("vm", vm.Generation, CancellationToken.None);
        await fleet.ActAsync("vm", VmAction.Pause, CancellationToken.None);
        await fleet.ActAsync("vm", VmAction.Resume, CancellationToken.None);
        await _home.TypeAsync("vm", "a");
        await _home.SerialAsync("vm", "ready\r\na");

        // As the seat does, which tries again when QEMU has confused the two.
        using var reactor = new Reactor();
        var events = new LastPicture();
        for (int attempt = 0; attempt < 3 && !events.HasPicture; attempt++)
        {
            events.WhyClosed = null;
            using SafeFileHandle socket = await fleet.OpenDisplayAsync("vm", vm.Generation, CancellationToken.None);
            using var display = new GuestDisplay(reactor, "vm", socket, events);
            Pump(reactor, () => display.Surface is not null || events.WhyClosed is not null, () => "a picture");
        }

        Assert.True(events.HasPicture, $"closed: {events.WhyClosed}");
    }

    [Fact]
    public async Task A_listener_that_never_authenticates_ends_commands_with_a_sentence_and_the_VM_recovers_when_it_is_gone()
    {
        _home.Define("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        VmStatus vm = await _home.BootAsync(fleet, "vm");
        using (SafeFileHandle socket = await fleet.OpenDisplayAsync("vm", vm.Generation, CancellationToken.None))
        {
            using var reactor = new Reactor();
            using var client = new DBusConnection(reactor, socket, _ => false, _ => { });
            (SafeFileHandle ours, SafeFileHandle theirs) = FdPassing.CreatePair(nonBlocking: true);
            using (ours)
            {
                bool registered = false;
                client.Ready = () =>
                {
                    using DBusWriter call = client.NewCall("/org/qemu/Display1/Console_0"u8, "org.qemu.Display1.Console"u8, "RegisterListener"u8);
                    call.Fd(theirs);
                    client.Send(call);
                    theirs.Dispose();
                    registered = true;
                };
                Pump(reactor, () => registered, () => "the client's handshake");
                Pump(reactor, () => client.QueuedWrites == 0, () => "the registration to be sent");
                await Task.Delay(200);

                var e = await Assert.ThrowsAsync<MachineException>(() => fleet.ActAsync("vm", VmAction.Pause, CancellationToken.None));
                Assert.Contains("did not answer stop within 10 s", e.Message, StringComparison.Ordinal);
                Assert.Equal(VmState.Running, EngineHome.Vm(fleet, "vm").State);
            }
        }

        // The command that was given up is done now: the VM is as well as before.
        await EngineHome.StateAsync(fleet, "vm", VmState.Paused);
        await fleet.ActAsync("vm", VmAction.Resume, CancellationToken.None);
        await _home.TypeAsync("vm", "a");
        await _home.SerialAsync("vm", "ready\r\na");
        Assert.Equal((VmState.Running, vm.Pid), (EngineHome.Vm(fleet, "vm").State, EngineHome.Vm(fleet, "vm").Pid));
    }

    [Fact]
    public async Task The_display_of_an_earlier_run_is_refused()
    {
        _home.Define("vm");
        Fleet fleet = await _home.OpenFleetAsync();
        VmStatus vm = await _home.BootAsync(fleet, "vm");
        await Assert.ThrowsAsync<MachineStateException>(() => fleet.OpenDisplayAsync("vm", vm.Generation - 1, CancellationToken.None));
    }

    private static void Pump(Reactor reactor, Func<bool> until, Func<string> what)
    {
        long deadline = Reactor.Now + 60_000_000_000;
        while (!until())
        {
            Assert.True(Reactor.Now < deadline, $"Waited 60 s for {what()}");
            reactor.RunOnce(TimeSpan.FromMilliseconds(20));
        }
    }

    private sealed class LastPicture : IGuestDisplayEvents
    {
        public string? WhyClosed { get; set; }

        public bool HasPicture { get; private set; }

        public void ScanoutChanged(GuestDisplay display) => HasPicture |= display.Surface is not null;

        public void Damaged(GuestDisplay display, PixelRect rect) { }

        public void CursorChanged(GuestDisplay display, PixelRect before) { }

        public void LedsChanged(GuestDisplay display) { }

        public void Closed(GuestDisplay display, string why) => WhyClosed = why;
    }
}
