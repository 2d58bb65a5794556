using System.Net.Sockets;
using Hyperspace.Api;
using Hyperspace.Link;
using Hyperspace.Linux;
using Hyperspace.Linux.Files;
using Hyperspace.Machines;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Daemon;

/// <summary>The daemon runs already, or cannot run here. The message is for people.</summary>
internal sealed class DaemonException(string message) : Exception(message);

/// <summary>All that the outside sees of a fleet: the link and the control API. Disposing it closes both and leaves the fleet alone.</summary>
internal sealed class DaemonHost : IAsyncDisposable
{
    private const int LinkBacklog = 64;
    private static readonly TimeSpan LinkPatience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan SeatPatience = TimeSpan.FromSeconds(5);

    private readonly HyperspacePaths _paths;
    private readonly CancellationTokenSource _ending = new();
    private readonly StatusBoard _board;
    private readonly LinkServer _link;
    private ApiServer? _api;

    private DaemonHost(HyperspacePaths paths, IFleet fleet, IPowerDesk power, IPolicyDesk? policy, TimeSpan linkPatience)
    {
        _paths = paths;
        Socket listener = LocalSocket.Listen(paths.LinkSocket, LinkBacklog);
        _board = new StatusBoard(fleet, power, policy);
        _link = new LinkServer(listener, fleet, _board, ProductVersion.Text, linkPatience, policy, power);
    }

    /// <summary>Takes the daemon's place on this machine: what follows may remove the sockets of a dead one. The place is free again when the result is disposed, or the process ends.</summary>
    /// <exception cref="DaemonException">Another daemon has it.</exception>
    public static FileLock TakePlace(HyperspacePaths paths)
    {
        LocalSocket.PrepareFolder(paths.Runtime);
        return FileLock.TryTake(paths.DaemonLock) ?? throw new DaemonException(
            $"A daemon runs already (process {FileLock.LastHolder(paths.DaemonLock)?.ToString() ?? "unknown"}); it holds {paths.DaemonLock}. This one ends, the other one goes on.");
    }

    /// <summary>Opens link and API. The caller holds the daemon's place and keeps the fleet.</summary>
    /// <param name="linkPatience">How long a client of the link may take to read; null for the usual 10 s.</param>
    /// <param name="policy">Null for a daemon without power rules.</param>
    /// <param name="power">Null for a daemon that knows of none.</param>
    /// <exception cref="IOException">A socket cannot be made.</exception>
    public static async Task<DaemonHost> OpenAsync(HyperspacePaths paths, IFleet fleet, CancellationToken cancel, TimeSpan? linkPatience = null, IPowerDesk? power = null, IPolicyDesk? policy = null)
    {
        power ??= new NoPowerDesk();
        var host = new DaemonHost(paths, fleet, power, policy, linkPatience ?? LinkPatience);
        try
        {
            var routes = new ApiRoutes(fleet, host._board, host._link, power, policy, host._ending.Token);
            host._api = await ApiServer.StartAsync(paths.ApiSocket, routes.All, cancel);
            return host;
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>What the seat shows; null without a seat.</summary>
    public SeatStatus? Seat => _board.Seat;

    /// <summary>Moves the seat's keyboard and picture to the console; nothing happens without a seat.</summary>
    /// <exception cref="MachineException">The seat refuses, or does not answer; says why.</exception>
    public async Task GoToConsoleAsync(CancellationToken cancel)
    {
        try
        {
            using SeatAnswer _ = await _link.AskAsync("switch", null, 0, SeatPatience, cancel);
        }
        catch (SeatException e) when (e.Failure != SeatFailure.Gone)
        {
            throw new MachineException(e.Message, e);
        }
        catch (SeatException)
        {
            // There is no seat whose picture could stay.
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        if (_api is not null)
        {
            await _api.DisposeAsync();
        }

        _link.Dispose();
        File.Delete(_paths.LinkSocket);
        _board.Dispose();
        _ending.Dispose();
    }
}
