using System.Runtime.InteropServices;
using Hyperspace.Protocols.DBusDisplay;
using Hyperspace.Seat.Display.Outputs;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Seat.Display.Guests;

/// <summary>A guest's picture.</summary>
public abstract class GuestSurface : IDisposable
{
    protected GuestSurface(ScanoutGeometry geometry) => Geometry = geometry;

    protected ScanoutGeometry Geometry { get; }

    /// <summary>Pixels.</summary>
    public int Width => Geometry.Width;

    /// <summary>Pixels.</summary>
    public int Height => Geometry.Height;

    /// <summary>Whether it has the size of VGA's text mode or of QEMU's own page: what is there before a system has set its mode.</summary>
    public bool IsFirmware => (Width, Height) is (720, 400) or (640, 400) or (640, 480);

    public PixelRect Bounds => new(0, 0, Width, Height);

    /// <summary>Copies a part of the picture as it is now: 32-bit pixels, B G R X in memory.</summary>
    /// <param name="rect">Inside <see cref="Bounds"/>.</param>
    /// <param name="target">The first pixel of the rectangle goes to its first element.</param>
    /// <param name="targetStride">Pixels from one row of the target to the next.</param>
    public abstract void CopyTo(PixelRect rect, Span<uint> target, int targetStride);

    public virtual void Dispose()
    {
    }
}

/// <summary>
/// A picture in a file that QEMU shares. It is read with pread(2) straight into the compositor's pixels, and not mapped: QEMU is untrusted and
/// its file cannot be sealed, so that reading a mapping of it could be made to raise SIGBUS, which would end the seat.
/// </summary>
internal sealed class SharedSurface : GuestSurface
{
    private readonly SafeFileHandle _file;
    private readonly long _offset;
    private readonly byte[] _row;

    private SharedSurface(ScanoutGeometry geometry, SafeFileHandle file, long offset)
        : base(geometry)
    {
        _file = file;
        _offset = offset;
        _row = geometry.IsNative ? [] : new byte[geometry.Width * geometry.BytesPerPixel];
    }

    /// <summary>Takes over the file.</summary>
    /// <exception cref="InvalidDataException">The file is not what the peer said. The display is closed; the VM goes on.</exception>
    public static SharedSurface Of(
        SafeFileHandle file, uint untrustedOffset, uint untrustedWidth, uint untrustedHeight, uint untrustedStride, uint untrustedFormat)
    {
        long available = RandomAccess.GetLength(file) - untrustedOffset;
        ScanoutGeometry? geometry = ScanoutGeometry.Check(untrustedWidth, untrustedHeight, untrustedStride, untrustedFormat, available, out string? problem);
        if (geometry is null)
        {
            file.Dispose();
            throw new InvalidDataException($"The guest's display sent {problem}.");
        }

        return new SharedSurface(geometry.Value, file, untrustedOffset);
    }

    public override void CopyTo(PixelRect rect, Span<uint> target, int targetStride)
    {
        long at = _offset + (long)rect.Y * Geometry.Stride + (long)rect.X * Geometry.BytesPerPixel;
        if (Geometry.IsNative && rect.Width == targetStride && Geometry.Stride == targetStride * 4)
        {
            // Whole rows, laid out alike: one call for all of them.
            Read(MemoryMarshal.AsBytes(target[..(rect.Width * rect.Height)]), at);
            return;
        }

        for (int y = 0; y < rect.Height; y++, at += Geometry.Stride)
        {
            Span<uint> row = target.Slice(y * targetStride, rect.Width);
            if (Geometry.IsNative)
            {
                Read(MemoryMarshal.AsBytes(row), at);
            }
            else
            {
                Span<byte> bytes = _row.AsSpan(0, rect.Width * Geometry.BytesPerPixel);
                Read(bytes, at);
                PixelConversion.ToNative(bytes, row, Geometry.Format);
            }
        }
    }

