using System.Globalization;

namespace Hyperspace.Machines.Power.Rules;

/// <summary>What rules are about.</summary>
public enum OccasionKind { LidClosed, LidOpened, PowerButton, SleepButton, BatteryLow, BatteryCritical, AcPlugged, AcUnplugged, Idle }

/// <summary>Something that happened to the machine, in the words of <c>power.yaml</c>.</summary>
/// <param name="IdleFor">How long nobody has touched anything, 1 s to 24 h; zero but for <see cref="OccasionKind.Idle"/>.</param>
public readonly record struct Occasion(OccasionKind Kind, TimeSpan IdleFor = default)
{
    private static readonly string[] Words = ["lid closed", "lid opened", "power button", "sleep button", "battery low", "battery critical", "ac plugged", "ac unplugged"];

    /// <summary>What may stand in a rule, for messages.</summary>
    public static string Expected { get; } = $"{string.Join(", ", Words)}, or idle with a time such as idle 10min";

    /// <summary>The words as a pattern, for the JSON Schema.</summary>
    internal static string Pattern { get; } = $"^({string.Join('|', Words)}|idle [0-9]{{1,5}}(s|min))$";

    internal static IReadOnlyList<string> AllWords => Words;

    public static bool TryParse(string text, out Occasion occasion)
    {
        occasion = default;
        int known = Array.IndexOf(Words, text);
        if (known >= 0)
        {
            occasion = new Occasion((OccasionKind)known);
            return true;
        }

        if (!text.StartsWith("idle ", StringComparison.Ordinal) || ParseTime(text[5..]) is not { } time)
        {
            return false;
        }

        occasion = new Occasion(OccasionKind.Idle, time);
        return true;
    }

    /// <summary>Null unless it is 1 s to 24 h, such as 90s or 10min.</summary>
    private static TimeSpan? ParseTime(string text)
    {
        int unit = text.EndsWith("min", StringComparison.Ordinal) ? 60 : text.EndsWith('s') ? 1 : 0;
        string number = unit == 0 ? "" : text[..^(unit == 60 ? 3 : 1)];
        return int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= 1 && (long)value * unit <= 86_400 ? TimeSpan.FromSeconds(value * unit) : null;
    }

    internal static string Time(TimeSpan time)
    {
        int seconds = (int)time.TotalSeconds;
        return seconds > 0 && seconds % 60 == 0 ? $"{seconds / 60}min" : $"{seconds}s";
    }

    public override string ToString() => Kind == OccasionKind.Idle ? $"idle {Time(IdleFor)}" : Words[(int)Kind];
}
