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
}
