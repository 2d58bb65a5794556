using Hyperspace.Linux.Drm;

namespace Hyperspace.Seat.Display.Outputs.Drm;

/// <summary>How large pixels are, and which font can be read at that size.</summary>
public static class PixelPitch
{
    private const double Usual = 25.4 / 96;

    /// <summary>Millimetres from one pixel to the next; 96 pixels an inch when the monitor does not say, or says what cannot be (projectors and televisions say 16x9).</summary>
    public static double Of(DrmConnector connector, DrmMode mode)
    {
        Edid? edid = Edid.Parse(connector.Edid);
        int width = edid is { WidthMillimetres: > 0 } ? edid.WidthMillimetres : connector.WidthMillimetres;
        double pitch = mode.Width == 0 ? 0 : (double)width / mode.Width;
        return pitch is >= 25.4 / 600 and <= 25.4 / 40 ? pitch : Usual;
    }

    /// <summary>The least height of a line of text in pixels: 4 mm, and no more than 200 columns of letters half as wide as they are high.</summary>
    public static int LeastLine(double millimetresPerPixel, int width) => Math.Max((int)Math.Round(4.0 / millimetresPerPixel), (int)Math.Ceiling(width / 200.0) * 2);
}
