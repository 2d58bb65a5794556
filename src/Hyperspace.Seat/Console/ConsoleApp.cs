using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Console;

/// <summary>The management console: what port 0 shows, and what <c>hyperspace console</c> shows in a terminal. One thread, its caller's.</summary>
public sealed class ConsoleApp(IConsoleBackend backend, TimeProvider clock)
{
    /// <summary>Something is to be drawn anew.</summary>
    public Action? Changed { get; set; }

    /// <summary>Leaves the console; null where there is nothing to leave it for, and then it is not offered.</summary>
    public Action? Quit { get; set; }

    /// <summary>The backend's data is new.</summary>
    public void DataChanged() => throw new NotImplementedException($"{backend}{clock}");

    /// <summary>A key was pressed or repeats.</summary>
    public void Key(ConsoleKeyPress key) => throw new NotImplementedException();

    /// <summary>Draws the whole page: 80x24 cells and up; smaller grids get what fits.</summary>
    public void Draw(CellGrid grid) => throw new NotImplementedException();
}
