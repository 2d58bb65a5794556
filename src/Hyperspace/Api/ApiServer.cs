using Hyperspace.Daemon;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hyperspace.Api;

/// <summary>The control API: HTTP/1.1 and JSON on a Unix socket. Who may connect may do everything.</summary>
internal sealed class ApiServer : IAsyncDisposable
{
    /// <summary>Of one request to type.</summary>
    public const int MaxTypedCharacters = 10_000;

    private const int MaxBodyBytes = 64 << 10;
    private const int MaxConnections = 100;

    private readonly WebApplication _app;
    private readonly string _socket;

    private ApiServer(WebApplication app, string socket) => (_app, _socket) = (app, socket);

    /// <summary>Begins to listen. The caller holds the daemon's lock: a socket that is there already is a dead one.</summary>
    /// <exception cref="IOException">The socket cannot be made.</exception>
    public static async Task<ApiServer> StartAsync(string socket, IReadOnlyList<ApiRoute> routes, CancellationToken cancel)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseSockets(options => options.CreateBoundListenSocket = _ => LocalSocket.Bind(socket));
        builder.WebHost.ConfigureKestrel(options => Configure(options, socket));
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        WebApplication app = builder.Build();
        app.Use(ApiErrors.HandleAsync);
        app.UseRouting();
        foreach (ApiRoute route in routes)
        {
            app.MapMethods(route.Path, [route.Method], route.Handler);
        }

        await app.StartAsync(cancel);
        return new ApiServer(app, socket);
    }

    private static void Configure(KestrelServerOptions options, string socket)
    {
        options.AddServerHeader = false;
        options.Limits.MaxRequestBodySize = MaxBodyBytes;
        options.Limits.MaxConcurrentConnections = MaxConnections;
        options.Limits.MaxRequestHeaderCount = 40;
        options.Limits.MaxRequestHeadersTotalSize = 16 << 10;
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
        options.ListenUnixSocket(socket, listen => listen.Protocols = HttpProtocols.Http1);
    }

    public async ValueTask DisposeAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        await _app.StopAsync(patience.Token);
        await _app.DisposeAsync();
        File.Delete(_socket);
    }

    /// <summary>The daemon minds signals itself.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
