using System.Diagnostics;
using Hyperspace.Linux;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>QEMU as a process: started so that it belongs to nobody's session, watched by its pid and start time.</summary>
internal static class QemuProcess
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(10);

    /// <summary>Starts it in a session of its own, with its output in a file: no terminal's Ctrl+C and no end of the daemon reaches it.</summary>
    public static Process Launch(IReadOnlyList<string> line, string log)
    {
        const string script = "log=$1; shift; exec setsid -- \"$@\" </dev/null >>\"$log\" 2>&1";
        var start = new ProcessStartInfo("/bin/sh", ["-c", script, "sh", log, .. line]);
        start.Environment["LC_ALL"] = "C.UTF-8";
        return Process.Start(start)!;
    }

    /// <summary>Waits until the process is gone, which its monitor's end has announced. It need not be a child of this one: an earlier daemon may have started it.</summary>
    public static async Task WaitAsync(int pid, ulong startTime)
    {
        while (ProcessInfo.StartTime(pid) == startTime)
        {
            await Task.Delay(Poll);
        }
    }

    /// <summary>SIGKILL, if that process still is the one that is meant.</summary>
    public static void Kill(int pid, ulong startTime)
    {
        try
        {
            using Process process = Process.GetProcessById(pid);
            if (ProcessInfo.StartTime(pid) == startTime)
            {
                process.Kill();
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It is gone already.
        }
    }
}
