using System.Net.Sockets;
using System.Text;

namespace Hyperspace.Daemon;

/// <summary>Tells systemd, if it is there, how the daemon is doing (sd_notify(3)).</summary>
internal static class ServiceManager
{
    /// <param name="state">Such as <c>READY=1</c>.</param>
    public static void Notify(string state) => Notify(Environment.GetEnvironmentVariable("NOTIFY_SOCKET"), state);

    /// <param name="address">A path, or <c>@name</c> in the abstract name space; null for no service manager.</param>
    /// <returns>Whether it was told.</returns>
    public static bool Notify(string? address, string state)
    {
        if (string.IsNullOrEmpty(address) || address[0] is not ('/' or '@'))
        {
            return false;
        }

        try
        {
            using var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
            string path = address[0] == '@' ? '\0' + address[1..] : address;
            socket.SendTo(Encoding.UTF8.GetBytes(state), new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            Console.Error.WriteLine($"hyperspace: the service manager at {address} cannot be told \"{state}\": {e.Message}");
            return false;
        }
    }
}
