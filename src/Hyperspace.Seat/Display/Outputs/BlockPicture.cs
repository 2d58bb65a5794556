using Hyperspace.Protocols.Terminal;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Display.Outputs;

/// <summary>Cells of 8x16 pixels: the character that they are, or two halves in their average colours.</summary>
internal sealed class BlockPicture(GlyphReader? glyphs) : IPicture
{
    private const int Width = GlyphReader.Width, Height = GlyphReader.Height;
    private const char UpperHalf = '▀';

    public TerminalGraphics Kind => TerminalGraphics.Blocks;

    public void Paint(TerminalWriter writer, CellScreen screen, Frame frame, PixelRect damage)
    {
        CellArea area = CellArea.Of(frame, screen, damage, Width, Height);
        for (int row = area.Top; row < area.Bottom; row++)
        {
            for (int column = area.Left; column < area.Right; column++)
            {
                ReadOnlySpan<uint> pixels = frame.Pixels[(row * Height * frame.Width + column * Width)..];
                screen.Put(writer, column, row, Cell(pixels, frame.Width));
            }
        }
    }

    public void Remove(TerminalWriter writer)
    {
    }

    private TerminalCell Cell(ReadOnlySpan<uint> pixels, int stride)
    {
        if (glyphs is not null && glyphs.TryRead(pixels, stride, out TerminalCell cell))
        {
            return cell;
        }

        (uint upper, uint lower) = (Average(pixels, stride), Average(pixels[(Height / 2 * stride)..], stride));
        return upper == lower ? new TerminalCell(' ', upper, upper) : new TerminalCell(UpperHalf, upper, lower);
    }

    /// <summary>The mean colour of 8x8 pixels. Red and blue are summed in one word: 64 times 255 takes 14 of the 16 bits between them.</summary>
    private static uint Average(ReadOnlySpan<uint> pixels, int stride)
    {
        (uint redBlue, uint green) = (0, 0);
        for (int y = 0; y < Height / 2; y++)
        {
            foreach (uint pixel in pixels.Slice(y * stride, Width))
            {
                redBlue += pixel & 0xFF00FF;
                green += (pixel >> 8) & 0xFF;
            }
        }

        const int shift = 6;
        return (((redBlue >> (16 + shift)) & 0xFF) << 16) | ((green >> shift) << 8) | ((redBlue & 0xFFFF) >> shift);
    }
}
