using System.Buffers.Binary;
using System.Text;

namespace Hyperspace.Seat.Display.Outputs.Drm;

/// <summary>
/// What a monitor says of itself (VESA E-EDID 1.4, the first 128 bytes). It comes from whatever is plugged in, so nothing in it is believed further than it is checked.
/// </summary>
/// <param name="Id">Maker, product and serial number, such as <c>DEL-A0B3-12345678</c>: the same for the same monitor in any socket.</param>
/// <param name="Name">Its name, printable ASCII; empty when it has none.</param>
/// <param name="WidthMillimetres">Of the picture; 0 when it is not known.</param>
public sealed record Edid(string Id, string Name, int WidthMillimetres, int HeightMillimetres)
{
    private const int BlockSize = 128;

    /// <summary>Tags of display descriptors that are text (section 3.10.3).</summary>
    private const byte SerialTag = 0xFF, NameTag = 0xFC;

    /// <summary>True when it says no serial number, so that others of its kind have the same <see cref="Id"/>.</summary>
    public bool IsAnonymous { get; init; }

    /// <summary>Null when this is no EDID: too short, a wrong header, or a wrong checksum.</summary>
    public static Edid? Parse(ReadOnlySpan<byte> untrusted)
    {
        ReadOnlySpan<byte> header = [0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0];
        if (untrusted.Length < BlockSize || !untrusted.StartsWith(header))
        {
            return null;
        }

        ReadOnlySpan<byte> block = untrusted[..BlockSize];
        int sum = 0;
        foreach (byte b in block)
        {
            sum += b;
        }

        if ((sum & 0xFF) != 0)
        {
            return null;
        }

        uint number = BinaryPrimitives.ReadUInt32LittleEndian(block[12..]);
        string serial = IsSerial(number) ? "" : TextOf(block, SerialTag);
        string id = $"{Maker(block)}-{BinaryPrimitives.ReadUInt16LittleEndian(block[10..]):X4}-{(serial.Length == 0 ? $"{number:X8}" : Token(serial))}";
        (int width, int height) = Millimetres(block);
        return new Edid(id, TextOf(block, NameTag), width, height) { IsAnonymous = serial.Length == 0 && !IsSerial(number) };
    }

    /// <summary>Makers that give no number leave 0, or one that all of their monitors have.</summary>
    private static bool IsSerial(uint number) => number is not (0 or 0x01010101 or 0xFFFFFFFF);

    private static string Token(string text) => string.Concat(text.Select(static c => char.IsAsciiLetterOrDigit(c) ? c : '_'));

    /// <summary>Three letters of five bits each (section 3.4.1).</summary>
    private static string Maker(ReadOnlySpan<byte> block)
    {
        int packed = BinaryPrimitives.ReadUInt16BigEndian(block[8..]);
        Span<char> letters = [Letter(packed >> 10), Letter(packed >> 5), Letter(packed)];
        return new string(letters);
    }

    private static char Letter(int five) => (five & 31) is >= 1 and <= 26 and var n ? (char)('A' + n - 1) : '?';

    /// <summary>The first detailed timing has millimetres (section 3.10.2); else the basic parameters have centimetres (section 3.6.2).</summary>
    private static (int Width, int Height) Millimetres(ReadOnlySpan<byte> block)
    {
        ReadOnlySpan<byte> timing = block.Slice(54, 18);
        (int width, int height) = (timing[12] | (timing[14] & 0xF0) << 4, timing[13] | (timing[14] & 0x0F) << 8);
        return BinaryPrimitives.ReadUInt16LittleEndian(timing) != 0 && width > 0 && height > 0 ? (width, height) : (block[21] * 10, block[22] * 10);
    }

    /// <summary>The text of the first display descriptor with that tag; empty without one.</summary>
    private static string TextOf(ReadOnlySpan<byte> block, byte tag)
    {
        for (int at = 54; at + 18 <= 126; at += 18)
        {
            ReadOnlySpan<byte> descriptor = block.Slice(at, 18);
            if (descriptor[0] == 0 && descriptor[1] == 0 && descriptor[3] == tag)
            {
                var text = new StringBuilder();
                foreach (byte b in descriptor[5..])
                {
                    if (b == 0x0A)
                    {
                        break;
                    }

                    text.Append(b is >= 0x20 and < 0x7F ? (char)b : '?');
                }

                return text.ToString().Trim();
            }
        }

        return "";
    }
}
