using Hyperspace.Linux;
using Hyperspace.Seat.Input.Chords;

namespace Hyperspace.Commands.Seat;

/// <summary>The seat in this terminal.</summary>
internal static class TerminalSeat
{
    /// <param name="graphics"><c>auto</c>, <c>blocks</c>, <c>sixel</c> or <c>kitty</c>.</param>
    /// <returns>The exit code.</returns>
    public static int Run(HyperspacePaths paths, ChordOptions chords, string graphics) => throw new NotImplementedException($"{paths}{chords}{graphics}");
}
