using Hyperspace.Machines.Definitions;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Tests.Unit.Definitions;

public sealed class PowerKeyTests : IDisposable
{
    private readonly Home _home = new();

    private PowerDefinition Power(string yaml)
    {
        LoadedDefinition loaded = _home.Read(yaml);
        Assert.True(loaded.Definition is not null, string.Join("\n", loaded.Errors));
        return loaded.Definition.Power;
    }

    [Theory]
    [InlineData("memory: 64MiB", PowerMode.Mirror)]
    [InlineData("power: mirror", PowerMode.Mirror)]
    [InlineData("power: none", PowerMode.None)]
    [InlineData("power: {mode: none}", PowerMode.None)]
    public void Modes(string yaml, PowerMode mode) => Assert.Equal(new PowerDefinition(mode, null), Power(yaml));

    [Theory]
    [InlineData("{mode: fixed, level: 80}", BatteryStatus.NotCharging, true)]
    [InlineData("{mode: fixed, level: 100}", BatteryStatus.Full, true)]
    [InlineData("{mode: fixed, level: 80, charging: true}", BatteryStatus.Charging, true)]
    [InlineData("{mode: fixed, level: 80, ac: false}", BatteryStatus.Discharging, false)]
    public void A_fixed_battery(string yaml, BatteryStatus status, bool ac)
    {
        PowerState? state = Power($"power: {yaml}").Fixed;
        Assert.Equal((status, (bool?)ac), (Assert.Single(state!.Batteries).Status, state.AcOnline));
    }

    [Fact]
    public void A_fixed_desktop_PC_with_a_lid()
    {
        PowerState? state = Power("power: {mode: fixed, lid: closed}").Fixed;
        Assert.Equal((0, true, false), (state!.Batteries.Count, state.AcOnline, state.LidOpen));
    }

    [Theory]
    [InlineData("power: fixed", "mirror")]
    [InlineData("power: {mode: mirror, level: 80}", "mode fixed")]
    [InlineData("power: {mode: fixed, level: 101}", "0 to 100")]
    [InlineData("power: {mode: fixed, charging: true}", "no battery")]
    [InlineData("power: {mode: fixed, level: 5, charging: true, ac: false}", "charger")]
    [InlineData("power: {level: 5}", "mode")]
    public void What_is_wrong_is_said(string yaml, string expected)
    {
        LoadedDefinition loaded = _home.Read(yaml);
        Assert.Null(loaded.Definition);
        DefinitionError error = Assert.Single(loaded.Errors);
        Assert.Contains(expected, error.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, error.Line);
    }

    public void Dispose() => _home.Dispose();
}
