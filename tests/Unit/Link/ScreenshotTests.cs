using System.Runtime.InteropServices;
using Hyperspace.Client;
using Hyperspace.Linux.Memory;
using Hyperspace.Linux.Sockets;
using Hyperspace.Protocols.Link;
using Hyperspace.Protocols.Png;
using Hyperspace.Tests.Unit.Api;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Unit.Link;

/// <summary>Pictures that the seat hands over as memory, and what is not one.</summary>
public sealed class ScreenshotTests
{
    [Theory]
    [InlineData(1, 1, 4)]
    [InlineData(640, 401, 640 * 4)]
    [InlineData(300, 200, 300 * 4 + 64)]
    public async Task A_picture_becomes_a_png_file_pixel_by_pixel(int width, int height, int stride)
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var seat = new SeatOnThread(bench.Paths.LinkSocket);
        var memory = new byte[stride * height];
        new Random(width).NextBytes(memory);
        int? asked = null;
        seat.Command = command =>
        {
            asked = command.Port;
            using SafeFileHandle file = MemFd.Create("test", memory.Length);
            RandomAccess.Write(file, memory, 0);
            seat.Answer(new Answer(command.Id, true) { Screenshot = new ScreenshotInfo(width, height, stride) }, file);
        };
        await DaemonBench.UntilAsync("the seat", () => seat.Snapshot is not null);

        (int w, int h, uint[] pixels) = PngDecoder.Decode(await bench.Client.ScreenshotAsync(4, default));
        Assert.Equal((width, height, 4), (w, h, asked));
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<uint> row = MemoryMarshal.Cast<byte, uint>(memory.AsSpan(y * stride, width * 4));
            for (int x = 0; x < width; x++)
            {
                Assert.Equal(row[x] & 0xFFFFFF, pixels[y * width + x]);
            }
        }
    }

    [Theory]
    [InlineData(0, 10, 40, 400)]
    [InlineData(10, -1, 40, 400)]
    [InlineData(10, 10, 39, 400)]
    [InlineData(10, 10, 40, 399)]
    [InlineData(16385, 1, 65540, 65540)]
    [InlineData(10, 10, int.MaxValue, 400)]
    [InlineData(16384, 16384, 65536, 4096)]
    [InlineData(int.MinValue, int.MinValue, int.MinValue, 4096)]
    public async Task Sizes_that_do_not_fit_the_memory_are_refused_and_the_seat_stays(int width, int height, int stride, int bytes)
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var seat = new SeatOnThread(bench.Paths.LinkSocket);
        seat.Command = command =>
        {
            if (command.Op != "screenshot")
            {
                seat.Answer(command);
                return;
            }

            using SafeFileHandle file = MemFd.Create("test", bytes);
            seat.Answer(new Answer(command.Id, true) { Screenshot = new ScreenshotInfo(width, height, stride) }, file);
        };
        await DaemonBench.UntilAsync("the seat", () => seat.Snapshot is not null);
        Assert.Equal(502, (await bench.SendAsync("GET", "v1/seat/screenshot")).Status);
        Assert.Equal(0, (await bench.Client.GetSeatAsync(default)).Port);
    }

    [Fact]
    public async Task A_socket_in_place_of_memory_is_refused_and_not_waited_for()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var seat = new SeatOnThread(bench.Paths.LinkSocket);
        (SafeFileHandle one, SafeFileHandle other) = FdPassing.CreatePair();
        seat.Command = command => seat.Answer(new Answer(command.Id, true) { Screenshot = new ScreenshotInfo(10, 10, 40) }, one);
        await DaemonBench.UntilAsync("the seat", () => seat.Snapshot is not null);
        ControlException e = await Assert.ThrowsAsync<ControlException>(() => bench.Client.ScreenshotAsync(null, default));
        Assert.Contains("makes no sense", e.Message, StringComparison.Ordinal);
        one.Dispose();
        other.Dispose();
    }

    [Fact]
    public async Task An_answer_without_a_picture_is_told()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var seat = new SeatOnThread(bench.Paths.LinkSocket);
        await DaemonBench.UntilAsync("the seat", () => seat.Snapshot is not null);
        Assert.Equal(502, (await bench.SendAsync("GET", "v1/seat/screenshot")).Status);
    }

    [Fact]
    public async Task A_picture_that_is_announced_without_its_descriptor_ends_the_connection()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        using var seat = new SeatOnThread(bench.Paths.LinkSocket);
        seat.Command = command => seat.Answer(new Answer(command.Id, true) { Screenshot = new ScreenshotInfo(10, 10, 40) }, null);
        await DaemonBench.UntilAsync("the seat", () => seat.Snapshot is not null);
        Assert.Equal(503, (await bench.SendAsync("GET", "v1/seat/screenshot")).Status);
    }
}
