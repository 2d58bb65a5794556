using System.CommandLine;
using Hyperspace.Commands.Seat;
using Hyperspace.Linux.Reactor;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Link;
using Hyperspace.Tests.Unit.Api;

namespace Hyperspace.Tests.Unit.Display.Monitors;

/// <summary><c>hyperspace seat monitors</c> and the API behind it, through a real daemon.</summary>
public sealed class MonitorCommandTests : IDisposable
{
    private readonly Reactor _reactor = new();
    private readonly PsfFont _font = SystemFont.Load(out string? problem) ?? throw new InvalidOperationException(problem);

    [Fact]
    public async Task The_command_chooses_what_a_monitor_shows()
    {
        var monitors = new ScriptedMonitors(FontSizes.Load(out _)!, "P", 1280, 800);
        monitors.Plug("Q", 1024, 768);
        await SeatedAsync(monitors, async bench =>
        {
            Assert.Equal(0, await RunAsync(bench, "show", "DP-Q", "2"));
            SeatStatus seat = await bench.Client.GetSeatAsync(default);
            Assert.Equal([("P", "primary", 0), ("Q", "port", 2)], seat.Monitors!.Select(m => (m.Id, m.Shows, m.Port)));
            Assert.Equal(0, await RunAsync(bench, "mirror", "Q"));
            seat = await bench.Client.GetSeatAsync(default);
            Assert.Equal("mirror", seat.Monitors![1].Shows);
            Assert.Equal(0, await RunAsync(bench));

            Exception e = await Assert.ThrowsAnyAsync<Exception>(() => RunAsync(bench, "show", "P", "2"));
            Assert.Contains("is the primary monitor", e.Message, StringComparison.Ordinal);
            Assert.Equal(0, await RunAsync(bench, "primary", "Q"));
            Assert.Equal([("Q", "primary"), ("P", "mirror")], (await bench.Client.GetSeatAsync(default)).Monitors!.Select(m => (m.Id, m.Shows)));
            Assert.Equal(400, (await bench.SendAsync("POST", "v1/seat/monitors/primary", """{"id": "Q", "port": 1}""")).Status);
            Assert.Equal(422, (await bench.SendAsync("POST", "v1/seat/monitors/primary", """{"id": "X"}""")).Status);
            Assert.Equal(400, (await bench.SendAsync("POST", "v1/seat/monitors", """{"id": "Q", "port": 10}""")).Status);
            Assert.Equal(400, (await bench.SendAsync("POST", "v1/seat/monitors", """{"id": "Q"}""")).Status);
            Assert.Equal(422, (await bench.SendAsync("POST", "v1/seat/monitors", """{"id": "X", "port": 1}""")).Status);
        });
    }

    [Fact]
    public Task A_seat_with_one_picture_refuses() => SeatedAsync(new HeadlessOutput(640, 400, _font), async bench =>
    {
        Assert.Null((await bench.Client.GetSeatAsync(default)).Monitors);
        Exception e = await Assert.ThrowsAnyAsync<Exception>(() => RunAsync(bench, "show", "Q", "2"));
        Assert.Contains("This seat has one picture", e.Message, StringComparison.Ordinal);
    });

    [Fact]
    public void The_list_is_a_table()
    {
        using var text = new StringWriter();
        SeatMonitorCommands.Print(
            [new("LGD-1", "Panel", "eDP-1", 1920, 1080, "primary", 1, true), new("DEL-2", "U2415", "DP-1", 1920, 1200, "port", 2, false), new("@DP-2", "DP-2", null, 0, 0, "absent", 3, false)], text);
        string[] rows = text.ToString().Split('\n');
        Assert.Matches("^eDP-1 +Panel +1920x1080 +primary, port 1 +yes +LGD-1", rows[1]);
        Assert.Matches("^DP-1 +U2415 +1920x1200 +port 2 +no +DEL-2", rows[2]);
        Assert.Matches("^- +DP-2 +- +port 3 when it is plugged in +no +@DP-2", rows[3]);
    }

    private async Task SeatedAsync(IOutput output, Func<DaemonBench, Task> test)
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        var link = new DaemonLink(_reactor, bench.Paths.LinkSocket, "seat", ProductVersion.Text);
        var seat = new LinkedSeat(_reactor, output, ChordOptions.Default, link, TimeProvider.System);
        var thread = new Thread(_reactor.Run) { IsBackground = true };
        thread.Start();
        try
        {
            await DaemonBench.UntilAsync("the seat", () => link.Snapshot is not null);
            await test(bench);
        }
        finally
        {
            _reactor.Stop();
            thread.Join();
            seat.Dispose();
            output.Dispose();
        }
    }

    private static Task<int> RunAsync(DaemonBench bench, params string[] arguments)
    {
        var root = new RootCommand();
        foreach (Command command in SeatControlCommands.Build(bench.Paths))
        {
            root.Add(command);
        }

        return root.Parse(["monitors", .. arguments]).InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
    }

    public void Dispose() => _reactor.Dispose();
}
