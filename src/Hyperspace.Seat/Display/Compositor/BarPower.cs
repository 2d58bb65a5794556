using System.Globalization;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Seat.Display.Compositor;

/// <summary>The battery in the trusted bar: its level, and a sign for what it does. Signs that every console font has.</summary>
public static class BarPower
{
    /// <returns><c>42%+</c> while it charges, <c>42%-</c> while it is used, <c>42%</c> otherwise; empty without a battery.</returns>
    public static string Of(PowerState? power)
    {
        if (power?.Battery is not { LevelPercent: { } level } battery)
        {
            return "";
        }

        string sign = battery.Status switch { BatteryStatus.Charging => "+", BatteryStatus.Discharging => "-", _ => "" };
        return string.Create(CultureInfo.InvariantCulture, $"{level}%{sign}");
    }
}
