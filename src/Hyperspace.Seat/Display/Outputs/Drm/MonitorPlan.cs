using Hyperspace.Linux.Drm;

namespace Hyperspace.Seat.Display.Outputs.Drm;

/// <summary>One monitor that is to be lit: which CRTC drives it and how.</summary>
/// <param name="Primary">It shows the seat; the others show the same.</param>
public sealed record PlannedMonitor(DrmConnector Connector, DrmCrtc Crtc, DrmMode Mode, bool Primary);

/// <summary>Decides which monitors are lit and in which mode. A pure function of what is plugged in.</summary>
public static class MonitorPlan
{
    /// <summary>The least that a seat can be shown in.</summary>
    public const int LeastWidth = 640, LeastHeight = 400;

    /// <param name="connectors">As the card lists them.</param>
    /// <param name="before">What was lit: who was primary stays it, and CRTCs are kept, so that a monitor that is plugged in disturbs no other one.</param>
    /// <returns>The primary first; empty when no monitor is connected.</returns>
    public static IReadOnlyList<PlannedMonitor> Of(IReadOnlyList<DrmConnector> connectors, IReadOnlyList<DrmCrtc> crtcs, IReadOnlyList<PlannedMonitor> before)
    {
        uint wasPrimary = before.FirstOrDefault(m => m.Primary)?.Connector.Id ?? 0;
        DrmConnector[] lit = [.. connectors.Where(c => c.Connected && c.Modes.Count > 0)
            .OrderByDescending(c => c.Id == wasPrimary).ThenByDescending(c => c.IsInternal)];
        var plan = new List<PlannedMonitor>();
        var free = crtcs.ToList();
        foreach (DrmConnector connector in lit)
        {
            uint had = before.FirstOrDefault(m => m.Connector.Id == connector.Id)?.Crtc.Id ?? 0;
            DrmCrtc? crtc = free.Where(c => (connector.Crtcs & (1u << c.Index)) != 0).OrderByDescending(c => c.Id == had).FirstOrDefault();
            if (crtc is not null)
            {
                free.Remove(crtc);
                bool primary = plan.Count == 0;
                plan.Add(new PlannedMonitor(connector, crtc, primary ? BestMode(connector.Modes) : MirrorMode(connector.Modes, plan[0].Mode), primary));
            }
        }

        return plan;
    }

    /// <summary>What the monitor prefers; else the largest of the modes that are not interlaced, and of those the quickest up to 60 Hz.</summary>
    public static DrmMode BestMode(IReadOnlyList<DrmMode> modes)
    {
        DrmMode[] usable = [.. modes.Where(m => !m.IsInterlaced && m.Width >= LeastWidth && m.Height >= LeastHeight)];
        if (usable.Length == 0)
        {
            return modes[0];
        }

        foreach (DrmMode mode in usable)
        {
            if (mode.IsPreferred)
            {
                return mode;
            }
        }

        return usable.OrderByDescending(m => m.Width * m.Height).ThenByDescending(m => m.Refresh <= 61 ? m.Refresh : 0u).First();
    }

    /// <summary>A mirror has the primary's size where it can, so that it shows the same pixel for pixel.</summary>
    private static DrmMode MirrorMode(IReadOnlyList<DrmMode> modes, DrmMode primary)
    {
        DrmMode[] same = [.. modes.Where(m => !m.IsInterlaced && m.Width == primary.Width && m.Height == primary.Height)];
        return same.Length > 0 ? same.OrderBy(m => Math.Abs((int)m.Refresh - (int)primary.Refresh)).First() : BestMode(modes);
    }

    /// <summary>Other modes to try, best first, when a driver refuses one: what people call a broken monitor often is a cable that is too slow.</summary>
    public static IEnumerable<DrmMode> Fallbacks(IReadOnlyList<DrmMode> modes, DrmMode refused) => modes
        .Where(m => !m.Equals(refused) && !m.IsInterlaced && m.Width >= LeastWidth && m.Height >= LeastHeight)
        .OrderByDescending(m => (m.Width, m.Height) == (1024, 768)).ThenByDescending(m => m.Width * m.Height).ThenBy(m => m.Clock);
}
