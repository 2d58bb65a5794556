using Hyperspace.Commands.Tour;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Tests.Integration.Engine;

namespace Hyperspace.Tests.Integration.Instant;

/// <summary>The browser of the Instant guest with a home that is kept. What is believed is what the browser asks the page for, and what is on the home's disk while the guest is off.</summary>
[Collection(QemuCollection.Name)]
public sealed class KeptHomeTests
{
    /// <summary>On an emulated processor, on a machine that has much else to do.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(8);

    [Fact]
    public async Task Cookies_bookmarks_and_downloads_are_there_when_the_guest_is_opened_again()
    {
        CancellationToken cancel = CancellationToken.None;
        using TourStage stage = await InstantStage.OpenAsync(text => text.Replace("instant: {warm: 1}", "instant: {warm: 0, home: keep}", StringComparison.Ordinal));
        await using TourPage page = await TourPage.StartAsync(cancel);
        var browser = new TourBrowser(stage, page);
        string bookmark = $"medlar{Random.Shared.Next(100000, 999999)}", file = $"/quince{Random.Shared.Next(100000, 999999)}.txt";
        string disk = new QemuFiles(stage.Paths, TourStage.Instant).Home;

        await UpAsync(stage);
        string cookie = (await browser.VisitAsync("kept", cancel)).Seen.Cookie;
        Assert.NotEqual("", cookie);
        await browser.BookmarkAsync(bookmark, cancel);
        await browser.EnterAsync($"http://10.0.2.2:{page.Port}{file}", "file", patience => VisitedAsync(page, file, 1, patience), cancel);

        // It is written when the browser says so in its bar; the guest's end writes all of it to the disk.
        await stage.UntilStillAsync(TimeSpan.FromSeconds(3), cancel);
        await stage.LookAsync(null, "instant-kept", cancel);
        await CloseAsync(stage);
        Assert.True(InstantHome.Holds(disk, $"This is {file}."), "the download is not in the home");
        Assert.True(InstantHome.Holds(disk, bookmark), "the bookmark is not in the home");
        Assert.True(InstantHome.Holds(disk, cookie.Split('=')[1]), "the cookie is not in the home");

        await stage.Client.InstantAsync(TourStage.Instant, InstantAction.Open, cancel);
        await UpAsync(stage);
        await browser.VisitAsync("again", cancel);
        Assert.Equal(cookie, page.Visits.First(visit => visit.Path == "/again").Cookie);

        // "*" looks for bookmarks alone; the first that is found is below what was typed.
        await browser.EnterAsync($"* {bookmark}", "bookmark", patience => VisitedAsync(page, "/kept", 2, patience), cancel, "down", "enter");
        await CloseAsync(stage);
        Assert.True(InstantHome.Holds(disk, $"This is {file}."), "the download has not outlived the second opening");
    }

    /// <summary>The desktop begins anew with the home, and says that it is there.</summary>
    private static async Task UpAsync(TourStage stage)
    {
        await stage.Serial(TourStage.Instant).WaitAsync(0, line => line == "hs:home kept", "the home", Long, CancellationToken.None);
        await stage.Serial(TourStage.Instant).WaitAsync(0, line => line.StartsWith("hs:ready ", StringComparison.Ordinal), "the desktop", Long, CancellationToken.None);
        await stage.LiveAsync(1, CancellationToken.None);
        await stage.PressAsync("leader 1", 1, CancellationToken.None);
    }

    private static async Task CloseAsync(TourStage stage)
    {
        await stage.Client.InstantAsync(TourStage.Instant, InstantAction.Close, CancellationToken.None);
        await stage.StateAsync(TourStage.Instant, "off", vm => vm.State == VmState.Off, CancellationToken.None);
    }

    private static Task VisitedAsync(TourPage page, string path, int times, TimeSpan patience) => TourStage.UntilAsync(
        $"the browser to ask for {path} ({times})", () => Task.FromResult(page.Visits.Count(visit => visit.Path == path) >= times), CancellationToken.None, patience);
}
