using System.Text;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Tests.Notebook.Rig;

/// <summary>A photograph of the notebook's screen: three bytes a pixel, as QEMU's screendump writes them (PPM, P6).</summary>
public sealed class Photo
{
    /// <summary>Rows of the trusted bar on a monitor with text of 16 rows.</summary>
    public const int BarHeight = 24;

    private static readonly Lazy<ScreenReader> Reader = new(static () => new ScreenReader(SystemFont.Load(out string? problem) ?? throw new RigException(problem!)));

    private readonly byte[] _pixels;

    private Photo(int width, int height, byte[] pixels) => (Width, Height, _pixels) = (width, height, pixels);

    public int Width { get; }

    public int Height { get; }

    /// <summary>0xRRGGBB.</summary>
    public int this[int x, int y]
    {
        get
        {
            int at = (y * Width + x) * 3;
            return _pixels[at] << 16 | _pixels[at + 1] << 8 | _pixels[at + 2];
        }
    }

    public static Photo Read(string file)
    {
        byte[] data = File.ReadAllBytes(file);
        int at = 0;
        string[] header = new string[4];
        for (int i = 0; i < header.Length; i++)
        {
            int end = Array.FindIndex(data, at, b => b is (byte)' ' or (byte)'\n');
            header[i] = Encoding.ASCII.GetString(data, at, end - at);
            at = end + 1;
        }

        (int width, int height) = (int.Parse(header[1]), int.Parse(header[2]));
        return header[0] == "P6" && data.Length - at == width * height * 3
            ? new Photo(width, height, data[at..])
            : throw new RigException($"{file} is not a whole photograph.");
    }

    /// <summary>Rows of the trusted bar, by the colour of its upper left corner.</summary>
    public int BarRows => Enumerable.Range(0, Height).TakeWhile(y => this[0, y] == this[0, 0]).Count();

    /// <summary>What is written in the trusted bar, in the console's font of 16 rows.</summary>
    public string Bar
    {
        get
        {
            uint[] strip = new uint[Width * BarHeight];
            for (int i = 0; i < strip.Length; i++)
            {
                strip[i] = (uint)this[i % Width, i / Width];
            }

            return Reader.Value.Read(strip, Width, BarHeight, 0, (BarHeight - 16) / 2)[0];
        }
    }

    /// <summary>How many pixels of the rectangle have that colour, each channel within 8.</summary>
    public int Count(int colour, int x, int y, int width, int height)
    {
        int count = 0;
        for (int row = y; row < y + height; row++)
        {
            for (int column = x; column < x + width; column++)
            {
                count += Near(this[column, row], colour) ? 1 : 0;
            }
        }

        return count;
    }

    /// <summary>Whether most of the picture below the bar has that colour.</summary>
    public bool Shows(int colour) => Count(colour, 0, 100, Width, Height - 200) > Width * (Height - 200) / 2;

    private static bool Near(int a, int b) => Math.Abs((a >> 16 & 255) - (b >> 16 & 255)) <= 8 && Math.Abs((a >> 8 & 255) - (b >> 8 & 255)) <= 8 && Math.Abs((a & 255) - (b & 255)) <= 8;
}
