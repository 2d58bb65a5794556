namespace Hyperspace.Protocols.Control;

/// <summary>What the power rules do.</summary>
/// <param name="Running">The plan that is being done, in words; null when none is.</param>
/// <param name="Recent">The last lines of the log, the newest last: at most 8.</param>
/// <param name="Way">Who suspends and powers off this machine, such as <c>logind</c>.</param>
public sealed record PolicyStatus(string? Running, IReadOnlyList<string> Recent, string Way);

/// <summary>The brightness of the machine's own panel.</summary>
/// <param name="Percent">0 (darkest; on some machines off) to 100.</param>
public sealed record BrightnessLevel(int Percent);
