using System.Runtime.InteropServices;
using Hyperspace.Protocols.Link;
using Hyperspace.Protocols.Png;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Link;

/// <summary>
/// Makes a PNG file of the picture that the seat handed over. It is read and not mapped: a file that the other side cuts short is then an error here, and not a SIGBUS.
/// </summary>
internal static class Screenshot
{
    private const int MaxStride = PngEncoder.MaxSide * 4;
    private const int RowsAtATime = 64;

    /// <exception cref="SeatException">Sizes and file do not belong together.</exception>
    public static void Encode(ScreenshotInfo untrustedInfo, SafeFileHandle untrustedFile, Stream png)
    {
        Check(untrustedInfo, untrustedFile);
        (int width, int height, int stride) = (untrustedInfo.Width, untrustedInfo.Height, untrustedInfo.Stride);
        var block = new byte[Math.Min(RowsAtATime, height) * stride];
        PngEncoder.Encode(png, width, height, (y, row) =>
        {
            int inBlock = y % RowsAtATime;
            if (inBlock == 0)
            {
                Fill(untrustedFile, block.AsSpan(0, Math.Min(RowsAtATime, height - y) * stride), (long)y * stride);
            }

            MemoryMarshal.Cast<byte, uint>(block.AsSpan(inBlock * stride, width * 4)).CopyTo(row);
        });
    }

    private static void Check(ScreenshotInfo info, SafeFileHandle file)
    {
        if (info.Width is < 1 or > PngEncoder.MaxSide || info.Height is < 1 or > PngEncoder.MaxSide || info.Stride < info.Width * 4 || info.Stride > MaxStride)
        {
            throw Garbled($"the picture would be {info.Width}x{info.Height} pixels with rows of {info.Stride} bytes");
        }

        long size;
        try
        {
            size = RandomAccess.GetLength(file);
        }
        catch (Exception e) when (e is NotSupportedException or IOException or UnauthorizedAccessException)
        {
            throw Garbled($"its descriptor is no file: {e.Message}");
        }

        if (size < (long)info.Height * info.Stride)
        {
            throw Garbled($"the picture needs {(long)info.Height * info.Stride} bytes and its file has {size}");
        }
    }

    private static void Fill(SafeFileHandle file, Span<byte> block, long offset)
    {
        for (int filled = 0; filled < block.Length;)
        {
            int n = RandomAccess.Read(file, block[filled..], offset + filled);
            if (n == 0)
            {
                throw Garbled("its file ends too early");
            }

            filled += n;
        }
    }

    private static SeatException Garbled(string why) => new(SeatFailure.Garbled, $"The seat's picture makes no sense: {why}.");
}
