using System.Buffers.Binary;
using System.IO.Compression;
using System.Numerics;

namespace Hyperspace.Protocols.Png;

/// <summary>
/// Writes pictures as PNG files: RGB, 8 bits a channel, not interlaced (PNG specification, third edition). Meant for screens and for speed: each row is the
/// difference to the one above (filter type 2, section 9.2), which makes nothing of what repeats downwards, and deflate runs at its fastest. Memory is a few rows, whatever the picture's size.
/// </summary>
public static class PngEncoder
{
    /// <summary>The largest side, in pixels; what <see cref="PngDecoder"/> reads.</summary>
    public const int MaxSide = PngDecoder.MaxSide;

    private const int UpFilter = 2;

    private static ReadOnlySpan<byte> Signature => [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10];

    /// <summary>Fills a row with its pixels, 0x00RRGGBB; the highest byte is not looked at. Called once a row, from the top down.</summary>
    public delegate void RowReader(int y, Span<uint> row);

    /// <param name="pixels">Rows of 32-bit pixels 0x00RRGGBB, top row first, without gaps.</param>
    public static byte[] Encode(int width, int height, ReadOnlySpan<uint> pixels)
    {
        if (pixels.Length != (long)width * height)
        {
            throw new ArgumentException($"There are {pixels.Length} pixels; expected {width} x {height}.", nameof(pixels));
        }

        // The span cannot be captured, so the rows are handed over one by one.
        using var file = new MemoryStream();
        using (var writer = new RowWriter(file, width, height))
        {
            for (int y = 0; y < height; y++)
            {
                writer.Write(pixels.Slice(y * width, width));
            }
        }

        return file.ToArray();
    }

    /// <summary>Writes a picture whose rows are read one after the other.</summary>
    public static void Encode(Stream file, int width, int height, RowReader rows)
    {
        using var writer = new RowWriter(file, width, height);
        var row = new uint[width];
        for (int y = 0; y < height; y++)
        {
            rows(y, row);
            writer.Write(row);
        }
    }

    /// <summary>A file that is being written; disposing it writes its end.</summary>
    private sealed class RowWriter : IDisposable
    {
        private readonly Stream _file;
        private readonly ImageDataStream _data;
        private readonly ZLibStream _zlib;
        private byte[] _above;
        private byte[] _row;
        private readonly byte[] _filtered;

        public RowWriter(Stream file, int width, int height)
        {
            ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(width, MaxSide);
            ArgumentOutOfRangeException.ThrowIfLessThan(height, 1);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(height, MaxSide);
            _file = file;
            _file.Write(Signature);
            Span<byte> header = stackalloc byte[13];
            BinaryPrimitives.WriteInt32BigEndian(header, width);
            BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
            (header[8], header[9], header[10], header[11], header[12]) = (8, 2, 0, 0, 0);
            PngChunk.Write(_file, "IHDR"u8, header);
            _data = new ImageDataStream(_file);
            _zlib = new ZLibStream(_data, CompressionLevel.Fastest, leaveOpen: true);
            (_above, _row, _filtered) = (new byte[width * 3], new byte[width * 3], new byte[1 + width * 3]);
            _filtered[0] = UpFilter;
        }

        public void Write(ReadOnlySpan<uint> pixels)
        {
            Span<byte> row = _row;
            for (int x = 0, i = 0; i + 2 < row.Length; x++, i += 3)
            {
                uint pixel = pixels[x];
                row[i + 2] = (byte)pixel;
                row[i + 1] = (byte)(pixel >> 8);
                row[i] = (byte)(pixel >> 16);
            }

            Subtract(row, _above, _filtered.AsSpan(1));
            _zlib.Write(_filtered);
            (_above, _row) = (_row, _above);
        }

        private static void Subtract(ReadOnlySpan<byte> row, ReadOnlySpan<byte> above, Span<byte> result)
        {
            int i = 0;
            for (; i + Vector<byte>.Count <= row.Length; i += Vector<byte>.Count)
            {
                (new Vector<byte>(row[i..]) - new Vector<byte>(above[i..])).CopyTo(result[i..]);
            }

            for (; i < row.Length; i++)
            {
                result[i] = (byte)(row[i] - above[i]);
            }
        }

        public void Dispose()
        {
            _zlib.Dispose();
            _data.Dispose();
            PngChunk.Write(_file, "IEND"u8, default);
        }
    }

    /// <summary>Cuts what is written to it into IDAT chunks.</summary>
    private sealed class ImageDataStream(Stream file) : Stream
    {
        private readonly byte[] _buffer = new byte[32 << 10];
        private int _filled;

        public override bool CanRead => false;
        public override bool CanSeek => false;
        public override bool CanWrite => true;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> data)
        {
            while (!data.IsEmpty)
            {
                int n = Math.Min(data.Length, _buffer.Length - _filled);
                data[..n].CopyTo(_buffer.AsSpan(_filled));
                _filled += n;
                data = data[n..];
                if (_filled == _buffer.Length)
                {
                    WriteChunk();
                }
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
            // A chunk is written when it is full, and the last one at the end.
        }

        protected override void Dispose(bool disposing)
        {
            if (_filled > 0)
            {
                WriteChunk();
            }
        }

        private void WriteChunk()
        {
            PngChunk.Write(file, "IDAT"u8, _buffer.AsSpan(0, _filled));
            _filled = 0;
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
