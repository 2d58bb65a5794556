using System.Buffers.Binary;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Protocols.SpiceAgent;
using Hyperspace.Seat.Clipboard;

namespace Hyperspace.Tests.Unit.Clipboard;

/// <summary>The agent's wire format: vectors, any cutting into pieces, and any bytes at all; and what is left of a text.</summary>
public sealed class AgentFormatTests
{
    [Fact]
    public void A_message_is_these_bytes() => Assert.Equal(
        "01000000" + "1C000000" + "01000000" + "08000000" + "0000000000000000" + "08000000" + "00000000" + "01000000",
        Convert.ToHexString(AgentFormat.Write(AgentMessageType.ClipboardRequest, 0u, 1u)));

    [Fact]
    public void What_is_written_is_read_however_it_is_cut() =>
        Prop.ForAll(Gen.Choose(0, 9000).Zip(Gen.Choose(1, 3000).ArrayOf(20)).ToArbitrary(), pair =>
        {
            (int size, int[] cuts) = pair;
            byte[] body = new byte[size];
            new Random(size).NextBytes(body);
            byte[] wire = [.. OtherPort(7), .. AgentFormat.Write(AgentMessageType.Clipboard, body.AsSpan()), .. OtherPort(3000), .. AgentFormat.Write(AgentMessageType.ClipboardRelease, 5u)];
            var seen = new List<(AgentMessageType, string, bool)>();
            var reader = new AgentReader((type, bytes, tooLong) => seen.Add((type, Convert.ToHexString(bytes), tooLong)));
            for (int at = 0, i = 0; at < wire.Length; i++)
            {
                int piece = Math.Min(cuts[i % cuts.Length], wire.Length - at);
                reader.Take(wire.AsSpan(at, piece));
                at += piece;
            }

            Assert.Equal([(AgentMessageType.Clipboard, Convert.ToHexString(body), false), (AgentMessageType.ClipboardRelease, "05000000", false)], seen);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_bytes_are_read_or_refused() =>
        Prop.ForAll(Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf().ArrayOf().ToArbitrary(), pieces =>
        {
            var reader = new AgentReader((_, body, _) => Assert.InRange(body.Length, 0, AgentFormat.MaxBody));
            foreach (byte[] piece in pieces)
            {
                try
                {
                    reader.Take(piece);
                }
                catch (InvalidDataException)
                {
                    return;
                }
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_message_that_is_too_long_is_read_past_and_the_next_one_is_understood()
    {
        byte[] wire = [.. AgentFormat.Write(AgentMessageType.Clipboard, new byte[AgentFormat.MaxBody + 1].AsSpan()), .. AgentFormat.Write(AgentMessageType.ClipboardGrab, 0u, 1u)];
        var seen = new List<(AgentMessageType Type, int Length, bool TooLong)>();
        new AgentReader((type, body, tooLong) => seen.Add((type, body.Length, tooLong))).Take(wire);
        Assert.Equal([(AgentMessageType.Clipboard, 0, true), (AgentMessageType.ClipboardGrab, 8, false)], seen);
    }

    [Fact]
    public void A_long_message_may_come_in_one_chunk_as_spice_vdagentd_sends_it()
    {
        byte[] body = [.. Enumerable.Range(0, 200_000).Select(i => (byte)i)], wire = AgentFormat.Write(AgentMessageType.Clipboard, body.AsSpan());
        var message = new List<byte>();
        for (int at = 0; at < wire.Length; at += AgentFormat.ChunkHeader + AgentFormat.MaxSentChunk)
        {
            message.AddRange(wire[(at + AgentFormat.ChunkHeader)..Math.Min(wire.Length, at + AgentFormat.ChunkHeader + AgentFormat.MaxSentChunk)]);
        }

        var header = new byte[AgentFormat.ChunkHeader];
        BinaryPrimitives.WriteUInt32LittleEndian(header, AgentFormat.ClientPort);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(4), message.Count);
        byte[]? seen = null;
        new AgentReader((_, bytes, _) => seen = bytes.ToArray()).Take([.. header, .. message]);
        Assert.Equal(body, seen);
    }

    [Theory]
    [InlineData("0100000001000004", "chunk of 67108865 bytes")]
    [InlineData("0100000014000000" + "0200000004000000000000000000000000000000", "protocol 2")]
    public void What_no_agent_writes_is_refused(string wire, string why) =>
        Assert.Contains(why, Assert.Throws<InvalidDataException>(() => new AgentReader((_, _, _) => { }).Take(Convert.FromHexString(wire))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("Grüße, 世界 \U0001F600", "Grüße, 世界 \U0001F600", 11)]
    [InlineData("a\tb\r\nc\rd\n", "a\tb\nc\nd\n", 8)]
    [InlineData("\u001b[31mred\u0007\0\u007f\u009b", "[31mred", 7)]
    [InlineData("sh \u202Egnp.hs\u202C\u2066x\u2069\u2028y", "sh gnp.hsxy", 11)]
    [InlineData("", "", 0)]
    public void Text_loses_what_could_act(string untrusted, string expected, int characters)
    {
        Assert.Equal(expected, Encoding.UTF8.GetString(ClipboardText.Clean(Encoding.UTF8.GetBytes(untrusted), out int count)!));
        Assert.Equal(characters, count);
    }

    [Theory]
    [InlineData("C3")]
    [InlineData("41FF42")]
    [InlineData("EDA080")]
    public void What_is_no_UTF8_is_no_text(string hex) => Assert.Null(ClipboardText.Clean(Convert.FromHexString(hex), out _));

    private static byte[] OtherPort(int size)
    {
        var chunk = new byte[AgentFormat.ChunkHeader + size];
        BinaryPrimitives.WriteUInt32LittleEndian(chunk, 2);
        BinaryPrimitives.WriteUInt32LittleEndian(chunk.AsSpan(4), (uint)size);
        chunk.AsSpan(AgentFormat.ChunkHeader).Fill(0xAA);
        return chunk;
    }
}
