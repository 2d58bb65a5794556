namespace Hyperspace.Seat.Display.Guests;

/// <summary>The guest's pointer picture, premultiplied A R G B, and where the guest wants it. The seat draws it, so that it never waits for the guest.</summary>
public sealed class GuestCursor
{
    /// <summary>The largest side that is taken; QEMU's devices end at 512.</summary>
    public const int MaxSide = 512;

    public int Width { get; private set; }
    public int Height { get; private set; }
    public int HotX { get; private set; }
    public int HotY { get; private set; }
    public int X { get; private set; }
    public int Y { get; private set; }
    public bool Visible { get; private set; }
    public uint[] Pixels { get; private set; } = [];

    /// <summary>The same picture for outputs that show it themselves; null before the first.</summary>
    public Outputs.CursorPicture? Picture { get; private set; }

    /// <summary>Takes a checked picture; the hot spot is brought inside it.</summary>
    public void Define(int width, int height, int hotX, int hotY, uint[] pixels)
    {
        (Width, Height, Pixels) = (width, height, pixels);
        (HotX, HotY) = (Math.Clamp(hotX, 0, width - 1), Math.Clamp(hotY, 0, height - 1));
        Picture = new Outputs.CursorPicture(width, height, pixels);
    }

    public void MoveTo(int x, int y, bool visible) => (X, Y, Visible) = (x, y, visible);

    /// <summary>The pixels of the guest's screen that it covers; may reach outside the screen.</summary>
    public Outputs.PixelRect Bounds => Visible && Width > 0 ? new(X - HotX, Y - HotY, Width, Height) : default;
}
