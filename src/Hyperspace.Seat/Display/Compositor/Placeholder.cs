using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Display.Compositor;

/// <summary>The page that a port shows while its VM has no picture: it says what is the matter and which key helps.</summary>
internal static class Placeholder
{
    private static readonly Rgb Paper = new(0x101014);
    private static readonly Rgb Ink = new(0xE6E9EF);
    private static readonly Rgb Dim = new(0x8B93A1);

    public static void Draw(CellGrid grid, int port, PortInfo? info)
    {
        grid.Clear(new Cell(' ', Ink, Paper));
        grid.Cursor = null;
        (string title, string detail) = info switch
        {
            null => ($"Nothing is plugged into port {port}.", "The console gives a VM this port: Ctrl+Alt+Esc."),
            { State: VmState.Starting } or { IsAlive: true } => ($"{info.Label} is starting.", "Its screen appears here as soon as it has one."),
            { State: VmState.Crashed } => ($"{info.Label} has crashed.", info.Reason ?? "The console's log page shows its last lines: Ctrl+Alt+Esc."),
            { State: VmState.Invalid } => ($"{info.Label} cannot be used.", info.Reason ?? "Its definition has errors."),
            _ => ($"{info.Label} is off.", "The console starts it: Ctrl+Alt+Esc, then S."),
        };
        int row = Math.Max(0, grid.Rows / 2 - 2);
        if (info is not null)
        {
            Center(grid, row, "████", info.Color, bold: false);
        }

        Center(grid, row + 2, title, Ink, bold: true);
        Center(grid, row + 4, detail, Dim, bold: false);
    }

    private static void Center(CellGrid grid, int row, string text, Rgb color, bool bold)
    {
        if (text.Length > grid.Columns)
        {
            text = text[..grid.Columns];
        }

        grid.Write((grid.Columns - text.Length) / 2, row, text, color, Paper, bold);
    }
}
