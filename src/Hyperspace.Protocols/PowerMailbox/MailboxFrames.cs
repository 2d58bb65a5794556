namespace Hyperspace.Protocols.PowerMailbox;

/// <summary>
/// The frames from host to guest: <c>0x80 | register</c>, then five bytes of seven bits of the value, little end first. Register 0x7F commits what came before it; its value are the <see cref="Notices"/>.
/// A reader that comes in the middle finds the next frame by its first byte. The guest sends the one byte <see cref="Request"/>.
/// </summary>
public static class MailboxFrames
{
    public const int FrameBytes = 6;
    public const byte Commit = 0x7F;

    /// <summary>The guest asks for everything: after a start, a reset, a sleep.</summary>
    public const byte Request = (byte)'R';

    /// <summary>The longest message: every register and a commit.</summary>
    public const int MaxMessage = (PowerRegisters.Count + 1) * FrameBytes;

    /// <summary>Writes the registers that differ, and a commit.</summary>
    /// <param name="before">What the guest has; null when that is not known: then all are written.</param>
    /// <param name="into">At least <see cref="MaxMessage"/> bytes.</param>
    /// <returns>The number of bytes.</returns>
    public static int Write(PowerRegisters registers, PowerRegisters? before, Notices notices, Span<byte> into)
    {
        int length = 0;
        for (int i = 0; i < PowerRegisters.Count; i++)
        {
            if (registers[i] != (before is null ? ~registers[i] : before[i]))
            {
                length += Frame((byte)i, registers[i], into[length..]);
            }
        }

        return length + Frame(Commit, (uint)notices, into[length..]);
    }

    private static int Frame(byte register, uint value, Span<byte> into)
    {
        into[0] = (byte)(0x80 | register);
        for (int i = 0; i < 5; i++)
        {
            into[i + 1] = (byte)((value >> (7 * i)) & 0x7F);
        }

        return FrameBytes;
    }
}

/// <summary>Reads frames as the guest's table does. The product only writes them; tests and benchmarks read.</summary>
public sealed class MailboxReader
{
    private readonly uint[] _shadow = new uint[PowerRegisters.Count];
    private readonly uint[] _live = new uint[PowerRegisters.Count];
    private int _register = 0xFF;
    private ulong _value;
    private int _count = 5;

    public uint this[int register] => _live[register];

    public int Commits { get; private set; }

    /// <returns>The notices of the commits among the bytes.</returns>
    public Notices Read(ReadOnlySpan<byte> untrusted)
    {
        Notices notices = Notices.None;
        foreach (byte b in untrusted)
        {
            if ((b & 0x80) != 0)
            {
                (_register, _value, _count) = (b & 0x7F, 0, 0);
            }
            else if (_count < 5)
            {
                _value |= (ulong)b << (7 * _count);
                if (++_count == 5)
                {
                    notices |= Take((uint)_value);
                }
            }
        }

        return notices;
    }

    private Notices Take(uint value)
    {
        if (_register < PowerRegisters.Count)
        {
            _shadow[_register] = value;
        }
        else if (_register == MailboxFrames.Commit)
        {
            _shadow.CopyTo(_live, 0);
            Commits++;
            return (Notices)value;
        }

        return Notices.None;
    }
}
