using Hyperspace.Linux.Drm;

namespace Hyperspace.Seat.Display.Outputs.Drm;

/// <summary>One monitor that is to be lit: which CRTC drives it and how.</summary>
/// <param name="Primary">It shows the seat; the others show the same, or a port of their own.</param>
public sealed record PlannedMonitor(DrmConnector Connector, DrmCrtc Crtc, DrmMode Mode, bool Primary)
{
    /// <summary>What it is remembered by: <see cref="MonitorIdentity"/>.</summary>
    public string Id { get; init; } = "";

    /// <summary>What it calls itself, else the name of its socket.</summary>
    public string Name { get; init; } = "";

    /// <summary>The port that it shows, whichever the primary shows; null for the primary and its mirrors.</summary>
    public int? Port { get; init; }
}

/// <summary>Decides which monitors are lit and in which mode. A pure function of what is plugged in.</summary>
public static class MonitorPlan
{
    /// <summary>The least that a seat can be shown in.</summary>
    public const int LeastWidth = 640, LeastHeight = 400;

    /// <param name="connectors">As the card lists them.</param>
    /// <param name="before">What was lit: who was primary stays it, and CRTCs are kept, so that a monitor that is plugged in disturbs no other one.</param>
    /// <param name="choice">One that is to show a port is the primary only where there is no other, and of two that have the same port the second is a mirror.</param>
    /// <returns>The primary first; empty when no monitor is connected.</returns>
    public static IReadOnlyList<PlannedMonitor> Of(IReadOnlyList<DrmConnector> connectors, IReadOnlyList<DrmCrtc> crtcs, IReadOnlyList<PlannedMonitor> before, MonitorChoice choice)
    {
        uint wasPrimary = before.FirstOrDefault(m => m.Primary)?.Connector.Id ?? 0;
        DrmConnector[] connected = [.. connectors.Where(c => c.Connected && c.Modes.Count > 0)];
        var ids = connected.ToDictionary(c => c.Id, c => MonitorIdentity.Of(c, connected));
        var ports = connected.ToDictionary(c => c.Id, c => choice.PortOf(ids[c.Id]));
        DrmConnector[] lit = [.. connected.OrderByDescending(c => ids[c.Id] == choice.Primary).ThenBy(c => ports[c.Id] is not null).ThenByDescending(c => c.Id == wasPrimary).ThenByDescending(c => c.IsInternal)];
        var plan = new List<PlannedMonitor>();
        var free = crtcs.ToList();
        var shown = new HashSet<int>();

        // Where there are too few CRTCs the mirrors stay dark, which show nothing that is not seen elsewhere.
        foreach (DrmConnector connector in lit.Take(1).Concat(lit.Skip(1).OrderByDescending(c => ports[c.Id] is not null)))
        {
            uint had = before.FirstOrDefault(m => m.Connector.Id == connector.Id)?.Crtc.Id ?? 0;
            DrmCrtc? crtc = free.Where(c => (connector.Crtcs & (1u << c.Index)) != 0).OrderByDescending(c => c.Id == had).FirstOrDefault();
            if (crtc is not null)
            {
                free.Remove(crtc);
                bool primary = plan.Count == 0;
                int? port = !primary && ports[connector.Id] is { } own && shown.Add(own) ? own : null;
                DrmMode mode = primary || port is not null ? BestMode(connector.Modes) : MirrorMode(connector.Modes, plan[0].Mode);
                plan.Add(new PlannedMonitor(connector, crtc, mode, primary) { Id = ids[connector.Id], Name = MonitorIdentity.NameOf(connector), Port = port });
            }
        }

        return plan;
    }

    /// <summary>Whether nothing has to be lit anew for a plan, because monitors, modes and what is a mirror are the same; ports may be others.</summary>
    public static bool IsLitAs(IReadOnlyList<PlannedMonitor> plan, IReadOnlyList<PlannedMonitor> lit) =>
        plan.Count == lit.Count && plan.Zip(lit).All(static pair =>
            pair.First.Connector.Id == pair.Second.Connector.Id && pair.First.Crtc.Id == pair.Second.Crtc.Id && pair.First.Mode.Equals(pair.Second.Mode)
            && pair.First.Primary == pair.Second.Primary && pair.First.Port is null == pair.Second.Port is null && pair.First.Connector.Edid.AsSpan().SequenceEqual(pair.Second.Connector.Edid));

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
