using System.Buffers.Binary;

namespace Hyperspace.Protocols.Png;

/// <summary>A chunk of a PNG file: length, type, data, CRC (PNG specification, third edition, section 5.3).</summary>
internal static class PngChunk
{
    private static readonly uint[] Table = MakeTable();

    public static void Write(Stream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, data.Length);
        file.Write(word);
        file.Write(type);
        file.Write(data);
        BinaryPrimitives.WriteUInt32BigEndian(word, Crc(type, data));
        file.Write(word);
    }

    /// <summary>CRC-32 of type and data (section 5.5 and annex D).</summary>
    public static uint Crc(ReadOnlySpan<byte> type, ReadOnlySpan<byte> data) => ~Update(Update(uint.MaxValue, type), data);

    private static uint Update(uint crc, ReadOnlySpan<byte> data)
    {
        foreach (byte b in data)
        {
            crc = Table[(byte)(crc ^ b)] ^ crc >> 8;
        }

        return crc;
    }

    private static uint[] MakeTable()
    {
        var table = new uint[256];
        for (uint n = 0; n < 256; n++)
        {
            uint c = n;
            for (int k = 0; k < 8; k++)
            {
                c = (c & 1) != 0 ? 0xEDB88320 ^ c >> 1 : c >> 1;
            }

            table[n] = c;
        }

        return table;
    }
}
