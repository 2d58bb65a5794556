using Hyperspace.Protocols.Terminal;

namespace Hyperspace.Seat.Display.Text;

/// <summary>
/// Finds characters in pixels, so that a terminal can show a guest's text console as text: a block of 8x16 pixels in two colours that is exactly a glyph of a known
/// font. What it finds looks like the block, whether the guest meant a character or not; what it does not find is shown as pixels.
/// </summary>
public sealed class GlyphReader
{
    public const int Width = 8, Height = 16;

    /// <summary>The rows that the Linux console's underline cursor inverts (fbcon's bit_cursor, CUR_UNDERLINE): the last two.</summary>
    private static readonly UInt128 CursorRows = 0xFFFF;

    /// <summary>By <see cref="Hash"/>.</summary>
    private readonly Dictionary<ulong, char> _glyphs = [];

    /// <summary>Knows the font that is built into Linux.</summary>
    /// <param name="fonts">Other fonts, the most likely first; those of another size are not used.</param>
    public GlyphReader(IEnumerable<PsfFont> fonts)
    {
        for (int i = 0; i < KernelGlyphs.Characters.Length; i++)
        {
            _glyphs.Add(KernelGlyphs.Hashes[i], KernelGlyphs.Characters[i]);
        }

        foreach (PsfFont font in fonts.Where(f => (f.Width, f.Height) == (Width, Height)))
        {
            // Characters that share a glyph are the one that is the most likely in a console.
            foreach (char c in font.Characters.Where(c => c is > ' ' and < '\u2600' && CellScreen.IsOneCellWide(c)).OrderBy(Rank))
            {
                _glyphs.TryAdd(Hash(Pack(font.Glyph(c))), c);
            }
        }

        _glyphs.Remove(Hash(UInt128.Zero));
    }

    /// <summary>A reader with the fonts of this machine too.</summary>
    public static GlyphReader OfSystem() => new(SystemFont.LoadForReading());

    /// <summary>ASCII, Latin-1, box drawing and blocks, and the others.</summary>
    private static int Rank(char c) => c switch
    {
        < '\u0100' => c,
        >= '\u2500' and < '\u25A0' => c - 0x2500 + 0x100,
        _ => c + 0x1000,
    };

    /// <summary>Any good mixture of 128 bits to 64: no two glyphs share one, and a picture that does by chance is one in 10^16.</summary>
    private static ulong Hash(UInt128 bits)
    {
        ulong hash = unchecked((ulong)(bits >> 64) * 0x9E3779B97F4A7C15 + (ulong)bits);
        hash = unchecked((hash ^ (hash >> 32)) * 0xD6E8FEB86659FD93);
        return hash ^ (hash >> 32);
    }

    /// <summary>Reads the block whose first pixel is the span's first.</summary>
    /// <param name="pixels">Rows of 32-bit pixels.</param>
    /// <param name="stride">Pixels from one row to the next.</param>
    public bool TryRead(ReadOnlySpan<uint> pixels, int stride, out TerminalCell cell)
    {
        uint paper = pixels[0] & 0xFFFFFF;
        uint? ink = null;
        UInt128 bits = 0;
        for (int y = 0; y < Height; y++)
        {
            uint row = 0;
            foreach (uint pixel in pixels.Slice(y * stride, Width))
            {
                uint color = pixel & 0xFFFFFF;
                row <<= 1;
                if (color != paper)
                {
                    ink ??= color;
                    if (color != ink)
                    {
                        cell = default;
                        return false;
                    }

                    row |= 1;
                }
            }

            bits = (bits << 8) | row;
        }

        return Find(bits, ink ?? paper, paper, out cell);
    }

    private bool Find(UInt128 bits, uint ink, uint paper, out TerminalCell cell)
    {
        if (bits == UInt128.Zero)
        {
            cell = new TerminalCell(' ', ink, paper);
        }
        else if (_glyphs.TryGetValue(Hash(bits), out char c))
        {
            cell = new TerminalCell(c, ink, paper);
        }
        else if (_glyphs.TryGetValue(Hash(~bits), out c))
        {
            // The first pixel was ink.
            cell = new TerminalCell(c, paper, ink);
        }
        else if (bits == CursorRows)
        {
            cell = new TerminalCell('▁', ink, paper);
        }
        else if (_glyphs.TryGetValue(Hash(bits ^ CursorRows), out c))
        {
            // A character with the cursor: reversed, because it cannot be underlined.
            cell = new TerminalCell(c, paper, ink);
        }
        else
        {
            cell = default;
            return false;
        }

        return true;
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
}
