using System.Buffers.Text;
using System.IO.Compression;

namespace Hyperspace.Protocols.Terminal;

/// <summary>
/// The kitty graphics protocol (sw.kovidgoyal.net/kitty/graphics-protocol): pictures as zlib-compressed RGB in base64, in chunks of at most 4096 bytes, placed below the text
/// (z = -1). A picture that is sent again with the same id replaces the one before, so that the terminal keeps no more than what is shown.
/// </summary>
public sealed class KittyGraphics
{
    /// <summary>Base64 bytes in one escape code: the protocol's limit; a multiple of 4.</summary>
    public const int ChunkBytes = 4096;

    private readonly MemoryStream _compressed = new();
    private byte[] _rgb = [];

    /// <summary>Sends and places a picture of rows of 0xRRGGBB pixels with its corner at the cursor, which stays.</summary>
    /// <param name="id">From 1.</param>
    /// <param name="stride">Pixels from one row to the next.</param>
    public void Place(TerminalWriter writer, int id, ReadOnlySpan<uint> pixels, int stride, int width, int height)
    {
        ReadOnlySpan<byte> data = Compress(pixels, stride, width, height);
        for (int at = 0; at < data.Length; at += ChunkBytes / 4 * 3)
        {
            ReadOnlySpan<byte> chunk = data.Slice(at, Math.Min(ChunkBytes / 4 * 3, data.Length - at));
            bool isLast = at + chunk.Length == data.Length;
            writer.Write("\u001b_G"u8);
            if (at == 0)
            {
                // a=T: send and show; q=2: no answer; C=1: the cursor stays.
                writer.Write("a=T,q=2,f=24,o=z,C=1,z=-1,p=1,i="u8);
                Field(writer, id, ",s="u8);
                Field(writer, width, ",v="u8);
                Field(writer, height, ",m="u8);
            }
            else
            {
                writer.Write("m="u8);
            }

            writer.Write(isLast ? (byte)'0' : (byte)'1');
            writer.Write((byte)';');
            Base64.EncodeToUtf8(chunk, writer.Room(ChunkBytes), out _, out int written);
            writer.Advance(written);
            writer.Write("\u001b\\"u8);
        }
    }

    /// <summary>Removes all pictures from the screen and from the terminal's memory.</summary>
    public static ReadOnlySpan<byte> DeleteAll => "\u001b_Ga=d,d=A,q=2\u001b\\"u8;

    private static void Field(TerminalWriter writer, int number, ReadOnlySpan<byte> next)
    {
        writer.Number(number);
        writer.Write(next);
    }

    private ReadOnlySpan<byte> Compress(ReadOnlySpan<uint> pixels, int stride, int width, int height)
    {
        int size = width * height * 3;
        if (_rgb.Length < size)
        {
            _rgb = new byte[size];
        }

        int at = 0;
        for (int y = 0; y < height; y++)
        {
            foreach (uint pixel in pixels.Slice(y * stride, width))
            {
                _rgb[at] = (byte)(pixel >> 16);
                _rgb[at + 1] = (byte)(pixel >> 8);
                _rgb[at + 2] = (byte)pixel;
                at += 3;
            }
        }

        _compressed.SetLength(0);
        using (var zlib = new ZLibStream(_compressed, CompressionLevel.Fastest, leaveOpen: true))
        {
            zlib.Write(_rgb, 0, size);
        }

        return _compressed.GetBuffer().AsSpan(0, (int)_compressed.Length);
    }
}
