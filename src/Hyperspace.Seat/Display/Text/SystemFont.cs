namespace Hyperspace.Seat.Display.Text;

/// <summary>The console font of this machine, from Debian's package console-setup-linux or from kbd.</summary>
public static class SystemFont
{
    private static readonly string[] Folders = ["/usr/share/consolefonts", "/usr/share/kbd/consolefonts", "/usr/lib/kbd/consolefonts"];

    /// <summary>Terminus covers most of Europe's scripts and the box drawing characters; VGA is the next best.</summary>
    private static readonly string[] Names = ["Uni2-Terminus16.psf.gz", "ter-u16n.psf.gz", "Uni2-VGA16.psf.gz", "default8x16.psfu.gz"];

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

    /// <summary>An 8x16 font that can be read; null with <paramref name="problem"/> when there is none.</summary>
    public static PsfFont? Load(out string? problem)
    {
        problem = $"There is no console font; install the package console-setup-linux (looked for {Names[0]} and others in {string.Join(", ", Folders)}).";
        foreach (string file in Folders.SelectMany(_ => Names, Path.Combine).Where(File.Exists))
        {
            try
            {
                PsfFont font = PsfFont.Load(file);
                problem = null;
                return font;
            }
            catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException)
            {
                problem = e.Message;
            }
        }

        return null;
    }
}
