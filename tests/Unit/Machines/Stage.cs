using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Machines;

/// <summary>One supervised VM with a scripted engine and a clock that stands.</summary>
internal sealed class Stage : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hsu").FullName;

    public Stage(IEngine engine, RestartDefinition? restart = null, TimeSpan? deadline = null)
    {
        var log = new MachineLog(Log, Clock);
        Machine = new Machine(Loaded("vm", restart, deadline), engine, Clock, log, _folder, () => Changes++);
    }

    public ManualClock Clock { get; } = new();

    public Machine Machine { get; }

    public int Changes { get; private set; }

    public string Log => Path.Combine(_folder, "events.log");

    public VmStatus Status => Machine.Status();

    public static VmDefinition Definition(string name, RestartDefinition? restart = null, TimeSpan? deadline = null, int? port = null, bool autostart = false) => new(
        name, name, "#8b93a1", port, 64, 1, Firmware.Bios, null, [], null, new NetworkDefinition(NetworkMode.None, []), new DisplayDefinition(1280, 776), InputDevices.Virtio, autostart,
        AcceleratorChoice.Tcg, deadline ?? TimeSpan.FromSeconds(30), restart ?? new RestartDefinition(RestartPolicy.Never, 1), [], "", $"/nowhere/{name}.yaml");

    public static LoadedDefinition Loaded(string name, RestartDefinition? restart = null, TimeSpan? deadline = null, int? port = null, bool autostart = false) =>
        new(name, $"/nowhere/{name}.yaml", Definition(name, restart, deadline, port, autostart), []);

    public Task StateAsync(VmState state) => UntilAsync(() => Status.State == state, () => $"{state}, but it is {Status}");

    /// <summary>Moves the clock to the next timer, which something is about to set.</summary>
    /// <returns>How far that was.</returns>
    public async Task<TimeSpan> PassWaitAsync()
    {
        await UntilAsync(() => Clock.Next is not null, () => "a timer");
        TimeSpan wait = Clock.Next!.Value;
        Clock.Advance(wait);
        return wait;
    }

    public static async Task UntilAsync(Func<bool> condition, Func<string> what)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), $"Waited 30 s for {what()}");
            await Task.Delay(1);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
