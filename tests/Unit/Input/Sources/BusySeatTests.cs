using System.IO.Pipes;
using Hyperspace.Linux.Input;
using Hyperspace.Linux.Reactor;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Input.Sources;
using Hyperspace.Tests.Unit.ManagementConsole;

namespace Hyperspace.Tests.Unit.Input.Sources;

/// <summary>
/// A seat that was busy for so long that its timers are due, and what was pressed meanwhile still lies in the devices' queues. Nothing wakes it for the devices' sake: the timers come first.
/// </summary>
public sealed class BusySeatTests : IDisposable
{
    private const long Millisecond = 1_000_000;

    private readonly AnonymousPipeServerStream _silent = new();
    private readonly Reactor _reactor = new();
    private readonly HeadlessOutput _output;
    private readonly SeatCore _seat;
    private readonly ScriptedDevices _devices;
    private readonly SeatInput _input;
    private readonly int _keyboard;

    public BusySeatTests()
    {
        PsfFont font = SystemFont.Load(out string? problem) ?? throw new InvalidOperationException(problem);
        _output = new HeadlessOutput(1280, 800, font);
        _seat = new SeatCore(_reactor, _output, ChordOptions.Default, new ScriptedBackend(), TimeProvider.System);
        _seat.SetPorts([new PortInfo(1, "one", "One", new Rgb(0x3B82F6), VmState.Running, null, 1)]);
        _devices = new ScriptedDevices { Fd = (int)_silent.SafePipeHandle.DangerousGetHandle(), Now = Reactor.Now - 2000 * Millisecond };
        _keyboard = _devices.Plug(InputDeviceKinds.Keyboard);
        var watcher = new RecordingSink();
        _input = new SeatInput(_reactor, _seat, _devices, _seat, watcher, static _ => { });
    }

    [Fact]
    public void A_chord_that_was_pressed_in_time_is_one_however_late_the_seat_reads_it()
    {
        At(0, KeyCode.RightCtrl, true);
        EndTheChordWhileTheSeatIsBusy();
        Assert.Equal(1, _seat.FocusedPort);
    }

    [Fact]
    public void A_key_that_is_stuck_in_the_console_does_not_outrun_a_chord()
    {
        int stuck = _devices.Plug(InputDeviceKinds.Keyboard);
        _devices.Key(stuck, KeyCode.A, true);
        At(500, KeyCode.RightCtrl, true);
        EndTheChordWhileTheSeatIsBusy();
        Assert.Equal(1, _seat.FocusedPort);
    }

    /// <summary>The leader's first key has been read. Then the seat draws, and its timer has been due for two seconds when it is done.</summary>
    private void EndTheChordWhileTheSeatIsBusy()
    {
        _seat.ReadDevices!();
        At(100, KeyCode.RightCtrl, false);
        At(100, KeyCode.RightCtrl, true);
        At(100, KeyCode.RightCtrl, false);
        At(100, KeyCode.D1, true);
        _reactor.RunOnce(TimeSpan.Zero);
    }

    private void At(int millisecondsLater, KeyCode key, bool down)
    {
        _devices.Now += millisecondsLater * Millisecond;
        _devices.Key(_keyboard, key, down);
    }

    public void Dispose()
    {
        _input.Dispose();
        _seat.Dispose();
        _output.Dispose();
        _reactor.Dispose();
        _silent.Dispose();
    }
}
