using System.Buffers.Text;

namespace Hyperspace.Protocols.Terminal;

/// <summary>Bytes for a terminal, gathered in one buffer that is used again: a frame allocates nothing once the buffer has grown to its size.</summary>
public sealed class TerminalWriter
{
    private byte[] _bytes = new byte[4096];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Length);

    public void Clear() => Length = 0;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Length += bytes.Length;
    }

    public void Write(byte b)
    {
        Room(1)[0] = b;
        Length++;
    }

    public void Number(int number)
    {
        Utf8Formatter.TryFormat(number, Room(11), out int written);
        Length += written;
    }

    /// <summary>A character of the Basic Multilingual Plane, no surrogate.</summary>
    public void Character(char c)
    {
        if (c < 0x80)
        {
            Write((byte)c);
            return;
        }

        Length += new System.Text.Rune(c).EncodeToUtf8(Room(3));
    }

    /// <summary>CUP, from 0.</summary>
    public void MoveTo(int column, int row)
    {
        Write("\u001b["u8);
        Number(row + 1);
        Write((byte)';');
        Number(column + 1);
        Write((byte)'H');
    }

    /// <summary>Bytes to be filled by the caller, who tells with <see cref="Advance"/> how many it were.</summary>
    public Span<byte> Room(int bytes)
    {
        if (_bytes.Length - Length < bytes)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + bytes));
        }

        return _bytes.AsSpan(Length);
    }

    public void Advance(int bytes) => Length += bytes;
}
