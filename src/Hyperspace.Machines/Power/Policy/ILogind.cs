namespace Hyperspace.Machines.Power.Policy;

/// <summary>systemd's logind, as far as the power rules need it (org.freedesktop.login1(5)). Thread-safe. What it refuses throws a <see cref="MachineException"/> with its own words.</summary>
public interface ILogind : IDisposable
{
    /// <summary>Returns when the machine has slept and is awake again.</summary>
    Task SuspendAsync(CancellationToken cancel);

    Task PowerOffAsync(CancellationToken cancel);

    Task LockSessionsAsync(CancellationToken cancel);

    /// <summary>Called when somebody else suspends the machine: true before, and the machine waits for the task's end, but not longer than logind lets it (5 s); false when it is awake again.</summary>
    Func<bool, Task>? Sleeping { get; set; }

    /// <param name="raw">As the device counts.</param>
    Task SetBrightnessAsync(string backlight, int raw, CancellationToken cancel);
}
