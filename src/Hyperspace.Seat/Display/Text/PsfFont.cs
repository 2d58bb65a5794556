using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Hyperspace.Seat.Display.Text;

/// <summary>
/// A bitmap font of the Linux console: PC Screen Font version 1 or 2 (kbd's documentation of the psf formats), gzip-compressed or not, with its Unicode table.
/// Immutable, so that threads may share it.
/// </summary>
public sealed class PsfFont
{
    /// <summary>The largest file that is read, after decompression: far more than any console font has.</summary>
    public const int MaxFileBytes = 4 << 20;

    /// <summary>The widest and the tallest glyph that is accepted, in pixels.</summary>
    public const int MaxGlyphSide = 64;

    private const int MaxGlyphs = 65536;
    private const char Replacement = '\uFFFD';

    private readonly byte[] _glyphs;
    private readonly int _glyphBytes;
    private readonly Dictionary<char, int> _indexOf;
    private readonly int _fallback;

    private PsfFont(int width, int height, byte[] glyphs, int glyphBytes, Dictionary<char, int> indexOf)
    {
        Width = width;
        Height = height;
        _glyphs = glyphs;
        _glyphBytes = glyphBytes;
        _indexOf = indexOf;
        _fallback = FindFallback();
    }

    /// <summary>Pixels across one glyph, 1 to <see cref="MaxGlyphSide"/>.</summary>
    public int Width { get; }

    /// <summary>Pixel rows of one glyph, 1 to <see cref="MaxGlyphSide"/>.</summary>
    public int Height { get; }

    /// <summary>Bytes of one row of a glyph; the leftmost pixel is the highest bit of the first.</summary>
    public int BytesPerRow => (Width + 7) / 8;

    /// <summary>Every character that the font has a glyph for; several may share one.</summary>
    public IEnumerable<char> Characters => _indexOf.Keys;

    /// <summary>True when the font has a glyph of its own for the character; if not, <see cref="Glyph"/> answers with the fallback.</summary>
    public bool Contains(char c) => _indexOf.ContainsKey(c);

    /// <summary>
    /// The bitmap of a character: <see cref="Height"/> rows of <see cref="BytesPerRow"/> bytes. A character that the font lacks gets the replacement
    /// character's glyph, or a question mark's, or the font's first.
    /// </summary>
    public ReadOnlySpan<byte> Glyph(char c)
    {
        int index = _indexOf.TryGetValue(c, out int found) ? found : _fallback;
        return _glyphs.AsSpan(index * _glyphBytes, _glyphBytes);
    }

