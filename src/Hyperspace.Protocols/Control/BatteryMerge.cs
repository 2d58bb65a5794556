namespace Hyperspace.Protocols.Control;

/// <summary>Several batteries as one, for a bar and for rules: a notebook with two is low when both together are.</summary>
public static class BatteryMerge
{
    public static BatteryState? Merge(IReadOnlyList<BatteryState> batteries)
    {
        List<BatteryState> present = [.. batteries.Where(b => b.Present)];
        if (present.Count <= 1)
        {
            return present.FirstOrDefault();
        }

        int? now = Sum(present, b => b.EnergyNowMilliwattHours), full = Sum(present, b => b.EnergyFullMilliwattHours);
        return new BatteryState(
            string.Join('+', present.Select(b => b.Name)), true, Status(present), Level(present, now, full), now, full, Sum(present, b => b.EnergyDesignMilliwattHours), Rate(present),
            present[0].VoltageMillivolts, present[0].DesignMillivolts, present.Max(b => b.Cycles), Sum(present, b => b.WarnMilliwattHours), Sum(present, b => b.LowMilliwattHours));
    }

    private static BatteryStatus Status(List<BatteryState> all)
    {
        if (all.Any(b => b.Status == BatteryStatus.Discharging))
        {
            return BatteryStatus.Discharging;
        }

        return all.Any(b => b.Status == BatteryStatus.Charging) ? BatteryStatus.Charging
            : all.All(b => b.Status == BatteryStatus.Full) ? BatteryStatus.Full
            : all.Any(b => b.Status == BatteryStatus.NotCharging) ? BatteryStatus.NotCharging
            : BatteryStatus.Unknown;
    }

    /// <summary>By energy where all say theirs, else the mean of the levels that are known.</summary>
    private static int? Level(List<BatteryState> all, int? now, int? full)
    {
        if (now is { } n && full is { } f)
        {
            return (int)Math.Clamp(Math.Round(n * 100.0 / f), 0, 100);
        }

        List<int> levels = [.. all.Select(b => b.LevelPercent).OfType<int>()];
        return levels.Count == 0 ? null : (int)Math.Round(levels.Average());
    }

    /// <summary>What flows on the whole: one battery may charge another.</summary>
    private static int? Rate(List<BatteryState> all)
    {
        int? sum = null;
        foreach (BatteryState battery in all.Where(b => b.RateMilliwatts is not null))
        {
            sum = (sum ?? 0) + (battery.Status == BatteryStatus.Charging ? battery.RateMilliwatts : -battery.RateMilliwatts);
        }

        return sum is { } flow ? Math.Abs(flow) : null;
    }

    /// <summary>Null when one does not say: a part would be taken for the whole.</summary>
    private static int? Sum(List<BatteryState> all, Func<BatteryState, int?> value)
    {
        long sum = 0;
        foreach (BatteryState battery in all)
        {
            if (value(battery) is not { } part)
            {
                return null;
            }

            sum += part;
        }

        return (int)Math.Min(sum, int.MaxValue);
    }
}
