using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Seat.Display.Compositor;
using Hyperspace.Seat.Display.Outputs;

namespace Hyperspace.Tests.Unit.Display;

public sealed class PlacementTests
{
    private static readonly PixelRect Area = new(0, 24, 1280, 800);

    [Fact]
    public void A_picture_that_fits_is_shown_pixel_for_pixel_in_the_middle()
    {
        Placement placement = Placement.Of(Area, 640, 400);
        Assert.False(placement.IsScaled);
        Assert.Equal(new PixelRect(320, 224, 640, 400), placement.Target);
    }

    [Fact]
    public void A_larger_picture_is_made_smaller_with_its_proportions_kept()
    {
        Assert.Equal(new PixelRect(0, 64, 1280, 720), Placement.Of(Area, 1920, 1080).Target);
        Assert.Equal(new PixelRect(440, 24, 400, 800), Placement.Of(Area, 1000, 2000).Target);
    }

    [Fact]
    public void The_bar_belongs_to_no_guest()
    {
        Placement placement = Placement.Of(Area, 1280, 800);
        Assert.Null(placement.ToGuest(5, 23));
        Assert.Equal((5, 0), placement.ToGuest(5, 24));
    }

    [Fact]
    public void Whatever_a_guest_says_its_pixels_stay_inside_the_area()
    {
        Gen<int> side = Gen.Choose(1, 4000);
        Gen<int> place = Gen.Choose(-100, 5000);
        var cases = from w in side from h in side from x in place from y in place from dw in place from dh in place select (w, h, x, y, dw, dh);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            Placement placement = Placement.Of(Area, c.w, c.h);
            PixelRect damage = placement.ToMonitor(new PixelRect(c.x, c.y, c.dw, c.dh));
            bool inside = placement.Target.Intersect(Area) == placement.Target;
            return inside && (damage.IsEmpty || damage.Intersect(Area) == damage);
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(640, 432)]
    public void A_panned_picture_is_not_made_smaller_and_its_part_fills_the_area(int panX, int panY)
    {
        var area = new PixelRect(0, 16, 640, 368);
        Placement placement = Placement.Panned(area, 1280, 800, panX, panY, 8, 16);
        Assert.False(placement.IsScaled);
        Assert.Equal((panX, panY), placement.ToGuest(0, 16));
        Assert.Equal((panX + 639, panY + 367), placement.ToGuest(639, 383));
        Assert.Equal(area, placement.ToMonitor(new PixelRect(0, 0, 1280, 800)).Intersect(area));
    }

    [Fact]
    public void A_panned_picture_that_fits_is_in_the_middle_on_whole_cells()
    {
        Assert.Equal(new PixelRect(168, 96, 320, 200), Placement.Panned(new PixelRect(0, 16, 660, 368), 320, 200, 0, 0, 8, 16).Target);
        Assert.Equal(new PixelRect(0, 96, 1280, 200), Placement.Panned(new PixelRect(0, 16, 660, 368), 1280, 200, 0, 0, 8, 16).Target);
    }

    [Fact]
    public void Panning_follows_the_text_cursor_and_nothing_larger()
    {
        var area = new PixelRect(0, 16, 640, 368);
        var panning = new Panning();
        bool Follow(int x, int y, int w = 8, int h = 16) => panning.Follow(new PixelRect(x, y, w, h), area, 1280, 800, (8, 16));
        Assert.False(Follow(632, 352));
        Assert.False(Follow(700, 700, 1280, 700));
        Assert.True(Follow(0, 784));
        Assert.Equal((0, 432), (panning.X, panning.Y));
        Assert.False(Follow(0, 784));
        Assert.True(Follow(640, 784));
        Assert.Equal((168, 432), (panning.X, panning.Y));
        Assert.True(Follow(1272, 0));
        Assert.Equal((640, 0), (panning.X, panning.Y));
        Assert.True(Follow(0, 0));
        Assert.Equal((0, 0), (panning.X, panning.Y));
    }

    [Fact]
    public void Wherever_the_cursor_goes_it_is_seen()
    {
        var cases = from x in Gen.Choose(0, 159) from y in Gen.Choose(0, 49) select (x, y);
        Prop.ForAll(cases.ListOf().ToArbitrary(), cursors =>
        {
            var area = new PixelRect(0, 16, 648, 374);
            var panning = new Panning();
            foreach ((int x, int y) in cursors)
            {
                var cursor = new PixelRect(x * 8, y * 16, 8, 16);
                panning.Follow(cursor, area, 1280, 800, (8, 16));
                PixelRect seen = Placement.Panned(area, 1280, 800, panning.X, panning.Y, 8, 16).ToMonitor(cursor);
                Assert.Equal(cursor.Width * cursor.Height, seen.Width * seen.Height);
                Assert.Equal(seen, seen.Intersect(area));
            }
        }).QuickCheckThrowOnFailure();
    }
}
