using Hyperspace.Seat.Input.Trust;

namespace Hyperspace.Tests.Unit.Input.Trust;

public sealed class SeatMemoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hs-memory").FullName;

    private string FileName => Path.Combine(_folder, "state", "seat.json");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void It_is_there_in_the_next_run()
    {
        SeatMemory first = SeatMemory.Load(FileName, out string? problem);
        Assert.Null(problem);
        Assert.Null(first.Remember("usb:1:2:3", "K120\u001b", DateTimeOffset.UnixEpoch));
        Assert.Null(first.Remember("usb:1:2:4", "Other", DateTimeOffset.UnixEpoch));
        Assert.Null(first.Lock("work"));
        Assert.Null(first.Forget("usb:1:2:4"));
        SeatMemory second = SeatMemory.Load(FileName, out problem);
        Assert.Null(problem);
        Assert.Equal(new KnownDevice("usb:1:2:3", "K120", DateTimeOffset.UnixEpoch), Assert.Single(second.Devices));
        Assert.Equal("work", second.LockedTo);
        Assert.Empty(second.Monitors);
    }

    [Fact]
    public void Monitors_with_a_port_of_their_own_are_there_in_the_next_run()
    {
        SeatMemory first = SeatMemory.Load(FileName, out _);
        Assert.Null(first.Remember("usb:1:2:3", "K120", DateTimeOffset.UnixEpoch));
        Assert.Null(first.ShowOn("DEL-A0B3-12345678", "U2415\u001b", 2));
        Assert.Null(first.ShowOn("@HDMI-A-1", "HDMI-A-1", 3));
        Assert.Null(first.ShowOn("DEL-A0B3-12345678", "U2415", 4));
        SeatMemory second = SeatMemory.Load(FileName, out string? problem);
        Assert.Null(problem);
        Assert.Equal([new KnownMonitor("@HDMI-A-1", "HDMI-A-1", 3), new KnownMonitor("DEL-A0B3-12345678", "U2415", 4)], second.Monitors);
        Assert.Equal((4, null), (second.PortOf("DEL-A0B3-12345678"), second.PortOf("DEL-A0B3-00000001")));
        Assert.Null(second.ShowOn("@HDMI-A-1", "HDMI-A-1", null));
        Assert.Null(second.PortOf("@HDMI-A-1"));
        Assert.Single(SeatMemory.Load(FileName, out _).Devices);

        // The primary has no port of its own.
        Assert.Null(second.MonitorChoice.Primary);
        Assert.Null(second.MakePrimary("DEL-A0B3-12345678"));
        SeatMemory third = SeatMemory.Load(FileName, out _);
        Assert.Equal(("DEL-A0B3-12345678", null), (third.MonitorChoice.Primary, third.MonitorChoice.PortOf("DEL-A0B3-12345678")));
    }

    [Fact]
    public void A_file_that_makes_no_sense_is_put_aside_before_another_takes_its_place()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FileName)!);
        File.WriteAllText(FileName, "{\"devices\":[],\"monitors\":[{\"id\":\"a\",\"name\":\"b\",\"port\":2}],}");
        SeatMemory memory = SeatMemory.Load(FileName, out string? problem);
        Assert.Contains("seat.json.bad", problem, StringComparison.Ordinal);
        Assert.False(File.Exists(FileName + ".bad"));
        Assert.Null(memory.ShowOn("c", "d", 3));
        Assert.Contains("\"port\":2", File.ReadAllText(FileName + ".bad"), StringComparison.Ordinal);
        Assert.Null(memory.ShowOn("c", "d", 4));
        Assert.Contains("\"port\":2", File.ReadAllText(FileName + ".bad"), StringComparison.Ordinal);
        Assert.Equal(4, SeatMemory.Load(FileName, out problem).PortOf("c"));
        Assert.Null(problem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"devices\":null}")]
    [InlineData("{\"devices\":[null]}")]
    [InlineData("{\"devices\":[{\"id\":\"\",\"name\":\"x\"}]}")]
    [InlineData("{\"devices\":[],\"monitors\":[null]}")]
    [InlineData("{\"devices\":[],\"monitors\":[{\"id\":\"a\",\"name\":\"b\",\"port\":10}]}")]
    public void A_file_that_makes_no_sense_trusts_nobody_and_is_said(string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(FileName)!);
        File.WriteAllText(FileName, text);
        SeatMemory memory = SeatMemory.Load(FileName, out string? problem);
        Assert.Contains("asked about again", problem, StringComparison.Ordinal);
        Assert.Empty(memory.Devices);
        Assert.Empty(memory.Monitors);
    }

    [Fact]
    public void What_cannot_be_written_counts_until_the_end_and_is_said()
    {
        File.WriteAllText(Path.Combine(_folder, "state"), "a file where the folder should be");
        SeatMemory memory = SeatMemory.Load(FileName, out _);
        Assert.Contains("only until the seat ends", memory.Remember("usb:1:2:3", "K", DateTimeOffset.UnixEpoch), StringComparison.Ordinal);
        Assert.True(memory.Knows("usb:1:2:3"));
    }

    [Fact]
    public void It_does_not_grow_without_end()
    {
        SeatMemory memory = SeatMemory.Transient();
        for (int i = 0; i < SeatMemory.MaxDevices + 10; i++)
        {
            memory.Remember($"usb:1:2:{i}", "K", DateTimeOffset.UnixEpoch);
        }

        for (int i = 0; i < SeatMemory.MaxMonitors + 10; i++)
        {
            memory.ShowOn($"DEL-{i}", "U", 1);
        }

        Assert.Equal(SeatMemory.MaxMonitors, memory.Monitors.Count);
        Assert.Equal(SeatMemory.MaxDevices, memory.Devices.Count);
        Assert.False(memory.Knows("usb:1:2:0"));
    }
}
