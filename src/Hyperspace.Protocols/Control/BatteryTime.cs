namespace Hyperspace.Protocols.Control;

/// <summary>How long a battery lasts, or takes to be full, at the rate of now.</summary>
public static class BatteryTime
{
    /// <summary>Longer than this is no forecast.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(99);

    /// <summary>Null when nothing flows, or too little is known.</summary>
    public static TimeSpan? Of(BatteryState battery)
    {
        if (battery is not { RateMilliwatts: > 0 and var rate, EnergyNowMilliwattHours: { } now })
        {
            return null;
        }

        double? hours = battery.Status switch
        {
            BatteryStatus.Discharging => now / (double)rate,
            BatteryStatus.Charging when battery.EnergyFullMilliwattHours is { } full => (full - now) / (double)rate,
            _ => null,
        };
        return hours is { } h && h >= 0 && h <= Longest.TotalHours ? TimeSpan.FromHours(h) : null;
    }
}
