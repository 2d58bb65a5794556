using Hyperspace.Machines;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Integration.Engine;

/// <summary>The clipboard's channel through a real QEMU.</summary>
[Collection(QemuCollection.Name)]
public sealed class ClipboardTests : IAsyncLifetime
{
    private readonly EngineHome _home = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => _home.DisposeAsync().AsTask();

    [Fact]
    public async Task The_port_is_handed_out_for_the_run_that_is_meant_and_again_when_a_client_has_gone()
    {
        _home.Define("vm");
        _home.Define("without", "clipboard: off");
        Fleet fleet = await _home.OpenFleetAsync();
        VmStatus vm = await _home.BootAsync(fleet, "vm"), without = await _home.BootAsync(fleet, "without");
        Assert.Equal(("on", null), (vm.Clipboard, without.Clipboard));
        for (int i = 0; i < 2; i++)
        {
            using SafeFileHandle socket = await fleet.OpenAgentAsync("vm", vm.Generation, CancellationToken.None);
            Assert.False(socket.IsInvalid);
        }

        await Assert.ThrowsAsync<MachineStateException>(() => fleet.OpenAgentAsync("vm", vm.Generation - 1, CancellationToken.None));
        var refused = await Assert.ThrowsAsync<MachineException>(() => fleet.OpenAgentAsync("without", without.Generation, CancellationToken.None));
        Assert.Contains("no port for a clipboard agent", refused.Message, StringComparison.Ordinal);
    }
}
