using Hyperspace.Machines;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Unit.Api;

/// <summary>A fleet that does what a test says, and remembers what it was asked for.</summary>
internal sealed class ScriptedFleet : IFleet
{
    private readonly List<string> _calls = [];

    public ScriptedFleet() => Vms = [Vm("work", 1, VmState.Running), Vm("lab", 2, VmState.Off)];

    public IReadOnlyList<VmStatus> Vms { get; private set; }

    public HostStatus Host { get; set; } = new(
        "testhost", "Test CPU", 2, 12.5, 8L << 30, 4L << 30, 100L << 30, 50L << 30, "tcg", "There is no /dev/kvm.", "6.12.0", "10.0.2", "0.1.0",
        new DateTimeOffset(2026, 11, 24, 8, 0, 0, TimeSpan.Zero), [new Degradation("CPUs are emulated", "no KVM", "another machine")]);

    public event Action? Changed;

    /// <summary>What an action does; the default does nothing.</summary>
    public Func<string, VmAction, CancellationToken, Task> Act { get; set; } = (_, _, _) => Task.CompletedTask;

    public Func<string, string, int, IReadOnlyList<string>> Log { get; set; } = (vm, log, lines) => [$"{vm} {log} {lines}"];

    public Func<string, int, SafeFileHandle> Display { get; set; } = (_, _) => throw new MachineStateException("It has been started again; its display is another one now.");

    /// <summary>Such as <c>Start lab</c>, in the order in which they came.</summary>
    public string[] Calls
    {
        get
        {
            lock (_calls)
            {
                return [.. _calls];
            }
        }
    }

    /// <summary>How many listen for changes: what the daemon forgot to take back shows here.</summary>
    public int Listeners => Changed?.GetInvocationList().Length ?? 0;

    public static VmStatus Vm(string name, int? port, VmState state, int generation = 1) =>
        new(name, char.ToUpperInvariant(name[0]) + name[1..], "#336699", port, state, null, 256, 1, "tcg", 3.5, 1 << 20, null, 0, generation);

    public void Set(params VmStatus[] vms)
    {
        Vms = vms;
        Changed?.Invoke();
    }

    public void RaiseChanged() => Changed?.Invoke();

    public async Task ActAsync(string vm, VmAction action, CancellationToken cancel)
    {
        Note($"{action} {Known(vm)}");
        await Act(vm, action, cancel);
    }

    public Task<string> InstantAsync(string vm, InstantAction action, CancellationToken cancel)
    {
        Note($"{action} {Known(vm)}");
        return Task.FromResult(vm);
    }

    /// <summary>What <see cref="FocusChanged"/> was told last.</summary>
    public string? Focused { get; private set; }

    public void FocusChanged(string? vm) => Focused = vm;

    public Task<IReadOnlyList<string>> LogAsync(string vm, string log, int maxLines, CancellationToken cancel) => Task.FromResult(Log(Known(vm), log, maxLines));

    public Task MoveAsync(string vm, int? port, CancellationToken cancel)
    {
        Note($"Move {Known(vm)} to {port?.ToString() ?? "none"}");
        Set([.. Vms.Select(v => v.Name == vm ? v with { Port = port } : v)]);
        return Task.CompletedTask;
    }

    public Func<string, int, SafeFileHandle> Agent { get; set; } = (vm, _) => throw new MachineException($"{vm} has no port for a clipboard agent.");

    public Task<SafeFileHandle> OpenAgentAsync(string vm, int generation, CancellationToken cancel) => Task.FromResult(Agent(Known(vm), generation));

    public Task<SafeFileHandle> OpenDisplayAsync(string vm, int generation, CancellationToken cancel) => Task.FromResult(Display(Known(vm), generation));

    public Task ReloadAsync(CancellationToken cancel)
    {
        Note("Reload");
        return Task.CompletedTask;
    }

    private string Known(string vm) => Vms.Any(v => v.Name == vm) ? vm : throw new UnknownMachineException(vm);

    private void Note(string call)
    {
        lock (_calls)
        {
            _calls.Add(call);
        }
    }
}
