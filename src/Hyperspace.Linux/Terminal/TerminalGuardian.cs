using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Terminal;

/// <summary>
/// A small process that puts the terminal back when this one dies without doing so itself, by SIGKILL too: it waits at a pipe whose other end only
/// this process has, and a pipe that closes without the word <c>done</c> means death. It has a session of its own, so that no signal to this job reaches it.
/// </summary>
public sealed partial class TerminalGuardian : IDisposable
{
    private const string Script =
        "trap '' HUP INT TERM QUIT\nread -r word\n[ \"$word\" = done ] && exit 0\nstty \"$1\" <&1 2>/dev/null\nprintf %s \"$2\"\n";

    private readonly int _pid;
    private int _pipe;

    private TerminalGuardian(int pid, int pipe) => (_pid, _pipe) = (pid, pipe);

    /// <summary>Begins to guard the settings that the terminal had when it was opened.</summary>
    /// <param name="reset">What is written to the terminal: the sequences that end our modes. ASCII without NUL.</param>
    /// <exception cref="LinuxException">There is no /bin/sh, or no process can be made.</exception>
    public static unsafe TerminalGuardian Start(TerminalDevice terminal, string reset)
    {
        int* ends = stackalloc int[2];

        // SAFETY: pipe2 fills two integers.
        if (Pipe(ends, LibTerminal.CloseOnExec) != 0)
        {
            throw LinuxException.Last("pipe2");
        }

        try
        {
            // By name where there is one: a copy of our descriptor would be non-blocking, and a full terminal would lose the sequences.
            var output = terminal.Path == "/dev/tty" ? new Spawn.Stream(null, terminal.Fd) : new Spawn.Stream(terminal.Path, -1);
            string path = $"PATH={Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin"}";
            int pid = Spawn.Start(
                ["/bin/sh", "-c", Script, "hyperspace-terminal-guardian", terminal.Saved.ToStty(), reset], [path],
                new Spawn.Stream(null, ends[0]), output, new Spawn.Stream("/dev/null", -1));
            return new TerminalGuardian(pid, ends[1]);
        }
        catch
        {
            _ = Libc.Close(ends[1]);
            throw;
        }
        finally
        {
            _ = Libc.Close(ends[0]);
        }
    }

    /// <summary>The terminal is as it was; the guardian has nothing to do.</summary>
    public void Dispose() => End("done\n"u8);

    /// <summary>Does what this process's death would do, for tests.</summary>
    public void Abandon() => End(default);

    private unsafe void End(ReadOnlySpan<byte> word)
    {
        if (_pipe < 0)
        {
            return;
        }

        // SAFETY: the span is pinned for the call; a guardian that somebody killed gives EPIPE, and SIGPIPE is ignored by the runtime.
        fixed (byte* bytes = word)
        {
            _ = Libc.Write(_pipe, bytes, (nuint)word.Length);
        }

        _ = Libc.Close(_pipe);
        _pipe = -1;
        _ = Spawn.Reap(_pid);
    }

    [LibraryImport("libc", EntryPoint = "pipe2", SetLastError = true)]
    private static unsafe partial int Pipe(int* ends, int flags);
}
