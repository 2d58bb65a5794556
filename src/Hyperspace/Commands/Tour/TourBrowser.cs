namespace Hyperspace.Commands.Tour;

/// <summary>
/// The person in front of the browser that has the seat's focus. As a person does, it looks whether the browser has understood one thing before the next, and begins anew when it has not: its CPU
/// is emulated where there is no KVM.
/// </summary>
internal sealed class TourBrowser(TourStage stage, TourPage page)
{
    private const int Attempts = 5;

    /// <summary>Opens a page by its address.</summary>
    /// <param name="name">Of the page, without a slash.</param>
    /// <returns>The first that it says, and which attempt it was.</returns>
    /// <exception cref="TourException">It says nothing, in five attempts.</exception>
    public async Task<(PageReport Seen, int Attempt)> VisitAsync(string name, CancellationToken cancel)
    {
        for (int attempt = 1; ; attempt++)
        {
            await stage.Client.PressAsync("ctrl+l", cancel);
            await stage.UntilStillAsync(TimeSpan.FromSeconds(1.5), cancel);
            await stage.Client.TypeAsync($"http://10.0.2.2:{page.Port}/{name}", cancel);
            await stage.UntilStillAsync(TimeSpan.FromSeconds(1.5), cancel);
            await stage.LookAsync(null, $"0-address{name}-{attempt}", cancel);
            await stage.Client.PressAsync("enter", cancel);
            try
            {
                return (await page.WaitAsync(seen => seen.Path == "/" + name, "a sign of life", TimeSpan.FromSeconds(100), cancel), attempt);
            }
            catch (TourException) when (attempt < Attempts)
            {
                await stage.Client.PressAsync("esc", cancel);
            }
        }
    }

    /// <summary>Types into the page's field, and waits until the page has told of it and the screen shows it.</summary>
    /// <exception cref="TourException">It did not arrive.</exception>
    public async Task<PageReport> FillAsync(string text, CancellationToken cancel)
    {
        await stage.Client.TypeAsync(text, cancel);
        PageReport seen = await page.WaitAsync(report => report.Text == text, $"\"{text}\"", TimeSpan.FromSeconds(60), cancel);
        await stage.UntilStillAsync(TimeSpan.FromSeconds(3), cancel);
        return seen;
    }
}
