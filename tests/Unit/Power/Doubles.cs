using Hyperspace.Machines;
using Hyperspace.Machines.Power.Host;
using Hyperspace.Machines.Power.Policy;
using Hyperspace.Protocols.Control;
using Hyperspace.Tests.Unit.Api;

namespace Hyperspace.Tests.Unit.Power;

/// <summary>Power that a test sets.</summary>
internal sealed class SetPower : IPowerSource
{
    private long _sequence;

    public PowerState Current { get; private set; } = Notebook(ac: true, 80);

    public event Action? Changed;

    public event Action<PowerEvent>? Pressed;

    public static PowerState Notebook(bool ac, int level, bool lidOpen = true) =>
        new([new BatteryState("BAT0", true, ac ? BatteryStatus.Charging : BatteryStatus.Discharging, level)], ac, lidOpen, null, null);

    public void Set(PowerState state)
    {
        Current = state;
        Changed?.Invoke();
    }

    public void Lid(bool open) => Set(Current with { LidOpen = open });

    public void Press(PowerButton button) => Pressed?.Invoke(new PowerEvent(++_sequence, button, default));
}

/// <summary>A machine that sleeps until a test wakes it, and keeps a list of what was asked of it.</summary>
internal class SleepyHost : IHostPower
{
    private readonly Lock _lock = new();
    private readonly List<string> _calls = [];
    private TaskCompletionSource? _asleep;

    public string Way => "a test";

    public Func<bool, Task>? Sleeping { get; set; }

    public int? BrightnessPercent { get; set; } = 50;

    public string[] Calls
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

    public bool IsAsleep => _asleep is not null;

    /// <summary>What it looks like from outside at the moment at which it falls asleep.</summary>
    public Action FallsAsleep { get; set; } = () => { };

    public virtual Task SuspendAsync(CancellationToken cancel)
    {
        Note("suspend");
        FallsAsleep();
        _asleep = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _asleep.Task;
    }

    public virtual Task GoToConsoleAsync(CancellationToken cancel) => Done("console");

    public void WakeUp()
    {
        TaskCompletionSource? asleep = _asleep;
        _asleep = null;
        Note("woken");
        asleep?.SetResult();
    }

    public virtual Task PowerOffAsync(CancellationToken cancel) => Done("power off");

    public virtual Task LockAsync(CancellationToken cancel) => Done("lock");

    public virtual Task BlankAsync(bool blank, CancellationToken cancel) => Done(blank ? "blank" : "unblank");

    public Task<int> SetBrightnessAsync(int percent, CancellationToken cancel)
    {
        Note($"brightness {percent}");
        BrightnessPercent = percent;
        return Task.FromResult(percent);
    }

    protected Task Done(string call)
    {
        Note(call);
        return Task.CompletedTask;
    }

    protected void Note(string call)
    {
        lock (_lock)
        {
            _calls.Add(call);
        }
    }
}

/// <summary>logind or the kernel says no to everything.</summary>
internal sealed class HostThatRefuses : SleepyHost
{
    public override Task SuspendAsync(CancellationToken cancel) => throw new MachineException("Interactive authentication required.");

    public override Task LockAsync(CancellationToken cancel) => throw new MachineException("There are no sessions that could be locked.");

    public override Task PowerOffAsync(CancellationToken cancel) => throw new MachineException("Interactive authentication required.");
}

/// <summary>Guests that do at once what they are asked for, but for those with a fault.</summary>
internal sealed class ScriptedGuests(params string[] names) : IPolicyGuests
{
    private readonly Lock _lock = new();
    private readonly List<string> _calls = [];
    private readonly Dictionary<string, VmState> _states = names.ToDictionary(n => n, _ => VmState.Running);

    /// <summary>Names whose sleep button does nothing.</summary>
    public HashSet<string> IgnoreSleep { get; } = [];

    /// <summary>Names that never stop, not even by force.</summary>
    public HashSet<string> CannotBeStopped { get; } = [];

    /// <summary>Names whose state cannot be kept.</summary>
    public HashSet<string> CannotBeKept { get; } = [];

