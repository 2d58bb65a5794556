using System.Diagnostics;

namespace Hyperspace.Commands;

/// <summary>A daemon in the background: in a session of its own, so that no terminal's Ctrl+C and no end of its starter reaches it.</summary>
internal static class DaemonProcess
{
    /// <summary>A larger log is begun anew; one older one is kept.</summary>
    private const long MaxLogBytes = 1 << 20;

    /// <param name="log">Where its output goes; appended to.</param>
    public static Process Start(string log)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(log)!);
        if (new FileInfo(log) is { Exists: true, Length: > MaxLogBytes })
        {
            File.Move(log, Path.ChangeExtension(log, ".1.log"), overwrite: true);
        }

        const string script = "log=$1; shift; exec setsid -- \"$@\" </dev/null >>\"$log\" 2>&1";
        var start = new ProcessStartInfo("/bin/sh", ["-c", script, "sh", log, Environment.ProcessPath!, "daemon"]);

        // A service manager that waits for this process is not to be told by another one.
        start.Environment.Remove("NOTIFY_SOCKET");
        return Process.Start(start)!;
    }

    /// <summary>The end of its log, in a sentence.</summary>
    public static string LastWords(string log)
    {
        try
        {
            string[] lines = [.. File.ReadLines(log).Where(line => line.Length > 0).TakeLast(3)];
            return lines.Length == 0 ? $"It said nothing in {log}." : $"Its log {log} ends with: {string.Join(" / ", lines)}";
        }
        catch (IOException e)
        {
            return $"Its log cannot be read: {e.Message}";
        }
    }
}
