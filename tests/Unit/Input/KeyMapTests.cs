using System.Text;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.KeyMaps;

namespace Hyperspace.Tests.Unit.Input;

public class KeyMapTests
{
    [Theory]
    [InlineData(KeyCode.Esc, 0x01)]
    [InlineData(KeyCode.A, 0x1E)]
    [InlineData(KeyCode.Iso102, 0x56)]
    [InlineData(KeyCode.F12, 0x58)]
    [InlineData(KeyCode.RightCtrl, 0x9D)]
    [InlineData(KeyCode.Up, 0xC8)]
    [InlineData(KeyCode.SysRq, 0x54)]
    [InlineData(KeyCode.Pause, 0xC6)]
    [InlineData(KeyCode.Compose, 0xDD)]
    [InlineData(KeyCode.Yen, 0x7D)]
    [InlineData(KeyCode.VolumeUp, 0xB0)]
    [InlineData(KeyCode.None, 0)]
    [InlineData((KeyCode)255, 0)]
    [InlineData((KeyCode)0x110, 0)]
    public void Key_codes_become_qnums(KeyCode key, int qnum) => Assert.Equal(qnum, Qnum.Of(key));

    [Fact]
    public void Every_key_of_a_105_or_109_key_keyboard_has_a_qnum()
    {
        IEnumerable<KeyCode> main = Range(KeyCode.Esc, KeyCode.KpDot).Concat(Range(KeyCode.KpEnter, KeyCode.RightAlt)).Concat(Range(KeyCode.Home, KeyCode.Delete));
        KeyCode[] more =
        [
            KeyCode.Iso102, KeyCode.F11, KeyCode.F12, KeyCode.Pause, KeyCode.LeftMeta, KeyCode.RightMeta, KeyCode.Compose,
            KeyCode.ZenkakuHankaku, KeyCode.Henkan, KeyCode.Muhenkan, KeyCode.KatakanaHiragana, KeyCode.Yen, KeyCode.Ro, KeyCode.KpComma,
            KeyCode.Mute, KeyCode.VolumeDown, KeyCode.VolumeUp, KeyCode.Playpause, KeyCode.Nextsong, KeyCode.Previoussong, KeyCode.Stopcd,
            KeyCode.Calc, KeyCode.Mail, KeyCode.Homepage, KeyCode.Power, KeyCode.Sleep, KeyCode.Wakeup, KeyCode.Brightnessup, KeyCode.Brightnessdown,
        ];
        Assert.DoesNotContain(main.Concat(more).Concat(Range(KeyCode.F13, KeyCode.F24)), key => Qnum.Of(key) == 0);

        static IEnumerable<KeyCode> Range(KeyCode first, KeyCode last) => Enum.GetValues<KeyCode>().Where(k => k >= first && k <= last);
    }

    [Fact]
    public void No_two_keys_have_the_same_qnum_and_none_is_a_prefix()
    {
        var keys = Enum.GetValues<KeyCode>().Where(key => Qnum.Of(key) != 0).ToList();
        Assert.Equal([], keys.GroupBy(Qnum.Of).Where(group => group.Count() > 1).Select(group => string.Join(' ', group)));
        Assert.True(keys.Count > 190, $"{keys.Count} keys have a qnum");
        // 0x60 and 0x61 with the 0xE0 bit are set 1's own prefixes.
        Assert.DoesNotContain(keys, key => Qnum.Of(key) is 0xE0 or 0xE1);
    }

    [Fact]
    public void The_US_layout_types_all_of_ASCII()
    {
        for (char c = ' '; c <= '~'; c++)
        {
            Assert.True(KeyLayout.Us.TryGet(new Rune(c), out CharacterKeys keys), c.ToString());
            Assert.Equal(KeyCode.None, keys.Then.Key);
            Assert.False(keys.First.AltGr);
        }

        Assert.True(KeyLayout.Us.TryGet(new Rune('?'), out CharacterKeys question));
        Assert.Equal(new LayoutKey(KeyCode.Slash, Shift: true), question.First);
        Assert.True(KeyLayout.Us.TryGet(new Rune('`'), out CharacterKeys grave));
        Assert.Equal(new LayoutKey(KeyCode.Grave), grave.First);
        Assert.True(KeyLayout.Us.TryGet(new Rune('z'), out CharacterKeys z));
        Assert.Equal(new LayoutKey(KeyCode.Z), z.First);
    }