    /// <summary>Names that refuse this many times to go on.</summary>
    public Dictionary<string, int> RefuseToGoOn { get; } = [];

    /// <summary>Calls wait for this, when a test sets it.</summary>
    public Func<string, Task> Before { get; set; } = _ => Task.CompletedTask;

    public IReadOnlyList<VmStatus> Vms
    {
        get
        {
            lock (_lock)
            {
                return [.. _states.Select((pair, i) => ScriptedFleet.Vm(pair.Key, i + 1, pair.Value) with { StartedAt = DateTimeOffset.UnixEpoch.AddHours(i) })];
            }
        }
    }

    public string[] Calls
    {
        get
        {
            lock (_lock)
            {
                return [.. _calls];
            }
        }
    }

    public VmState this[string vm]
    {
        get
        {
            lock (_lock)
            {
                return _states[vm];
            }
        }

        set
        {
            lock (_lock)
            {
                _states[vm] = value;
            }
        }
    }

    public async Task SleepAsync(string vm, CancellationToken cancel)
    {
        await DoAsync("sleep", vm, VmState.Running);
        if (IgnoreSleep.Contains(vm))
        {
            await Task.Delay(Timeout.Infinite, cancel);
        }

        this[vm] = VmState.Sleeping;
    }

    public Task WakeAsync(string vm, CancellationToken cancel) => GoOnAsync("wake", vm);

    public async Task PauseAsync(string vm, CancellationToken cancel)
    {
        await DoAsync("pause", vm, null);
        this[vm] = VmState.Paused;
    }

    public Task ResumeAsync(string vm, CancellationToken cancel) => GoOnAsync("resume", vm);

    public async Task StopAsync(string vm, CancellationToken cancel)
    {
        await DoAsync("stop", vm, null);
        if (CannotBeStopped.Contains(vm))
        {
            await Task.Delay(Timeout.Infinite, cancel);
        }

        this[vm] = VmState.Off;
    }

    public async Task KillAsync(string vm, CancellationToken cancel)
    {
        await DoAsync("kill", vm, null);
        if (CannotBeStopped.Contains(vm))
        {
            throw new MachineException("Its process does not end.");
        }

        this[vm] = VmState.Off;
    }

    public async Task CheckpointAsync(string vm, CancellationToken cancel)
    {
        await DoAsync("checkpoint", vm, null);
        if (CannotBeKept.Contains(vm))
        {
            throw new MachineException("There is no room for its state.");
        }

        this[vm] = VmState.Off;
    }

    public Task PressAsync(string vm, bool sleep, CancellationToken cancel) => DoAsync(sleep ? "press sleep" : "press power", vm, VmState.Running);

    public Task<string> SetClockAsync(string vm, CancellationToken cancel)
    {
        Note($"clock {vm}");
        return Task.FromResult("its clock is set.");
    }

    private async Task GoOnAsync(string call, string vm)
    {
        await DoAsync(call, vm, null);
        if (RefuseToGoOn.TryGetValue(vm, out int left) && left > 0)
        {
            RefuseToGoOn[vm] = left - 1;
            throw new MachineException("QEMU does not answer.");
        }

        this[vm] = VmState.Running;
    }

    private async Task DoAsync(string call, string vm, VmState? needed)
    {
        Note($"{call} {vm}");
        await Before($"{call} {vm}");
        if (needed is not null && this[vm] != needed)
        {
            throw new MachineStateException($"{vm} is {this[vm]}.");
        }
    }

    private void Note(string call)
    {
        lock (_lock)
        {
            _calls.Add(call);
        }
    }
}

/// <summary>A machine that a test plays.</summary>
internal sealed class ScriptedSource : IPowerSource
{
    private long _sequence;

    public PowerState Now { get; set; } = PowerState.None;

    public PowerState Current => Now;

    public event Action? Changed;

    public event Action<PowerEvent>? Pressed;

    public void Change(PowerState now)
    {
        Now = now;
        Changed?.Invoke();
    }

    public void Press(PowerButton button) => Pressed?.Invoke(new PowerEvent(++_sequence, button, DateTimeOffset.UnixEpoch));
}
