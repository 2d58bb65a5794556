using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Console;

/// <summary>How text looks in a cell.</summary>
internal readonly record struct Style(Rgb Ink, Rgb Paper, bool Bold = false)
{
    public Style With(Rgb ink) => this with { Ink = ink };

    public Style Strong => this with { Bold = true };
}

/// <summary>The console's colours: those of the trusted bar above it, and a few that say how a VM is.</summary>
internal static class Theme
{
    public static readonly Rgb Paper = new(0x14171C);
    public static readonly Rgb Panel = new(0x1E2128);
    public static readonly Rgb Raised = new(0x262B35);
    public static readonly Rgb Selection = new(0x2C3B57);
    public static readonly Rgb Ink = new(0xE6E9EF);
    public static readonly Rgb Soft = new(0xB4BBC7);
    public static readonly Rgb Dim = new(0x7D8590);
    public static readonly Rgb Faint = new(0x3C434F);
    public static readonly Rgb Accent = new(0x82B4F5);
    public static readonly Rgb Good = new(0x7CCB8B);
    public static readonly Rgb Busy = new(0x6FC3DF);
    public static readonly Rgb Warning = new(0xF5B14C);
    public static readonly Rgb Bad = new(0xF47C6F);

    /// <summary>What a VM has whose definition names no colour that can be read.</summary>
    private static readonly Rgb NoColor = new(0x8B93A1);

    public static Style Page => new(Ink, Paper);

    public static Style Bar => new(Soft, Panel);

    public static Style Dialog => new(Ink, Raised);

    public static Rgb Of(VmState state) => state switch
    {
        VmState.Running => Good,
        VmState.Paused or VmState.Sleeping => Warning,
        VmState.Starting or VmState.Stopping => Busy,
        VmState.Crashed or VmState.Invalid => Bad,
        _ => Dim,
    };

    /// <summary>A VM's colour, written <c>#rrggbb</c>.</summary>
    public static Rgb ColorOf(string text) =>
        text.Length == 7 && text[0] == '#' && uint.TryParse(text.AsSpan(1), System.Globalization.NumberStyles.AllowHexSpecifier, null, out uint value)
            ? new Rgb(value)
            : NoColor;

    /// <summary>The colour of a meter that shows how much of something is in use.</summary>
    /// <param name="fraction">0 to 1.</param>
    public static Rgb Use(double fraction) => fraction < 0.75 ? Accent : fraction < 0.9 ? Warning : Bad;
}
