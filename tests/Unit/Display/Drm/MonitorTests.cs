using System.Buffers.Binary;
using System.Text;
using Hyperspace.Linux.Drm;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Outputs.Drm;

namespace Hyperspace.Tests.Unit.Display.Drm;

public class MonitorTests
{
    private static readonly DrmProperties None = new(new Dictionary<string, (uint, ulong)>());
    private static readonly DrmCrtc[] TwoCrtcs = [new(40, 0, None), new(41, 1, None)];

    [Fact]
    public void The_panel_of_a_notebook_is_the_primary_and_the_others_mirror_it_in_its_size()
    {
        DrmConnector hdmi = Connector(1, "HDMI-A-1", 3, Mode(3840, 2160, preferred: true), Mode(1920, 1080)), panel = Connector(2, "eDP-1", 1, Mode(1920, 1080, preferred: true));
        IReadOnlyList<PlannedMonitor> plan = MonitorPlan.Of([hdmi, panel], TwoCrtcs, [], MonitorChoice.None);
        Assert.Equal([("eDP-1", 40u, 1920, true), ("HDMI-A-1", 41u, 1920, false)], plan.Select(m => (m.Connector.Name, m.Crtc.Id, (int)m.Mode.Width, m.Primary)));
    }

    [Fact]
    public void A_monitor_that_comes_takes_nothing_from_the_one_that_shows_the_seat()
    {
        DrmConnector hdmi = Connector(1, "HDMI-A-1", 3, Mode(1280, 800));
        IReadOnlyList<PlannedMonitor> before = MonitorPlan.Of([hdmi], TwoCrtcs, [], MonitorChoice.None);
        IReadOnlyList<PlannedMonitor> after = MonitorPlan.Of([Connector(2, "eDP-1", 3, Mode(1024, 768)), hdmi], TwoCrtcs, before, MonitorChoice.None);
        Assert.Equal([("HDMI-A-1", 40u), ("eDP-1", 41u)], after.Select(m => (m.Connector.Name, m.Crtc.Id)));
    }

    [Fact]
    public void More_monitors_than_the_card_can_drive_leave_the_last_dark()
    {
        DrmConnector[] three = [Connector(1, "DP-1", 3, Mode(800, 600)), Connector(2, "DP-2", 1, Mode(800, 600)), Connector(3, "DP-3", 3, Mode(800, 600))];
        Assert.Equal([1u, 3u], MonitorPlan.Of(three, TwoCrtcs, [], MonitorChoice.None).Select(m => m.Connector.Id));
        Assert.Empty(MonitorPlan.Of([Connector(1, "DP-1", 3)], TwoCrtcs, [], MonitorChoice.None));
        Assert.Empty(MonitorPlan.Of([Connector(1, "DP-1", 3, Mode(800, 600)) with { Connected = false }], TwoCrtcs, [], MonitorChoice.None));
    }

    [Fact]
    public void A_monitor_with_a_port_of_its_own_has_the_mode_that_it_prefers_and_is_the_primary_only_when_it_is_alone()
    {
        DrmConnector hdmi = Connector(1, "HDMI-A-1", 3, Mode(1920, 1080, preferred: true), Mode(1280, 800)), dp = Connector(2, "DP-1", 3, Mode(1280, 800));
        int? PortOf(string monitor) => monitor == "@HDMI-A-1" ? 2 : null;
        IReadOnlyList<PlannedMonitor> both = MonitorPlan.Of([hdmi, dp], TwoCrtcs, [], Ports(PortOf));
        Assert.Equal([("@DP-1", 1280, true, null), ("@HDMI-A-1", 1920, false, 2)], both.Select(m => (m.Id, (int)m.Mode.Width, m.Primary, m.Port)));

        IReadOnlyList<PlannedMonitor> alone = MonitorPlan.Of([hdmi], TwoCrtcs, both, Ports(PortOf));
        Assert.Equal(("@HDMI-A-1", true, null), alone.Select(m => (m.Id, m.Primary, m.Port)).Single());
        Assert.Equal(["@DP-1", "@HDMI-A-1"], MonitorPlan.Of([hdmi, dp], TwoCrtcs, alone, Ports(PortOf)).Select(m => m.Id));

        // Another port is no other light; a mirror is.
        Assert.True(MonitorPlan.IsLitAs(both, MonitorPlan.Of([hdmi, dp], TwoCrtcs, both, Ports(m => PortOf(m) + 1))));
        Assert.False(MonitorPlan.IsLitAs(both, MonitorPlan.Of([hdmi, dp], TwoCrtcs, both, MonitorChoice.None)));
    }

