using Hyperspace.Protocols.Control;
using Hyperspace.Tests.Notebook.Rig;

namespace Hyperspace.Tests.Notebook.Scenarios;

/// <summary>The laptop's own battery, charger and lid: from its firmware through its kernel, Hyperspace's daemon and a VM's firmware to that VM's kernel.</summary>
public sealed class PowerTests
{
    private static readonly BatteryState Forty = new("BAT0", true, BatteryStatus.Discharging, null, 20_000, 50_000, 57_000, 9_500, 11_500, 11_400, 312);

    [Fact]
    [Trait("Part", "core")]
    public void BatteryChargerAndLidOfTheLaptopAreWhatAVmSees()
    {
        using Rig.Notebook notebook = NotebookFixture.Open();
        Assert.Equal("hs:power", notebook.Sh(View).Trim());
        notebook.SwitchTo(1);

        notebook.SetPower(new PowerState([Forty], AcOnline: false, LidOpen: true, null, null));
        const string cell = "energy_full=50000000 energy_full_design=57000000";
        IsSeen(notebook, $"hs:power status=Discharging capacity=40 energy_now=20000000 {cell} power_now=9500000 voltage_now=11500000 cycle_count=312 ac=0 lid=open");
        DaemonSays(notebook, "discharging", 40, ac: false, lid: true);
        notebook.See("the bar says how full the battery is", p => p.Bar.Contains("40%-", StringComparison.Ordinal), "battery");

        BatteryState charging = Forty with { Status = BatteryStatus.Charging, EnergyNowMilliwattHours = 20_500, RateMilliwatts = 30_000 };
        notebook.SetPower(new PowerState([charging], AcOnline: true, LidOpen: true, null, null));
        string charged = $"hs:power status=Charging capacity=41 energy_now=20500000 {cell} power_now=30000000 voltage_now=11500000 cycle_count=312 ac=1";
        IsSeen(notebook, $"{charged} lid=open");
        DaemonSays(notebook, "charging", 41, ac: true, lid: true);
        notebook.See("the bar says that it charges", p => p.Bar.Contains("41%+", StringComparison.Ordinal));

        // The rules of a machine without a power.yaml lock the seat when the lid is closed on AC.
        notebook.SetPower(new PowerState([charging], AcOnline: true, LidOpen: false, null, null));
        notebook.Until("the console has the focus", () => notebook.Status()?["port"]?.GetValue<int>() == 0);
        notebook.SwitchTo(1);
        IsSeen(notebook, $"{charged} lid=closed");
        DaemonSays(notebook, "charging", 41, ac: true, lid: false);
    }

    private const string View = "sh /program/power-view";

    /// <summary>The notebook's kernel says so, and that of the VM that has the focus (F8 asks it).</summary>
    private static void IsSeen(Rig.Notebook notebook, string line)
    {
        notebook.Until($"the notebook's kernel says \"{line}\"", () => notebook.Sh(View).Trim() == line);
        notebook.Until($"the VM's kernel says \"{line}\"", () =>
        {
            notebook.Press("f8");
            return notebook.Log("alpha").LastOrDefault(l => l.StartsWith("hs:power", StringComparison.Ordinal)) == line;
        });
    }

    private static void DaemonSays(Rig.Notebook notebook, string status, int level, bool ac, bool lid) => notebook.Until("the daemon says the same", () =>
        notebook.PowerOfHost() is { } power && power["batteries"]!.AsArray() is [{ } battery]
        && battery["name"]!.GetValue<string>() == "BAT0" && battery["status"]!.GetValue<string>() == status && battery["levelPercent"]!.GetValue<int>() == level
        && power["acOnline"]?.GetValue<bool>() == ac && power["lidOpen"]?.GetValue<bool>() == lid);
}
