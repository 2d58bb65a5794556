using System.CommandLine;
using Hyperspace.Linux;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Commands.Tour;

/// <summary><c>hyperspace tour</c>: does by itself what a user of the README does, and proves it.</summary>
internal static class TourCommand
{
    public static Command Build(HyperspacePaths paths)
    {
        var json = new Option<bool>("--json") { Description = "One JSON object a step, and a last one with \"step\":\"summary\"." };
        var screenshots = new Option<string?>("--screenshots") { Description = "The folder for the pictures; the default is the folder tour in the state folder.", HelpName = "DIR" };
        var command = new Command("tour", "Start a Hyperspace of its own with two guests, type into both, switch, break things, and check every step by what guests and screen say.") { json, screenshots };
        command.SetAction((result, cancel) => RunAsync(paths, result.GetValue(json), result.GetValue(screenshots), cancel));
        return command;
    }

    private static async Task<int> RunAsync(HyperspacePaths paths, bool json, string? screenshots, CancellationToken cancel)
    {
        string folder = Path.GetFullPath(screenshots ?? Path.Combine(paths.State, "tour"));
        if (SystemFont.Load(out string? problem) is not { } font)
        {
            System.Console.Error.WriteLine(problem);
            return 1;
        }

        if (TourStage.AllGuests.FirstOrDefault(guest => !File.Exists(Path.Combine(paths.Guest(guest), "vm.yaml"))) is { } missing)
        {
            System.Console.Error.WriteLine($"The guest {missing} has not been built: there is no {paths.Guest(missing)}/vm.yaml. ./run builds it.");
            return 1;
        }

        Directory.CreateDirectory(folder);
        var report = new TourReport(System.Console.Out, json);
        using var stage = new TourStage(paths, font, folder, TourStage.AllGuests);
        var script = new TourScript(stage, report, cancel);
        await script.RunAsync();
        report.Summary(folder, script.LastSwitchMicroseconds);
        return report.Failed ? 1 : 0;
    }
}