    [Fact]
    public void A_port_is_on_one_monitor_and_where_monitors_stay_dark_it_is_the_mirrors()
    {
        DrmConnector[] three = [Connector(1, "DP-1", 3, Mode(800, 600)), Connector(2, "DP-2", 3, Mode(800, 600)), Connector(3, "DP-3", 3, Mode(800, 600))];
        DrmCrtc[] crtcs = [.. TwoCrtcs, new(42, 2, None)];
        DrmConnector[] anywhere = [.. three.Select(c => c with { Crtcs = 7 })];
        Assert.Equal([("@DP-1", null), ("@DP-2", 5), ("@DP-3", null)], MonitorPlan.Of(anywhere, crtcs, [], Ports(m => m == "@DP-1" ? null : 5)).Select(m => (m.Id, m.Port)));
        Assert.Equal(["@DP-1", "@DP-3"], MonitorPlan.Of(three, TwoCrtcs, [], Ports(m => m == "@DP-3" ? 5 : null)).Select(m => m.Id));
    }

    [Fact]
    public void The_one_that_was_chosen_is_the_primary_and_without_it_another()
    {
        DrmConnector panel = Connector(1, "eDP-1", 3, Mode(3840, 2160)), dp = Connector(2, "DP-1", 3, Mode(1920, 1080));
        var choice = new MonitorChoice(m => m == "@DP-1" ? 4 : null, "@DP-1");
        IReadOnlyList<PlannedMonitor> both = MonitorPlan.Of([panel, dp], TwoCrtcs, [], choice);
        Assert.Equal([("@DP-1", 1920, null), ("@eDP-1", 3840, null)], both.Select(m => (m.Id, (int)m.Mode.Width, m.Port)));
        IReadOnlyList<PlannedMonitor> alone = MonitorPlan.Of([panel], TwoCrtcs, both, choice);
        Assert.True(alone.Single().Primary);
        Assert.Equal(["@DP-1", "@eDP-1"], MonitorPlan.Of([panel, dp], TwoCrtcs, alone, choice).Select(m => m.Id));
        Assert.Equal(["@eDP-1", "@DP-1"], MonitorPlan.Of([panel, dp], TwoCrtcs, both, choice with { Primary = "@eDP-1" }).Select(m => m.Id));
    }

    [Fact]
    public void A_monitor_is_known_by_its_EDID_in_any_socket_and_by_its_socket_where_that_does_not_tell()
    {
        DrmConnector With(uint id, string socket, byte[] edid) => Connector(id, socket, 3, Mode(800, 600)) with { Edid = edid };
        DrmConnector numbered = With(1, "DP-1", MakeEdid("Blue", 300, 200)), same = With(2, "DP-2", MakeEdid("Blue", 300, 200));
        Assert.Equal("DEL-A0B3-12345678", MonitorIdentity.Of(numbered, [numbered]));
        Assert.Equal("DEL-A0B3-12345678", MonitorIdentity.Of(numbered with { Name = "HDMI-A-1" }, [numbered]));
        Assert.Equal(("DEL-A0B3-12345678@DP-1", "DEL-A0B3-12345678@DP-2"), (MonitorIdentity.Of(numbered, [numbered, same]), MonitorIdentity.Of(same, [numbered, same])));

        DrmConnector nameless = With(3, "DP-3", MakeEdid("Blue", 300, 200, number: 0)), broken = With(4, "DP-4", [1, 2, 3]);
        Assert.Equal("DEL-A0B3-00000000@DP-3", MonitorIdentity.Of(nameless, [nameless]));
        Assert.Equal("DEL-A0B3-CN_07", MonitorIdentity.Of(With(3, "DP-3", MakeEdid("Blue", 300, 200, number: 0x01010101, serial: "CN 07")), []));
        Assert.Equal(("@DP-4", "DP-4", "Blue"), (MonitorIdentity.Of(broken, [broken]), MonitorIdentity.NameOf(broken), MonitorIdentity.NameOf(numbered)));
    }

    [Fact]
    public void The_preferred_mode_is_taken_unless_nobody_could_use_it()
    {
        Assert.Equal(1280, MonitorPlan.BestMode([Mode(1920, 1080), Mode(1280, 800, preferred: true)]).Width);
        Assert.Equal(1920, MonitorPlan.BestMode([Mode(1024, 768), Mode(1920, 1080), Mode(320, 200, preferred: true)]).Width);
        Assert.Equal(60u, MonitorPlan.BestMode([Mode(1920, 1080, refresh: 144), Mode(1920, 1080, refresh: 60), Mode(1920, 1080, refresh: 30)]).Refresh);
        Assert.Equal([1024, 1920], MonitorPlan.Fallbacks([Mode(2560, 1440), Mode(1920, 1080), Mode(1024, 768)], Mode(2560, 1440)).Select(m => (int)m.Width));
    }

