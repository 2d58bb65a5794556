using Hyperspace.Machines.Power.Policy;

namespace Hyperspace.Tests.Integration.Power;

/// <summary>The machine whose sleep is played: it sleeps until a test wakes it.</summary>
internal sealed class MachineThatStaysAsleep : IHostPower
{
    private TaskCompletionSource? _asleep;

    public string Way => "a test";

    public Func<bool, Task>? Sleeping { get; set; }

    public int? BrightnessPercent => null;

    public int Suspends { get; private set; }

    public int PowerOffs { get; private set; }

    public Action PoweringOff { get; set; } = () => { };

    public bool IsAsleep => _asleep is { Task.IsCompleted: false };

    public Task SuspendAsync(CancellationToken cancel)
    {
        Suspends++;
        _asleep = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _asleep.Task;
    }

    public void WakeUp() => _asleep?.TrySetResult();

    public Task PowerOffAsync(CancellationToken cancel)
    {
        PoweringOff();
        PowerOffs++;
        return Task.CompletedTask;
    }

    public Task LockAsync(CancellationToken cancel) => Task.CompletedTask;

    public Task BlankAsync(bool blank, CancellationToken cancel) => Task.CompletedTask;

    public Task<int> SetBrightnessAsync(int percent, CancellationToken cancel) => Task.FromResult(percent);
}
