using System.CommandLine;
using Hyperspace.Commands.Seat;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sound;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Link;
using Hyperspace.Seat.Sound;
using Hyperspace.Tests.Unit.Api;
using Hyperspace.Tests.Unit.ManagementConsole;

namespace Hyperspace.Tests.Unit.Sound;

/// <summary>The seat's volume: by its keys, and by <c>hyperspace seat volume</c> through a real daemon.</summary>
public sealed class SeatVolumeTests : IDisposable
{
    private readonly Reactor _reactor = new();
    private readonly PsfFont _font = SystemFont.Load(out string? problem) ?? throw new InvalidOperationException(problem);
    private readonly List<string> _said = [];

    [Fact]
    public void The_volume_keys_are_the_seats_on_every_port_and_no_guest_sees_them()
    {
        using SeatCore seat = Core(new SeatSound(_reactor, "none", Missing));
        seat.SwitchTo(1);
        Tap(seat, KeyCode.VolumeUp, KeyCode.VolumeDown, KeyCode.VolumeDown, KeyCode.Mute);
        Assert.Equal(["Volume 100 %", "Volume 95 %", "Volume 90 %", "Sound is muted (volume 90 %)"], _said);
        Assert.Equal((90, true), (seat.Sound!.Volume, seat.Sound.Muted));
        Tap(seat, KeyCode.Mute);
        Assert.False(seat.Sound.Muted);

        // A key that is held goes on; one that mutes does not flicker. Turning the knob ends the silence.
        Press(seat, KeyCode.VolumeDown, KeyAction.Down);
        Press(seat, KeyCode.VolumeDown, KeyAction.Repeat);
        Assert.Empty(seat.Status().KeysDown);
        Press(seat, KeyCode.VolumeDown, KeyAction.Up);
        Press(seat, KeyCode.Mute, KeyAction.Down);
        Press(seat, KeyCode.Mute, KeyAction.Repeat);
        Assert.Equal((80, true), (seat.Sound.Volume, seat.Sound.Muted));
        Tap(seat, KeyCode.VolumeUp);
        Assert.Equal((85, false), (seat.Sound.Volume, seat.Sound.Muted));
    }

    [Fact]
    public void The_level_stays_between_0_and_100()
    {
        using SeatCore seat = Core(new SeatSound(_reactor, "none", Missing));
        Assert.Null(seat.SetSound("3", null));
        Tap(seat, KeyCode.VolumeDown);
        Assert.Equal(0, seat.Sound!.Volume);
        Assert.Null(seat.SetSound("98", null));
        Tap(seat, KeyCode.VolumeUp);
        Assert.Equal(100, seat.Sound.Volume);
        Assert.Contains("is no volume", seat.SetSound("101", null), StringComparison.Ordinal);
        Assert.Contains("is no volume", seat.SetSound("-1", null), StringComparison.Ordinal);
    }

    [Fact]
    public void On_a_seat_without_sound_the_keys_do_nothing_and_reach_no_guest()
    {
        using SeatCore seat = Core(null);
        seat.SwitchTo(1);
        Press(seat, KeyCode.VolumeUp, KeyAction.Down);
        Assert.Empty(seat.Status().KeysDown);
        Assert.Empty(_said);
        Assert.Equal("This seat plays no sound.", seat.SetSound("up", null));
    }

    [Fact]
    public async Task The_command_changes_the_volume_of_the_seat_that_the_daemon_knows()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        var link = new DaemonLink(_reactor, bench.Paths.LinkSocket, "seat", ProductVersion.Text);
        var seat = new LinkedSeat(_reactor, new HeadlessOutput(640, 400, _font), ChordOptions.Default, link, TimeProvider.System, new SeatSound(_reactor, "none", Missing));
        var thread = new Thread(_reactor.Run) { IsBackground = true };
        thread.Start();
        try
        {
            await DaemonBench.UntilAsync("the seat", () => link.Snapshot is not null);
            foreach ((string argument, int volume, bool muted) in new[] { ("40", 40, false), ("down", 35, false), ("mute", 35, true), ("unmute", 35, false), ("up", 40, false) })
            {
                Assert.Equal(0, await RunAsync(bench, argument));
                SoundStatus sound = (await bench.Client.GetSeatAsync(default)).Sound!;
                Assert.Equal((volume, muted), (sound.Volume, sound.Muted));
            }

            Exception e = await Assert.ThrowsAnyAsync<Exception>(() => RunAsync(bench, "loud"));
            Assert.Equal("\"loud\" is no volume; expected 0 to 100, up, down, mute or unmute.", e.Message);
        }
        finally
        {
            _reactor.Stop();
            thread.Join();
            seat.Dispose();
        }
    }

    private static Task<int> RunAsync(DaemonBench bench, string argument)
    {
        var root = new RootCommand();
        foreach (Command command in SeatControlCommands.Build(bench.Paths))
        {
            root.Add(command);
        }

        return root.Parse(["volume", argument]).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    private static IPcmOutput Missing() => throw new PcmException("nothing is plugged in");

    private SeatCore Core(SeatSound? sound)
    {
        var seat = new SeatCore(_reactor, new HeadlessOutput(640, 400, _font), ChordOptions.Default, new ScriptedBackend(), TimeProvider.System, sound) { Said = _said.Add };
        seat.SetPorts([new PortInfo(1, "work", "Work", new Rgb(0), VmState.Running, null, 1)]);
        return seat;
    }

    private static void Press(SeatCore seat, KeyCode key, KeyAction action) => seat.Key(new KeyEvent(new DeviceId(1), key, action, Reactor.Now));

    private static void Tap(SeatCore seat, params ReadOnlySpan<KeyCode> keys)
    {
        foreach (KeyCode key in keys)
        {
            Press(seat, key, KeyAction.Down);
            Press(seat, key, KeyAction.Up);
        }
    }

    public void Dispose() => _reactor.Dispose();
}
