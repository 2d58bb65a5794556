using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hyperspace.Commands.Tour;

/// <summary>A step of the tour, as <c>--json</c> prints it: one object a line.</summary>
/// <param name="Ms">How long it took, in milliseconds.</param>
/// <param name="Detail">What was seen, when it went well.</param>
/// <param name="Error">What was expected and what was seen in its place.</param>
internal sealed record TourStep(string Step, bool Ok, double Ms, string? Detail = null, string? Error = null);

/// <summary>The last line of <c>--json</c>.</summary>
/// <param name="Step"><c>summary</c>.</param>
/// <param name="Screenshots">The folder that they are in.</param>
internal sealed record TourSummary(string Step, bool Ok, double Ms, int Passed, int Failed, string Screenshots, double? LastSwitchMicroseconds);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(TourStep))]
[JsonSerializable(typeof(TourSummary))]
internal sealed partial class TourJson : JsonSerializerContext;

/// <summary>A step did not happen; the message says what was expected and what was seen.</summary>
internal sealed class TourException(string message) : Exception(message);

/// <summary>Runs steps one after the other, times them and prints a line each. After a step that failed nothing more is tried: the rest builds on it.</summary>
internal sealed class TourReport(TextWriter output, bool json)
{
    private readonly long _began = Stopwatch.GetTimestamp();
    private int _passed;
    private int _failed;

    public bool Failed => _failed > 0;

    /// <param name="body">Returns what was seen, in a few words.</param>
    public async Task StepAsync(string name, Func<Task<string?>> body)
    {
        if (Failed)
        {
            return;
        }

        long began = Stopwatch.GetTimestamp();
        (string? detail, string? error) = (null, null);
        try
        {
            detail = await body();
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            error = e.Message;
        }

        Print(new TourStep(name, error is null, Round(Stopwatch.GetElapsedTime(began)), detail, error));
    }

    public void Summary(string screenshots, double? lastSwitchMicroseconds)
    {
        var summary = new TourSummary("summary", !Failed, Round(Stopwatch.GetElapsedTime(_began)), _passed, _failed, screenshots, lastSwitchMicroseconds);
        if (json)
        {
            output.WriteLine(JsonSerializer.Serialize(summary, TourJson.Default.TourSummary));
            return;
        }

        output.WriteLine();
        output.WriteLine(Failed
            ? $"The tour ended at the step that failed, after {summary.Ms / 1000:0.0} s. Pictures up to there: {screenshots}"
            : $"All {_passed} steps happened, in {summary.Ms / 1000:0.0} s. Pictures: {screenshots}");
    }

    private void Print(TourStep step)
    {
        (_passed, _failed) = step.Ok ? (_passed + 1, _failed) : (_passed, _failed + 1);
        output.WriteLine(json
            ? JsonSerializer.Serialize(step, TourJson.Default.TourStep)
            : $"{(step.Ok ? "ok    " : "FAILED")} {step.Step,-58} {step.Ms,9:0.0} ms  {step.Detail ?? step.Error}");
        output.Flush();
    }

    private static double Round(TimeSpan time) => Math.Round(time.TotalMilliseconds, 1);
}
