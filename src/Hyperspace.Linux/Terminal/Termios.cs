using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Hyperspace.Linux.Terminal;

/// <summary>
/// glibc's struct termios on Linux, the same on x86_64 and aarch64 (bits/termios-struct.h): 60 bytes, c_cc at 17, c_ispeed at 52. A test holds it
/// against the C compiler.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
public struct Termios
{
    /// <summary>Control characters (glibc's NCCS; the kernel has 19 of them).</summary>
    public const int ControlCharacters = 32;

    public uint InputFlags;
    public uint OutputFlags;
    public uint ControlFlags;
    public uint LocalFlags;
    public byte Line;
    public ControlCharacterArray Characters;
    public uint InputSpeed;
    public uint OutputSpeed;

    [InlineArray(ControlCharacters)]
    public struct ControlCharacterArray
    {
        private byte _first;
    }

    /// <summary>The settings as <c>stty -g</c> prints and <c>stty</c> takes them: flags and control characters in hexadecimal, joined by colons.</summary>
    public readonly string ToStty()
    {
        var text = new StringBuilder($"{InputFlags:x}:{OutputFlags:x}:{ControlFlags:x}:{LocalFlags:x}");
        foreach (byte character in Characters)
        {
            text.Append(':').Append(character.ToString("x"));
        }

        return text.ToString();
    }
}

/// <summary>A terminal's size (tty_ioctl(2), struct winsize). Pixels are 0 where the terminal does not say.</summary>
[StructLayout(LayoutKind.Sequential)]
public record struct TerminalWindow
{
    public ushort Rows;
    public ushort Columns;
    public ushort PixelWidth;
    public ushort PixelHeight;
}

/// <summary>The C library's functions for terminals: termios(3), tty_ioctl(2), poll(2).</summary>
internal static partial class LibTerminal
{
    internal const int ReadWrite = 2, WriteOnly = 1, NoControllingTerminal = 0x100, NonBlocking = 0x800, CloseOnExec = 0x80000;
    internal const nuint GetWindowSize = 0x5413, SetWindowSize = 0x5414;
    internal const int Now = 0, FlushInput = 0;
    internal const short PollIn = 1, PollOut = 4;

    [StructLayout(LayoutKind.Sequential)]
    internal struct PollFd
    {
        public int Fd;
        public short Events;
        public short Returned;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "isatty")]
    internal static partial int IsATty(int fd);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    internal static partial int GetAttributes(int fd, out Termios settings);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    internal static partial int SetAttributes(int fd, int when, in Termios settings);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    internal static partial void MakeRaw(ref Termios settings);

    [LibraryImport("libc", EntryPoint = "tcflush", SetLastError = true)]
    internal static partial int Flush(int fd, int queue);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    internal static partial int WindowSize(int fd, nuint request, ref TerminalWindow window);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    internal static partial int Poll(ref PollFd fds, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "raise", SetLastError = true)]
    internal static partial int Raise(int signal);
}
