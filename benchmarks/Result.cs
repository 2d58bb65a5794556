using System.Text.Json;
using System.Text.Json.Nodes;

namespace Hyperspace.Benchmarks;

/// <summary>A figure of ours beside the peer's. All of one result have the same unit.</summary>
/// <param name="Ratio">The median of the paired ratios, ours to the peer's; below 1 is better.</param>
/// <param name="Goal">The ratio, or without a peer the value, that it is to stay at or below.</param>
internal sealed record Result(string Benchmark, string Figure, string Unit, double Ours, double? Peer, double? Ratio, double? Goal, int Samples)
{
    public bool? MeetsGoal => Goal is { } goal ? (Ratio ?? Ours) <= goal : null;

    public JsonObject ToJson()
    {
        var json = new JsonObject
        {
            ["benchmark"] = Benchmark, ["figure"] = Figure, ["unit"] = Unit, ["ours"] = Round(Ours), ["samples"] = Samples,
        };
        Add(json, "peer", Peer);
        Add(json, "ratio", Ratio);
        Add(json, "goal", Goal);
        if (MeetsGoal is { } meets)
        {
            json["meetsGoal"] = meets;
        }

        return json;
    }

    public override string ToString() =>
        $"{Benchmark,-15} {Figure,-34} {Ours,10:0.###} {Unit,-4} {(Peer is { } p ? $"peer {p,9:0.###}" : ""),-15} {(Ratio is { } r ? $"ratio {r:0.000}" : ""),-12} "
        + (Goal is { } g ? $"goal {g:0.###} {(MeetsGoal == true ? "met" : "MISSED")}" : "");

    private static void Add(JsonObject json, string name, double? value)
    {
        if (value is { } number)
        {
            json[name] = Round(number);
        }
    }

    private static double Round(double value) => Math.Round(value, 4);
}

internal static class Statistics
{
    public static double Median(IEnumerable<double> values) => Percentile(values, 50);

    /// <param name="percent">0 to 100, by the nearest rank.</param>
    public static double Percentile(IEnumerable<double> values, double percent)
    {
        double[] sorted = [.. values.Order()];
        return sorted.Length == 0 ? double.NaN : sorted[Math.Clamp((int)Math.Ceiling(percent / 100 * sorted.Length) - 1, 0, sorted.Length - 1)];
    }

    /// <summary>The median of ours / peer, pair by pair: noise that lasts longer than a pair cancels out.</summary>
    public static double PairedRatio(IReadOnlyList<double> ours, IReadOnlyList<double> peer) => Median(ours.Zip(peer, (a, b) => a / b));
}
