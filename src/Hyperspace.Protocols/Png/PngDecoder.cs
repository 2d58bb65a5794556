using System.Buffers.Binary;
using System.IO.Compression;

namespace Hyperspace.Protocols.Png;

/// <summary>
/// Reads the PNG files that this product writes: 8 bits a channel, RGB or RGBA, not interlaced, any of the five row filters (PNG specification, third
/// edition, sections 9 and 11). The tour and the tests look at screenshots with it.
/// </summary>
public static class PngDecoder
{
    /// <summary>The largest side that is accepted, in pixels.</summary>
    public const int MaxSide = 16384;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    /// <returns>Rows of 32-bit pixels 0x00RRGGBB, top row first, without gaps.</returns>
    /// <exception cref="InvalidDataException">It is not a PNG file of this kind; the message says why.</exception>
    public static (int Width, int Height, uint[] Pixels) Decode(ReadOnlySpan<byte> untrustedFile)
    {
        if (!untrustedFile.StartsWith(Signature))
        {
            throw new InvalidDataException("This is not a PNG file.");
        }

        ReadOnlySpan<byte> rest = untrustedFile[Signature.Length..];
        (int width, int height, int channels) = ReadHeader(NextChunk(ref rest, out ReadOnlySpan<byte> type), type);
        using var compressed = new MemoryStream();
        while (!type.SequenceEqual("IEND"u8))
        {
            ReadOnlySpan<byte> data = NextChunk(ref rest, out type);
            if (type.SequenceEqual("IDAT"u8))
            {
                compressed.Write(data);
            }
        }

        compressed.Position = 0;
        return (width, height, Unfilter(compressed, width, height, channels));
    }

    private static ReadOnlySpan<byte> NextChunk(ref ReadOnlySpan<byte> rest, out ReadOnlySpan<byte> type)
    {
        uint length = rest.Length >= 12 ? BinaryPrimitives.ReadUInt32BigEndian(rest) : uint.MaxValue;
        if (length > rest.Length - 12)
        {
            throw new InvalidDataException("The PNG file ends in the middle of a chunk.");
        }

        type = rest.Slice(4, 4);
        ReadOnlySpan<byte> data = rest.Slice(8, (int)length);
        rest = rest[(12 + (int)length)..];
        return data;
    }

    private static (int Width, int Height, int Channels) ReadHeader(ReadOnlySpan<byte> data, ReadOnlySpan<byte> type)
    {
        if (!type.SequenceEqual("IHDR"u8) || data.Length != 13)
        {
            throw new InvalidDataException("The PNG file does not begin with its header.");
        }

        uint width = BinaryPrimitives.ReadUInt32BigEndian(data), height = BinaryPrimitives.ReadUInt32BigEndian(data[4..]);
        if (width is 0 or > MaxSide || height is 0 or > MaxSide)
        {
            throw new InvalidDataException($"The picture is {width}x{height} pixels; expected 1 to {MaxSide} a side.");
        }

        if (data[8] != 8 || data[9] is not (2 or 6) || data[12] != 0)
        {
            throw new InvalidDataException($"The picture has {data[8]} bits of colour type {data[9]}; expected 8 bits of RGB or RGBA, not interlaced.");
        }

        return ((int)width, (int)height, data[9] == 2 ? 3 : 4);
    }

    private static uint[] Unfilter(Stream compressed, int width, int height, int channels)
    {
        using var stream = new ZLibStream(compressed, CompressionMode.Decompress);
        var pixels = new uint[width * height];
        byte[] above = new byte[width * channels], line = new byte[width * channels];
        for (int y = 0; y < height; y++)
        {
            int filter = stream.ReadByte();
            if (filter is < 0 or > 4 || stream.ReadAtLeast(line, line.Length, throwOnEndOfStream: false) < line.Length)
            {
                throw new InvalidDataException($"Row {y} of the picture is damaged.");
            }

            Unfilter(filter, line, above, channels);
            for (int x = 0, i = 0; x < width; x++, i += channels)
            {
                pixels[y * width + x] = (uint)(line[i] << 16 | line[i + 1] << 8 | line[i + 2]);
            }

            (above, line) = (line, above);
        }

        return pixels;
    }

    private static void Unfilter(int filter, byte[] line, byte[] above, int channels)
    {
        for (int i = 0; i < line.Length; i++)
        {
            int left = i >= channels ? line[i - channels] : 0;
            int upperLeft = i >= channels ? above[i - channels] : 0;
            line[i] += (byte)(filter switch
            {
                1 => left,
                2 => above[i],
                3 => (left + above[i]) / 2,
                4 => Paeth(left, above[i], upperLeft),
                _ => 0,
            });
        }
    }

    private static int Paeth(int left, int up, int upperLeft)
    {
        int estimate = left + up - upperLeft;
        int toLeft = Math.Abs(estimate - left), toUp = Math.Abs(estimate - up), toUpperLeft = Math.Abs(estimate - upperLeft);
        return toLeft <= toUp && toLeft <= toUpperLeft ? left : toUp <= toUpperLeft ? up : upperLeft;
    }
}
