using Hyperspace.Machines.Engines.Qemu;

namespace Hyperspace.Tests.Unit.Instant;

public sealed class RestTests
{
    /// <summary>Looks four times a second at a guest that uses so much of a CPU in each second.</summary>
    /// <returns>The second after which it rests; null when it never does.</returns>
    private static double? RestsAfter(params ReadOnlySpan<double> shares)
    {
        var rest = new Rest();
        double cpu = 0;
        for (int look = 0; look < shares.Length * 4; look++)
        {
            if (rest.Add(TimeSpan.FromSeconds(look / 4.0), cpu))
            {
                return look / 4.0;
            }

            cpu += shares[look / 4] / 4;
        }

        return null;
    }

    [Fact]
    public void A_guest_that_stands_still_rests_after_a_second() => Assert.Equal(2, RestsAfter(1, 0, 0, 0));

    [Fact]
    public void A_desktop_rests_when_its_bursts_are_over() =>
        Assert.Equal(13.75, RestsAfter(0.5, 0.06, 0.06, 0.9, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06, 0.06));

    [Fact]
    public void One_that_works_does_not_rest() => Assert.Null(RestsAfter(1, 0.15, 0.1, 0.2, 0.15, 0.1, 0.2, 0.15, 0.1, 0.2, 0.15, 0.15, 0.2, 0.15, 0.1, 0.2));
}
