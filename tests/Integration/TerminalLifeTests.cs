using System.Diagnostics;
using System.Text;
using Hyperspace.Linux.Terminal;

namespace Hyperspace.Tests.Integration;

/// <summary>The real program in a real pseudo-terminal: however it ends, the terminal is as it was.</summary>
public sealed class TerminalLifeTests : IDisposable
{
    private const string Off = "\u001b[?1049l";

    private readonly Pty _pty = new(100, 30);
    private readonly string _home = Directory.CreateTempSubdirectory("hst").FullName;
    private readonly StringBuilder _output = new();
    private readonly byte[] _buffer = new byte[64 << 10];
    private readonly string _before;
    private int _pid;

    public TerminalLifeTests() => _before = Stty();

    private static string Program => TestProgram.Path;

    private int Start(params string[] arguments)
    {
        Assert.True(File.Exists(Program), $"{Program} is not built; build Hyperspace.slnx first.");
        int pid = _pid = _pty.Start([Program, .. arguments], [$"HYPERSPACE_HOME={_home}", "PATH=/usr/bin:/bin", "TERM=xterm-256color"]);
        Until(() => Text.Contains("No daemon is running", StringComparison.Ordinal));
        Assert.NotEqual(_before, Stty());
        return pid;
    }

    private string Text
    {
        get
        {
            for (int n; (n = _pty.Read(_buffer)) > 0;)
            {
                _output.Append(Encoding.UTF8.GetString(_buffer, 0, n));
            }

            return _output.ToString();
        }
    }

    /// <summary>Sooner or later; half a minute is for machines that have much else to do.</summary>
    private static void Until(Func<bool> condition)
    {
        for (int i = 0; i < 1500 && !condition(); i++)
        {
            Thread.Sleep(20);
        }

        Assert.True(condition());
    }

    private string Stty()
    {
        using var stty = Process.Start(new ProcessStartInfo("stty", ["-F", _pty.Path, "-g"]) { RedirectStandardOutput = true })!;
        string text = stty.StandardOutput.ReadToEnd().Trim();
        stty.WaitForExit();
        return text;
    }

    private int Wait()
    {
        int code = Pty.Wait(_pid);
        _pid = 0;
        return code;
    }

    private static void Signal(string signal, int pid)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{pid}"]);
        kill.WaitForExit();
    }

    [Theory]
    [InlineData("KILL", 128 + 9)]
    [InlineData("QUIT", 128 + 3)]
    [InlineData("TERM", 0)]
    [InlineData("INT", 0)]
    [InlineData("HUP", 0)]
    public void The_terminal_is_as_it_was_after_a_signal(string signal, int exitCode)
    {
        int pid = Start("console");
        Signal(signal, pid);
        Assert.Equal(exitCode, Wait());
        Until(() => Text.Contains(Off, StringComparison.Ordinal) && Stty() == _before);
        Assert.Contains("\u001b[?1003l", Text);
        Assert.Contains("\u001b[<u", Text);
    }

    [Fact]
    public void The_terminal_is_as_it_was_after_Q()
    {
        Start("console");
        _pty.Write("q"u8);
        Assert.Equal(0, Wait());
        Assert.EndsWith(Off, Text);
        Assert.Equal(_before, Stty());
    }

    [Fact]
    public void A_program_that_is_stopped_gives_the_terminal_back_and_takes_it_again()
    {
        int pid = Start("console");
        Signal("TSTP", pid);
        Until(() => Text.EndsWith(Off, StringComparison.Ordinal) && Stty() == _before);
        Until(() => File.ReadAllText($"/proc/{pid}/stat").Contains(") T ", StringComparison.Ordinal));
        _output.Clear();
        Signal("CONT", pid);
        Until(() => Text.Contains("No daemon is running", StringComparison.Ordinal));
        Assert.NotEqual(_before, Stty());
        _pty.Write("\u0003"u8);
        Assert.Equal(0, Wait());
        Assert.Equal(_before, Stty());
    }

    [Fact]
    public void Without_a_terminal_one_sentence_says_what_there_is_instead()
    {
        var start = new ProcessStartInfo(Program, ["console"]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["HYPERSPACE_HOME"] = _home;
        using var program = Process.Start(start)!;
        string error = program.StandardError.ReadToEnd();
        program.WaitForExit();
        Assert.Equal(1, program.ExitCode);
        Assert.Contains("--output headless", Assert.Single(error.Trim().Split('\n')));
    }

    public void Dispose()
    {
        if (_pid != 0)
        {
            Signal("KILL", _pid);
        }

        _pty.Dispose();
        Directory.Delete(_home, recursive: true);
    }
}
