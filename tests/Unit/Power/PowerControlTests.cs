using Hyperspace.Machines;
using Hyperspace.Machines.Power.Host;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Power;

public sealed class PowerControlTests
{
    private readonly ScriptedSource _machine = new() { Now = new PowerState([new BatteryState("BAT0", true, BatteryStatus.Charging, 90, 45_000, 50_000)], true, true, null, null) };

    [Fact]
    public void What_is_set_takes_the_place_of_the_machines_own_until_it_is_released()
    {
        using var control = new PowerControl(_machine);
        control.Set(new PowerSetting([new BatteryState("BAT0", true, BatteryStatus.Discharging, 42)], AcOnline: false));
        BatteryState battery = Assert.Single(control.Current.Batteries);
        Assert.Equal((42, 21_000, 50_000, BatteryStatus.Discharging), (battery.LevelPercent, battery.EnergyNowMilliwattHours, battery.EnergyFullMilliwattHours, battery.Status));
        Assert.Equal((false, true, true), (control.Current.AcOnline, control.Current.LidOpen, control.Current.IsSet));
        _machine.Change(_machine.Now with { AcOnline = true, LidOpen = false });
        Assert.Equal((false, false), (control.Current.AcOnline, control.Current.LidOpen));
        control.Release();
        Assert.Equal(_machine.Now, control.Current);
    }

    [Fact]
    public void A_machine_with_batteries_can_be_a_desktop_PC()
    {
        using var control = new PowerControl(_machine);
        control.Set(new PowerSetting(NoBatteries: true));
        Assert.Empty(control.Current.Batteries);
    }

    [Fact]
    public void Buttons_of_both_are_counted_as_one()
    {
        using var control = new PowerControl(_machine);
        List<(long, PowerButton)> pressed = [];
        control.Pressed += e => pressed.Add((e.Sequence, e.Button));
        control.Set(new PowerSetting(Press: PowerButton.Power));
        _machine.Press(PowerButton.Sleep);
        control.Set(new PowerSetting(LidOpen: false));
        control.Set(new PowerSetting(LidOpen: false));
        _machine.Press(PowerButton.LidOpened);
        Assert.Equal([(1, PowerButton.Power), (2, PowerButton.Sleep), (3, PowerButton.LidClosed)], pressed);
    }

    [Fact]
    public void A_button_that_the_machine_and_the_seat_both_hear_is_one_press()
    {
        using var control = new PowerControl(_machine);
        List<PowerButton> pressed = [];
        control.Pressed += e => pressed.Add(e.Button);
        control.PressKey(PowerButton.Sleep);
        _machine.Press(PowerButton.Sleep);
        Assert.Equal([PowerButton.Sleep], pressed);
        _machine.Press(PowerButton.Power);
        control.PressKey(PowerButton.Power);
        Assert.Equal([PowerButton.Sleep, PowerButton.Power], pressed);
        control.Set(new PowerSetting(Press: PowerButton.Power));
        Assert.Equal([PowerButton.Sleep, PowerButton.Power, PowerButton.Power], pressed);
    }

    public static TheoryData<PowerSetting> Wrong { get; } = new()
    {
        new PowerSetting([new BatteryState("BAT0", true, BatteryStatus.Full, 101)]),
        new PowerSetting([new BatteryState("BAT0", true, BatteryStatus.Full, -1)]),
        new PowerSetting([new BatteryState("", true, BatteryStatus.Full, 1)]),
        new PowerSetting([new BatteryState("BAT0", true, BatteryStatus.Full, 1, EnergyFullMilliwattHours: 0)]),
        new PowerSetting([new BatteryState("BAT0", true, BatteryStatus.Full, 1, RateMilliwatts: -1)]),
        new PowerSetting(BacklightPercent: 300),
        new PowerSetting(Thermal: new ThermalState(double.NaN, null)),
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_cannot_be_is_refused_and_nothing_is_set(PowerSetting setting)
    {
        using var control = new PowerControl(_machine);
        Assert.Throws<MachineException>(() => control.Set(setting with { AcOnline = false }));
        Assert.Equal(_machine.Now, control.Current);
    }
}
