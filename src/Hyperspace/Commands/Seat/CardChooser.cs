using Hyperspace.Linux;
using Hyperspace.Linux.Drm;
using Hyperspace.Linux.Session;

namespace Hyperspace.Commands.Seat;

/// <summary>Finds the graphics card that the seat is shown on: the first with a monitor, else the first that could have one.</summary>
internal static class CardChooser
{
    private const string Folder = "/dev/dri";

    /// <param name="noSession">Why there is no session; null when there is one.</param>
    /// <exception cref="DrmException">There is none; says why, and what to do.</exception>
    public static DrmCard Open(SeatSession session, string? noSession)
    {
        string[] paths = Directory.Exists(Folder) ? [.. Directory.GetFiles(Folder, "card*").OrderBy(p => p.Length).ThenBy(p => p, StringComparer.Ordinal)] : [];
        if (paths.Length == 0)
        {
            throw new DrmException($"There is no graphics card to show the seat on: {Folder} has no card. Is its driver loaded, and not switched off with nomodeset? `--output terminal` shows the seat in this terminal.");
        }

        DrmCard? spare = null;
        DrmException? problem = null;
        foreach (string path in paths)
        {
            try
            {
                DrmCard card = OpenOne(session, path, noSession);
                if (card.ReadConnectors().Any(c => c.Connected && c.Modes.Count > 0))
                {
                    spare?.Dispose();
                    return card;
                }

                if (spare is null)
                {
                    spare = card;
                }
                else
                {
                    card.Dispose();
                }
            }
            catch (DrmException e)
            {
                problem ??= e;
            }
        }

        return spare ?? throw problem!;
    }

    private static DrmCard OpenOne(SeatSession session, string path, string? noSession)
    {
        DrmCard card;
        try
        {
            card = new DrmCard(session.OpenCard(path), path);
        }
        catch (LinuxException e)
        {
            const int notPermitted = 1, noAccess = 13;
            string help = e.Errno is notPermitted or noAccess
                ? $"This user may not: run as root, as a member of the group video, or in a session of seatd or logind{(noSession is null ? "" : $" ({noSession})")}."
                : "`--output terminal` shows the seat in this terminal.";
            throw new DrmException($"The graphics card {path} cannot be opened: {e.Message}. {help}", e);
        }

        if (!card.TryBecomeMaster())
        {
            card.Dispose();
            string who = Holder(path) is { } holder ? $"{holder} shows its pictures on it" : "another program, a desktop perhaps, shows its pictures on it";
            throw new DrmException($"The graphics card {path} is taken: {who}. End that, or start the seat on another virtual terminal (Ctrl+Alt+F3) in a session of seatd or logind; `--output terminal` shows the seat in this terminal.");
        }

        return card;
    }

    /// <summary>A process that has the card open, as far as this user may see; null when none is found.</summary>
    private static string? Holder(string path)
    {
        foreach (string process in Directory.GetDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out int id) && id != Environment.ProcessId))
        {
            try
            {
                if (Directory.GetFiles(Path.Combine(process, "fd")).Any(fd => new FileInfo(fd).LinkTarget == path))
                {
                    return $"{File.ReadAllText(Path.Combine(process, "comm")).Trim()} (process {Path.GetFileName(process)})";
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue;
            }
        }

        return null;
    }
}
