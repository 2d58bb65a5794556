using Hyperspace.Linux.Drm;

namespace Hyperspace.Seat.Display.Outputs.Drm;

/// <summary>
/// What a monitor is remembered by: maker, product and serial number of its EDID, so that it is known in any socket. The socket is added where that does not tell it from others: without a serial number, or
/// when another one is plugged in that says the same; and it is all there is where the EDID is broken or missing.
/// </summary>
public static class MonitorIdentity
{
    /// <summary>Such as <c>DEL-A0B3-12345678</c>, <c>RHT-1234-00000000@Virtual-1</c> or <c>@HDMI-A-1</c>.</summary>
    /// <param name="connectors">All that are connected, this one included.</param>
    public static string Of(DrmConnector connector, IReadOnlyList<DrmConnector> connectors)
    {
        Edid? edid = Edid.Parse(connector.Edid);
        string id = edid?.Id ?? "";
        bool unique = edid is { IsAnonymous: false } && !connectors.Any(other => other.Id != connector.Id && Edid.Parse(other.Edid)?.Id == id);
        return unique ? id : $"{id}@{connector.Name}";
    }

    /// <summary>What it is called in lists: its own name, else that of its socket.</summary>
    public static string NameOf(DrmConnector connector) => Edid.Parse(connector.Edid) is { Name.Length: > 0 } edid ? edid.Name : connector.Name;
}
