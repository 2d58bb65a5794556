using Hyperspace.Seat.Console;

namespace Hyperspace.Tests.Unit.ManagementConsole;

public class ConsoleTextTests
{
    [Theory]
    [InlineData(-5, "0 s")]
    [InlineData(59, "59 s")]
    [InlineData(60, "1 min")]
    [InlineData(3599, "59 min")]
    [InlineData(3600, "1 h 0 min")]
    [InlineData(86399, "23 h 59 min")]
    [InlineData(86400, "1 d 0 h")]
    [InlineData(8639999, "99 d 23 h")]
    [InlineData(8640000, "100 d")]
    public void Durations(int seconds, string text) => Assert.Equal(text, ConsoleText.Duration(new char[40], TimeSpan.FromSeconds(seconds)).ToString());

    [Theory]
    [InlineData(0, "0 bytes")]
    [InlineData(999, "999 bytes")]
    [InlineData(1024, "1 KiB")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(536870912, "512 MiB")]
    [InlineData(16750372454, "15.6 GiB")]
    [InlineData(1099511627776, "1 TiB")]
    [InlineData(long.MaxValue, "8 EiB")]
    [InlineData(-1, "0 bytes")]
    public void Sizes(long bytes, string text) => Assert.Equal(text, ConsoleText.Size(bytes));

    [Theory]
    [InlineData(null, 256, "256 MiB")]
    [InlineData(117440512L, 256, "112 / 256 MiB")]
    [InlineData(1181116006L, 4096, "1.1 / 4 GiB")]
    [InlineData(1181116006L, 1536, "1.1 / 1.5 GiB")]
    [InlineData(137438953472L, 262144, "128 / 256 GiB")]
    public void Memory(long? used, int whole, string text) => Assert.Equal(text, ConsoleText.Memory(new char[40], used, whole).ToString());

    [Theory]
    [InlineData(double.NaN, "0 %")]
    [InlineData(0.4, "0 %")]
    [InlineData(1600, "1600 %")]
    [InlineData(double.PositiveInfinity, "0 %")]
    public void Percents(double percent, string text) => Assert.Equal(text, ConsoleText.Percent(new char[16], percent).ToString());

    [Theory]
    [InlineData("a bc def", 4, "a bc|def")]
    [InlineData("a bc def", 3, "a|bc|def")]
    [InlineData("abcdefgh", 3, "abc|def|gh")]
    [InlineData("   indented text", 10, "   indente|d text")]
    [InlineData("one\ntwo three", 20, "one|two three")]
    [InlineData("abc def", 3, "abc|def")]
    [InlineData("", 5, "")]
    [InlineData("xy", 0, "x|y")]
    public void Wrapping(string text, int width, string rows)
    {
        var got = new List<string>();
        ReadOnlySpan<char> rest = text;
        do
        {
            got.Add(ConsoleText.TakeRow(ref rest, width).ToString());
        }
        while (!rest.IsEmpty);
        Assert.Equal(rows, string.Join('|', got));
        Assert.Equal(got.Count, ConsoleText.RowsOf(text, width));
    }

    [Fact]
    public void HalfACharacterIsReplaced() => Assert.Equal("a�b", ConsoleText.Plain("a" + (char)0xD83D + "b"));

    [Fact]
    public void LinesOfLogsAreCutAtALimit() => Assert.Equal(ConsoleText.MaxLineLength, ConsoleText.Plain(new string('x', 10_000)).Length);

    [Theory]
    [InlineData("\u001b[1;31mred\u001b[0m", "red")]
    [InlineData("\u001b[?25lhidden", "hidden")]
    [InlineData("\u001b[", "�[")]
    [InlineData("\u001b[12", "�[12")]
    [InlineData("\u001bc", "�c")]
    [InlineData("a\tb", "a       b")]
    [InlineData("é—Ж", "é—Ж")]
    public void Plain(string untrusted, string shown) => Assert.Equal(shown, ConsoleText.Plain(untrusted));
}
