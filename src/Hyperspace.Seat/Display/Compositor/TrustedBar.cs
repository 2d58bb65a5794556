using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Display.Compositor;

/// <summary>What the trusted bar says. Immutable; a new value is drawn when it differs from the last one.</summary>
/// <param name="Port">The focused port.</param>
/// <param name="Label">The focused VM's label, or what stands in its place.</param>
/// <param name="Color">The focused VM's colour.</param>
/// <param name="State">A word when the VM does not simply run: <c>off</c>, <c>paused</c>, <c>crashed</c>.</param>
/// <param name="Armed">True after the leader: a port's digit is awaited.</param>
/// <param name="Leds">The guest's keyboard lights: 1 Scroll, 2 Num, 4 Caps.</param>
/// <param name="Notice">A sentence that wants attention now, or null.</param>
/// <param name="AttentionKey">How the console is reached from this output.</param>
public sealed record BarContent(int Port, string Label, Rgb Color, string? State, bool Armed, uint Leds, string? Notice, string AttentionKey, string Clock, IReadOnlyList<BarPort> Ports)
{
    /// <summary>Whether the keys go to what this bar is above.</summary>
    public BarKeys Keys { get; init; }

    /// <summary>What has the keys: its port and label.</summary>
    public string KeysAt { get; init; } = "";

    /// <summary>The battery, such as <c>42 %-</c>; empty where there is none.</summary>
    public string Power { get; init; } = "";
}

/// <summary>Where the keys are, as a bar says it.</summary>
public enum BarKeys : byte
{
    /// <summary>There is one picture, so that nothing need be said.</summary>
    Only,

    /// <summary>Several monitors show several ports, and the one below this bar has the keys.</summary>
    Here,

    /// <summary>They go to a port on another monitor.</summary>
    Elsewhere,
}

/// <summary>A port in the bar's list.</summary>
/// <param name="Alive">False is drawn dim.</param>
/// <param name="Progress">How far its boot is, in a few characters; null when there is nothing to say.</param>
public readonly record struct BarPort(int Port, string Label, Rgb Color, bool Alive, string? Progress = null);

/// <summary>
/// Draws the strip that no guest can draw on: the focused VM's colour and name at the left, the ports, and time and lock lights at the right. The whole strip
/// has the focused VM's colour at its left end only, so that text is readable on any colour.
/// </summary>
public static class TrustedBar
{
    private static readonly Rgb Paper = new(0x1E2128);
    private static readonly Rgb Ink = new(0xE6E9EF);
    private static readonly Rgb Dim = new(0x7D8590);
    private static readonly Rgb Warning = new(0xF5B14C);
    private static readonly Rgb Good = new(0x7CCB8B);

    public static void Draw(CellGrid grid, BarContent content)
    {
        grid.Clear(new Cell(' ', Ink, Paper));
        Rgb onColor = Readable(content.Color);
        string name = $" {content.Port} {Harmless(content.Label)} ";
        int column = grid.Write(0, 0, name, onColor, content.Color, bold: true);
        column = grid.Write(column, 0, content.State is null ? "" : $" {content.State} ", Warning, Paper);

        column = content.Keys switch
        {
            BarKeys.Here => grid.Write(column, 0, " has the keys ", Good, Paper, bold: true),
            BarKeys.Elsewhere => grid.Write(column, 0, $" no keys: {Harmless(content.KeysAt)} has them ", Warning, Paper, bold: true),
            _ => column,
        };

        string right = RightSide(content);
        int rightColumn = grid.Columns - right.Length;
        if (content.Armed)
        {
            column = grid.Write(column, 0, " Switch to: ", Ink, Paper, bold: true);
        }
        else if (content.Notice is not null)
        {
            string notice = $" {Harmless(content.Notice)} ";
            column = grid.Write(column, 0, notice.AsSpan(0, Math.Clamp(rightColumn - column, 0, notice.Length)), Warning, Paper);
        }

        column = DrawPorts(grid, content, column + 1, rightColumn - 1);
        if (rightColumn > column)
        {
            grid.Write(rightColumn, 0, right, Dim, Paper);
        }
    }

    private static int DrawPorts(CellGrid grid, BarContent content, int column, int end)
    {
        foreach (BarPort port in content.Ports)
        {
            string text = $"{port.Port} {Harmless(port.Label)}";
            string progress = port.Progress is null ? "" : $" {port.Progress}";
            if (column + text.Length + progress.Length + 4 > end)
            {
                break;
            }

            Rgb ink = port.Port == content.Port ? Ink : Dim;
            column = grid.Write(column, 0, "█", port.Alive ? port.Color : Dim, Paper);
            column = grid.Write(column, 0, $" {text}", ink, Paper, bold: content.Armed);
            column = grid.Write(column, 0, $"{progress}  ", Warning, Paper);
        }

        return column;
    }

    private static string RightSide(BarContent content)
    {
        string locks = string.Concat((content.Leds & 4) != 0 ? "CAPS " : "", (content.Leds & 2) != 0 ? "NUM " : "", (content.Leds & 1) != 0 ? "SCROLL " : "");
        string power = content.Power.Length == 0 ? "" : $"{content.Power}  ";
        return $" {locks} {content.AttentionKey}: console  {power}{content.Clock} ";
    }

    /// <summary>Black or white, whichever is easier to read on the colour (ITU-R BT.601 luma).</summary>
    private static Rgb Readable(Rgb color) =>
        color.R * 299 + color.G * 587 + color.B * 114 > 150_000 ? new Rgb(0x000000) : new Rgb(0xFFFFFF);

    /// <summary>A label comes from a file that people share: nothing in it may look like another part of the bar or be invisible.</summary>
    public static string Harmless(string text) =>
        string.Concat(text.Select(c => char.IsControl(c) || char.GetUnicodeCategory(c) == System.Globalization.UnicodeCategory.Format ? ' ' : c));
}
