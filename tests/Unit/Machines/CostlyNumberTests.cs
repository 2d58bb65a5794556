using Hyperspace.Machines.Engines.Qemu;

namespace Hyperspace.Tests.Unit.Machines;

public sealed class CostlyNumberTests
{
    [Fact]
    public void It_takes_a_hundredth_of_the_time_at_most()
    {
        var clock = new ManualClock();
        int found = 0;
        var number = new CostlyNumber(clock, () =>
        {
            clock.Advance(TimeSpan.FromMilliseconds(200));
            return ++found;
        });
        Assert.Equal(1, number.Read());
        clock.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(1, number.Read());
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(2, number.Read());
    }

    [Fact]
    public void One_that_costs_nothing_is_always_new()
    {
        int found = 0;
        var number = new CostlyNumber(new ManualClock(), () => ++found);
        Assert.Equal(1, number.Read());
        Assert.Equal(2, number.Read());
    }

    [Fact]
    public void What_cannot_be_found_out_is_asked_for_again()
    {
        long? answer = null;
        var number = new CostlyNumber(new ManualClock(), () => answer);
        Assert.Null(number.Read());
        answer = 5;
        Assert.Equal(5, number.Read());
    }
}
