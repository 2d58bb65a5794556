using Hyperspace.Client;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Commands.Vm;

/// <summary>What the commands about VMs ask of a daemon. All members throw <see cref="ControlException"/>.</summary>
internal interface IVmControl : IDisposable
{
    /// <summary>Never throws.</summary>
    Task<bool> IsAnsweringAsync(CancellationToken cancel);

    Task<IReadOnlyList<VmStatus>> GetVmsAsync(CancellationToken cancel);

    Task ActAsync(string vm, VmAction action, CancellationToken cancel);

    /// <returns>The VM that it is about afterwards.</returns>
    Task<VmStatus> InstantAsync(string vm, InstantAction action, CancellationToken cancel);

    Task<IReadOnlyList<string>> GetLogAsync(string vm, string log, int maxLines, CancellationToken cancel);

    Task ReloadAsync(CancellationToken cancel);
}

/// <summary>The daemon behind a socket.</summary>
internal sealed class DaemonControl(string socket) : IVmControl
{
    private readonly ControlClient _client = new(socket);

    public Task<bool> IsAnsweringAsync(CancellationToken cancel) => _client.IsAnsweringAsync(cancel);

    public Task<IReadOnlyList<VmStatus>> GetVmsAsync(CancellationToken cancel) => _client.GetVmsAsync(cancel);

    public Task ActAsync(string vm, VmAction action, CancellationToken cancel) => _client.ActAsync(vm, action, cancel);

    public Task<VmStatus> InstantAsync(string vm, InstantAction action, CancellationToken cancel) => _client.InstantAsync(vm, action, cancel);

    public Task<IReadOnlyList<string>> GetLogAsync(string vm, string log, int maxLines, CancellationToken cancel) => _client.GetLogAsync(vm, log, maxLines, cancel);

    public Task ReloadAsync(CancellationToken cancel) => _client.ReloadAsync(cancel);

    public void Dispose() => _client.Dispose();
}
