using Hyperspace.Machines.Power.Host;
using Hyperspace.Machines.Power.Mailbox;
using Hyperspace.Machines.Power.Policy;
using Hyperspace.Machines.Power.Rules;
using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;
using Hyperspace.Tests.Integration.Engine;

namespace Hyperspace.Tests.Integration.Power;

/// <summary>The rules with real guests in real QEMU; only the machine's own sleep is played.</summary>
[Collection(QemuCollection.Name)]
public sealed class PolicyTests : IAsyncLifetime
{
    private const string Rules = "rules:\n  - when: lid closed\n    do:\n      - {action: sleep guests, deadline: 1s}\n      - suspend host\n  - when: power button\n    do: [stop guests, power off host]\n";

    private readonly EngineHome _home = new();
    private readonly MachineThatStaysAsleep _machine = new();
    private readonly PowerControl _control = new(new NoPower());

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _machine.WakeUp();
        _control.Dispose();
        await _home.DisposeAsync();
    }

    private async Task<PowerPolicy> StartAsync(Fleet fleet)
    {
        _control.Set(new PowerSetting(AcOnline: false, LidOpen: true, Batteries: [new BatteryState("BAT0", true, BatteryStatus.Discharging, 60)]));
        var world = new PolicyWorld(
            _control, new FleetGuests(fleet, fleet.PressPowerAsync), _machine, () => RulesReader.Read("power.yaml", "host: act\n" + Rules), () => null, () => false, TimeProvider.System);
        var policy = new PowerPolicy(world, _home.Paths.PowerLog, Path.Combine(_home.Paths.Runtime, "held"));
        await policy.StartAsync();
        return policy;
    }

    [Fact]
    public async Task A_closed_lid_holds_the_guests_while_the_host_sleeps_and_they_answer_after_it()
    {
        _home.Define("deaf");
        _home.Define("paused");
        Fleet fleet = await _home.OpenFleetAsync();
        await using var powers = new GuestPowers(fleet, _control, _home.Paths);
        await _home.BootAsync(fleet, "deaf");
        await _home.BootAsync(fleet, "paused");
        await fleet.ActAsync("paused", Protocols.Link.VmAction.Pause, CancellationToken.None);
        await using PowerPolicy policy = await StartAsync(fleet);

        _control.Set(new PowerSetting(LidOpen: false));
        await EngineHome.UntilAsync(() => _machine.IsAsleep, () => $"sleep; the log says {string.Join('\n', policy.Status.Recent)}");
        Assert.Equal(VmState.Paused, EngineHome.Vm(fleet, "deaf").State);
        _machine.WakeUp();
        await EngineHome.StateAsync(fleet, "deaf", VmState.Running);
        await _home.TypeAsync("deaf", "z");
        await _home.SerialAsync("deaf", "z");
        await EngineHome.UntilAsync(() => policy.Status.Running is null, () => "the end of the plan");
        Assert.Equal(VmState.Paused, EngineHome.Vm(fleet, "paused").State);
        Assert.Equal(1, _machine.Suspends);
        string log = File.ReadAllText(_home.Paths.PowerLog);
        Assert.Contains("deaf does not sleep and is paused", log, StringComparison.Ordinal);
        Assert.Contains("deaf goes on.", log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_power_button_powers_the_guests_off_and_then_the_host()
    {
        _home.Define("one");
        _home.Define("two");
        Fleet fleet = await _home.OpenFleetAsync();
        await _home.BootAsync(fleet, "one");
        await _home.BootAsync(fleet, "two");
        await using PowerPolicy policy = await StartAsync(fleet);
        _machine.PoweringOff = () => Assert.All(fleet.Vms, vm => Assert.Equal((VmState.Off, "The guest powered itself off."), (vm.State, vm.Reason)));
        _control.Set(new PowerSetting(Press: PowerButton.Power));
        await EngineHome.UntilAsync(() => _machine.PowerOffs == 1, () => $"power off; the log says {string.Join('\n', policy.Status.Recent)}");
        await EngineHome.UntilAsync(() => policy.Status.Running is null, () => "the end of the plan");
        Assert.Contains("power button: done.", File.ReadAllText(_home.Paths.PowerLog), StringComparison.Ordinal);
        _home.AssertNothingIsLeft("one");
        _home.AssertNothingIsLeft("two");
    }

    /// <summary>A desktop PC: all else is set by the tests.</summary>
    private sealed class NoPower : IPowerSource
    {
        public PowerState Current => PowerState.None;

        public event Action? Changed
        {
            add { }
            remove { }
        }

        public event Action<PowerEvent>? Pressed
        {
            add { }
            remove { }
        }
    }
}
