using System.Runtime.InteropServices;
using System.Text;
using Hyperspace.Linux.Reactor;

namespace Hyperspace.Linux.Drm;

/// <summary>
/// What the kernel says when something is plugged in or out (netlink(7), NETLINK_KOBJECT_UEVENT). Only messages of the kernel itself count: a
/// message of a process, which has a port number other than 0, is dropped.
/// </summary>
public sealed unsafe partial class DeviceEvents : IDisposable
{
    private const int Netlink = 16, Raw = 3, CloseOnExec = 0x80000, NonBlock = 0x800, KobjectUevent = 15;
    private const int MaxMessage = 16 << 10;

    private readonly int _fd;
    private readonly FdWatch _watch;
    private readonly byte[] _message = new byte[MaxMessage];
    private readonly Action<string> _changed;

    /// <param name="changed">Called with the subsystem's name, such as <c>drm</c>, for each message.</param>
    /// <exception cref="LinuxException">This machine lets nobody listen.</exception>
    public DeviceEvents(Reactor.Reactor reactor, Action<string> changed)
    {
        _changed = changed;
        _fd = Socket(Netlink, Raw | CloseOnExec | NonBlock, KobjectUevent);
        if (_fd < 0)
        {
            throw LinuxException.Last("A netlink socket");
        }

        var address = new Address { Family = Netlink, Groups = 1 };

        // SAFETY: a local of the size that is said.
        if (Bind(_fd, &address, sizeof(Address)) != 0)
        {
            LinuxException error = LinuxException.Last("Listening to the kernel's device events");
            _ = Libc.Close(_fd);
            throw error;
        }

        _watch = reactor.Watch(_fd, FdEvents.Readable, _ => Read());
    }

    private void Read()
    {
        while (true)
        {
            Address from = default;
            int size = sizeof(Address);
            nint count;
            fixed (byte* buffer = _message)
            {
                // SAFETY: at most as many bytes as the array has; the address is a local of the size that is said.
                count = ReceiveFrom(_fd, buffer, MaxMessage, 0, &from, &size);
            }

            if (count <= 0)
            {
                // ENOBUFS says that messages were lost: what is plugged in is looked at anew.
                if (count < 0 && Marshal.GetLastPInvokeError() == 105)
                {
                    _changed("drm");
                    continue;
                }

                return;
            }

            if (from.Port == 0 && SubsystemOf(_message.AsSpan(0, (int)count)) is { } subsystem)
            {
                _changed(subsystem);
            }
        }
    }

    /// <summary>The value of SUBSYSTEM= among a message's zero-terminated strings.</summary>
    internal static string? SubsystemOf(ReadOnlySpan<byte> message)
    {
        foreach (Range range in message.Split((byte)0))
        {
            ReadOnlySpan<byte> line = message[range];
            if (line.StartsWith("SUBSYSTEM="u8))
            {
                return Encoding.UTF8.GetString(line["SUBSYSTEM="u8.Length..]);
            }
        }

        return null;
    }

    public void Dispose()
    {
        _watch.Dispose();
        _ = Libc.Close(_fd);
    }

    /// <summary>struct sockaddr_nl.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Address
    {
        public ushort Family, Padding;
        public uint Port, Groups;
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int Socket(int domain, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(int socket, Address* address, int size);

    [LibraryImport("libc", EntryPoint = "recvfrom", SetLastError = true)]
    private static partial nint ReceiveFrom(int socket, byte* buffer, nuint length, int flags, Address* from, int* size);
}
