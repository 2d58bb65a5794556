using System.Buffers.Binary;
using System.Net.Sockets;

namespace Hyperspace.Tests.Notebook.Rig;

/// <summary>
/// What is plugged into a socket of the notebook's graphics card: a viewer that says how large its picture is to be (RFB 3.8, RFC 6143, and its extension SetDesktopSize), as a monitor
/// does with its EDID. The picture itself is not looked at; photographs come from QEMU.
/// </summary>
internal sealed class MonitorCable : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public MonitorCable(string path)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        _socket.ReceiveTimeout = 60_000;
        byte[] version = Read(12);
        _socket.Send(version);
        _ = Read(Read(1)[0]);

        // Security type 1: none. Then its result, and the client's init: shared.
        _socket.Send([1]);
        _ = Read(4);
        _socket.Send([1]);
        byte[] init = Read(24);
        _ = Read(BinaryPrimitives.ReadInt32BigEndian(init.AsSpan(20)));

        // SetEncodings: ExtendedDesktopSize (-308) and raw.
        _socket.Send([2, 0, 0, 2, 0xFF, 0xFF, 0xFE, 0xCC, 0, 0, 0, 0]);
    }

    /// <summary>The monitor has that size from now on; 0x0 is no monitor.</summary>
    public void Resize(ushort width, ushort height)
    {
        byte[] message = new byte[24];
        message[0] = 251;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(2), width);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(4), height);
        message[6] = 1;
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(16), width);
        BinaryPrimitives.WriteUInt16BigEndian(message.AsSpan(18), height);
        _socket.Send(message);
    }

    private byte[] Read(int count)
    {
        byte[] data = new byte[count];
        for (int got = 0; got < count;)
        {
            int n = _socket.Receive(data, got, count - got, SocketFlags.None);
            got += n > 0 ? n : throw new RigException("QEMU ended the viewer's connection.");
        }

        return data;
    }

    public void Dispose() => _socket.Dispose();
}
