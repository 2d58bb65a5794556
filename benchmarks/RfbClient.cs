using System.Buffers.Binary;
using System.Net.Sockets;

namespace Hyperspace.Benchmarks;

/// <summary>
/// A VNC client, the peer of the seat's benchmarks: RFB 3.8 without authentication, raw encoding, 32-bit pixels (RFC 6143). It does what a viewer must do
/// and nothing else, so that the comparison flatters nobody.
/// </summary>
internal sealed class RfbClient : IDisposable
{
    private const int RawEncoding = 0;
    private const int DesktopSize = -223;

    private readonly Socket _socket;
    private byte[] _scratch = new byte[64 << 10];

    /// <summary>Connects over QEMU's Unix socket and shakes hands.</summary>
    public RfbClient(string path)
        : this(Connected(path))
    {
    }

    /// <summary>Shakes hands on a connection, and owns it.</summary>
    public RfbClient(Socket connection)
    {
        _socket = connection;
        _socket.ReceiveTimeout = 20_000;
        Read(12);
        _socket.Send("RFB 003.008\n"u8);
        int types = Read(1)[0];
        if (types == 0 || !Read(types).Contains((byte)1))
        {
            throw new InvalidOperationException("The VNC server wants authentication.");
        }

        _socket.Send([1]);
        if (BinaryPrimitives.ReadUInt32BigEndian(Read(4)) != 0)
        {
            throw new InvalidOperationException("The VNC server refused.");
        }

        _socket.Send([1]);
        ReadOnlySpan<byte> init = Read(24);
        (Width, Height) = (BinaryPrimitives.ReadUInt16BigEndian(init), BinaryPrimitives.ReadUInt16BigEndian(init[2..]));
        Read((int)BinaryPrimitives.ReadUInt32BigEndian(init[20..]));
        SendFormatAndEncodings();
        Pixels = new uint[Width * Height];
    }

    private static Socket Connected(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        return socket;
    }

    public int Width { get; private set; }
    public int Height { get; private set; }

    /// <summary>The framebuffer: rows of 32-bit pixels without gaps.</summary>
    public uint[] Pixels { get; private set; }

    public void RequestUpdate(bool incremental)
    {
        Span<byte> message = stackalloc byte[10];
        message[0] = 3;
        message[1] = incremental ? (byte)1 : (byte)0;
        message[2..6].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(message[6..], (ushort)Width);
        BinaryPrimitives.WriteUInt16BigEndian(message[8..], (ushort)Height);
        _socket.Send(message);
    }

    public void Key(uint keysym, bool down)
    {
        Span<byte> message = [4, down ? (byte)1 : (byte)0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteUInt32BigEndian(message[4..], keysym);
        _socket.Send(message);
    }

    /// <summary>Whether something has come, waiting for it that long.</summary>
    public bool Poll(TimeSpan atMost) => _socket.Poll(atMost, SelectMode.SelectRead);

    /// <summary>
    /// Waits for the next framebuffer update and takes it in. Returns the rectangle (x, y, width, height) around all pixels that were sent, and the
    /// rectangle around those that are different now.
    /// </summary>
    public (Area Sent, Area Changed) ReadUpdate()
    {
        while (Read(1)[0] is var type and not 0)
        {
            Skip(type);
        }

        int count = BinaryPrimitives.ReadUInt16BigEndian(Read(3)[1..]);
        (Area sent, Area changed) = (default, default);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> head = Read(12);
            (int x, int y) = (BinaryPrimitives.ReadUInt16BigEndian(head), BinaryPrimitives.ReadUInt16BigEndian(head[2..]));
            (int w, int h) = (BinaryPrimitives.ReadUInt16BigEndian(head[4..]), BinaryPrimitives.ReadUInt16BigEndian(head[6..]));
            switch (BinaryPrimitives.ReadInt32BigEndian(head[8..]))
            {
                case RawEncoding:
                    sent = sent.Union(new Area(x, y, x + w, y + h));
                    changed = changed.Union(TakeRaw(x, y, w, h));
                    break;
                case DesktopSize:
                    (Width, Height, Pixels) = (w, h, new uint[w * h]);
                    break;
                case var other:
                    throw new InvalidOperationException($"The VNC server sent encoding {other}, which was not asked for.");
            }
        }

        return (sent, changed);
    }

    private Area TakeRaw(int x, int y, int w, int h)
    {
        Area changed = default;
        for (int row = y; row < y + h; row++)
        {
            ReadOnlySpan<uint> line = System.Runtime.InteropServices.MemoryMarshal.Cast<byte, uint>(Read(w * 4));
            Span<uint> old = Pixels.AsSpan(row * Width + x, w);
            int same = old.CommonPrefixLength(line);
            if (same < w)
            {
                int last = w - 1;
                while (old[last] == line[last])
                {
                    last--;
                }

                changed = changed.Union(new Area(x + same, row, x + last + 1, row + 1));
                line.CopyTo(old);
            }
        }

        return changed;
    }

    private void SendFormatAndEncodings()
    {
        // 32 bits, depth 24, little endian, true colour, 8 bits each at 16, 8 and 0: the server's own, so it converts nothing.
        _socket.Send([0, 0, 0, 0, 32, 24, 0, 1, 0, 255, 0, 255, 0, 255, 16, 8, 0, 0, 0, 0]);
        Span<byte> message = [2, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0];
        BinaryPrimitives.WriteInt32BigEndian(message[4..], RawEncoding);
        BinaryPrimitives.WriteInt32BigEndian(message[8..], DesktopSize);
        _socket.Send(message);
    }

    private void Skip(int type)
    {
        switch (type)
        {
            case 2:
                break;
            case 3:
                Read(3);
                Read((int)BinaryPrimitives.ReadUInt32BigEndian(Read(4)));
                break;
            default:
                throw new InvalidOperationException($"The VNC server sent message {type}, which was not asked for.");
        }
    }

    private ReadOnlySpan<byte> Read(int count)
    {
        if (_scratch.Length < count)
        {
            _scratch = new byte[count];
        }

        for (int have = 0; have < count;)
        {
            int n = _socket.Receive(_scratch.AsSpan(have, count - have));
            have += n > 0 ? n : throw new EndOfStreamException("The VNC server closed the connection.");
        }

        return _scratch.AsSpan(0, count);
    }

    public void Dispose() => _socket.Dispose();
}

/// <summary>A rectangle by its edges; empty when all are 0.</summary>
internal readonly record struct Area(int Left, int Top, int Right, int Bottom)
{
    public int Width => Right - Left;
    public int Height => Bottom - Top;
    public bool IsEmpty => Width <= 0 || Height <= 0;

    public Area Union(Area other) => IsEmpty ? other : other.IsEmpty ? this
        : new Area(Math.Min(Left, other.Left), Math.Min(Top, other.Top), Math.Max(Right, other.Right), Math.Max(Bottom, other.Bottom));
}
