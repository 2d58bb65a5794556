using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Console;

/// <summary>
/// Draws what all pages have in common around them, and the dialogs on top. It remembers what it drew last, so that it can tell whether a change is one that anybody can see.
/// </summary>
internal sealed class ConsoleFrame(ConsoleApp app)
{
    private readonly List<KeyHint> _keys = [];
    private CellGrid? _drawn;
    private CellGrid? _trial;

    public void Draw(CellGrid grid)
    {
        Paint(grid);
        _drawn ??= new CellGrid(grid.Columns, grid.Rows);
        _drawn.Resize(grid.Columns, grid.Rows);
        for (int row = 0; row < grid.Rows; row++)
        {
            for (int column = 0; column < grid.Columns; column++)
            {
                _drawn[column, row] = grid[column, row];
            }
        }
    }

    /// <summary>True when drawing now would show something else than the last time.</summary>
    public bool IsStale()
    {
        if (_drawn is null)
        {
            return true;
        }

        _trial ??= new CellGrid(_drawn.Columns, _drawn.Rows);
        _trial.Resize(_drawn.Columns, _drawn.Rows);
        Paint(_trial);
        for (int row = 0; row < _drawn.Rows; row++)
        {
            if (!_drawn.Row(row).SequenceEqual(_trial.Row(row)))
            {
                return true;
            }
        }

        return false;
    }

    private void Paint(CellGrid grid)
    {
        grid.Cursor = null;
        var screen = new Canvas(grid);
        screen.Clear(Theme.Page);
        _keys.Clear();
        app.Page.AddKeys(_keys);
        int keyRows = screen.Rows < 6 ? 0 : KeyBar.RowsFor(_keys, screen.Columns, screen.Rows < 16 ? 1 : 3);
        int statusRows = screen.Rows < 4 ? 0 : 1;
        int air = screen.Rows < 22 ? 0 : 1;
        int head = air + (screen.Rows < 3 ? 0 : screen.Rows < 12 && app.Backend.Problem is null ? 1 : 2);
        if (head > 0)
        {
            DrawHead(screen.Part(0, air, screen.Columns, head - air));
        }

        int bottom = screen.Rows - keyRows;
        app.Page.Draw(screen.Part(0, head, screen.Columns, bottom - statusRows - head));
        if (statusRows > 0)
        {
            DrawStatus(screen.Part(1, bottom - 1, screen.Columns - 2, 1));
        }

        KeyBar.Draw(screen.Part(0, bottom, screen.Columns, keyRows), _keys);
        if (app.Dialog is { } dialog)
        {
            screen.Fade();
            dialog.Draw(screen);
        }
    }

    private void DrawHead(Canvas canvas)
    {
        int end = canvas.Fit(1, 0, canvas.Columns - 2, app.Page.Title, Theme.Page.Strong);
        if (app.Backend.Snapshot?.Host is { } host)
        {
            DrawHost(canvas, host, end + 2);
        }

        Style rule = Theme.Page.With(Theme.Faint);
        if (app.Backend is { Problem: { } problem, Snapshot: not null })
        {
            canvas.Part(0, 1, canvas.Columns, 1).Clear(new Style(Theme.Warning, Theme.Panel));
            canvas.Fit(1, 1, canvas.Columns - 2, problem, new Style(Theme.Warning, Theme.Panel));
        }
        else
        {
            canvas.Repeat(1, 1, canvas.Columns - 2, '─', rule);
        }
    }

    /// <summary>How this computer does, at the right of the title, as far as there is room right of <paramref name="from"/>.</summary>
    private static void DrawHost(Canvas canvas, HostStatus host, int from)
    {
        Span<char> use = stackalloc char[96], warning = stackalloc char[32], percent = stackalloc char[16], memory = stackalloc char[40];
        long used = Math.Max(0, host.MemoryBytes - host.MemoryAvailableBytes);
        ReadOnlySpan<char> cpu = ConsoleText.Percent(percent, host.CpuPercent);
        ReadOnlySpan<char> size = ConsoleText.Memory(memory, used, (int)Math.Min(int.MaxValue, host.MemoryBytes >> 20));
        use.TryWrite($"CPU {cpu}   memory {size}", out int useLength);
        int warningLength = 0;
        if (host.Degraded.Count > 0)
        {
            warning.TryWrite($"   ! {host.Degraded.Count} degraded", out warningLength);
        }

        int column = canvas.Columns - 1 - useLength - warningLength;
        if (column >= from)
        {
            column = canvas.Write(column, 0, use[..useLength], Theme.Page.With(Theme.Dim));
            canvas.Write(column, 0, warning[..warningLength], Theme.Page.With(Theme.Warning));
        }
    }

    /// <summary>A note, or what is being done.</summary>
    private void DrawStatus(Canvas canvas)
    {
        if (app.Note is { } note)
        {
            canvas.Fit(0, 0, canvas.Columns, note, Theme.Page.With(Theme.Warning));
            return;
        }

        int column = 0;
        Style busy = Theme.Page.With(Theme.Busy);
        foreach (RunningDeed running in app.Running)
        {
            column = canvas.Write(column, 0, column == 0 ? "" : ", ", busy);
            column = canvas.Write(column, 0, Deeds.Doing(running.Deed), busy);
            column = canvas.Write(column + 1, 0, running.Label, busy);
            column = canvas.Write(column, 0, " ...", busy);
        }
    }
}
