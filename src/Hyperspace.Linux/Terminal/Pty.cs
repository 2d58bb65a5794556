using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Terminal;

/// <summary>A pseudo-terminal (pty(7)) seen from the terminal's side: what tests type into and look at.</summary>
public sealed partial class Pty : IDisposable
{
    private bool _disposed;

    /// <exception cref="LinuxException">The machine has no more of them.</exception>
    public Pty(int columns, int rows)
    {
        Master = OpenPt(LibTerminal.ReadWrite | LibTerminal.NoControllingTerminal | LibTerminal.CloseOnExec | LibTerminal.NonBlocking);
        if (Master < 0 || GrantPt(Master) != 0 || UnlockPt(Master) != 0)
        {
            throw LinuxException.Last("posix_openpt");
        }

        Span<byte> name = stackalloc byte[64];
        if (PtsName(Master, ref MemoryMarshal.GetReference(name), (nuint)name.Length) != 0)
        {
            throw LinuxException.Last("ptsname_r");
        }

        Path = System.Text.Encoding.UTF8.GetString(name[..name.IndexOf((byte)0)]);
        Resize(columns, rows);
    }

    /// <summary>The terminal's side; non-blocking.</summary>
    public int Master { get; }

    /// <summary>The name of the programs' side, such as <c>/dev/pts/3</c>.</summary>
    public string Path { get; }

    /// <summary>As a user does who drags the window: the programs get SIGWINCH.</summary>
    public void Resize(int columns, int rows)
    {
        var window = new TerminalWindow { Columns = (ushort)columns, Rows = (ushort)rows };
        if (LibTerminal.WindowSize(Master, LibTerminal.SetWindowSize, ref window) != 0)
        {
            throw LinuxException.Last("ioctl TIOCSWINSZ");
        }
    }

    /// <summary>Starts a program as the leader of a session that this terminal controls, as a terminal's shell is.</summary>
    /// <param name="environment"><c>NAME=value</c>, all of it.</param>
    /// <returns>Its pid; <see cref="Wait"/> reaps it.</returns>
    public int Start(IReadOnlyList<string> command, IEnumerable<string> environment) =>
        Spawn.Start(command, environment, new Spawn.Stream(Path, -1, Controlling: true), new Spawn.Stream(null, 0), new Spawn.Stream(null, 0));

    /// <summary>Waits for the end of a program that was started here.</summary>
    /// <returns>Its exit code, or 128 and the signal that killed it.</returns>
    public static int Wait(int pid)
    {
        int status = Spawn.Reap(pid);
        return (status & 0x7F) == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F);
    }

    /// <inheritdoc cref="TerminalDevice.Read"/>
    public unsafe int Read(Span<byte> buffer)
    {
        // SAFETY: the span is pinned for the call and its length is what the kernel is told.
        fixed (byte* bytes = buffer)
        {
            nint n = Libc.Read(Master, bytes, (nuint)buffer.Length);
            return n >= 0 ? (int)n : Marshal.GetLastPInvokeError() is Libc.EAGAIN or Libc.EINTR ? -1 : 0;
        }
    }

    /// <summary>What a user types. Bytes taken.</summary>
    public unsafe int Write(ReadOnlySpan<byte> data)
    {
        // SAFETY: the span is pinned for the call and its length is what the kernel is told.
        fixed (byte* bytes = data)
        {
            return (int)Libc.Write(Master, bytes, (nuint)data.Length);
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _ = Libc.Close(Master);
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_openpt", SetLastError = true)]
    private static partial int OpenPt(int flags);

    [LibraryImport("libc", EntryPoint = "grantpt", SetLastError = true)]
    private static partial int GrantPt(int fd);

    [LibraryImport("libc", EntryPoint = "unlockpt", SetLastError = true)]
    private static partial int UnlockPt(int fd);

    [LibraryImport("libc", EntryPoint = "ptsname_r", SetLastError = true)]
    private static partial int PtsName(int fd, ref byte buffer, nuint length);
}
