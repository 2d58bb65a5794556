using System.Diagnostics;
using Hyperspace.Linux;

namespace Hyperspace.Commands.Tour;

/// <summary>A process of the tour: this program with another command, in the tour's own folders, its output in a file.</summary>
internal sealed class TourProcess : IDisposable
{
    private readonly Process _process;
    private readonly string _log;

    /// <param name="program">Where this program lies.</param>
    /// <param name="home">The tour's <c>HYPERSPACE_HOME</c>.</param>
    /// <param name="log">Where its output goes; appended to.</param>
    public TourProcess(string program, string home, string cache, string log, params IReadOnlyList<string> arguments)
    {
        _log = log;
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true };
        start.Environment["HYPERSPACE_HOME"] = home;
        start.Environment["HYPERSPACE_CACHE"] = cache;
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        _process.OutputDataReceived += (_, e) => Append(e.Data);
        _process.ErrorDataReceived += (_, e) => Append(e.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    /// <summary>Throws when the process has ended, with the last that it said.</summary>
    public void CheckAlive(string what)
    {
        if (_process.HasExited)
        {
            string last = File.Exists(_log) ? string.Join(" | ", File.ReadLines(_log).TakeLast(4)) : "nothing";
            throw new TourException($"{what} ended with code {_process.ExitCode}; it said: {last}");
        }
    }

    /// <summary>SIGKILL, and waits until it is gone.</summary>
    public async Task KillAsync(CancellationToken cancel)
    {
        _process.Kill();
        await _process.WaitForExitAsync(cancel);
    }

    private void Append(string? line)
    {
        if (line is not null)
        {
            lock (_process)
            {
                File.AppendAllText(_log, line + "\n");
            }
        }
    }

    public void Dispose()
    {
        // A daemon that may tidy up ends the engines that wait for the next open.
        ProcessHandle.End(_process, TimeSpan.FromSeconds(10));
        _process.Dispose();
    }
}
