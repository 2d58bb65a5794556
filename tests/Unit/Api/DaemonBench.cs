using System.Net.Sockets;
using Hyperspace.Client;
using Hyperspace.Daemon;
using Hyperspace.Linux;
using Hyperspace.Linux.Files;

namespace Hyperspace.Tests.Unit.Api;

/// <summary>The daemon's outside, real, on real sockets in a folder of its own, around a scripted fleet.</summary>
internal sealed class DaemonBench : IAsyncDisposable
{
    private readonly FileLock _place;
    private readonly DaemonHost _host;
    private readonly HttpClient _http;

    private DaemonBench(HyperspacePaths paths, FileLock place, ScriptedFleet fleet, DaemonHost host)
    {
        (Paths, _place, Fleet, _host) = (paths, place, fleet, host);
        Client = new ControlClient(paths.ApiSocket);
        _http = new HttpClient(new SocketsHttpHandler { ConnectCallback = async (_, cancel) => new NetworkStream(await ConnectAsync(paths.ApiSocket, cancel), ownsSocket: true) })
        {
            BaseAddress = new Uri("http://localhost/"),
        };
    }

    public HyperspacePaths Paths { get; }
    public ScriptedFleet Fleet { get; }
    public ControlClient Client { get; }

    /// <summary>A folder whose path leaves room for sockets.</summary>
    public static HyperspacePaths TemporaryPaths()
    {
        string home = Directory.CreateTempSubdirectory("hsu-").FullName;
        return HyperspacePaths.Of(name => name == "HYPERSPACE_HOME" ? home : null, root: false);
    }

    /// <param name="linkPatience">How long a client of the link may go without reading.</param>
    public static async Task<DaemonBench> StartAsync(TimeSpan? linkPatience = null)
    {
        HyperspacePaths paths = TemporaryPaths();
        var fleet = new ScriptedFleet();
        FileLock place = DaemonHost.TakePlace(paths);
        return new DaemonBench(paths, place, fleet, await DaemonHost.OpenAsync(paths, fleet, CancellationToken.None, linkPatience));
    }

    /// <summary>A request as a program in another language would send it.</summary>
    public async Task<(int Status, string Type, string Body)> SendAsync(string method, string path, string? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path) { Content = body is null ? null : new StringContent(body) };
        using HttpResponseMessage response = await _http.SendAsync(request);
        return ((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType ?? "", await response.Content.ReadAsStringAsync());
    }

    public static async Task<Socket> ConnectAsync(string path, CancellationToken cancel = default)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancel);
        return socket;
    }

    /// <summary>Waits until it holds; a test that waits in vain fails.</summary>
    public static async Task UntilAsync(string what, Func<bool> condition)
    {
        for (int i = 0; !condition(); i++)
        {
            Assert.True(i < 3000, $"Waited in vain for {what}.");
            await Task.Delay(10);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _http.Dispose();
        await _host.DisposeAsync();
        _place.Dispose();
        Directory.Delete(Path.GetDirectoryName(Paths.Config)!, recursive: true);
    }
}
