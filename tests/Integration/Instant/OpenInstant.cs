using Hyperspace.Commands.Tour;
using Hyperspace.Linux;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Tests.Integration.Instant;

/// <summary>The real Instant guest as a user has it: a daemon and a seat of their own, opened from the template that ./test has prepared (or makes one, which takes minutes).</summary>
internal static class InstantStage
{
    /// <summary>Where the pictures of the tests stay.</summary>
    public static string Pictures { get; } = Directory.CreateDirectory(Path.Combine(TestProgram.Top, ".build", "pictures")).FullName;

    /// <param name="definition">Changes the guest's own definition, or null.</param>
    public static async Task<TourStage> OpenAsync(Func<string, string>? definition = null, Func<TourStage, Task>? before = null)
    {
        HyperspacePaths installed = HyperspacePaths.Current;
        string built = Path.Combine(installed.Guest(TourStage.Instant), "vm.yaml");
        Assert.True(File.Exists(built), $"The guest Instant is not built: there is no {built}. ./test builds it.");
        PsfFont font = SystemFont.Load(out string? problem) ?? throw new InvalidOperationException(problem);
        var stage = new TourStage(installed, font, Pictures, TourStage.Instant) { Program = TestProgram.Path };
        try
        {
            string file = Path.Combine(stage.Paths.Definitions, TourStage.Instant + ".yaml");
            File.WriteAllText(file, definition?.Invoke(File.ReadAllText(file)) ?? File.ReadAllText(file));
            await stage.PrepareInstantAsync(CancellationToken.None);
            await (before?.Invoke(stage) ?? Task.CompletedTask);
            await stage.StartDaemonAsync(CancellationToken.None);
            await stage.StartSeatAsync(1, CancellationToken.None);
            return stage;
        }
        catch
        {
            stage.Dispose();
            throw;
        }
    }
}

/// <summary>The Instant guest with its browser on a page of this host: what several tests begin from.</summary>
public sealed class OpenInstant : IAsyncLifetime
{
    private PageReport? _seen;

    internal TourStage Stage { get; private set; } = null!;

    internal TourPage Page { get; private set; } = null!;

    internal TourBrowser Browser { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        Stage = await InstantStage.OpenAsync();
        Page = await TourPage.StartAsync(CancellationToken.None);
        Browser = new TourBrowser(Stage, Page);
    }

    /// <summary>What the page <c>/one</c> said first. Opens the guest again when a test has closed it.</summary>
    internal async Task<PageReport> VisitAsync()
    {
        if ((await Stage.VmAsync(TourStage.Instant, CancellationToken.None)).State != VmState.Running)
        {
            await Stage.Client.InstantAsync(TourStage.Instant, InstantAction.Open, CancellationToken.None);
            _seen = null;
        }

        await Stage.LiveAsync(1, CancellationToken.None);
        await Stage.PressAsync("leader 1", 1, CancellationToken.None);
        return _seen ??= (await Browser.VisitAsync("one", CancellationToken.None)).Seen;
    }

    public async Task DisposeAsync()
    {
        await Page.DisposeAsync();
        Stage.Dispose();
    }
}
