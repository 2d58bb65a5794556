using System.Net.Sockets;
using System.Text;

namespace Hyperspace.Benchmarks;

/// <summary>A connection to a QEMU's monitor beside the daemon's, for commands whose answers nobody waits for: they are left to be read, they are few.</summary>
internal sealed class MonitorSocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    public MonitorSocket(string path)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        Command("qmp_capabilities");
    }

    public void Command(string command) => _socket.Send(Encoding.ASCII.GetBytes($"{{\"execute\": \"{command}\"}}\n"));

    public void Dispose() => _socket.Dispose();
}
