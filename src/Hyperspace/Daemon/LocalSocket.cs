using System.Net.Sockets;
using System.Text;

namespace Hyperspace.Daemon;

/// <summary>Unix sockets that only their owner and group can connect to.</summary>
internal static class LocalSocket
{
    /// <summary>unix(7): <c>sun_path</c> is 108 bytes, the last of them NUL.</summary>
    private const int MaxPathBytes = 107;

    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute;
    private const UnixFileMode SocketMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
    private const UnixFileMode ForOthers = UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Creates the sockets' folder with mode 0750, and takes from an existing one what is more than that; its group and its set-group-id bit stay as somebody chose them.</summary>
    public static void PrepareFolder(string folder)
    {
        Directory.CreateDirectory(folder, FolderMode);
        UnixFileMode mode = File.GetUnixFileMode(folder);
        if ((mode & ForOthers) != 0)
        {
            File.SetUnixFileMode(folder, mode & ~ForOthers);
        }
    }

    /// <summary>
    /// A listening socket with mode 0660. One that an earlier daemon left at that path is removed, so the caller holds the daemon's lock. Nobody connects before the mode is set: until
    /// listen(2) the kernel refuses everybody.
    /// </summary>
    /// <exception cref="IOException">It cannot be made there; says why.</exception>
    public static Socket Listen(string path, int backlog)
    {
        Socket socket = Bind(path);
        socket.Listen(backlog);
        return socket;
    }

    /// <summary>As <see cref="Listen"/>, for callers who begin to listen themselves.</summary>
    public static Socket Bind(string path)
    {
        if (Encoding.UTF8.GetByteCount(path) > MaxPathBytes)
        {
            throw new IOException($"The socket {path} cannot be made: its path is longer than the {MaxPathBytes} bytes that Linux allows. Set HYPERSPACE_HOME or XDG_RUNTIME_DIR to a shorter folder.");
        }

        File.Delete(path);
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Bind(new UnixDomainSocketEndPoint(path));
            File.SetUnixFileMode(path, SocketMode);
            return socket;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw new IOException($"The socket {path} cannot be made: {e.Message}", e);
        }
    }
}