    /// <summary>Reads a font file; the name's ending does not matter.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is not a font of this format; the message names the file and says why.</exception>
    public static PsfFont Load(string path)
    {
        try
        {
            using FileStream file = File.OpenRead(path);
            Span<byte> magic = stackalloc byte[2];
            int got = file.ReadAtLeast(magic, 2, throwOnEndOfStream: false);
            file.Position = 0;
            if (got == 2 && magic[0] == 0x1F && magic[1] == 0x8B)
            {
                using var gzip = new GZipStream(file, CompressionMode.Decompress);
                return Parse(ReadLimited(gzip));
            }

            return Parse(ReadLimited(file));
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"The font {path} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Decodes an uncompressed font.</summary>
    /// <exception cref="InvalidDataException">It is not a font of this format; the message says why.</exception>
    public static PsfFont Parse(ReadOnlySpan<byte> untrustedData)
    {
        if (untrustedData.Length >= 4 && untrustedData[0] == 0x36 && untrustedData[1] == 0x04)
        {
            return ParseVersion1(untrustedData);
        }

        if (untrustedData.Length >= 32 && BinaryPrimitives.ReadUInt32LittleEndian(untrustedData) == 0x864AB572)
        {
            return ParseVersion2(untrustedData);
        }

        throw new InvalidDataException("it begins with neither of the PC Screen Font signatures (36 04, or 72 b5 4a 86).");
    }

    private static PsfFont ParseVersion1(ReadOnlySpan<byte> data)
    {
        const byte has512 = 1, hasTable = 2, hasSequences = 4;
        byte mode = data[2];
        int height = data[3];
        int count = (mode & has512) != 0 ? 512 : 256;
        ReadOnlySpan<byte> rest = data[4..];
        byte[] glyphs = TakeGlyphs(8, height, count, height, rest);
        Dictionary<char, int> table = (mode & (hasTable | hasSequences)) != 0
            ? ReadTableOfUtf16(rest[glyphs.Length..], count)
            : IdentityTable(count);
        return new PsfFont(8, height, glyphs, height, table);
    }

    private static PsfFont ParseVersion2(ReadOnlySpan<byte> data)
    {
        uint headerSize = BinaryPrimitives.ReadUInt32LittleEndian(data[8..]);
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(data[12..]);
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(data[16..]);
        uint glyphBytes = BinaryPrimitives.ReadUInt32LittleEndian(data[20..]);
        uint height = BinaryPrimitives.ReadUInt32LittleEndian(data[24..]);
        uint width = BinaryPrimitives.ReadUInt32LittleEndian(data[28..]);
        if (headerSize < 32 || headerSize > data.Length)
        {
            throw new InvalidDataException($"its header claims {headerSize} bytes of a file of {data.Length}.");
        }

        if (width > MaxGlyphSide || height > MaxGlyphSide || count > MaxGlyphs || glyphBytes != height * ((width + 7) / 8))
        {
            throw new InvalidDataException($"its header claims {count} glyphs of {width}x{height} pixels in {glyphBytes} bytes each.");
        }

        ReadOnlySpan<byte> rest = data[(int)headerSize..];
        byte[] glyphs = TakeGlyphs((int)width, (int)height, (int)count, (int)glyphBytes, rest);
        Dictionary<char, int> table = (flags & 1) != 0 ? ReadTableOfUtf8(rest[glyphs.Length..], (int)count) : IdentityTable((int)count);
        return new PsfFont((int)width, (int)height, glyphs, (int)glyphBytes, table);
    }

    private static byte[] TakeGlyphs(int width, int height, int count, int glyphBytes, ReadOnlySpan<byte> data)
    {
        if (width is < 1 or > MaxGlyphSide || height is < 1 or > MaxGlyphSide || count < 1)
        {
            throw new InvalidDataException($"it claims {count} glyphs of {width}x{height} pixels; 1 to {MaxGlyphSide} pixels a side are accepted.");
        }

        int size = count * glyphBytes;
        return data.Length >= size
            ? data[..size].ToArray()
            : throw new InvalidDataException($"it ends in the middle of its {count} glyphs.");
    }

    /// <summary>Version 1: for each glyph UTF-16 units, FFFF ends the glyph, FFFE begins a sequence (of combining characters: not used here).</summary>
    private static Dictionary<char, int> ReadTableOfUtf16(ReadOnlySpan<byte> data, int count)
    {
        var table = new Dictionary<char, int>();
        bool inSequence = false;
        for (int i = 0, glyph = 0; i + 1 < data.Length && glyph < count; i += 2)
        {
            char c = (char)BinaryPrimitives.ReadUInt16LittleEndian(data[i..]);
            if (c == '\uFFFF')
            {
                glyph++;
                inSequence = false;
            }
            else if (c == '\uFFFE')
            {
                inSequence = true;
            }
            else if (!inSequence)
            {
                table.TryAdd(c, glyph);
            }
        }

        return table;
    }

    /// <summary>Version 2: the same in UTF-8, with the bytes FF and FE, which UTF-8 never uses.</summary>
    private static Dictionary<char, int> ReadTableOfUtf8(ReadOnlySpan<byte> data, int count)
    {
        var table = new Dictionary<char, int>();
        bool inSequence = false;
        for (int i = 0, glyph = 0; i < data.Length && glyph < count;)
        {
            if (data[i] >= 0xFE)
            {
                inSequence = data[i] == 0xFE;
                glyph += data[i] & 1;
                i++;
                continue;
            }

            Rune.DecodeFromUtf8(data[i..], out Rune rune, out int used);
            if (!inSequence && rune.IsBmp)
            {
                table.TryAdd((char)rune.Value, glyph);
            }

            i += Math.Max(used, 1);
        }

        return table;
    }

    private static Dictionary<char, int> IdentityTable(int count) => Enumerable.Range(0, count).ToDictionary(i => (char)i, i => i);

    private int FindFallback()
    {
        if (_indexOf.TryGetValue(Replacement, out int index) || _indexOf.TryGetValue('?', out index))
        {
            return index;
        }

        return 0;
    }

    private static byte[] ReadLimited(Stream stream)
    {
        using var memory = new MemoryStream();
        var buffer = new byte[16384];
        for (int n; (n = stream.Read(buffer)) > 0;)
        {
            memory.Write(buffer, 0, n);
            if (memory.Length > MaxFileBytes)
            {
                throw new InvalidDataException($"it is larger than {MaxFileBytes} bytes.");
            }
        }

        return memory.ToArray();
    }
}
