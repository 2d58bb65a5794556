using Hyperspace.Commands.Tour;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Tests.Integration.Engine;

namespace Hyperspace.Tests.Integration.Instant;

/// <summary>The browser of the Instant guest, used as a person uses it: over the seat, on a page that this host serves. What is believed is what its script and its cookies say to the server.</summary>
[Collection(QemuCollection.Name)]
public sealed class BrowserTests(OpenInstant instant) : IClassFixture<OpenInstant>
{
    [Fact]
    public async Task It_opens_a_page_of_this_host_and_what_the_seat_types_arrives_in_it()
    {
        PageReport seen = await instant.VisitAsync();
        Assert.Contains("Firefox/", seen.Agent, StringComparison.Ordinal);
        Assert.Contains("Linux x86_64", seen.Agent, StringComparison.Ordinal);
        string word = $"walnut {Random.Shared.Next(100000, 999999)}";
        PageReport filled = await instant.Browser.FillAsync(word, CancellationToken.None);
        await TourStage.UntilAsync("the page with the text on the screen", async () => ShowsPage(await instant.Stage.PictureAsync(CancellationToken.None)), CancellationToken.None);
        await instant.Stage.LookAsync(null, "instant-page", CancellationToken.None);

        // It goes on where it was saved: with the clock of now, which the guest reports, and the browser has.
        VmStatus vm = await instant.Stage.VmAsync(TourStage.Instant, CancellationToken.None);
        Assert.True(vm.StartedBy is "template" or "warm", $"it was started by \"{vm.StartedBy}\": {vm.Reason}");
        string set = await instant.Stage.Serial(TourStage.Instant).WaitAsync(0, line => line.StartsWith("hs:clock ", StringComparison.Ordinal), "hs:clock", TimeSpan.FromSeconds(60), CancellationToken.None);
        Assert.InRange(long.Parse(set["hs:clock ".Length..]) - vm.StartedAt!.Value.ToUnixTimeSeconds(), -2, 20);
        Assert.InRange(filled.ClockError, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task Two_at_a_time_share_memory_and_no_cookie_and_nothing_of_them_is_left()
    {
        CancellationToken cancel = CancellationToken.None;
        TourStage stage = instant.Stage;
        PageReport first = await instant.VisitAsync();
        Assert.NotEqual("", first.Cookie);

        VmStatus opened = await stage.Client.InstantAsync(TourStage.Instant, InstantAction.Open, cancel);
        Assert.Equal(TourStage.Instant, opened.DisposableOf);
        await stage.LiveAsync(opened.Port!.Value, cancel);
        await stage.PressAsync($"leader {opened.Port}", opened.Port.Value, cancel);
        PageReport second = (await instant.Browser.VisitAsync("two", cancel)).Seen;
        string word = $"quince {Random.Shared.Next(100000, 999999)}";
        await instant.Browser.FillAsync(word, cancel);
        await stage.LookAsync(null, "instant-second", cancel);
        Assert.NotEqual("", second.Cookie);
        Assert.NotEqual(first.Cookie, second.Cookie);
        Assert.Equal("", instant.Page.Visits.First(visit => visit.Path == "/two").Cookie);

        // The first one has kept its own: that the second came without one was not for want of keeping.
        await stage.PressAsync("leader 1", 1, cancel);
        await instant.Browser.VisitAsync("again", cancel);
        Assert.Equal(first.Cookie, instant.Page.Visits.First(visit => visit.Path == "/again").Cookie);

        VmStatus[] both = [.. (await stage.Client.GetVmsAsync(cancel)).Where(vm => vm.IsAlive)];
        Assert.Equal(2, both.Length);
        Assert.All(both, vm => Assert.True(vm.ProportionalBytes < vm.ResidentBytes * 0.9, $"{vm.Name} counts {vm.ProportionalBytes} of {vm.ResidentBytes} bytes as its own: nothing is shared"));

        await stage.Client.InstantAsync(opened.Name, InstantAction.Close, cancel);
        await stage.Client.InstantAsync(TourStage.Instant, InstantAction.Close, cancel);
        await stage.StateAsync(TourStage.Instant, "off", vm => vm.State == VmState.Off, cancel);
        Assert.DoesNotContain(await stage.Client.GetVmsAsync(cancel), vm => vm.Name == opened.Name);
        foreach (string trace in new[] { word, first.Cookie.Split('=')[1], second.Cookie.Split('=')[1] })
        {
            Assert.Empty(stage.FilesWith(trace));
            Assert.Empty(TourStage.FilesWith(stage.Paths.Guest(TourStage.Instant), trace));
            Assert.Empty(TourStage.FilesWith(stage.Paths.Prepared.State, trace));
        }
    }

    /// <summary>Whether the page's ground, blues between #123047 and #2b6c8f, is on more than half of the screen, and something dark is written in the white field in its middle.</summary>
    private static bool ShowsPage(Picture picture)
    {
        int ground = picture.Pixels.Count(pixel => (pixel >> 16 & 0xFF, pixel >> 8 & 0xFF, pixel & 0xFF) is ( >= 16 and <= 45, >= 46 and <= 110, >= 69 and <= 145) and var (_, green, blue) && blue > green + 18);
        int ink = 0;
        for (int y = 495; y < 565; y++)
        {
            ink += picture.Pixels.AsSpan(y * picture.Width + 220, 840).ToArray().Count(pixel => (pixel >> 8 & 0xFF) < 96);
        }

        return ground > picture.Pixels.Length / 2 && ink > 300;
    }
}
