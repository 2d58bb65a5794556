using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Client;

/// <summary>The control API refuses, or cannot be reached. The message is for people.</summary>
internal sealed class ControlException : Exception
{
    public ControlException(string message) : base(message) { }

    public ControlException(string message, Exception inner) : base(message, inner) { }
}

/// <summary>A client of the control API: HTTP/JSON over the daemon's Unix socket. All members throw <see cref="ControlException"/>.</summary>
/// <param name="socket">The path of <c>api.sock</c>.</param>
internal sealed class ControlClient(string socket) : IDisposable
{
    /// <summary>Whether a daemon answers; never throws.</summary>
    public Task<bool> IsAnsweringAsync(CancellationToken cancel) => throw new NotImplementedException($"{socket}{cancel}");

    public Task<HostStatus> GetHostAsync(CancellationToken cancel) => throw new NotImplementedException();

    public Task<IReadOnlyList<VmStatus>> GetVmsAsync(CancellationToken cancel) => throw new NotImplementedException();

    public Task ActAsync(string vm, VmAction action, CancellationToken cancel) => throw new NotImplementedException();

    public Task MoveAsync(string vm, int? port, CancellationToken cancel) => throw new NotImplementedException();

    /// <param name="log"><c>serial</c>, <c>qemu</c> or <c>events</c>.</param>
    public Task<IReadOnlyList<string>> GetLogAsync(string vm, string log, int maxLines, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>Tells the daemon to read the definitions again.</summary>
    public Task ReloadAsync(CancellationToken cancel) => throw new NotImplementedException();

    public Task<SeatStatus> GetSeatAsync(CancellationToken cancel) => throw new NotImplementedException();

    public Task<SeatStatus> SwitchAsync(int port, CancellationToken cancel) => throw new NotImplementedException();

    /// <param name="chord">As <c>Chord.Parse</c> reads it, such as <c>leader 2</c>.</param>
    public Task PressAsync(string chord, CancellationToken cancel) => throw new NotImplementedException();

    public Task TypeAsync(string text, CancellationToken cancel) => throw new NotImplementedException();

    /// <summary>A PNG file.</summary>
    /// <param name="port">0 to 9, or null for what the monitor shows.</param>
    public Task<byte[]> ScreenshotAsync(int? port, CancellationToken cancel) => throw new NotImplementedException();

    public void Dispose()
    {
    }
}
