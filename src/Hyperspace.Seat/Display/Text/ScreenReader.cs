namespace Hyperspace.Seat.Display.Text;

/// <summary>
/// Reads the text on a picture of a screen, when it stands in a grid of 8x16 cells in a known bitmap font, as on the console and on a guest's text
/// console: so that a picture is a proof that a program can check. Not meant for anything that a person has not put there on purpose.
/// </summary>
public sealed class ScreenReader
{
    private const int Width = 8;
    private const int Height = 16;

    /// <summary>Pixels of a cell that may be wrong: an underline cursor is two rows, which no other glyph resembles.</summary>
    private const int MaxWrongPixels = 4;

    private readonly Dictionary<UInt128, char> _glyphs = [];

    /// <param name="fonts">8x16 fonts, the most likely first.</param>
    /// <exception cref="ArgumentException">A font has another size.</exception>
    public ScreenReader(params IReadOnlyList<PsfFont> fonts)
    {
        foreach (PsfFont font in fonts)
        {
            if ((font.Width, font.Height) != (Width, Height))
            {
                throw new ArgumentException($"The font is {font.Width}x{font.Height}; expected {Width}x{Height}.", nameof(fonts));
            }

        }

        AddGlyphs(fonts, static glyph => glyph);
        AddGlyphs(fonts, Embolden);
    }

    /// <summary>The rows of text from a corner on, trailing spaces removed; what is not a glyph of the fonts is a space.</summary>
    /// <param name="pixels">Rows of 32-bit pixels without gaps.</param>
    /// <param name="x">The first cell's left edge.</param>
    /// <param name="y">The first cell's upper edge.</param>
    public string[] Read(ReadOnlySpan<uint> pixels, int width, int height, int x, int y)
    {
        int columns = (width - x) / Width, rows = (height - y) / Height;
        var text = new string[rows];
        var line = new char[columns];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                line[column] = ReadCell(pixels, width, x + column * Width, y + row * Height);
            }

            text[row] = new string(line).TrimEnd();
        }

        return text;
    }

    private void AddGlyphs(IReadOnlyList<PsfFont> fonts, Func<UInt128, UInt128> drawn)
    {
        foreach (PsfFont font in fonts)
        {
            foreach (char c in font.Characters.Where(c => c is > ' ' and < '\u2600').Order())
            {
                _glyphs.TryAdd(drawn(Pack(font.Glyph(c))), c);
            }
        }
    }

    private char ReadCell(ReadOnlySpan<uint> pixels, int stride, int x, int y)
    {
        UInt128 bits = 0;
        uint first = pixels[y * stride + x] & 0xFFFFFF;
        for (int row = 0; row < Height; row++)
        {
            ReadOnlySpan<uint> line = pixels.Slice((y + row) * stride + x, Width);
            foreach (uint pixel in line)
            {
                bits = (bits << 1) | ((pixel & 0xFFFFFF) == first ? UInt128.Zero : UInt128.One);
            }
        }

        // Which of the two colours is ink is not known: both readings are tried.
        return bits == UInt128.Zero ? ' ' : Exact(bits) ?? Exact(~bits) ?? Nearest(bits);
    }

    private char? Exact(UInt128 bits) => _glyphs.TryGetValue(bits, out char c) ? c : null;

    private char Nearest(UInt128 bits)
    {
        (char best, int wrong) = (' ', MaxWrongPixels + 1);
        foreach ((UInt128 glyph, char c) in _glyphs)
        {
            int different = (int)UInt128.PopCount(glyph ^ bits);
            if (different < wrong)
            {
                (best, wrong) = (c, different);
            }
        }

        return best;
    }

    private static UInt128 Pack(ReadOnlySpan<byte> rows)
    {
        UInt128 bits = 0;
        foreach (byte row in rows)
        {
            bits = (bits << 8) | row;
        }

        return bits;
    }

    /// <summary>Bold as <see cref="TextPainter"/> draws it: every row once more, one pixel to the right.</summary>
    private static UInt128 Embolden(UInt128 glyph)
    {
        UInt128 bold = 0;
        for (int shift = 120; shift >= 0; shift -= 8)
        {
            var row = (byte)(glyph >> shift);
            bold = (bold << 8) | (byte)(row | (row >> 1));
        }

        return bold;
    }
}
