using System.Text;

namespace Hyperspace.Commands.Tour;

/// <summary>What a guest of the tour says on its serial line, as it grows.</summary>
internal sealed class SerialLog(string file)
{
    /// <summary>All lines up to now; one that is still being written is left out.</summary>
    public string[] Lines()
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            string text = reader.ReadToEnd();
            int end = text.LastIndexOf('\n');
            return end < 0 ? [] : [.. text[..end].Split('\n').Select(line => line.TrimEnd('\r'))];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return [];
        }
    }

    /// <summary>How many lines there are now: what comes later has a higher index.</summary>
    public int Mark() => Lines().Length;

    /// <summary>Waits for a line at or after a mark.</summary>
    /// <exception cref="TourException">It did not come; says what the last lines are.</exception>
    public async Task<string> WaitAsync(int mark, Func<string, bool> wanted, string what, TimeSpan atMost, CancellationToken cancel)
    {
        DateTime deadline = DateTime.UtcNow + atMost;
        while (true)
        {
            string[] lines = Lines();

            // A log that has been begun anew is shorter than the mark.
            if (lines.Skip(lines.Length < mark ? 0 : mark).FirstOrDefault(wanted) is { } line)
            {
                return line;
            }

            if (DateTime.UtcNow > deadline)
            {
                throw new TourException(
                    $"waited {atMost.TotalSeconds:0} s for {what} on the serial line; its last lines are: {string.Join(" | ", lines.TakeLast(4))}");
            }

            await Task.Delay(20, cancel);
        }
    }

    /// <summary>The lines at or after a mark that fulfil a condition.</summary>
    public string[] Since(int mark, Func<string, bool> wanted) => [.. Lines().Skip(mark).Where(wanted)];
}
