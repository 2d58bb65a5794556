using System.Text;
using Hyperspace.Machines;

namespace Hyperspace.Tests.Unit.Machines;

public sealed class LogTailTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hsl").FullName;

    private string Log => Path.Combine(_folder, "serial.log");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_last_lines_are_given_without_what_could_harm_a_terminal()
    {
        File.WriteAllText(Log, "one\r\ntwo\u001b[2J\tx\nthree\n");
        Assert.Equal(["two\uFFFD[2J x", "three"], LogTail.Lines(Log, 2));
        Assert.Equal("two\uFFFD[2J x / three", LogTail.OneLine(Log, 2, "nothing"));
    }

    [Fact]
    public void A_log_that_does_not_exist_has_no_lines()
    {
        Assert.Empty(LogTail.Lines(Log, 5));
        Assert.Equal("nothing", LogTail.OneLine(Log, 2, "nothing"));
    }

    [Fact]
    public void Of_a_large_log_the_end_is_read_from_a_whole_line_on()
    {
        File.WriteAllText(Log, string.Concat(Enumerable.Range(0, 100_000).Select(i => $"line {i}\n")));
        IReadOnlyList<string> lines = LogTail.Lines(Log, int.MaxValue);
        Assert.Equal("line 99999", lines[^1]);
        Assert.All(lines, line => Assert.StartsWith("line ", line, StringComparison.Ordinal));
        Assert.InRange(lines.Sum(l => l.Length + 1), LogTail.MaxBytes - 100, LogTail.MaxBytes);
    }

    [Fact]
    public void A_log_below_its_limit_is_not_cut()
    {
        File.WriteAllText(Log, "short\n");
        LogTail.Trim(Log);
        Assert.Equal("short\n", File.ReadAllText(Log));
    }

    [Fact]
    public void A_log_beyond_its_limit_is_emptied_its_end_kept_and_its_writer_goes_on_in_it()
    {
        using var writer = new FileStream(Log, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        writer.Write(new byte[LogTail.MaxLogBytes]);
        writer.Write("the end\n"u8);
        writer.Flush();
        LogTail.Trim(Log);
        Assert.Equal(0, new FileInfo(Log).Length);
        string kept = Path.Combine(_folder, "serial.1.log");
        Assert.Equal(LogTail.KeptBytes, new FileInfo(kept).Length);
        Assert.EndsWith("the end\n", Encoding.UTF8.GetString(File.ReadAllBytes(kept)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_costs_the_kept_end_and_the_log_is_emptied_all_the_same()
    {
        File.WriteAllBytes(Log, new byte[LogTail.MaxLogBytes + 1]);
        File.CreateSymbolicLink(Path.Combine(_folder, "serial.1.log"), "/dev/full");
        LogTail.Trim(Log);
        Assert.Equal(0, new FileInfo(Log).Length);
    }
}
