namespace Hyperspace.Machines.Power.Rules;

/// <summary>Which monitors are connected, as the kernel's DRM says it (Linux, drivers/gpu/drm/drm_sysfs.c: <c>status</c>).</summary>
public static class Monitors
{
    public const string SysClassDrm = "/sys/class/drm";

    /// <summary>Connectors of panels that are part of the machine, after <c>card0-</c>.</summary>
    private static readonly string[] OwnPanels = ["eDP-", "LVDS-", "DSI-", "DPI-", "SPI-"];

    /// <summary>False also when nothing can be read: a machine without a graphics driver has no external monitor that counts.</summary>
    public static bool IsExternalConnected(string folder)
    {
        try
        {
            return Directory.Exists(folder) && Directory.EnumerateDirectories(folder, "card*-*").Any(connector => IsExternal(Path.GetFileName(connector)) && IsConnected(connector));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsExternal(string connector)
    {
        string name = connector[(connector.IndexOf('-') + 1)..];
        return !name.StartsWith("Writeback", StringComparison.Ordinal) && !name.StartsWith("Virtual", StringComparison.Ordinal) && !OwnPanels.Any(own => name.StartsWith(own, StringComparison.Ordinal));
    }

    private static bool IsConnected(string connector)
    {
        string status = Path.Combine(connector, "status");
        return File.Exists(status) && File.ReadAllText(status).Trim() == "connected";
    }
}
