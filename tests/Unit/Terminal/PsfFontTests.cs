using System.IO.Compression;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Tests.Unit.Terminal;

public class PsfFontTests
{
    private static byte[] Version1(byte mode, int height, int count, byte[] table)
    {
        var font = new List<byte> { 0x36, 0x04, mode, (byte)height };
        for (int glyph = 0; glyph < count; glyph++)
        {
            for (int row = 0; row < height; row++)
            {
                font.Add((byte)(glyph + row));
            }
        }

        font.AddRange(table);
        return [.. font];
    }

    private static byte[] Version2(int width, int height, int count, byte[] table)
    {
        int bytes = height * ((width + 7) / 8);
        var font = new List<byte> { 0x72, 0xB5, 0x4A, 0x86 };
        foreach (int n in (int[])[0, 32, 1, count, bytes, height, width])
        {
            font.AddRange(BitConverter.GetBytes(n));
        }

        font.AddRange(Enumerable.Range(0, count * bytes).Select(i => (byte)i));
        font.AddRange(table);
        return [.. font];
    }

    [Fact]
    public void Version1WithATableAndASequence()
    {
        // Glyph 0: A and a sequence that is not B's; glyph 1: é.
        byte[] table = [0x41, 0, 0xFE, 0xFF, 0x42, 0, 0x01, 0x03, 0xFF, 0xFF, 0xE9, 0, 0xFF, 0xFF];
        PsfFont font = PsfFont.Parse(Version1(2, 8, 256, table));
        Assert.Equal((8, 8, 1), (font.Width, font.Height, font.BytesPerRow));
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], font.Glyph('A').ToArray());
        Assert.Equal(1, font.Glyph('é')[0]);
        Assert.False(font.Contains('B'));
        Assert.Equal(['A', 'é'], font.Characters.Order());
    }

    [Fact]
    public void Version2WithWideGlyphs()
    {
        byte[] table = [.. "A"u8, 0xFF, .. "─"u8, 0xFE, .. "xy"u8, 0xFF, .. "?"u8, 0xFF];
        PsfFont font = PsfFont.Parse(Version2(12, 3, 3, table));
        Assert.Equal((12, 3, 2), (font.Width, font.Height, font.BytesPerRow));
        Assert.Equal([6, 7, 8, 9, 10, 11], font.Glyph('─').ToArray());
        Assert.Equal(font.Glyph('?').ToArray(), font.Glyph('x').ToArray());
    }

    [Theory]
    [InlineData(new byte[0])]
    [InlineData(new byte[] { 0x36, 0x04, 0, 0 })]
    [InlineData(new byte[] { 0x36, 0x04, 0, 16, 1, 2, 3 })]
    [InlineData(new byte[] { 0x72, 0xB5, 0x4A, 0x86, 0, 0, 0, 0, 255, 255, 255, 255, 1, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 127, 9, 0, 0, 0, 9, 0, 0, 0 })]
    public void WhatIsNoFontIsRefusedWithAReason(byte[] data)
    {
        var error = Assert.Throws<InvalidDataException>(() => PsfFont.Parse(data));
        Assert.EndsWith(".", error.Message);
    }

    [Fact]
    public void AHeaderThatLiesAboutItsGlyphsIsRefused()
    {
        byte[] font = Version2(8, 8, 4, []);
        font[16] = 200;
        Assert.Contains("ends in the middle", Assert.Throws<InvalidDataException>(() => PsfFont.Parse(font)).Message);
    }

    [Fact]
    public void FilesAreReadCompressedOrNot()
    {
        string plain = Path.GetTempFileName(), compressed = Path.GetTempFileName();
        try
        {
            byte[] data = Version1(0, 16, 256, []);
            File.WriteAllBytes(plain, data);
            using (var gzip = new GZipStream(File.Create(compressed), CompressionLevel.Fastest))
            {
                gzip.Write(data);
            }

            Assert.Equal(PsfFont.Load(plain).Glyph('z').ToArray(), PsfFont.Load(compressed).Glyph('z').ToArray());
            File.WriteAllText(plain, "no font at all, but long enough to hold a header");
            Assert.Contains(plain, Assert.Throws<InvalidDataException>(() => PsfFont.Load(plain)).Message);
        }
        finally
        {
            File.Delete(plain);
            File.Delete(compressed);
        }
    }
}
