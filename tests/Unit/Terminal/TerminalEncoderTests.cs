using System.IO.Compression;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Protocols.Terminal;

namespace Hyperspace.Tests.Unit.Terminal;

public class TerminalEncoderTests
{
    private static TerminalCell Normal(TerminalCell cell) =>
        cell.Character == ' ' ? cell with { Foreground = 0, Bold = false } : cell;

    [Fact]
    public void A_terminal_that_applies_the_output_shows_the_cells()
    {
        var cell = from c in Gen.Elements(' ', ' ', 'x', 'é', '█', '日', '\u0301', '\uD800', '\u0007', '\u202E')
                   from ink in Gen.Elements(0xFFFFFFu, 0x112233u)
                   from paper in Gen.Elements(0u, 0xABCDEFu)
                   from bold in Gen.Elements(true, false)
                   select new TerminalCell(c, ink, paper, bold);
        var change = from column in Gen.Choose(-1, 10) from row in Gen.Choose(-1, 4) from one in cell select (column, row, one);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500).WithQuietOnSuccess(true), Prop.ForAll(change.ListOf().ToArbitrary(), changes =>
        {
            var vt = new VtScreen(10, 4);
            var screen = new CellScreen();
            screen.Resize(10, 4);
            var expected = new Dictionary<(int, int), TerminalCell>();
            vt.Feed("\u001b[?7l"u8);
            foreach ((int column, int row, TerminalCell one) in changes)
            {
                var writer = new TerminalWriter();
                screen.Put(writer, column, row, one);
                vt.Feed(writer.Written);
                if (column is >= 0 and < 10 && row is >= 0 and < 4)
                {
                    bool fits = one.Character is ' ' or 'x' or 'é' or '█';
                    expected[(column, row)] = Normal(fits ? one : one with { Character = '\uFFFD' });
                }

                writer.Clear();
                screen.Put(writer, column, row, one);
                Assert.Equal(0, writer.Length);
            }

            foreach (((int column, int row), TerminalCell one) in expected)
            {
                Assert.Equal(one, vt[column, row]);
            }
        }));
    }

    [Fact]
    public void Neighbours_in_the_same_colours_need_no_sequences()
    {
        var writer = new TerminalWriter();
        var screen = new CellScreen();
        screen.Resize(10, 2);
        for (int column = 0; column < 10; column++)
        {
            screen.Put(writer, column, 1, new TerminalCell((char)('a' + column), 0xFF8000, 0x000001));
        }

        Assert.Equal("\u001b[2;1H\u001b[22m\u001b[38;2;255;128;0m\u001b[48;2;0;0;1mabcdefghij", Encoding.ASCII.GetString(writer.Written));
    }

    private static uint[] Sixels(TerminalWriter writer, int width, int height, uint untouched)
    {
        string text = Encoding.ASCII.GetString(writer.Written);
        Assert.StartsWith($"\u001bP0;1q\"1;1;{width};{height}", text);
        Assert.EndsWith("\u001b\\", text);
        var pixels = new uint[width * ((height + 5) / 6 * 6)];
        Array.Fill(pixels, untouched);
        var palette = new Dictionary<int, uint>();
        int at = text.IndexOf('#'), x = 0, band = 0, color = -1;
        int Number()
        {
            int start = at;
            while (char.IsAsciiDigit(text[at]))
            {
                at++;
            }

            return int.Parse(text[start..at]);
        }

        while (text[at] != '\u001b')
        {
            char c = text[at++];
            switch (c)
            {
                case '#':
                    color = Number();
                    if (text[at] == ';')
                    {
                        Assert.Equal(";2;", text[at..(at + 3)]);
                        int[] rgb = new int[3];
                        for (int i = 0; i < 3; i++)
                        {
                            at += i == 0 ? 3 : 1;
                            rgb[i] = Number();
                        }

                        palette[color] = (uint)(rgb[0] << 16 | rgb[1] << 8 | rgb[2]);
                    }

                    break;
                case '$': x = 0; break;
                case '-': (x, band) = (0, band + 1); break;
                default:
                    int count = 1;
                    if (c == '!')
                    {
                        count = Number();
                        c = text[at++];
                    }

                    Assert.InRange(c, '?', '~');
                    for (; count > 0; count--, x++)
                    {
                        for (int bit = 0; bit < 6; bit++)
                        {
                            if (((c - 63) & (1 << bit)) != 0)
                            {
                                pixels[(band * 6 + bit) * width + x] = palette[color];
                            }
                        }
                    }

                    break;
            }
        }

        return pixels;
    }

    private static uint InPercent(uint color)
    {
        static uint P(uint c) => ((c & 0xFF) * 100 + 127) / 255;
        return P(color >> 16) << 16 | P(color >> 8) << 8 | P(color);
    }

    [Theory]
    [InlineData(17, 12, 4)]
    [InlineData(40, 16, 256)]
    [InlineData(5, 1, 3)]
    public void Sixels_of_few_colours_are_exact_and_leave_what_is_below(int width, int height, int colors)
    {
        var random = new System.Random(width);
        uint[] palette = [.. Enumerable.Range(0, colors).Select(_ => (uint)random.Next(1 << 24))];
        int stride = width + 3;
        uint[] pixels = [.. Enumerable.Range(0, stride * height).Select(i => palette[(i / 2 % 5 == 0 ? i : random.Next(colors)) % colors])];
        var writer = new TerminalWriter();
        new SixelEncoder().Encode(writer, pixels, stride, width, height);
        uint[] shown = Sixels(writer, width, height, untouched: 0xEEEEEEEE);
        for (int y = 0; y < shown.Length / width; y++)
        {
            for (int x = 0; x < width; x++)
            {
                Assert.Equal(y < height ? InPercent(pixels[y * stride + x]) : 0xEEEEEEEE, shown[y * width + x]);
            }
        }
    }

    [Fact]
    public void Sixels_of_many_colours_are_near()
    {
        uint[] pixels = [.. Enumerable.Range(0, 64 * 64).Select(i => (uint)((i % 64 * 4) << 16 | (i / 64 * 4) << 8 | (i % 7 * 36)))];
        var encoder = new SixelEncoder();
        var writer = new TerminalWriter();
        encoder.Encode(writer, pixels, 64, 64, 64);
        uint[] shown = Sixels(writer, 64, 64, untouched: 0xEEEEEEEE);
        for (int i = 0; i < pixels.Length; i++)
        {
            for (int shift = 0; shift <= 16; shift += 8)
            {
                // Half of a step of 51 is 10 percent.
                int wanted = (int)InPercent(pixels[i]) >> shift & 0xFF;
                Assert.InRange(((int)shown[i] >> shift & 0xFF) - wanted, -11, 11);
            }
        }

        // The same encoder goes on with fewer colours.
        writer.Clear();
        encoder.Encode(writer, [0xFF0000, 0x00FF00], 2, 2, 1);
        Assert.Equal([100 << 16, 100 << 8], Sixels(writer, 2, 1, 0)[..2]);
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(200, 100)]
    public void Kitty_graphics_carry_the_pixels_in_chunks(int width, int height)
    {
        var random = new System.Random(7);
        uint[] pixels = [.. Enumerable.Range(0, width * height).Select(_ => (uint)random.Next(1 << 24))];
        var writer = new TerminalWriter();
        new KittyGraphics().Place(writer, 12, pixels, width, width, height);
        var vt = new VtScreen(10, 10);
        vt.Feed(writer.Written);
        Assert.StartsWith("Ga=T,q=2,f=24,o=z,C=1,z=-1,p=1,i=12,s=" + width + ",v=" + height + ",m=", vt.Commands[0].Text);
        var data = new MemoryStream();
        for (int i = 0; i < vt.Commands.Count; i++)
        {
            string[] parts = vt.Commands[i].Text.Split(';');
            Assert.EndsWith(i == vt.Commands.Count - 1 ? "m=0" : "m=1", parts[0]);
            Assert.InRange(parts[1].Length, 1, KittyGraphics.ChunkBytes);
            data.Write(Convert.FromBase64String(parts[1]));
        }

        data.Position = 0;
        var rgb = new MemoryStream();
        new ZLibStream(data, CompressionMode.Decompress).CopyTo(rgb);
        Assert.Equal(pixels.SelectMany(p => new[] { (byte)(p >> 16), (byte)(p >> 8), (byte)p }), rgb.ToArray());
    }

    [Theory]
    [InlineData('a', true)]
    [InlineData('é', true)]
    [InlineData('─', true)]
    [InlineData('▀', true)]
    [InlineData('█', true)]
    [InlineData('↑', true)]
    [InlineData('●', true)]
    [InlineData('漢', false)]
    [InlineData('ｗ', false)]
    [InlineData('한', false)]
    [InlineData('⌚', false)]
    [InlineData('\u0300', false)]
    [InlineData('\u200B', false)]
    [InlineData('\u009B', false)]
    [InlineData('\u001B', false)]
    [InlineData('\uE000', false)]
    public void Characters_that_take_one_cell_everywhere(char c, bool isNarrow) => Assert.Equal(isNarrow, CellScreen.IsOneCellWide(c));
}
