namespace Hyperspace.Protocols.DBusDisplay;

/// <summary>
/// Pixel formats of a scanout, as QEMU's D-Bus display names them: pixman's codes (pixman.h, PIXMAN_FORMAT(bpp, type, a, r, g, b)), colours
/// from the most to the least significant bits of a little-endian word.
/// </summary>
public enum PixmanFormat : uint
{
    X8R8G8B8 = 0x20020888,
    A8R8G8B8 = 0x20028888,
    X8B8G8R8 = 0x20030888,
    A8B8G8R8 = 0x20038888,
    B8G8R8X8 = 0x20080888,
    B8G8R8A8 = 0x20088888,
    R8G8B8 = 0x18020888,
    R5G6B5 = 0x10020565,
    X1R5G5B5 = 0x10020555,
    A1R5G5B5 = 0x10021555,
}

/// <summary>What an untrusted peer said of a picture, after it has been checked.</summary>
/// <param name="Width">Pixels, 1 to <see cref="MaxSide"/>.</param>
/// <param name="Height">Pixels, 1 to <see cref="MaxSide"/>.</param>
/// <param name="Stride">Bytes from one row to the next, at least a row's own.</param>
public readonly record struct ScanoutGeometry(int Width, int Height, int Stride, PixmanFormat Format)
{
    /// <summary>The largest side: QEMU's own limit for D-Bus and VNC displays is 16384 and 65535; monitors end below the former.</summary>
    public const int MaxSide = 16384;

    /// <summary>The most bytes that one picture may have: an 8K monitor with room to spare.</summary>
    public const long MaxBytes = 256L << 20;

    public int BytesPerPixel => (int)((uint)Format >> 24) / 8;

    /// <summary>Bytes from the first pixel to the last one.</summary>
    public long Length => (long)Stride * (Height - 1) + (long)Width * BytesPerPixel;

    /// <summary>True when pixels are B G R X in memory, as the seat's own are: they need no conversion.</summary>
    public bool IsNative => Format is PixmanFormat.X8R8G8B8 or PixmanFormat.A8R8G8B8;

    /// <summary>Checks what the peer said.</summary>
    /// <param name="available">Bytes that there really are.</param>
    /// <param name="problem">What is wrong with it, or null.</param>
    public static ScanoutGeometry? Check(
        uint untrustedWidth, uint untrustedHeight, uint untrustedStride, uint untrustedFormat, long available, out string? problem)
    {
        problem = null;
        if (untrustedWidth is 0 or > MaxSide || untrustedHeight is 0 or > MaxSide)
        {
            problem = $"a picture of {untrustedWidth}x{untrustedHeight} pixels, expected 1x1 to {MaxSide}x{MaxSide}";
            return null;
        }

        if (!Enum.IsDefined((PixmanFormat)untrustedFormat))
        {
            problem = $"an unknown pixel format 0x{untrustedFormat:x8}";
            return null;
        }

        var geometry = new ScanoutGeometry((int)untrustedWidth, (int)untrustedHeight, (int)Math.Min(untrustedStride, int.MaxValue), (PixmanFormat)untrustedFormat);
        if (geometry.Stride < geometry.Width * geometry.BytesPerPixel || geometry.Length > Math.Min(available, MaxBytes))
        {
            problem = $"{geometry.Width}x{geometry.Height} pixels with {untrustedStride} bytes a row do not fit the {available} bytes that came with them";
            return null;
        }

        return geometry;
    }
}
