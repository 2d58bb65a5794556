namespace Hyperspace.Seat.Terminals;

/// <summary>A terminal as those see it who show something in it. All members are called on one thread.</summary>
public interface ITerminal : IDisposable
{
    /// <summary>In cells, at least 1x1.</summary>
    (int Columns, int Rows) Size { get; }

    /// <summary>The size of a cell in pixels, at least 1x1; null where the terminal does not say.</summary>
    (int Width, int Height)? CellPixels { get; }

    bool HasSixel { get; }

    bool HasKittyGraphics { get; }

    /// <summary>Keys come with their releases (the kitty keyboard protocol), so that the real attention key can be pressed.</summary>
    bool ReportsReleases { get; }

    /// <summary>Whether a frame can be sent now: the terminal has taken what came before, as far as it can tell.</summary>
    bool IsReady { get; }

    /// <summary>Size or abilities have changed.</summary>
    Action? Changed { get; set; }

    /// <summary>Ready for a frame again.</summary>
    Action? ReadyAgain { get; set; }

    /// <summary>What was shown is lost, because the user looked at something else meanwhile.</summary>
    Action? ScreenLost { get; set; }

    /// <summary>Sends a frame; never waits.</summary>
    void SendFrame(ReadOnlySpan<byte> frame);
}
