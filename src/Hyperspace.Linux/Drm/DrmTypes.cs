using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Hyperspace.Linux.Drm;

/// <summary>A way to drive a monitor: size and timing, as the kernel keeps it (struct drm_mode_modeinfo in drm_mode.h).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct DrmMode : IEquatable<DrmMode>
{
    private const uint TypePreferred = 1 << 3;
    private const uint FlagInterlace = 1 << 4;

    /// <summary>Pixel clock in kHz.</summary>
    public uint Clock;

    /// <summary>Pixels across.</summary>
    public ushort Width;

    public ushort HSyncStart, HSyncEnd, HTotal, HSkew;

    /// <summary>Pixel rows.</summary>
    public ushort Height;

    public ushort VSyncStart, VSyncEnd, VTotal, VScan;

    /// <summary>Frames a second, rounded.</summary>
    public uint Refresh;

    public uint Flags, Type;
    private NameBytes _name;

    /// <summary>What the monitor itself would like best.</summary>
    public readonly bool IsPreferred => (Type & TypePreferred) != 0;

    public readonly bool IsInterlaced => (Flags & FlagInterlace) != 0;

    public readonly bool Equals(DrmMode other) =>
        (Clock, Width, Height, HTotal, VTotal, Refresh, Flags) == (other.Clock, other.Width, other.Height, other.HTotal, other.VTotal, other.Refresh, other.Flags);

    public override readonly bool Equals(object? other) => other is DrmMode mode && Equals(mode);

    public override readonly int GetHashCode() => HashCode.Combine(Clock, Width, Height, Refresh, Flags);

    public override readonly string ToString() => $"{Width}x{Height} at {Refresh} Hz";

    [InlineArray(32)]
    private struct NameBytes
    {
        private byte _first;
    }
}

/// <summary>A socket for a monitor, and the monitor in it.</summary>
/// <param name="Name">As the kernel names it: <c>HDMI-A-1</c>.</param>
/// <param name="WidthMillimetres">0 when it is not known.</param>
/// <param name="Modes">The driver's order: best first. Possibly empty, when the EDID cannot be read.</param>
/// <param name="Crtcs">Bit n: the card's CRTC n can drive it.</param>
/// <param name="Edid">The monitor's own description, or empty. Untrusted: it comes from whatever is plugged in.</param>
public sealed record DrmConnector(
    uint Id, string Name, bool Connected, int WidthMillimetres, int HeightMillimetres, IReadOnlyList<DrmMode> Modes, uint Crtcs, byte[] Edid, DrmProperties Properties)
{
    /// <summary>True for the panel of a notebook or tablet.</summary>
    public bool IsInternal => Name.StartsWith("eDP", StringComparison.Ordinal) || Name.StartsWith("LVDS", StringComparison.Ordinal) || Name.StartsWith("DSI", StringComparison.Ordinal);
}

/// <summary>What scans pixels out to a connector.</summary>
/// <param name="Index">Its place among the card's CRTCs, as bit masks count.</param>
public sealed record DrmCrtc(uint Id, int Index, DrmProperties Properties);

public enum DrmPlaneKind : byte
{
    Overlay,
    Primary,
    Cursor,
}

/// <summary>A layer of pixels of a CRTC.</summary>
/// <param name="Crtcs">Bit n: it can be used on CRTC n.</param>
public sealed record DrmPlane(uint Id, DrmPlaneKind Kind, uint Crtcs, IReadOnlyList<uint> Formats, DrmProperties Properties);

/// <summary>An object's properties by name: their numbers and the values that they had when they were read.</summary>
public sealed class DrmProperties(IReadOnlyDictionary<string, (uint Id, ulong Value)> properties)
{
    /// <summary>The property's number; 0, which is no property's, when the object has none of that name.</summary>
    public uint this[string name] => properties.TryGetValue(name, out (uint Id, ulong Value) property) ? property.Id : 0;

    public ulong? ValueOf(string name) => properties.TryGetValue(name, out (uint Id, ulong Value) property) ? property.Value : null;
}

/// <summary>Showing pixels on a card failed. The message is a sentence for people.</summary>
public sealed class DrmException(string message, Exception? inner = null) : IOException(message, inner);

internal static class DrmNames
{
    /// <summary>drm_connector_enum_list in the kernel's drm_connector.c, in the order of DRM_MODE_CONNECTOR_*.</summary>
    private static readonly string[] Types =
        ["Unknown", "VGA", "DVI-I", "DVI-D", "DVI-A", "Composite", "SVIDEO", "LVDS", "Component", "DIN", "DP", "HDMI-A", "HDMI-B", "TV", "eDP", "Virtual", "DSI", "DPI", "Writeback", "SPI", "USB"];

    public static string OfConnector(uint type, uint number) => $"{(type < Types.Length ? Types[type] : "Unknown")}-{number}";

    /// <summary>A zero-terminated name in a fixed field.</summary>
    public static string Text(ReadOnlySpan<byte> field)
    {
        int end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }
}