    [Fact]
    public void An_EDID_gives_name_number_and_size()
    {
        Edid edid = Edid.Parse(MakeEdid("Blue \u0001one", 344, 193))!;
        Assert.Equal(new Edid("DEL-A0B3-12345678", "Blue ?one", 344, 193), edid);
    }

    /// <summary>Whatever is plugged in may say anything: no EDID, or one that is cut or changed, is none, and never an exception.</summary>
    [Fact]
    public void A_broken_EDID_is_none()
    {
        byte[] good = MakeEdid("x", 300, 200);
        Assert.Null(Edid.Parse([]));
        Assert.Null(Edid.Parse(good.AsSpan(0, 127)));
        for (int i = 0; i < 128; i++)
        {
            byte[] bad = [.. good];
            bad[i] ^= 0x40;
            Assert.Null(Edid.Parse(bad));
        }
    }

    [Theory]
    [InlineData(1280, 340, 16)]
    [InlineData(1920, 527, 20)]
    [InlineData(1920, 294, 26)]
    [InlineData(3840, 344, 45)]
    [InlineData(1280, 16, 15)]
    [InlineData(1280, 0, 15)]
    public void Text_is_large_enough_to_be_read(int width, int millimetres, int leastLine)
    {
        DrmConnector connector = Connector(1, "DP-1", 1, Mode((ushort)width, 800)) with { WidthMillimetres = millimetres };
        int line = PixelPitch.LeastLine(PixelPitch.Of(connector, connector.Modes[0]), width);
        Assert.InRange(line, leastLine - 1, leastLine + 1);
    }

    /// <summary>The pointer's plane lies above the trusted bar, and a guest chooses picture and place.</summary>
    [Theory]
    [InlineData(100, 100, 0, 0, 32, 32)]
    [InlineData(100, 14, 0, 10, 32, 22)]
    [InlineData(100, -8, 0, 0, 0, 0)]
    [InlineData(-20, 100, 20, 0, 12, 32)]
    [InlineData(1270, 790, 0, 0, 10, 10)]
    public void A_pointer_is_cut_off_at_the_trusted_bar(int x, int y, int partX, int partY, int width, int height)
    {
        var state = new CursorState(new CursorPicture(32, 32, new uint[32 * 32]), x, y, new PixelRect(0, 24, 1280, 776));
        Assert.Equal(new PixelRect(partX, partY, width, height), CursorPlane.VisiblePart(state, 64, 64));
    }

    [Fact]
    public void Only_the_kernels_word_for_the_subsystem_counts()
    {
        Assert.Equal("drm", DeviceEvents.SubsystemOf("change@/devices/pci0000:00/drm/card0\0ACTION=change\0SUBSYSTEM=drm\0HOTPLUG=1\0"u8));
        Assert.Null(DeviceEvents.SubsystemOf("change@/devices/x\0XSUBSYSTEM=drm\0"u8));
        Assert.Null(DeviceEvents.SubsystemOf([]));
    }

    private static MonitorChoice Ports(Func<string, int?> portOf) => new(portOf, null);

    private static DrmConnector Connector(uint id, string name, uint crtcs, params DrmMode[] modes) => new(id, name, true, 0, 0, modes, crtcs, [], None);

    private static DrmMode Mode(ushort width, ushort height, bool preferred = false, uint refresh = 60) =>
        new() { Width = width, Height = height, Refresh = refresh, Type = preferred ? 8u : 0, Clock = (uint)width * height / 1000 * refresh };

    private static byte[] MakeEdid(string name, int width, int height, uint number = 0x12345678, string? serial = null)
    {
        byte[] edid = new byte[128];
        edid.AsSpan(1, 6).Fill(0xFF);
        (edid[8], edid[9]) = (0x10, 0xAC);
        (edid[10], edid[11]) = (0xB3, 0xA0);
        BinaryPrimitives.WriteUInt32LittleEndian(edid.AsSpan(12), number);
        (edid[54], edid[66], edid[67], edid[68]) = (1, (byte)width, (byte)height, (byte)(width >> 8 << 4 | height >> 8));
        edid[75] = 0xFC;
        Encoding.ASCII.GetBytes(name + "\n").CopyTo(edid, 77);
        if (serial is not null)
        {
            edid[93] = 0xFF;
            Encoding.ASCII.GetBytes(serial + "\n").CopyTo(edid, 95);
        }

        edid[127] = (byte)-edid.Sum(b => b);
        return edid;
    }
}
