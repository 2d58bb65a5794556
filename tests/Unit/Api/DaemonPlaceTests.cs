using System.Net.Sockets;
using System.Text;
using Hyperspace.Client;
using Hyperspace.Daemon;
using Hyperspace.Linux;
using Hyperspace.Linux.Files;

namespace Hyperspace.Tests.Unit.Api;

/// <summary>One daemon a machine, sockets for their owner and group, and what clients are told when there is none.</summary>
public sealed class DaemonPlaceTests : IDisposable
{
    private const UnixFileMode ForOthers = UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;
    private const UnixFileMode ReadWrite = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private readonly HyperspacePaths _paths = DaemonBench.TemporaryPaths();

    [Fact]
    public async Task Sockets_are_for_owner_and_group_and_their_folder_too()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        Assert.Equal(ReadWrite, File.GetUnixFileMode(bench.Paths.ApiSocket));
        Assert.Equal(ReadWrite, File.GetUnixFileMode(bench.Paths.LinkSocket));
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute,
            File.GetUnixFileMode(bench.Paths.Runtime));
    }

    [Fact]
    public void A_folder_that_is_open_to_others_is_closed_and_its_set_group_id_stays()
    {
        Directory.CreateDirectory(_paths.Runtime);
        File.SetUnixFileMode(_paths.Runtime, (UnixFileMode)0b111_111_111 | UnixFileMode.SetGroup);
        LocalSocket.PrepareFolder(_paths.Runtime);
        UnixFileMode mode = File.GetUnixFileMode(_paths.Runtime);
        Assert.Equal(UnixFileMode.None, mode & (ForOthers | UnixFileMode.GroupWrite));
        Assert.True(mode.HasFlag(UnixFileMode.SetGroup));
    }

    [Fact]
    public void Nobody_can_connect_before_the_mode_is_set()
    {
        LocalSocket.PrepareFolder(_paths.Runtime);
        using Socket bound = LocalSocket.Bind(_paths.ApiSocket);
        Assert.Equal(ReadWrite, File.GetUnixFileMode(_paths.ApiSocket));
        using var early = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        SocketException refused = Assert.Throws<SocketException>(() => early.Connect(new UnixDomainSocketEndPoint(_paths.ApiSocket)));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
    }

    [Fact]
    public async Task A_second_daemon_is_told_who_the_first_is_and_the_place_is_free_after_it()
    {
        DaemonBench bench = await DaemonBench.StartAsync();
        DaemonException e = Assert.Throws<DaemonException>(() => DaemonHost.TakePlace(bench.Paths));
        Assert.Contains($"process {Environment.ProcessId}", e.Message, StringComparison.Ordinal);
        Assert.True(await bench.Client.IsAnsweringAsync(default));
        await bench.DisposeAsync();
        Assert.False(Directory.Exists(bench.Paths.Runtime));

        using FileLock first = DaemonHost.TakePlace(_paths);
        first.Dispose();
        using FileLock second = DaemonHost.TakePlace(_paths);
        Assert.Equal(Environment.ProcessId, FileLock.LastHolder(_paths.DaemonLock));
    }

    [Fact]
    public async Task Sockets_that_a_killed_daemon_left_are_replaced()
    {
        LocalSocket.PrepareFolder(_paths.Runtime);
        foreach (string path in new[] { _paths.ApiSocket, _paths.LinkSocket })
        {
            // A file that nobody listens on, as SIGKILL leaves it.
            File.WriteAllText(path, "");
        }

        using FileLock place = DaemonHost.TakePlace(_paths);
        var fleet = new ScriptedFleet();
        await using (await DaemonHost.OpenAsync(_paths, fleet, CancellationToken.None))
        {
            using var client = new ControlClient(_paths.ApiSocket);
            Assert.Equal(2, (await client.GetVmsAsync(default)).Count);
        }

        Assert.False(File.Exists(_paths.ApiSocket));
        Assert.False(File.Exists(_paths.LinkSocket));
    }

    [Fact]
    public async Task A_path_that_is_too_long_for_a_socket_is_a_sentence()
    {
        HyperspacePaths deep = _paths with { Runtime = Path.Combine(_paths.Runtime, new string('d', 120)) };
        using FileLock place = DaemonHost.TakePlace(deep);
        IOException e = await Assert.ThrowsAsync<IOException>(() => DaemonHost.OpenAsync(deep, new ScriptedFleet(), CancellationToken.None));
        Assert.Contains("longer than the 107 bytes", e.Message, StringComparison.Ordinal);
        using var client = new ControlClient(deep.ApiSocket);
        ControlException c = await Assert.ThrowsAsync<ControlException>(() => client.GetHostAsync(default));
        Assert.Contains("longer than Linux allows", c.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_daemon_the_client_says_how_to_start_one()
    {
        using var client = new ControlClient(_paths.ApiSocket);
        Assert.False(await client.IsAnsweringAsync(default));
        ControlException missing = await Assert.ThrowsAsync<ControlException>(() => client.GetVmsAsync(default));
        Assert.Contains("`hyperspace daemon`", missing.Message, StringComparison.Ordinal);

        LocalSocket.PrepareFolder(_paths.Runtime);
        using Socket bound = LocalSocket.Bind(_paths.ApiSocket);
        ControlException stale = await Assert.ThrowsAsync<ControlException>(() => client.GetVmsAsync(default));
        Assert.Equal(missing.Message, stale.Message);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n[{\"name\":")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull")]
    [InlineData("HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\nnull")]
    [InlineData("HTTP/1.1 500 Oh\r\nContent-Type: application/problem+json\r\nContent-Length: 5\r\n\r\n{\"tit")]
    [InlineData("Who are you?\r\n\r\n")]
    [InlineData("")]
    public async Task A_daemon_that_dies_or_babbles_in_the_middle_of_an_answer_is_a_sentence(string answer)
    {
        LocalSocket.PrepareFolder(_paths.Runtime);
        using Socket listener = LocalSocket.Listen(_paths.ApiSocket, 1);
        using var client = new ControlClient(_paths.ApiSocket);
        Task<IReadOnlyList<Protocols.Control.VmStatus>> asked = client.GetVmsAsync(default);
        using (Socket connection = await listener.AcceptAsync())
        {
            // With its end nobody listens any more, as when a daemon dies.
            listener.Dispose();
            await connection.ReceiveAsync(new byte[4096]);
            await connection.SendAsync(Encoding.ASCII.GetBytes(answer));
        }

        ControlException e = await Assert.ThrowsAsync<ControlException>(() => asked);
        Assert.Contains("daemon", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_service_manager_gets_its_word()
    {
        string path = Path.Combine(Path.GetDirectoryName(_paths.Config)!, "notify");
        using var manager = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        manager.Bind(new UnixDomainSocketEndPoint(path));
        Assert.True(ServiceManager.Notify(path, "READY=1"));
        var word = new byte[64];
        Assert.Equal("READY=1", Encoding.ASCII.GetString(word, 0, manager.Receive(word)));

        string name = $"hsu-notify-{Environment.ProcessId}";
        using var hidden = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        hidden.Bind(new UnixDomainSocketEndPoint("\0" + name));
        Assert.True(ServiceManager.Notify("@" + name, "STOPPING=1"));
        Assert.Equal("STOPPING=1", Encoding.ASCII.GetString(word, 0, hidden.Receive(word)));

        Assert.False(ServiceManager.Notify(null, "READY=1"));
        Assert.False(ServiceManager.Notify(path + ".gone", "READY=1"));
    }

    public void Dispose() => Directory.Delete(Path.GetDirectoryName(_paths.Config)!, recursive: true);
}
