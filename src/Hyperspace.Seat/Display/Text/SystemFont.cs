namespace Hyperspace.Seat.Display.Text;

/// <summary>The console font of this machine, from Debian's package console-setup-linux or from kbd.</summary>
public static class SystemFont
{
    private static readonly string[] Folders = ["/usr/share/consolefonts", "/usr/share/kbd/consolefonts", "/usr/lib/kbd/consolefonts"];

    /// <summary>Terminus covers most of Europe's scripts and the box drawing characters; VGA is the next best.</summary>
    private static readonly string[] Names = ["Uni2-Terminus16.psf.gz", "ter-u16n.psf.gz", "Uni2-VGA16.psf.gz", "default8x16.psfu.gz"];

    /// <summary>The same font in its other sizes, for monitors with small pixels.</summary>
    private static readonly (string Name, int Height)[] Larger =
        [("Uni2-Terminus20x10.psf.gz", 20), ("Uni2-Terminus22x11.psf.gz", 22), ("Uni2-Terminus24x12.psf.gz", 24), ("Uni2-Terminus28x14.psf.gz", 28), ("Uni2-Terminus32x16.psf.gz", 32)];

    /// <summary>Fonts of text consoles: the kernel's own is VGA's, Debian sets Fixed, and people like Terminus.</summary>
    private static readonly string[] NamesForReading =
        ["default8x16.psfu.gz", "Uni2-VGA16.psf.gz", "Uni2-Fixed16.psf.gz", "Uni2-Terminus16.psf.gz", "ter-u16n.psf.gz", "Uni2-TerminusBold16.psf.gz", "Uni2-TerminusBoldVGA16.psf.gz"];

    /// <summary>The fonts of this machine in which a guest's text console may be written; possibly none.</summary>
    public static IEnumerable<PsfFont> LoadForReading()
    {
        foreach (string file in NamesForReading.SelectMany(_ => Folders, static (name, folder) => Path.Combine(folder, name)).Where(File.Exists))
        {
            PsfFont font;
            try
            {
                font = PsfFont.Load(file);
            }
            catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                continue;
            }

            yield return font;
        }
    }

    /// <summary>The smallest font with lines of at least so many pixels, or the largest there is; null with <paramref name="problem"/> when there is none.</summary>
    public static PsfFont? Load(int leastHeight, out string? problem)
    {
        if (leastHeight > 16)
        {
            foreach ((string name, _) in Larger.OrderBy(font => font.Height < leastHeight).ThenBy(font => Math.Abs(font.Height - leastHeight)))
            {
                if (Folders.Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists) is { } file && TryLoad(file, out problem) is { } font)
                {
                    return font;
                }
            }
        }

        return Load(out problem);
    }

    private static PsfFont? TryLoad(string file, out string? problem)
    {
        try
        {
            problem = null;
            return PsfFont.Load(file);
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
        {
            problem = e.Message;
            return null;
        }
    }

    /// <summary>An 8x16 font that can be read; null with <paramref name="problem"/> when there is none.</summary>
    public static PsfFont? Load(out string? problem)
    {
        problem = $"There is no console font; install the package console-setup-linux (looked for {Names[0]} and others in {string.Join(", ", Folders)}).";
        foreach (string file in Folders.SelectMany(_ => Names, Path.Combine).Where(File.Exists))
        {
            if (TryLoad(file, out problem) is { } font)
            {
                return font;
            }
        }

        return null;
    }
}
