using Hyperspace.Protocols.DBusDisplay;
using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Display.Outputs;

namespace Hyperspace.Tests.Unit.Display;

public sealed class GuestMonitorTests
{
    private static readonly MonitorSize Ordinary = new(1280, 776, 338, 205);

    private readonly List<MonitorSize> _told = [];
    private readonly GuestMonitor _monitor;

    public GuestMonitorTests() => _monitor = new GuestMonitor(_told.Add);

    private sealed class Picture(int width, int height) : GuestSurface(new ScanoutGeometry(width, height, width * 4, PixmanFormat.X8R8G8B8))
    {
        public override void CopyTo(PixelRect rect, Span<uint> target, int targetStride) => throw new NotSupportedException();
    }

    private static Picture Of(int width, int height) => new(width, height);

    [Fact]
    public void A_guest_that_has_the_size_already_is_not_told()
    {
        _monitor.Want(Ordinary, null);
        _monitor.PictureChanged(Of(1280, 776));
        _monitor.Want(Ordinary, Of(1280, 776));
        Assert.Empty(_told);
    }

    [Fact]
    public void A_guest_of_another_size_is_told_once_when_its_picture_is_known()
    {
        _monitor.Want(Ordinary, null);
        Assert.Empty(_told);
        _monitor.PictureChanged(Of(1024, 768));
        _monitor.PictureChanged(Of(1280, 776));
        _monitor.Want(Ordinary, Of(1280, 776));
        Assert.Equal([Ordinary], _told);
    }

    [Fact]
    public void A_guest_that_takes_another_size_by_itself_keeps_it()
    {
        _monitor.Want(Ordinary, Of(1280, 776));
        _monitor.PictureChanged(Of(800, 600));
        Assert.Empty(_told);
    }

    [Fact]
    public void A_guest_that_begins_anew_is_told_if_it_never_was()
    {
        _monitor.Want(Ordinary, Of(1280, 776));
        _monitor.PictureChanged(Of(720, 400));
        Assert.Equal([Ordinary], _told);

        // QEMU keeps what it was told.
        _monitor.PictureChanged(Of(1280, 776));
        _monitor.PictureChanged(Of(720, 400));
        Assert.Single(_told);
    }

    [Fact]
    public void Fine_pixels_are_told_in_any_case()
    {
        var fine = new MonitorSize(1280, 776, 120, 73);
        _monitor.Want(fine, Of(1280, 776));
        Assert.Equal([fine], _told);
    }

    [Fact]
    public void A_monitor_that_changes_and_changes_back_is_told_each_time()
    {
        var other = new MonitorSize(1024, 744, 270, 196);
        _monitor.Want(Ordinary, Of(1280, 776));
        _monitor.Want(other, Of(1280, 776));
        _monitor.Want(Ordinary, Of(1024, 744));
        Assert.Equal([other, Ordinary], _told);
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(338, true)]
    [InlineData(170, false)]
    [InlineData(700, false)]
    public void Pixels_are_ordinary_near_a_hundred_an_inch_or_when_nobody_knows(int millimetres, bool ordinary) =>
        Assert.Equal(ordinary, new MonitorSize(1280, 776, millimetres, millimetres / 2).HasOrdinaryPixels);
}
