using System.Net.Sockets;
using System.Text;
using Hyperspace.Linux;
using Hyperspace.Linux.Memory;
using Hyperspace.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Unit.Linux;

public sealed class FdPassingTests
{
    [Fact]
    public void A_descriptor_arrives_with_its_bytes_and_is_the_same_file()
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = FdPassing.CreatePair();
        using SafeFileHandle file = MemFd.Create("test", 5);
        RandomAccess.Write(file, "hello"u8, 0);
        Assert.Equal(4, FdPassing.Send(ours, "take"u8, [(int)file.DangerousGetHandle()]));

        var fds = new List<SafeFileHandle>();
        var buffer = new byte[16];
        Assert.Equal(4, FdPassing.Receive(theirs, buffer, fds));
        Assert.Equal("take", Encoding.ASCII.GetString(buffer, 0, 4));
        using SafeFileHandle received = Assert.Single(fds);
        var content = new byte[5];
        Assert.Equal(5, RandomAccess.Read(received, content, 0));
        Assert.Equal("hello"u8.ToArray(), content);
    }

    [Fact]
    public void A_duplicate_outlives_the_socket_of_dot_net_and_waits_for_nothing()
    {
        string path = Path.Combine(Path.GetTempPath(), $"hs-{Environment.ProcessId}-{Guid.NewGuid():N}");
        using var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen();
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        using Socket peer = listener.Accept();
        File.Delete(path);
        using SafeFileHandle copy = FdPassing.Duplicate(socket.SafeHandle);
        socket.Dispose();
        peer.Send("hello"u8);
        Assert.Equal(5, FdPassing.Receive(copy, new byte[16], []));
        var large = new byte[1 << 20];
        Assert.InRange(FdPassing.Send(copy, large, default), 1, large.Length - 1);
    }

    [Fact]
    public void Nothing_to_read_is_minus_one_and_the_end_is_zero()
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = FdPassing.CreatePair();
        Assert.Equal(-1, FdPassing.Receive(theirs, new byte[4], [], wait: false));
        ours.Dispose();
        Assert.Equal(0, FdPassing.Receive(theirs, new byte[4], [], wait: false));
    }

    [Fact]
    public void Sending_to_a_peer_that_is_gone_is_an_error_and_not_a_signal()
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = FdPassing.CreatePair();
        theirs.Dispose();
        LinuxException e = Assert.Throws<LinuxException>(() => FdPassing.Send(ours, "x"u8, default));
        Assert.Equal(32, e.Errno);
    }

    [Fact]
    public void A_full_socket_takes_what_fits()
    {
        (SafeFileHandle ours, SafeFileHandle _) = FdPassing.CreatePair(nonBlocking: true);
        var much = new byte[4 << 20];
        int sent = FdPassing.Send(ours, much, default);
        Assert.InRange(sent, 1, much.Length - 1);
        Assert.Equal(0, FdPassing.Send(ours, much, default));
    }
}
