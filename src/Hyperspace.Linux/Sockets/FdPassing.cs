using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Linux.Sockets;

/// <summary>Bytes together with file descriptors over a Unix stream socket (unix(7), SCM_RIGHTS).</summary>
public static partial class FdPassing
{
    /// <summary>The most descriptors that one call sends or receives; the kernel's own limit is 253.</summary>
    public const int MaxFds = 16;

    private const int SolSocket = 1;
    private const int ScmRights = 1;
    private const int MsgNoSignal = 0x4000;
    private const int MsgDontWait = 0x40;
    private const int MsgCmsgCloexec = 0x40000000;
    private const int MsgCtrunc = 8;
    private const int CmsgHeader = 16;

    /// <summary>A connected pair of Unix stream sockets, both close-on-exec.</summary>
    public static (SafeFileHandle First, SafeFileHandle Second) CreatePair(bool nonBlocking = false)
    {
        const int AfUnix = 1, SockStream = 1, SockCloexec = 0x80000, SockNonblock = 0x800;
        Span<int> fds = stackalloc int[2];
        if (SocketPair(AfUnix, SockStream | SockCloexec | (nonBlocking ? SockNonblock : 0), 0, fds) != 0)
        {
            throw LinuxException.Last("socketpair");
        }

        return (new SafeFileHandle(fds[0], ownsHandle: true), new SafeFileHandle(fds[1], ownsHandle: true));
    }

    /// <summary>
    /// A non-blocking, close-on-exec descriptor of the same socket: the caller's own. A <see cref="System.Net.Sockets.Socket"/> that is to be used without .NET is taken over in this way and
    /// disposed: one whose handle has been taken away (<see cref="SafeHandle.SetHandleAsInvalid"/>) waits in its Dispose for ever.
    /// </summary>
    /// <exception cref="LinuxException">The process has no descriptor left.</exception>
    public static SafeFileHandle Duplicate(SafeHandle socket)
    {
        const int FDupFdCloexec = 1030, FGetFl = 3, FSetFl = 4, ONonblock = 0x800;
        bool added = false;
        try
        {
            socket.DangerousAddRef(ref added);
            int copy = Libc.Fcntl((int)socket.DangerousGetHandle(), FDupFdCloexec, 3);
            if (copy < 0)
            {
                throw LinuxException.Last("duplicating a socket's descriptor");
            }

            var handle = new SafeFileHandle(copy, ownsHandle: true);
            int flags = Libc.Fcntl(copy, FGetFl, 0);
            if (flags < 0 || Libc.Fcntl(copy, FSetFl, flags | ONonblock) < 0)
            {
                handle.Dispose();
                throw LinuxException.Last("making a socket non-blocking");
            }

            return handle;
        }
        finally
        {
            if (added)
            {
                socket.DangerousRelease();
            }
        }
    }

