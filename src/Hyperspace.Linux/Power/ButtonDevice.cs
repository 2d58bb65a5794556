using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Linux.Power;

/// <summary>A key or switch of an input device has changed (linux/input.h).</summary>
/// <param name="Type">1 for keys, 5 for switches.</param>
/// <param name="Value">1 for down or closed, 0 for up or open, 2 for repeated.</param>
public readonly record struct ButtonEvent(ushort Type, ushort Code, int Value);

/// <summary>An input device that has buttons and no letters: a power button, a lid. It is read and not grabbed. Not thread-safe.</summary>
public sealed partial class ButtonDevice : IDisposable
{
    public const ushort Key = 1, Switch = 5;

    private const int NonBlocking = 0x800, CloseOnExec = 0x80000;
    private const int EventBytes = 24;

    private readonly byte[] _buffer = new byte[EventBytes * 32];
    private int _fd;

    private ButtonDevice(int fd) => _fd = fd;

    /// <summary>To wait on until it is readable.</summary>
    public int Descriptor => _fd;

    /// <summary>Null when it cannot be opened.</summary>
    public static ButtonDevice? Open(string path)
    {
        int fd = OpenFile(path, NonBlocking | CloseOnExec);
        return fd < 0 ? null : new ButtonDevice(fd);
    }

    /// <summary>Whether a switch is closed now (EVIOCGSW); null when the device does not say.</summary>
    public bool? IsClosed(int switchCode)
    {
        // _IOR('E', 0x1b, 8 bytes): one bit a switch.
        byte[] bits = new byte[8];
        return Control(_fd, 0x8008451B, bits) < 0 ? null : (bits[switchCode / 8] >> (switchCode % 8) & 1) != 0;
    }

    /// <summary>All events that wait.</summary>
    /// <returns>False when the device is gone.</returns>
    public unsafe bool Read(ICollection<ButtonEvent> into)
    {
        while (true)
        {
            nint count;

            // SAFETY: the buffer is pinned for the call and its length is given.
            fixed (byte* buffer = _buffer)
            {
                count = Libc.Read(_fd, buffer, (nuint)_buffer.Length);
            }

            if (count < 0 && Marshal.GetLastPInvokeError() == Libc.EAGAIN)
            {
                return true;
            }

            if (count < EventBytes)
            {
                return false;
            }

            for (int at = 0; at + EventBytes <= count; at += EventBytes)
            {
                ReadOnlySpan<byte> one = _buffer.AsSpan(at, EventBytes);
                into.Add(new ButtonEvent(BitConverter.ToUInt16(one[16..]), BitConverter.ToUInt16(one[18..]), BitConverter.ToInt32(one[20..])));
            }
        }
    }

    public void Dispose()
    {
        if (_fd >= 0)
        {
            _ = Libc.Close(_fd);
            _fd = -1;
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenFile(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int fd, ulong request, byte[] bits);
}
