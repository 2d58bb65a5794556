namespace Hyperspace.Protocols.Terminal;

/// <summary>
/// Pictures as sixels (DEC STD 070, chapter 9; VT330/VT340 Programmer Reference, chapter 14). With at most 256 colours in the picture, as text screens
/// have, they are kept; else each is brought to the nearest of a cube of 6x6x6. Buffers are used again.
/// </summary>
public sealed class SixelEncoder
{
    /// <summary>Colour registers that terminals with sixels have (xterm and others: 256 and more).</summary>
    public const int MaxColors = 256;

    private const int BandHeight = 6;
    private const int CubeColors = 216;

    private readonly Dictionary<uint, byte> _palette = new(MaxColors);
    private readonly uint[] _colors = new uint[MaxColors];
    private readonly short[] _slotOfColor = new short[MaxColors];
    private byte[] _indices = [];
    private byte[] _bits = [];

    /// <summary>Writes a picture of rows of 0xRRGGBB pixels, at the cursor. What is below its last row is left as it was.</summary>
    /// <param name="stride">Pixels from one row to the next.</param>
    public void Encode(TerminalWriter writer, ReadOnlySpan<uint> pixels, int stride, int width, int height)
    {
        int count = width * height;
        if (_indices.Length < count)
        {
            _indices = new byte[count];
        }

        int colors = Index(pixels, stride, width, height);

        // P2 = 1: pixels without a colour stay as they are. Raster attributes: square pixels, the size.
        writer.Write("\u001bP0;1q\"1;1;"u8);
        writer.Number(width);
        writer.Write((byte)';');
        writer.Number(height);
        WritePalette(writer, colors, _indices.AsSpan(0, count));
        for (int y = 0; y < height; y += BandHeight)
        {
            if (y > 0)
            {
                writer.Write((byte)'-');
            }

            Band(writer, _indices.AsSpan(y * width, Math.Min(BandHeight, height - y) * width), width);
        }

        writer.Write("\u001b\\"u8);
    }

    /// <summary>Gives every pixel the number of a colour. Returns the number of colours.</summary>
    private int Index(ReadOnlySpan<uint> pixels, int stride, int width, int height)
    {
        _palette.Clear();
        (uint last, byte index) = (uint.MaxValue, 0);
        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<uint> row = pixels.Slice(y * stride, width);
            for (int x = 0; x < width; x++)
            {
                uint color = row[x] & 0xFFFFFF;
                if (color != last)
                {
                    if (!_palette.TryGetValue(color, out index))
                    {
                        if (_palette.Count == MaxColors)
                        {
                            return IndexCube(pixels, stride, width, height);
                        }

                        index = (byte)_palette.Count;
                        _palette.Add(color, index);
                        _colors[index] = color;
                    }

                    last = color;
                }

                _indices[y * width + x] = index;
            }
        }

        return _palette.Count;
    }

    private int IndexCube(ReadOnlySpan<uint> pixels, int stride, int width, int height)
    {
        for (int i = 0; i < CubeColors; i++)
        {
            _colors[i] = (uint)((i / 36 * 51 << 16) | (i / 6 % 6 * 51 << 8) | (i % 6 * 51));
        }

        for (int y = 0; y < height; y++)
        {
            ReadOnlySpan<uint> row = pixels.Slice(y * stride, width);
            for (int x = 0; x < width; x++)
            {
                uint color = row[x];
                // (c * 5 + 127) / 255 is the nearest of six steps.
                uint r = (((color >> 16) & 0xFF) * 5 + 127) / 255, g = (((color >> 8) & 0xFF) * 5 + 127) / 255, b = ((color & 0xFF) * 5 + 127) / 255;
                _indices[y * width + x] = (byte)(r * 36 + g * 6 + b);
            }
        }

        return CubeColors;
    }

    /// <summary>Colours in percent of red, green and blue; only those that are used.</summary>
    private void WritePalette(TerminalWriter writer, int colors, ReadOnlySpan<byte> indices)
    {
        for (int i = 0; i < colors; i++)
        {
            if (colors == CubeColors && !indices.Contains((byte)i))
            {
                continue;
            }

            writer.Write((byte)'#');
            writer.Number(i);
            writer.Write(";2;"u8);
            writer.Number(Percent(_colors[i] >> 16));
            writer.Write((byte)';');
            writer.Number(Percent(_colors[i] >> 8));
            writer.Write((byte)';');
            writer.Number(Percent(_colors[i]));
        }
    }

    private static int Percent(uint component) => (int)((component & 0xFF) * 100 + 127) / 255;

    /// <summary>Six rows: for each colour in them a row of sixels, one over the other.</summary>
    private void Band(TerminalWriter writer, ReadOnlySpan<byte> indices, int width)
    {
        Array.Fill(_slotOfColor, (short)-1);
        Span<byte> colorOfSlot = stackalloc byte[MaxColors];
        int slots = 0;
        for (int i = 0, x = 0, row = 0; i < indices.Length; i++)
        {
            byte color = indices[i];
            int slot = _slotOfColor[color];
            if (slot < 0)
            {
                slot = slots++;
                _slotOfColor[color] = (short)slot;
                colorOfSlot[slot] = color;
                ClearSlot(slot, width);
            }

            _bits[slot * width + x] |= (byte)(1 << row);
            if (++x == width)
            {
                (x, row) = (0, row + 1);
            }
        }

        for (int slot = 0; slot < slots; slot++)
        {
            if (slot > 0)
            {
                writer.Write((byte)'$');
            }

            writer.Write((byte)'#');
            writer.Number(colorOfSlot[slot]);
            Runs(writer, _bits.AsSpan(slot * width, width));
        }
    }

    private void ClearSlot(int slot, int width)
    {
        if (_bits.Length < (slot + 1) * width)
        {
            Array.Resize(ref _bits, Math.Max((slot + 1) * width, _bits.Length * 2));
        }

        _bits.AsSpan(slot * width, width).Clear();
    }

    private static void Runs(TerminalWriter writer, ReadOnlySpan<byte> bits)
    {
        bits = bits.TrimEnd((byte)0);
        while (!bits.IsEmpty)
        {
            int run = bits.IndexOfAnyExcept(bits[0]) is var end && end < 0 ? bits.Length : end;
            if (run > 3)
            {
                writer.Write((byte)'!');
                writer.Number(run);
                writer.Write((byte)(bits[0] + 63));
            }
            else
            {
                writer.Room(run)[..run].Fill((byte)(bits[0] + 63));
                writer.Advance(run);
            }

            bits = bits[run..];
        }
    }
}
