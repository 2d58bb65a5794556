using System.Buffers.Binary;

namespace Hyperspace.Protocols.SpiceAgent;

/// <summary>What the messages of a SPICE agent are about, those that a clipboard needs (spice-protocol 0.14, spice/vd_agent.h).</summary>
public enum AgentMessageType : uint
{
    Clipboard = 4,
    AnnounceCapabilities = 6,
    ClipboardGrab = 7,
    ClipboardRequest = 8,
    ClipboardRelease = 9,
}

/// <summary>VD_AGENT_CAP_*, as bits of the first word.</summary>
[Flags]
public enum AgentCapabilities : uint
{
    None = 0,
    ClipboardByDemand = 1 << 5,
    /// <summary>Clipboard messages begin with the selection that they are about.</summary>
    ClipboardSelection = 1 << 6,
    /// <summary>The guest's lines end in CR LF.</summary>
    LineEndCrLf = 1 << 9,
}

/// <summary>
/// The wire format of the port com.redhat.spice.0: chunks (u32 port, u32 size), and in those of the client's port messages (u32 protocol = 1, u32 type, u64 opaque, u32 size), all little-endian.
/// </summary>
public static class AgentFormat
{
    public const int ChunkHeader = 8, MessageHeader = 20;

    /// <summary>VDP_CLIENT_PORT.</summary>
    public const uint ClientPort = 1;

    /// <summary>VD_AGENT_PROTOCOL.</summary>
    public const uint Protocol = 1;

    /// <summary>VD_AGENT_MAX_DATA_SIZE: what a chunk that is sent carries at most.</summary>
    public const int MaxSentChunk = 2048;

    /// <summary>What a chunk that is received may carry; the format sets no limit, and spice-vdagentd sends each message in one chunk, however long it is.</summary>
    public const int MaxChunk = 64 << 20;

    /// <summary>The longest text that is carried, in bytes of UTF-8; our limit.</summary>
    public const int MaxText = 256 << 10;

    /// <summary>The longest body of a message that is looked at: a text with the selection and the kind before it. Longer ones are read past.</summary>
    public const int MaxBody = MaxText + 8;

    /// <summary>VD_AGENT_CLIPBOARD_NONE and VD_AGENT_CLIPBOARD_UTF8_TEXT.</summary>
    public const uint KindNone = 0, KindText = 1;

    /// <summary>Makes a message, in as many chunks as it takes.</summary>
    public static byte[] Write(AgentMessageType type, ReadOnlySpan<byte> body)
    {
        var message = new byte[MessageHeader + body.Length];
        BinaryPrimitives.WriteUInt32LittleEndian(message, Protocol);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(4), (uint)type);
        BinaryPrimitives.WriteUInt32LittleEndian(message.AsSpan(16), (uint)body.Length);
        body.CopyTo(message.AsSpan(MessageHeader));

        int chunks = (message.Length + MaxSentChunk - 1) / MaxSentChunk;
        var bytes = new byte[message.Length + chunks * ChunkHeader];
        for (int from = 0, to = 0; from < message.Length; from += MaxSentChunk)
        {
            int size = Math.Min(MaxSentChunk, message.Length - from);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(to), ClientPort);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(to + 4), (uint)size);
            message.AsSpan(from, size).CopyTo(bytes.AsSpan(to + ChunkHeader));
            to += ChunkHeader + size;
        }

        Array.Clear(message);
        return bytes;
    }

    /// <summary>A message of words.</summary>
    public static byte[] Write(AgentMessageType type, params ReadOnlySpan<uint> words)
    {
        var body = new byte[words.Length * 4];
        for (int i = 0; i < words.Length; i++)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(body.AsSpan(i * 4), words[i]);
        }

        return Write(type, body.AsSpan());
    }
}