    /// <summary>Reads all of the bytes; those beyond the end of a file that has become shorter are black.</summary>
    private void Read(Span<byte> bytes, long at)
    {
        while (!bytes.IsEmpty)
        {
            int n = RandomAccess.Read(_file, bytes, at);
            if (n == 0)
            {
                bytes.Clear();
                return;
            }

            bytes = bytes[n..];
            at += n;
        }
    }

    public override void Dispose() => _file.Dispose();
}

/// <summary>Our own copy of pixels that came in messages, in the modes that QEMU cannot share.</summary>
internal sealed class CopiedSurface(ScanoutGeometry geometry) : GuestSurface(geometry)
{
    private readonly uint[] _pixels = new uint[geometry.Width * geometry.Height];

    public override void CopyTo(PixelRect rect, Span<uint> target, int targetStride)
    {
        for (int y = 0; y < rect.Height; y++)
        {
            _pixels.AsSpan((rect.Y + y) * Width + rect.X, rect.Width).CopyTo(target[(y * targetStride)..]);
        }
    }

    /// <summary>Takes a rectangle of pixels in their own format, which has been checked to lie inside the picture and the data.</summary>
    public void Take(PixelRect rect, ScanoutGeometry source, ReadOnlySpan<byte> data)
    {
        for (int y = 0; y < rect.Height; y++)
        {
            ReadOnlySpan<byte> row = data.Slice(y * source.Stride, rect.Width * source.BytesPerPixel);
            PixelConversion.ToNative(row, _pixels.AsSpan((rect.Y + y) * Width + rect.X, rect.Width), source.Format);
        }
    }
}

/// <summary>Pixels of the formats that VGA modes and firmware use, to the seat's own.</summary>
internal static class PixelConversion
{
    public static void ToNative(ReadOnlySpan<byte> source, Span<uint> target, PixmanFormat format)
    {
        switch (format)
        {
            case PixmanFormat.X8R8G8B8 or PixmanFormat.A8R8G8B8:
                source.CopyTo(MemoryMarshal.AsBytes(target));
                break;
            case PixmanFormat.X8B8G8R8 or PixmanFormat.A8B8G8R8:
                ReadOnlySpan<uint> bgr = MemoryMarshal.Cast<byte, uint>(source);
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = (bgr[i] & 0x00FF00) | ((bgr[i] & 0xFF) << 16) | ((bgr[i] >> 16) & 0xFF);
                }

                break;
            case PixmanFormat.B8G8R8X8 or PixmanFormat.B8G8R8A8:
                ReadOnlySpan<uint> swapped = MemoryMarshal.Cast<byte, uint>(source);
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = System.Buffers.Binary.BinaryPrimitives.ReverseEndianness(swapped[i]);
                }

                break;
            case PixmanFormat.R8G8B8:
                for (int i = 0; i < target.Length; i++)
                {
                    target[i] = (uint)(source[i * 3] | (source[i * 3 + 1] << 8) | (source[i * 3 + 2] << 16));
                }

                break;
            case PixmanFormat.R5G6B5:
                ReadOnlySpan<ushort> words = MemoryMarshal.Cast<byte, ushort>(source);
                for (int i = 0; i < target.Length; i++)
                {
                    uint p = words[i];
                    target[i] = (Widen(p >> 11, 5) << 16) | (Widen((p >> 5) & 63, 6) << 8) | Widen(p & 31, 5);
                }

                break;
            case PixmanFormat.X1R5G5B5 or PixmanFormat.A1R5G5B5:
                ReadOnlySpan<ushort> fives = MemoryMarshal.Cast<byte, ushort>(source);
                for (int i = 0; i < target.Length; i++)
                {
                    uint p = fives[i];
                    target[i] = (Widen((p >> 10) & 31, 5) << 16) | (Widen((p >> 5) & 31, 5) << 8) | Widen(p & 31, 5);
                }

                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(format), format, "expected a format that ScanoutGeometry.Check lets through");
        }
    }

    /// <summary>Spreads a colour of that many bits over 0 to 255.</summary>
    private static uint Widen(uint value, int bits) => (value << (8 - bits)) | (value >> (2 * bits - 8));
}
