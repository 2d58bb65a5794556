using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Hyperspace.Protocols.Terminal;

namespace Hyperspace.Tests.Unit.Terminal;

public class TerminalDecoderTests
{
    [Theory]
    [InlineData("a", "t:a")]
    [InlineData("Aä€😀", "t:A t:228 t:8364 t:128512")]
    [InlineData("\r\n\t\u007f\b", "t:13 t:Ctrl+j t:9 t:127 t:Ctrl+h")]
    [InlineData("\0\u0001\u001a\u001c\u001d\u001e\u001f", "t:Ctrl+32 t:Ctrl+a t:Ctrl+z t:Ctrl+\\ t:Ctrl+] t:Ctrl+^ t:Ctrl+_")]
    [InlineData("\u001b", "t:27")]
    [InlineData("\u001b\u001b", "t:Alt+27")]
    [InlineData("\u001bx\u001b\u0003\u001bß", "t:Alt+x t:Alt, Ctrl+c t:Alt+223")]
    [InlineData("\u001b[", "t:Alt+[")]
    [InlineData("\u001bO", "t:Alt+O")]
    [InlineData("\u001b]x\u001bPq\u001b_a\u001b]", "t:Alt+] t:x t:Alt+P t:q t:Alt+_ t:a t:Alt+]")]
    [InlineData("\u001b[A\u001bOB\u001b[1;5C\u001b[D", "k:57352 k:57353 k:Ctrl+57351 k:57350")]
    [InlineData("\u001b\u001b[A\u001b\u001bOP", "k:Alt+57352 k:Alt+57364")]
    [InlineData("\u001b\u001bz", "t:Alt+27 t:z")]
    [InlineData("\u001b[H\u001b[4~\u001b[3;2~\u001b[Z", "k:57356 k:57357 k:Shift+57349 k:Shift+9")]
    [InlineData("\u001bOP\u001b[15~\u001b[24~\u001b[[A\u001b[[E", "k:57364 k:57368 k:57375 k:57364 k:57368")]
    [InlineData("\u001bOM\u001bOp\u001bOy", "k:57414 k:57399 k:57408")]
    [InlineData("\u001bOz", "t:Alt+O t:z")]
    [InlineData("\u001b[27;5;105~", "k:Ctrl+i")]
    public void Legacy_keys(string bytes, string events) => Assert.Equal(events.Replace("Alt, Ctrl", "Alt+Ctrl"), RecordingTerminalEvents.Of(bytes));

    /// <summary>Examples of the protocol's own page, and what kitty 0.35 sends for keys of a German layout.</summary>
    [Theory]
    [InlineData("\u001b[97u", "k:a")]
    [InlineData("\u001b[97;5u", "k:Ctrl+a")]
    [InlineData("\u001b[97;1:3u", "k:a^")]
    [InlineData("\u001b[97:65;2:2u", "k:Shift+a~")]
    [InlineData("\u001b[122::121u", "k:z(y)")]
    [InlineData("\u001b[228::39;1:3u", "k:228(')^")]
    [InlineData("\u001b[57448;5u\u001b[57448;1:3u", "k:Ctrl+57448 k:57448^")]
    [InlineData("\u001b[27u\u001b[13;1:1u\u001b[1;1:3A\u001b[3;1:3~\u001b[1;1:2P", "k:27 k:13 k:57352^ k:57349^ k:57364~")]
    [InlineData("\u001b[97;257u", "k:Shift+Alt+Ctrl+Super+Hyper+Meta+CapsLock+NumLock+a")]
    [InlineData("\u001b[0;;229u", "")]
    public void Kitty_keys(string bytes, string events) => Assert.Equal(events, RecordingTerminalEvents.Of(bytes));

    [Theory]
    [InlineData("\u001b[<0;1;1M\u001b[<0;3;4m", "m:Press:Left@0,0 m:Release:Left@2,3")]
    [InlineData("\u001b[<2;10;5M\u001b[<1;10;5M\u001b[<128;1;2M\u001b[<129;1;2m", "m:Press:Right@9,4 m:Press:Middle@9,4 m:Press:Side@0,1 m:Release:Extra@0,1")]
    [InlineData("\u001b[<35;640;400M\u001b[<32;7;8M", "m:Motion:None@639,399 m:Motion:Left@6,7")]
    [InlineData("\u001b[<64;1;1M\u001b[<65;1;1M\u001b[<66;1;1M\u001b[<64;1;1m", "m:WheelUp:None@0,0 m:WheelDown:None@0,0")]
    [InlineData("\u001b[<20;1;1M", "m:Press:Left@0,0:Shift, Ctrl")]
    [InlineData("\u001b[<0;0;0M\u001b[<0M\u001b[<999;1;1M", "")]
    [InlineData("\u001b[M !!x", "t:x")]
    public void Mouse(string bytes, string events) => Assert.Equal(events, RecordingTerminalEvents.Of(bytes));

