using Hyperspace.Machines.Power.Host;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Power;

public sealed class SysfsTests : IDisposable
{
    private static readonly string[] Healthy =
    [
        "type=Battery", "present=1", "status=Discharging", "capacity=42", "energy_now=21000000", "energy_full=50000000", "energy_full_design=57000000", "power_now=9500000",
        "voltage_now=11500000", "voltage_min_design=11400000", "cycle_count=312",
    ];

    private readonly FakeSysfs _sysfs = new();

    private PowerState Read() => new SysfsReader(_sysfs.Root).Read();

    private BatteryState Battery(params string[] changes)
    {
        _sysfs.Supply("BAT0", [.. Healthy, .. changes]);
        return Assert.Single(Read().Batteries);
    }

    [Fact]
    public void A_desktop_PC_has_nothing_and_that_is_an_ordinary_case() => Assert.Equal(PowerState.None, Read());

    [Fact]
    public void A_notebook_is_read()
    {
        _sysfs.Ac(false).Put("proc/acpi/button/lid/LID0/state", "state:      open").Put("sys/class/backlight/intel_backlight/max_brightness", "937").Put("sys/class/backlight/intel_backlight/brightness", "468")
            .Put("sys/class/thermal/thermal_zone0/temp", "46200").Put("sys/class/thermal/thermal_zone0/trip_point_0_type", "critical").Put("sys/class/thermal/thermal_zone0/trip_point_0_temp", "103000");
        BatteryState battery = Battery();
        Assert.Equal(new BatteryState("BAT0", true, BatteryStatus.Discharging, 42, 21_000, 50_000, 57_000, 9_500, 11_500, 11_400, 312), battery);
        PowerState state = Read();
        Assert.Equal((false, true, true), (state.AcOnline, state.LidOpen, state.OnBattery));
        Assert.Equal((new BacklightState("intel_backlight", 50), new ThermalState(46, 103)), (state.Backlight, state.Thermal));
    }

    [Fact]
    public void Charge_is_turned_into_energy_by_the_design_voltage()
    {
        _sysfs.Supply("BAT0", "type=Battery", "status=Charging", "charge_now=2000000", "charge_full=4000000", "charge_full_design=5000000", "current_now=1000000", "voltage_now=12000000", "voltage_min_design=10000000");
        BatteryState battery = Assert.Single(Read().Batteries);
        Assert.Equal((20_000, 40_000, 50_000, 12_000, 50), (battery.EnergyNowMilliwattHours, battery.EnergyFullMilliwattHours, battery.EnergyDesignMilliwattHours, battery.RateMilliwatts, battery.LevelPercent));
    }

    [Theory]
    [InlineData("capacity=255", 42)]
    [InlineData("capacity=-1", 42)]
    [InlineData("capacity=", 42)]
    [InlineData("capacity=99999999999999999999", 42)]
    [InlineData("capacity=100", 100)]
    public void A_level_that_cannot_be_is_worked_out_of_the_energies(string line, int level) => Assert.Equal(level, Battery(line).LevelPercent);

    [Fact]
    public void A_full_energy_of_nothing_is_the_design()
    {
        BatteryState battery = Battery("energy_full=0", "capacity=255");
        Assert.Equal((57_000, 37), (battery.EnergyFullMilliwattHours, battery.LevelPercent));
    }

    [Fact]
    public void Without_any_full_energy_nothing_is_divided_by_nothing()
    {
        BatteryState battery = Battery("energy_full=0", "energy_full_design=-5", "capacity=255");
        Assert.Equal((null, null, 21_000), (battery.EnergyFullMilliwattHours, battery.LevelPercent, battery.EnergyNowMilliwattHours));
    }

    [Fact]
    public void A_full_energy_of_many_times_the_design_is_a_mistake() => Assert.Equal(57_000, Battery("energy_full=650000000").EnergyFullMilliwattHours);

    [Fact]
    public void More_than_full_is_full() => Assert.Equal(50_000, Battery("energy_now=61000000").EnergyNowMilliwattHours);

    [Theory]
    [InlineData("power_now=-9500000", 9_500)]
    [InlineData("power_now=-9223372036854775808", null)]
    [InlineData("power_now=9000000000000", null)]
    [InlineData("voltage_now=0", 9_500)]
    public void A_rate_has_no_sign_and_a_limit(string line, int? rate) => Assert.Equal(rate, Battery(line).RateMilliwatts);

    [Theory]
    [InlineData("voltage_now=0", null)]
    [InlineData("voltage_now=-11000000", null)]
    [InlineData("voltage_now=900000000", null)]
    public void A_voltage_that_no_battery_has_is_not_known(string line, int? voltage) => Assert.Equal(voltage, Battery(line).VoltageMillivolts);

    [Theory]
    [InlineData("status=Unknown", false, BatteryStatus.Discharging)]
    [InlineData("status=Unknown", true, BatteryStatus.Unknown)]
    [InlineData("status=Not charging", true, BatteryStatus.NotCharging)]
    [InlineData("status=Gibberish", false, BatteryStatus.Discharging)]
    public void An_unknown_status_is_the_chargers(string line, bool ac, BatteryStatus status)
    {
        _sysfs.Ac(ac);
        Assert.Equal(status, Battery(line).Status);
    }

    [Fact]
    public void An_empty_bay_has_no_values() => Assert.Equal(new BatteryState("BAT0", false, BatteryStatus.Unknown, null), Battery("present=0"));

    [Fact]
    public void A_mouses_battery_is_not_the_machines()
    {
        _sysfs.Supply("hidpp_battery_0", "type=Battery", "scope=Device", "capacity=5", "status=Discharging");
        Assert.Empty(Read().Batteries);
    }

    [Fact]
    public void One_of_several_chargers_is_enough()
    {
        _sysfs.Ac(false).Supply("ucsi0", "type=USB", "online=1").Supply("ucsi1", "type=USB", "online=0");
        Assert.True(Read().AcOnline);
    }

    [Fact]
    public void Where_no_charger_is_described_the_batteries_say_it()
    {
        Battery("status=Charging");
        Assert.True(Read().AcOnline);
        Battery("status=Discharging");
        Assert.False(Read().AcOnline);
    }

    [Fact]
    public void Several_batteries_together_are_as_one()
    {
        _sysfs.Ac(false).Supply("BAT0", Healthy).Supply("BAT1", [.. Healthy, "energy_now=49000000", "status=Unknown", "capacity=98", "power_now=0"]);
        BatteryState? both = Read().Battery;
        Assert.Equal(("BAT0+BAT1", 70_000, 100_000, 70, 9_500), (both!.Name, both.EnergyNowMilliwattHours, both.EnergyFullMilliwattHours, both.LevelPercent, both.RateMilliwatts));
        Assert.Equal(BatteryStatus.Discharging, both.Status);
    }

    [Fact]
    public void A_folder_that_vanishes_in_the_middle_is_a_battery_less()
    {
        Battery();
        Directory.Delete(Path.Combine(_sysfs.Root, "sys/class/power_supply/BAT0"), recursive: true);
        Assert.Empty(Read().Batteries);
    }

    [Fact]
    public void A_heat_that_cannot_be_does_not_count()
    {
        _sysfs.Put("sys/class/thermal/thermal_zone0/temp", "-274000").Put("sys/class/thermal/thermal_zone1/temp", "31000");
        Assert.Equal(new ThermalState(31, null), Read().Thermal);
    }

    public void Dispose() => _sysfs.Dispose();
}
