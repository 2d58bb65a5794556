namespace Hyperspace.Commands.Vm;

/// <summary>
/// Shows a log that grows, of which only the last lines are known each time: finds how far the window has moved, and writes what is new. The last line may still grow: a prompt has no end of
/// line.
/// </summary>
/// <param name="first">So many of the first window's lines are shown.</param>
internal sealed class LogFollower(TextWriter output, int first)
{
    private IReadOnlyList<string>? _window;

    /// <param name="window">The log's last lines, oldest first.</param>
    public void Show(IReadOnlyList<string> window)
    {
        if (_window is not { Count: > 0 } before)
        {
            WriteLines([.. window.TakeLast(first)], isNewLine: false);
        }
        else
        {
            int moved = Moved(before, window);
            int kept = before.Count - moved;
            if (kept > 0)
            {
                output.Write(window[kept - 1][before[^1].Length..]);
            }

            WriteLines([.. window.Skip(kept)], isNewLine: true);
        }

        output.Flush();
        _window = window.Count > 0 ? window : _window;
    }

    /// <summary>Ends the last line.</summary>
    public void End()
    {
        if (_window is { Count: > 0 })
        {
            output.WriteLine();
        }
    }

    private void WriteLines(string[] lines, bool isNewLine)
    {
        for (int i = 0; i < lines.Length; i++)
        {
            if (isNewLine || i > 0)
            {
                output.WriteLine();
            }

            output.Write(lines[i]);
        }
    }

    /// <summary>How many of the old lines are gone: the least number with which the rest of the old window begins the new one. All of them when the log has begun anew.</summary>
    private static int Moved(IReadOnlyList<string> before, IReadOnlyList<string> now)
    {
        for (int moved = 0; moved < before.Count; moved++)
        {
            if (Fits(before, now, moved))
            {
                return moved;
            }
        }

        return before.Count;
    }

    private static bool Fits(IReadOnlyList<string> before, IReadOnlyList<string> now, int moved)
    {
        int kept = before.Count - moved;
        if (kept > now.Count)
        {
            return false;
        }

        for (int i = 0; i < kept - 1; i++)
        {
            if (before[moved + i] != now[i])
            {
                return false;
            }
        }

        return now[kept - 1].StartsWith(before[^1], StringComparison.Ordinal);
    }
}
