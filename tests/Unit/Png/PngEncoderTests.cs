using System.Buffers.Binary;
using System.Text;
using Hyperspace.Protocols.Png;

namespace Hyperspace.Tests.Unit.Png;

public sealed class PngEncoderTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(64, 64)]
    [InlineData(641, 17)]
    [InlineData(1280, 800)]
    public void What_is_written_is_read_back_pixel_by_pixel(int width, int height)
    {
        var random = new Random(width * 31 + height);
        var pixels = new uint[width * height];
        for (int i = 0; i < pixels.Length; i++)
        {
            // Half noise, half flat: both kinds of rows that a screen has.
            pixels[i] = i % width < width / 2 ? (uint)random.Next(1 << 24) : 0x1E2630;
        }

        (int w, int h, uint[] back) = PngDecoder.Decode(PngEncoder.Encode(width, height, pixels));
        Assert.Equal((width, height), (w, h));
        Assert.Equal(pixels, back);
    }

    [Fact]
    public void Rows_that_are_read_one_by_one_give_the_same_file_and_the_fourth_byte_is_ignored()
    {
        var pixels = new uint[70 * 50];
        new Random(5).NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(pixels.AsSpan()));
        byte[] whole = PngEncoder.Encode(70, 50, pixels);

        using var file = new MemoryStream();
        PngEncoder.Encode(file, 70, 50, (y, row) => pixels.AsSpan(y * 70, 70).CopyTo(row));
        Assert.Equal(whole, file.ToArray());
        Assert.Equal(pixels.Select(p => p & 0xFFFFFF), PngDecoder.Decode(whole).Pixels);
    }

    [Fact]
    public void Every_chunk_has_the_length_and_the_checksum_that_it_says()
    {
        var pixels = new uint[400 * 300];
        new Random(1).NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(pixels.AsSpan()));
        ReadOnlySpan<byte> rest = PngEncoder.Encode(400, 300, pixels).AsSpan(8);
        var types = new List<string>();
        while (!rest.IsEmpty)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(rest);
            types.Add(Encoding.ASCII.GetString(rest.Slice(4, 4)));
            Assert.Equal(SlowCrc(rest.Slice(4, 4 + length)), BinaryPrimitives.ReadUInt32BigEndian(rest[(8 + length)..]));
            rest = rest[(12 + length)..];
        }

        Assert.Equal("IHDR", types[0]);
        Assert.Equal("IEND", types[^1]);
        Assert.True(types.Count > 4, "Noise of 360 kB should take several IDAT chunks.");
        Assert.All(types[1..^1], type => Assert.Equal("IDAT", type));
    }

    /// <summary>The last chunk of every PNG file, checksum included, as the specification prints it.</summary>
    [Fact]
    public void The_end_is_the_well_known_one() =>
        Assert.Equal("0000000049454E44AE426082", Convert.ToHexString(PngEncoder.Encode(1, 1, [0]).AsSpan(^12..)));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    [InlineData(PngEncoder.MaxSide + 1, 1)]
    public void A_size_that_no_picture_has_is_refused(int width, int height) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => PngEncoder.Encode(new MemoryStream(), width, height, (_, _) => { }));

    [Fact]
    public void Too_few_pixels_are_refused() => Assert.Throws<ArgumentException>(() => PngEncoder.Encode(2, 2, new uint[3]));

    [Fact]
    public void A_flat_screen_becomes_a_small_file()
    {
        byte[] file = PngEncoder.Encode(1280, 800, Enumerable.Repeat(0x336699u, 1280 * 800).ToArray());
        Assert.InRange(file.Length, 60, 40_000);
    }

    private static uint SlowCrc(ReadOnlySpan<byte> bytes)
    {
        uint crc = uint.MaxValue;
        foreach (byte b in bytes)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
            {
                crc = crc >> 1 ^ (0xEDB88320 & (uint)-(int)(crc & 1));
            }
        }

        return ~crc;
    }
}
