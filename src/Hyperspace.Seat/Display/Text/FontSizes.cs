namespace Hyperspace.Seat.Display.Text;

/// <summary>The console font of this machine in the sizes that its monitors need. What is asked for again is not read again.</summary>
public sealed class FontSizes
{
    private readonly Dictionary<int, PsfFont> _byLine = [];

    private FontSizes(PsfFont usual) => Usual = usual;

    /// <summary>The fonts of <see cref="SystemFont"/>; null with <paramref name="problem"/> when there is none.</summary>
    public static FontSizes? Load(out string? problem) => SystemFont.Load(out problem) is { } usual ? new FontSizes(usual) : null;

    /// <summary>The one of 16 rows.</summary>
    public PsfFont Usual { get; }

    /// <summary>The smallest one with lines of at least so many rows of pixels, or the largest there is.</summary>
    public PsfFont OfLine(int leastHeight)
    {
        if (!_byLine.TryGetValue(leastHeight, out PsfFont? font))
        {
            // What cannot be read is too small and not missing.
            font = leastHeight <= Usual.Height ? Usual : SystemFont.Load(leastHeight, out _) ?? Usual;
            _byLine.Add(leastHeight, font);
        }

        return font;
    }
}
