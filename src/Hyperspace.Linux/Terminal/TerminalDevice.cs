using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Terminal;

/// <summary>
/// A terminal device, opened anew so that its non-blocking mode is not also that of the shell which shares our standard input. Its settings are
/// those that it had when it was opened, until <see cref="MakeRaw"/>.
/// </summary>
public sealed class TerminalDevice : IDisposable
{
    private const int SigStop = 19;

    private readonly Termios _saved;
    private bool _disposed;

    private TerminalDevice(int fd, string path)
    {
        (Fd, Path) = (fd, path);
        if (LibTerminal.GetAttributes(fd, out _saved) != 0)
        {
            LinuxException error = LinuxException.Last($"tcgetattr of {path}");
            _ = Libc.Close(fd);
            throw error;
        }
    }

    /// <summary>The descriptor, for a reactor; non-blocking, and closed with this object.</summary>
    public int Fd { get; }

    /// <summary>Such as <c>/dev/pts/3</c>.</summary>
    public string Path { get; }

    /// <summary>The settings to go back to.</summary>
    public Termios Saved => _saved;

    /// <summary>The settings of now.</summary>
    public Termios Current => LibTerminal.GetAttributes(Fd, out Termios settings) == 0 ? settings : throw LinuxException.Last($"tcgetattr of {Path}");

    /// <summary>The size in cells; 0 where the terminal does not say, as on a serial line.</summary>
    public TerminalWindow Window
    {
        get
        {
            var window = default(TerminalWindow);
            return LibTerminal.WindowSize(Fd, LibTerminal.GetWindowSize, ref window) == 0 ? window : default;
        }
    }

    /// <summary>The terminal that standard input and output are; null with the reason, a clause, when they are not one.</summary>
    public static TerminalDevice? OpenStandard(out string? reason)
    {
        reason = LibTerminal.IsATty(0) == 0 ? "standard input is not a terminal" : LibTerminal.IsATty(1) == 0 ? "standard output is not a terminal" : null;
        if (reason is not null)
        {
            return null;
        }

        string name = System.IO.Path.GetFullPath(File.ResolveLinkTarget("/proc/self/fd/0", returnFinalTarget: false)?.FullName ?? "/dev/tty");
        // After su or in a container the device's name may be closed to us or mean another one; /dev/tty is what this process's session belongs to.
        foreach (string path in (string[])[name, "/dev/tty"])
        {
            try
            {
                return Open(path);
            }
            catch (LinuxException e)
            {
                reason ??= e.Message;
            }
        }

        return null;
    }

    /// <summary>Opens a terminal by name; it does not become this process's controlling terminal.</summary>
    /// <exception cref="LinuxException">It cannot be opened or is no terminal.</exception>
    public static TerminalDevice Open(string path)
    {
        int fd = LibTerminal.Open(path, LibTerminal.ReadWrite | LibTerminal.NoControllingTerminal | LibTerminal.NonBlocking | LibTerminal.CloseOnExec);
        return fd >= 0 ? new TerminalDevice(fd, path) : throw LinuxException.Last($"open {path}");
    }

    /// <summary>Every byte comes as it is typed, none is echoed or becomes a signal, and output is not changed (cfmakeraw(3)).</summary>
    public void MakeRaw()
    {
        Termios raw = _saved;
        LibTerminal.MakeRaw(ref raw);
        if (LibTerminal.SetAttributes(Fd, LibTerminal.Now, raw) != 0)
        {
            throw LinuxException.Last($"tcsetattr of {Path}");
        }
    }

    /// <summary>Goes back to the settings from before, without waiting for output that nobody reads. A terminal that is gone needs nothing.</summary>
    /// <param name="discardInput">Drops what was typed and not read.</param>
    public void Restore(bool discardInput)
    {
        if (discardInput)
        {
            _ = LibTerminal.Flush(Fd, LibTerminal.FlushInput);
        }

        _ = LibTerminal.SetAttributes(Fd, LibTerminal.Now, _saved);
    }

    /// <returns>Bytes read; -1 when there is nothing now; 0 when the terminal is gone.</returns>
    public unsafe int Read(Span<byte> buffer)
    {
        // SAFETY: the span is pinned for the call and its length is what the kernel is told.
        fixed (byte* bytes = buffer)
        {
            nint n = Libc.Read(Fd, bytes, (nuint)buffer.Length);
            return n >= 0 ? (int)n : Marshal.GetLastPInvokeError() is Libc.EAGAIN or Libc.EINTR ? -1 : 0;
        }
    }

    /// <returns>Bytes taken, 0 when the terminal takes none now; -1 when it is gone.</returns>
    public unsafe int Write(ReadOnlySpan<byte> data)
    {
        // SAFETY: the span is pinned for the call and its length is what the kernel is told.
        fixed (byte* bytes = data)
        {
            nint n = Libc.Write(Fd, bytes, (nuint)data.Length);
            return n >= 0 ? (int)n : Marshal.GetLastPInvokeError() is Libc.EAGAIN or Libc.EINTR ? 0 : -1;
        }
    }

    /// <summary>Writes all of it if the terminal takes it in time. For the way out only: it waits.</summary>
    /// <returns>False when the terminal is gone or stuck.</returns>
    public bool WriteAll(ReadOnlySpan<byte> data, TimeSpan atMost)
    {
        long end = Reactor.Reactor.Now + atMost.Ticks * 100;
        while (!data.IsEmpty)
        {
            int n = Write(data);
            if (n < 0 || (n == 0 && !Wait(LibTerminal.PollOut, end)))
            {
                return false;
            }

            data = data[n..];
        }

        return true;
    }

    /// <summary>Waits until there is something to read.</summary>
    /// <returns>False when the time is over.</returns>
    public bool WaitForInput(TimeSpan atMost) => Wait(LibTerminal.PollIn, Reactor.Reactor.Now + atMost.Ticks * 100);

    private bool Wait(short events, long end)
    {
        long milliseconds = (end - Reactor.Reactor.Now + 999_999) / 1_000_000;
        var fd = new LibTerminal.PollFd { Fd = Fd, Events = events };
        return milliseconds > 0 && LibTerminal.Poll(ref fd, 1, (int)Math.Min(milliseconds, int.MaxValue)) > 0;
    }

    /// <summary>Stops this process as Ctrl+Z does, and returns when it goes on. The signal is raised in this very thread, so that not one instruction of it runs before.</summary>
    public static void StopThisProcess() => _ = LibTerminal.Raise(SigStop);

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _ = Libc.Close(Fd);
        }
    }
}
