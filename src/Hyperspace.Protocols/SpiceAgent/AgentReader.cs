using System.Buffers.Binary;

namespace Hyperspace.Protocols.SpiceAgent;

/// <summary>Takes a whole message of the client's port.</summary>
/// <param name="untrustedBody">Valid for the call. Empty for one that is longer than <see cref="AgentFormat.MaxBody"/>, whatever it held.</param>
/// <param name="tooLong">It was longer.</param>
public delegate void AgentMessageHandler(AgentMessageType type, ReadOnlySpan<byte> untrustedBody, bool tooLong);

/// <summary>
/// Finds the messages in what a guest writes, however it is cut into pieces. Never holds more than <see cref="AgentFormat.MaxBody"/> bytes and a header; other ports and unknown kinds of
/// messages are read past.
/// </summary>
public sealed class AgentReader(AgentMessageHandler handler)
{
    private readonly byte[] _chunkHeader = new byte[AgentFormat.ChunkHeader];
    private readonly byte[] _header = new byte[AgentFormat.MessageHeader];
    private byte[] _body = [];
    private int _chunkHeaderFilled;
    private int _chunkLeft;
    private bool _isOurs;
    private int _headerFilled;
    private uint _bodyLeft;
    private int _bodyFilled;
    private bool _tooLong;

    /// <exception cref="InvalidDataException">This is not what an agent writes; nothing after it can be understood.</exception>
    public void Take(ReadOnlySpan<byte> untrusted)
    {
        while (!untrusted.IsEmpty)
        {
            if (_chunkLeft == 0)
            {
                Fill(ref untrusted, _chunkHeader, ref _chunkHeaderFilled);
                if (_chunkHeaderFilled == _chunkHeader.Length)
                {
                    BeginChunk();
                }

                continue;
            }

            int size = Math.Min(_chunkLeft, untrusted.Length);
            _chunkLeft -= size;
            if (_isOurs)
            {
                TakeData(untrusted[..size]);
            }

            untrusted = untrusted[size..];
        }
    }

    private void BeginChunk()
    {
        _chunkHeaderFilled = 0;
        _isOurs = BinaryPrimitives.ReadUInt32LittleEndian(_chunkHeader) == AgentFormat.ClientPort;
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(_chunkHeader.AsSpan(4));
        if (size > AgentFormat.MaxChunk)
        {
            throw new InvalidDataException($"The agent sent a chunk of {size} bytes; expected at most {AgentFormat.MaxChunk}.");
        }

        _chunkLeft = (int)size;
    }

    private void TakeData(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            if (_headerFilled < _header.Length)
            {
                Fill(ref data, _header, ref _headerFilled);
                if (_headerFilled < _header.Length)
                {
                    return;
                }

                BeginMessage();
            }
            else
            {
                int size = (int)Math.Min(_bodyLeft, (uint)data.Length);
                if (!_tooLong)
                {
                    data[..size].CopyTo(_body.AsSpan(_bodyFilled));
                    _bodyFilled += size;
                }

                _bodyLeft -= (uint)size;
                data = data[size..];
            }

            if (_bodyLeft == 0)
            {
                EndMessage();
            }
        }
    }

    private void BeginMessage()
    {
        uint protocol = BinaryPrimitives.ReadUInt32LittleEndian(_header);
        if (protocol != AgentFormat.Protocol)
        {
            throw new InvalidDataException($"The agent speaks protocol {protocol}; expected {AgentFormat.Protocol}.");
        }

        _bodyLeft = BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(16));
        (_bodyFilled, _tooLong) = (0, _bodyLeft > AgentFormat.MaxBody);
        if (!_tooLong && _body.Length < _bodyLeft)
        {
            _body = new byte[_bodyLeft];
        }
    }

    private void EndMessage()
    {
        var type = (AgentMessageType)BinaryPrimitives.ReadUInt32LittleEndian(_header.AsSpan(4));
        Span<byte> body = _body.AsSpan(0, _bodyFilled);
        _headerFilled = 0;
        handler(type, body, _tooLong);

        // What a user copied is kept no longer than it is needed.
        body.Clear();
        _bodyFilled = 0;
    }

    private static void Fill(ref ReadOnlySpan<byte> from, byte[] to, ref int filled)
    {
        int size = Math.Min(to.Length - filled, from.Length);
        from[..size].CopyTo(to.AsSpan(filled));
        filled += size;
        from = from[size..];
    }
}