    [Theory]
    [InlineData("\u001b[?62;4;22c\u001b[?1;2c", "r:DeviceAttributes:1,0 r:DeviceAttributes:0,0")]
    [InlineData("\u001b[?15u", "r:KittyKeyboard:15,0")]
    [InlineData("\u001bP>|tmux 3.3a\u001b\\", "r:Version:0,0:tmux 3.3a")]
    [InlineData("\u001b[4;600;800t\u001b[6;16;8t", "r:WindowPixels:600,800 r:CellPixels:16,8")]
    [InlineData("\u001b[?1016;2$y\u001b[0n", "r:Mode:1016,2 r:Status:0,0")]
    [InlineData("\u001b_Gi=4242;OK\u001b\\", "r:KittyGraphics:4242,0:OK")]
    [InlineData("\u001b_Gi=4242;ENOTSUP:no\u001b\\a", "r:KittyGraphics:4242,0:ENOTSUP:no t:a")]
    [InlineData("\u001b]11;rgb:0000/0000/0000\u001b\\\u001b]10;x\u0007a", "t:a")]
    [InlineData("\u001b[>0;276;0c\u001b[?997;1n", "")]
    [InlineData("\u001b[I\u001b[O", "in out")]
    [InlineData("\u001b\u001b[0n\u001b\u001b[<35;2;2M", "t:27 r:Status:0,0 t:27 m:Motion:None@1,1")]
    public void Replies(string bytes, string events) => Assert.Equal(events, RecordingTerminalEvents.Of(bytes));

    [Theory]
    [InlineData("\u001b[200~two\r\nlines\u001b[201~x", "paste[two\r\nlines] t:x")]
    [InlineData("\u001b[200~\u001b[20\u001b[201\u001b[201~", "paste[\u001b[20\u001b[201]")]
    [InlineData("\u001b[200~\u001b[A\u0003\u001b[201~", "paste[\u001b[A\u0003]")]
    [InlineData("\u001b[200~cut o", "paste[cut o]...")]
    public void Pastes(string bytes, string events) => Assert.Equal(events, RecordingTerminalEvents.Of(bytes));

    [Fact]
    public void A_paste_that_is_too_long_is_cut_and_says_so()
    {
        string text = new('x', TerminalDecoder.MaxPasteBytes + 1);
        Assert.Equal($"paste[{text[..^1]}]... t:y", RecordingTerminalEvents.Of($"\u001b[200~{text}\u001b[201~y"));
        Assert.Equal($"paste[{text[..^1]}] t:y", RecordingTerminalEvents.Of($"\u001b[200~{text[..^1]}\u001b[201~y"));
    }

    [Fact]
    public void Overlong_sequences_are_skipped_to_their_end()
    {
        string digits = new('1', TerminalDecoder.MaxSequenceBytes + 100);
        Assert.Equal("t:a", RecordingTerminalEvents.Of($"\u001b[{digits}ua"));
        Assert.Equal("r:Version:0,0:" + new string('1', TerminalDecoder.MaxStringBytes - 2) + " t:a", RecordingTerminalEvents.Of($"\u001bP>|{new string('1', 9000)}\u001b\\a"));
        Assert.Equal("k:57352 t:a", RecordingTerminalEvents.Of("\u001b[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1Aa"));
    }

    [Theory]
    [InlineData("\u001b", TerminalPending.Escape)]
    [InlineData("\u001b[", TerminalPending.Escape)]
    [InlineData("\u001b[1", TerminalPending.Sequence)]
    [InlineData("\u001bP>|x", TerminalPending.Sequence)]
    [InlineData("\u001b[200~x", TerminalPending.Paste)]
    [InlineData("x", TerminalPending.Nothing)]
    public void What_is_pending_says_how_long_to_wait(string bytes, TerminalPending pending)
    {
        var decoder = new TerminalDecoder(new RecordingTerminalEvents());
        decoder.Feed(Encoding.UTF8.GetBytes(bytes));
        Assert.Equal(pending, decoder.Pending);
        decoder.Flush();
        Assert.Equal(TerminalPending.Nothing, decoder.Pending);
    }

    /// <summary>Bytes that a terminal sends, mixed with any other.</summary>
    private static readonly Arbitrary<byte[]> Input = Gen.Frequency(
            (3, Gen.Choose(0, 255).Select(b => new[] { (byte)b })),
            (2, Gen.Elements("\u001b[", "\u001bO", "\u001b", "\u001bP>|", "\u001b_G", "\u001b]1", "\u001b\\", "\u001b[200~", "\u001b[201~", "\u001b[<", "\u001b[?", "\u001b[M").Select(Encoding.ASCII.GetBytes)),
            (2, Gen.Elements("1;5A", "0;3;4M", "97:65:98;2:3u", "0n", "1016;2$y", "4;600;800t", "i=1;OK", ";", ":", "99999999999").Select(Encoding.ASCII.GetBytes)),
            (1, Gen.Elements("ä", "€", "😀").Select(Encoding.UTF8.GetBytes)))
        .ListOf().Select(parts => parts.SelectMany(p => p).ToArray()).ToArbitrary();

    [Fact]
    public void However_the_input_is_cut_the_events_are_the_same() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(3000).WithEndSize(40).WithQuietOnSuccess(true),
        Prop.ForAll(Input, Gen.Choose(1, 7).ToArbitrary(), (bytes, step) =>
        {
            var events = new RecordingTerminalEvents();
            var decoder = new TerminalDecoder(events);
            for (int at = 0; at < bytes.Length; at += step)
            {
                decoder.Feed(bytes.AsSpan(at, Math.Min(step, bytes.Length - at)));
            }

            decoder.Flush();
            Assert.Equal(TerminalPending.Nothing, decoder.Pending);
            Assert.Equal(RecordingTerminalEvents.Of(bytes), events.Text);
        }));

    [Fact]
    public void After_any_input_and_a_pause_keys_are_understood_again() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(2000).WithEndSize(40).WithQuietOnSuccess(true),
        Prop.ForAll(Input, bytes =>
        {
            var events = new RecordingTerminalEvents();
            var decoder = new TerminalDecoder(events);
            decoder.Feed(bytes);
            decoder.Flush();
            string before = events.Text;
            decoder.Feed("q\u001b[A"u8);
            Assert.Equal(before + (before.Length > 0 ? " " : "") + "t:q k:57352", events.Text);
        }));
}