    /// <summary>
    /// Sends <paramref name="data"/> with <paramref name="fds"/>; the descriptors stay the caller's to close. On a blocking socket all
    /// bytes are sent; the descriptors go with the first of them.
    /// </summary>
    /// <returns>Bytes sent: all of them, or fewer (0 too) on a non-blocking socket that is full.</returns>
    /// <exception cref="LinuxException">The peer is gone, or the kernel refuses.</exception>
    public static int Send(SafeHandle socket, ReadOnlySpan<byte> data, ReadOnlySpan<int> fds)
    {
        if (data.IsEmpty)
        {
            throw new ArgumentException("File descriptors need at least one byte to travel with.", nameof(data));
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThan(fds.Length, MaxFds, nameof(fds));
        bool added = false;
        try
        {
            socket.DangerousAddRef(ref added);
            int fd = (int)socket.DangerousGetHandle();
            int sent = 0;
            while (sent < data.Length)
            {
                nint n = SendOnce(fd, data[sent..], sent == 0 ? fds : default);
                if (n < 0)
                {
                    return Marshal.GetLastPInvokeError() switch
                    {
                        Libc.EINTR => sent,
                        Libc.EAGAIN => sent,
                        int errno => throw new LinuxException("sendmsg", errno),
                    };
                }

                sent += (int)n;
            }

            return sent;
        }
        finally
        {
            if (added)
            {
                socket.DangerousRelease();
            }
        }
    }

    private static unsafe nint SendOnce(int socket, ReadOnlySpan<byte> data, ReadOnlySpan<int> fds)
    {
        byte* control = stackalloc byte[CmsgHeader + MaxFds * sizeof(int)];
        nint n;

        // SAFETY: the message points at `data`, which is pinned for the call, and at `control`, which is large enough for MaxFds descriptors.
        fixed (byte* bytes = data)
        {
            var vector = new IoVec { Base = bytes, Length = (nuint)data.Length };
            var message = new MsgHdr { Vectors = &vector, VectorCount = 1 };
            if (!fds.IsEmpty)
            {
                *(nuint*)control = (nuint)(CmsgHeader + fds.Length * sizeof(int));
                *(int*)(control + 8) = SolSocket;
                *(int*)(control + 12) = ScmRights;
                fds.CopyTo(new Span<int>(control + CmsgHeader, MaxFds));
                message.Control = control;
                message.ControlLength = (nuint)Align(CmsgHeader + fds.Length * sizeof(int));
            }

            do
            {
                n = SendMsg(socket, &message, MsgNoSignal);
            }
            while (n < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR);
        }

        return n;
    }

    /// <summary>Receives bytes, and adds the descriptors that came with them (close-on-exec) to <paramref name="fds"/>, whose owner closes them.</summary>
    /// <param name="wait">False: return -1 at once when there is nothing to read, whatever the socket's mode.</param>
    /// <returns>Bytes received; 0 when the peer has closed; -1 when there is nothing to read now.</returns>
    /// <exception cref="LinuxException">The connection is broken.</exception>
    public static unsafe int Receive(SafeHandle socket, Span<byte> buffer, ICollection<SafeFileHandle> fds, bool wait = true)
    {
        byte* control = stackalloc byte[CmsgHeader + MaxFds * sizeof(int)];
        bool added = false;
        try
        {
            socket.DangerousAddRef(ref added);
            int fd = (int)socket.DangerousGetHandle();

            // SAFETY: `buffer` is pinned for the call; the control area is sized for MaxFds and only what the kernel filled is read.
            fixed (byte* bytes = buffer)
            {
                var vector = new IoVec { Base = bytes, Length = (nuint)buffer.Length };
                var message = new MsgHdr
                {
                    Vectors = &vector,
                    VectorCount = 1,
                    Control = control,
                    ControlLength = CmsgHeader + MaxFds * sizeof(int),
                };
                nint n;
                do
                {
                    n = RecvMsg(fd, &message, MsgCmsgCloexec | (wait ? 0 : MsgDontWait));
                }
                while (n < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR);

                if (n < 0)
                {
                    int errno = Marshal.GetLastPInvokeError();
                    return errno == Libc.EAGAIN ? -1 : throw new LinuxException("recvmsg", errno);
                }

                TakeDescriptors(control, (int)message.ControlLength, fds);
                if ((message.Flags & MsgCtrunc) != 0)
                {
                    throw new LinuxException($"recvmsg: the peer sent more than {MaxFds} file descriptors at once", 7);
                }

                return (int)n;
            }
        }
        finally
        {
            if (added)
            {
                socket.DangerousRelease();
            }
        }
    }

    private static unsafe void TakeDescriptors(byte* control, int length, ICollection<SafeFileHandle> fds)
    {
        for (int at = 0; at + CmsgHeader <= length;)
        {
            // SAFETY: the kernel wrote whole control messages; each header lies inside `length`, and its own length is checked against it.
            int size = (int)*(nuint*)(control + at);
            if (size < CmsgHeader || at + size > length)
            {
                return;
            }

            if (*(int*)(control + at + 8) == SolSocket && *(int*)(control + at + 12) == ScmRights)
            {
                for (int offset = CmsgHeader; offset + sizeof(int) <= size; offset += sizeof(int))
                {
                    fds.Add(new SafeFileHandle(*(int*)(control + at + offset), ownsHandle: true));
                }
            }

            at += Align(size);
        }
    }

    private static int Align(int length) => (length + 7) & ~7;

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct IoVec
    {
        public byte* Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct MsgHdr
    {
        public void* Name;
        public uint NameLength;
        public IoVec* Vectors;
        public nuint VectorCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [LibraryImport("libc", EntryPoint = "sendmsg", SetLastError = true)]
    private static unsafe partial nint SendMsg(int socket, MsgHdr* message, int flags);

    [LibraryImport("libc", EntryPoint = "recvmsg", SetLastError = true)]
    private static unsafe partial nint RecvMsg(int socket, MsgHdr* message, int flags);

    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    private static partial int SocketPair(int domain, int type, int protocol, Span<int> fds);
}
