using System.Diagnostics;

namespace Hyperspace.Commands.Tour;

/// <summary>
/// The person in front of the browser that has the seat's focus. As a person does, it looks whether the browser has understood one thing before the next, and begins anew when it has not: its CPU
/// is emulated where there is no KVM.
/// </summary>
internal sealed class TourBrowser(TourStage stage, TourPage page)
{
    private const int Attempts = 5;

    /// <summary>The rows of the browser's address bar on a screen of 800 rows.</summary>
    private const int AddressTop = 85, AddressEnd = 140;

    private static readonly TimeSpan Still = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan BetweenPieces = TimeSpan.FromSeconds(0.5);

    /// <summary>What is typed at once, in characters: virtio's keyboard has room for 64 events, four to a key, and loses keys when a busy host gives the guest no time to fetch them.</summary>
    private const int MaxPiece = 8;

    /// <summary>Opens a page by its address.</summary>
    /// <param name="name">Of the page, without a slash.</param>
    /// <returns>The first that it says, and which attempt it was.</returns>
    /// <exception cref="TourException">It says nothing, in five attempts.</exception>
    public async Task<(PageReport Seen, int Attempt)> VisitAsync(string name, CancellationToken cancel)
    {
        PageReport? seen = null;
        int attempt = await EnterAsync(
            $"http://10.0.2.2:{page.Port}/{name}", name, async patience => seen = await page.WaitAsync(report => report.Path == "/" + name, "a sign of life", patience, cancel), cancel);
        return (seen!, attempt);
    }

    /// <summary>Enters something into the address bar, and again when nothing comes of it.</summary>
    /// <param name="name">Of the pictures.</param>
    /// <param name="arrived">Waits that long for what is to come of it.</param>
    /// <param name="keys">Pressed one after the other when all is typed; Enter alone when there are none.</param>
    /// <returns>Which attempt it was.</returns>
    /// <exception cref="TourException">Nothing came of it, in five attempts.</exception>
    public async Task<int> EnterAsync(string text, string name, Func<TimeSpan, Task> arrived, CancellationToken cancel, params string[] keys)
    {
        for (int attempt = 1; ; attempt++)
        {
            await AddressAsync(() => stage.Client.PressAsync("ctrl+l", cancel), cancel);
            foreach (string piece in Pieces(text))
            {
                await AddressAsync(() => stage.Client.TypeAsync(piece, cancel), cancel);
            }

            await stage.UntilStillAsync(Still, cancel);
            await stage.LookAsync(null, $"0-address{name}-{attempt}", cancel);
            foreach (string key in keys is [] ? ["enter"] : keys)
            {
                await stage.Client.PressAsync(key, cancel);
                await stage.UntilStillAsync(BetweenPieces, cancel);
            }

            try
            {
                await arrived(TimeSpan.FromSeconds(60 + 40 * attempt));
                return attempt;
            }
            catch (TourException) when (attempt < Attempts)
            {
                await stage.Client.PressAsync("esc", cancel);
            }
        }
    }

    /// <summary>Marks the page that is open with a name of one's own (Ctrl+D).</summary>
    /// <exception cref="TourException">The browser does not ask for the name, or does not show it when it is typed, in five attempts.</exception>
    public async Task BookmarkAsync(string name, CancellationToken cancel)
    {
        await stage.UntilStillAsync(Still, cancel);
        await SeenBelowAsync("the browser's question for the bookmark's name", () => stage.Client.PressAsync("ctrl+d", cancel), cancel);
        await stage.UntilStillAsync(Still, cancel);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                foreach (string piece in Pieces(name))
                {
                    await SeenBelowAsync($"\"{piece}\" of the bookmark's name", () => stage.Client.TypeAsync(piece, cancel), cancel);
                }

                break;
            }
            catch (TourException) when (attempt < Attempts)
            {
                await stage.Client.PressAsync("ctrl+a", cancel);
            }
        }

        await stage.LookAsync(null, $"0-bookmark-{name}", cancel);
        await SeenBelowAsync("the browser to take the bookmark's name", () => stage.Client.PressAsync("enter", cancel), cancel);
        await stage.UntilStillAsync(Still, cancel);
    }

    /// <summary>Does something that the screen below the address bar shows, and waits until it has.</summary>
    /// <exception cref="TourException">It shows nothing.</exception>
    private async Task SeenBelowAsync(string what, Func<Task> gesture, CancellationToken cancel)
    {
        Picture before = await stage.PictureAsync(cancel);
        await gesture();
        await TourStage.UntilAsync(what, async () => (await stage.PictureAsync(cancel)).Differs(before, AddressEnd, before.Height), cancel, TimeSpan.FromSeconds(45));
        await stage.UntilStillAsync(BetweenPieces, cancel);
    }

    /// <summary>Does something that the address bar shows, and waits until it has; half a minute at most, because the bar may look so already.</summary>
    private async Task AddressAsync(Func<Task> gesture, CancellationToken cancel)
    {
        Picture before = await stage.PictureAsync(cancel);
        await gesture();
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < TimeSpan.FromSeconds(30) && !(await stage.PictureAsync(cancel)).Differs(before, AddressTop, AddressEnd))
        {
            await Task.Delay(250, cancel);
        }

        await stage.UntilStillAsync(BetweenPieces, cancel);
    }

    /// <summary>Types into the page's field in the place of what is there, and waits until the page has told of it and the screen shows it.</summary>
    /// <exception cref="TourException">It did not arrive, in five attempts.</exception>
    public async Task<PageReport> FillAsync(string text, CancellationToken cancel)
    {
        await stage.UntilStillAsync(Still, cancel);
        Picture before = await stage.PictureAsync(cancel);
        for (int attempt = 1; ; attempt++)
        {
            // An address that was typed when the page was just coming has gone into its field.
            await ReplaceAsync(text, cancel);
            try
            {
                PageReport seen = await page.WaitAsync(report => report.Text == text, $"\"{text}\"", TimeSpan.FromSeconds(30 + 30 * attempt), cancel);
                await TourStage.UntilAsync("the text on the screen", async () => (await stage.PictureAsync(cancel)).Differs(before, AddressEnd, before.Height), cancel);
                await stage.UntilStillAsync(TimeSpan.FromSeconds(3), cancel);
                return seen;
            }
            catch (TourException) when (attempt < Attempts)
            {
                // The page was replaced by itself, when an address was entered twice.
            }
        }
    }

    /// <summary>Types into the field that has the cursor, in the place of what is there.</summary>
    private async Task ReplaceAsync(string text, CancellationToken cancel)
    {
        await stage.Client.PressAsync("ctrl+a", cancel);
        foreach (string piece in Pieces(text))
        {
            await stage.Client.TypeAsync(piece, cancel);
            await stage.UntilStillAsync(BetweenPieces, cancel);
        }
    }

    /// <summary>A text in pieces of about the same length: of each the screen shows that it has come.</summary>
    private static IEnumerable<string> Pieces(string text)
    {
        int count = (text.Length + MaxPiece - 1) / MaxPiece;
        return Enumerable.Range(0, count).Select(i => text[(text.Length * i / count)..(text.Length * (i + 1) / count)]);
    }
}