    [Fact]
    public void Text_becomes_strokes()
    {
        TypedText text = TypedText.Plan("aB\r\n", KeyLayout.Us, out _)!;
        Assert.Equal("+A -A +LeftShift +B -B -LeftShift +Enter -Enter", string.Join(' ', text.Strokes.Select(s => (s.Down ? "+" : "-") + s.Key)));
        Assert.Equal(3, text.Characters);
        Assert.Equal([0, 0, 1, 1, 1, 1, 2, 2, 3], Enumerable.Range(0, 9).Select(text.CharactersAfter));
    }

    [Theory]
    [InlineData("abc\u00e9", "cannot type \"\u00e9\" (U+00E9), character 4 of the text; nothing was typed")]
    [InlineData("\U0001F600", "(U+1F600), character 1")]
    [InlineData("a\u001b[2J", "cannot type the control character (U+001B), character 2")]
    [InlineData("a\ud800", "(U+FFFD), character 2")]
    public void Text_that_the_layout_cannot_type_is_refused_with_the_place(string text, string part)
    {
        Assert.Null(TypedText.Plan(text, KeyLayout.Us, out string? error));
        Assert.Contains(part, error);
    }

    [Fact]
    public void Text_that_is_too_long_is_refused()
    {
        Assert.Null(TypedText.Plan(new string('a', TypedText.MaxLength + 1), KeyLayout.Us, out string? error));
        Assert.Contains("at most 65536 characters, got 65537", error);
    }

    [Theory]
    [InlineData("")]
    [InlineData("de:")]
    [InlineData("../../etc/passwd")]
    [InlineData("de:a:b")]
    [InlineData("d\u001be")]
    public void What_is_no_name_of_a_layout_is_refused(string name)
    {
        Assert.Null(KeyLayout.Find(name, out string? error));
        Assert.Contains("expected one such as us, de, fr or us:dvorak", error);
    }

    [Fact]
    public void A_layout_that_is_not_there_is_an_error_that_says_why()
    {
        Assert.Null(KeyLayout.Find("klingon", out string? error));
        Assert.Contains("\"klingon\" cannot be used", error);
        Assert.Same(KeyLayout.Us, KeyLayout.Find("us", out _));
    }

    [SkippableXkbTheory]
    [InlineData("de", 'z', KeyCode.Y, false, false)]
    [InlineData("de", 'Y', KeyCode.Z, true, false)]
    [InlineData("de", '/', KeyCode.D7, true, false)]
    [InlineData("de", '@', KeyCode.Q, false, true)]
    [InlineData("de", '|', KeyCode.Iso102, false, true)]
    [InlineData("de", '\u00e4', KeyCode.Apostrophe, false, false)]
    [InlineData("fr", '1', KeyCode.D1, true, false)]
    [InlineData("fr", 'a', KeyCode.Q, false, false)]
    [InlineData("us:dvorak", 'o', KeyCode.S, false, false)]
    public void Other_layouts_come_from_libxkbcommon(string layout, char character, KeyCode key, bool shift, bool altGr)
    {
        KeyLayout found = KeyLayout.Find(layout, out string? error) ?? throw new Xunit.Sdk.XunitException(error!);
        Assert.True(found.TryGet(new Rune(character), out CharacterKeys keys));
        Assert.Equal(new CharacterKeys(new LayoutKey(key, shift, altGr)), keys);
    }

    [SkippableXkbTheory]
    [InlineData("de")]
    [InlineData("fr")]
    [InlineData("es")]
    [InlineData("gb")]
    [InlineData("us:dvorak")]
    public void They_type_all_of_ASCII_with_dead_keys_where_needed(string layout)
    {
        KeyLayout found = KeyLayout.Find(layout, out _)!;
        Assert.Equal([], Enumerable.Range(' ', '~' - ' ' + 1).Where(c => !found.TryGet(new Rune(c), out _)).Select(c => (char)c));
        if (layout == "de")
        {
            Assert.True(found.TryGet(new Rune('^'), out CharacterKeys caret));
            Assert.Equal(new CharacterKeys(new LayoutKey(KeyCode.Grave), new LayoutKey(KeyCode.Space)), caret);
        }
    }

    private sealed class SkippableXkbTheoryAttribute : TheoryAttribute
    {
        public SkippableXkbTheoryAttribute()
        {
            if (KeyLayout.Find("de", out string? error) is null)
            {
                Skip = error;
            }
        }
    }
}
