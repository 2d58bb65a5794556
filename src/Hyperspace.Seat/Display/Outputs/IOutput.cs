using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Display.Outputs;

/// <summary>A rectangle in pixels; empty when either side is 0.</summary>
public readonly record struct PixelRect(int X, int Y, int Width, int Height)
{
    public bool IsEmpty => Width <= 0 || Height <= 0;
    public int Right => X + Width;
    public int Bottom => Y + Height;

    public PixelRect Union(PixelRect other)
    {
        if (IsEmpty)
        {
            return other;
        }

        if (other.IsEmpty)
        {
            return this;
        }

        int x = Math.Min(X, other.X), y = Math.Min(Y, other.Y);
        return new PixelRect(x, y, Math.Max(Right, other.Right) - x, Math.Max(Bottom, other.Bottom) - y);
    }

    public PixelRect Intersect(PixelRect other)
    {
        int x = Math.Max(X, other.X), y = Math.Max(Y, other.Y);
        var r = new PixelRect(x, y, Math.Min(Right, other.Right) - x, Math.Min(Bottom, other.Bottom) - y);
        return r.IsEmpty ? default : r;
    }
}

/// <summary>What an output shows: the trusted bar on top, and below it either a guest's picture or a page of text.</summary>
public abstract class Frame
{
    /// <summary>The trusted bar: one row of cells.</summary>
    public abstract CellGrid Bar { get; }

    /// <summary>Port 0, or a placeholder for a VM without a picture; null while a guest's picture is shown.</summary>
    public abstract CellGrid? Text { get; }

    /// <summary>
    /// The whole monitor, bar included, as rows of 32-bit pixels (B G R X in memory), top row first, stride = 4 * Width. Bar and text are drawn
    /// into it only for outputs that have <see cref="IOutput.WantsPixelText"/>.
    /// </summary>
    public abstract ReadOnlySpan<uint> Pixels { get; }

    public abstract int Width { get; }
    public abstract int Height { get; }

    /// <summary>Rows of <see cref="Pixels"/> that the bar takes; the guest's area begins below.</summary>
    public abstract int BarHeight { get; }
}

/// <summary>Which port is shown.</summary>
/// <param name="Label">The VM's label; <c>Hyperspace</c> on port 0.</param>
/// <param name="HasGuest">A guest's picture is shown, and keys go to that guest.</param>
/// <param name="TakesMotion">The guest's pointer follows motion and not places.</param>
public readonly record struct ShownPort(int Port, string Label, bool HasGuest, bool TakesMotion);

/// <summary>A monitor of some kind. All members are called on the seat's thread.</summary>
public interface IOutput : IDisposable
{
    /// <summary><c>terminal</c>, <c>window</c>, <c>drm</c> or <c>headless</c>.</summary>
    string Kind { get; }

    /// <summary>The monitor's size in pixels, bar included.</summary>
    (int Width, int Height) Size { get; }

    /// <summary>How far apart the monitor's pixels are, which guests are told so that they choose a size that can be read; 96 a inch where it is not known.</summary>
    double MillimetresPerPixel => 25.4 / 96;

    /// <summary>The size of port 0 and of the bar in cells: bar = Columns x 1, console = Columns x Rows.</summary>
    (int Columns, int Rows) TextSize { get; }

    /// <summary>True when bar and text have to be drawn into the pixels; false for a terminal, which shows text as text.</summary>
    bool WantsPixelText { get; }

    /// <summary>
    /// What text is drawn with: into frames for an output that has <see cref="WantsPixelText"/>, into photographs for all. It may be another with another size. Null only where text is shown as text and this machine
    /// has no console font.
    /// </summary>
    PsfFont? Font { get; }

    /// <summary>True when a guest's picture that is larger than the monitor is better shown in part than made smaller: where it is read, and pixels are few.</summary>
    bool PansPictures => false;

    /// <summary>The attention key as it is pressed at this output: an ordinary terminal cannot report Ctrl+Alt+Esc.</summary>
    string AttentionKey => "Ctrl+Alt+Esc";

    /// <summary>True while the output can take a frame now; if not it calls <see cref="ReadyAgain"/> later, and the seat coalesces.</summary>
    bool IsReady { get; }

    /// <summary>Set by the seat: the size has changed.</summary>
    Action? Resized { get; set; }

    /// <summary>Set by the seat: ready for the next frame.</summary>
    Action? ReadyAgain { get; set; }

    /// <summary>
    /// Set by the seat: the frame presented last is on the monitor, since that time in nanoseconds of CLOCK_MONOTONIC. Called at most once for each, from within <see cref="Present"/> where an output does not learn
    /// when its frames are seen.
    /// </summary>
    Action<long>? Shown { get; set; }

    /// <summary>True while the output shows the pointer itself (a hardware plane): frames then come without it.</summary>
    bool TakesCursor => false;

    /// <summary>Shows the pointer from now on; called only while <see cref="TakesCursor"/>, and for every motion.</summary>
    void ShowCursor(in CursorState cursor)
    {
    }

    /// <summary>How long the size has to stay before guests are told of it: a window has many on its way from one to another, and each costs a guest a new mode.</summary>
    TimeSpan SettleTime => TimeSpan.Zero;

    /// <summary>What is shown from now on, for outputs that have something around the picture. It may be what is shown already.</summary>
    void Announce(in ShownPort shown)
    {
    }

    /// <summary>Makes the picture as large as the monitor, or a window again.</summary>
    /// <returns>False where there is no such difference.</returns>
    bool ToggleFullScreen() => false;

    /// <summary>Its monitors, where it can have several that show different things; null where there is one picture.</summary>
    IMonitors? Arrangement => null;

    /// <summary>Shows the frame. Only <paramref name="damage"/> (pixels of the whole monitor) has changed since the last one.</summary>
    void Present(Frame frame, PixelRect damage);
}
