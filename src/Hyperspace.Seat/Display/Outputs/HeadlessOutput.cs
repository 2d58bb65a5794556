using Hyperspace.Linux.Reactor;
using Hyperspace.Seat.Display.Compositor;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Display.Outputs;

/// <summary>A monitor that exists only in memory: for tests, benchmarks and screenshots.</summary>
public sealed class HeadlessOutput : IOutput
{
    /// <param name="width">Pixels, at least 640.</param>
    /// <param name="height">Pixels, bar included, at least 400.</param>
    public HeadlessOutput(int width, int height, PsfFont font)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 640);
        ArgumentOutOfRangeException.ThrowIfLessThan(height, 400);
        Font = font;
        Size = (width, height);
    }

    public string Kind => "headless";

    public (int Width, int Height) Size { get; }

    public (int Columns, int Rows) TextSize => ScreenCompositor.TextSize(Size, Font);

    public bool WantsPixelText => true;

    public PsfFont Font { get; }

    public bool IsReady => true;

    public Action? Resized { get; set; }

    public Action? ReadyAgain { get; set; }

    public Action<long>? Shown { get; set; }

    /// <summary>Frames presented.</summary>
    public long Frames { get; private set; }

    /// <summary>Called with each frame presented and its damage, before <see cref="Present"/> returns: what a benchmark or test looks at.</summary>
    public Action<Frame, PixelRect>? Presented { get; set; }

    public void Present(Frame frame, PixelRect damage)
    {
        Frames++;
        Presented?.Invoke(frame, damage);
        Shown?.Invoke(Reactor.Now);
    }

    public void Dispose()
    {
    }
}
