using System.Diagnostics;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Linux;

/// <summary>
/// One process, held by a pidfd (pidfd_open(2), Linux 5.3): its number may be given to another one after its death, and this never means that other one. It need not be
/// a child of this process. Thread-safe.
/// </summary>
public sealed partial class ProcessHandle : IDisposable
{
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int NoSuchProcess = 3;

    /// <summary>One thread waits for all of them.</summary>
    private static readonly Lazy<Reactor.Reactor> Watcher = new(StartWatcher);

    private readonly SafeFileHandle _fd;
    private readonly TaskCompletionSource _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Reactor.FdWatch? _watch;
    private volatile bool _disposed;

    private ProcessHandle(int pid, ulong startTime, SafeFileHandle fd)
    {
        (Pid, StartTime, _fd) = (pid, startTime, fd);
        Watcher.Value.Post(BeginWatch);
    }

    public int Pid { get; }

    /// <summary>See <see cref="ProcessInfo.StartTime"/>.</summary>
    public ulong StartTime { get; }

    /// <summary>Completes when the process has ended. Its files, locks and sockets are closed by then. Never, when this is disposed before.</summary>
    public Task Exited => _exited.Task;

    /// <summary>Null when there is no such process, or another one has its number now.</summary>
    /// <param name="startTime">The start time that it must have; null takes the process that has the number now.</param>
    /// <exception cref="LinuxException">The kernel refuses, for another reason.</exception>
    public static ProcessHandle? Open(int pid, ulong? startTime = null)
    {
        int fd = PidFdOpen(pid, 0);
        if (fd < 0)
        {
            return Marshal.GetLastPInvokeError() == NoSuchProcess ? null : throw LinuxException.Last($"pidfd_open of process {pid}");
        }

        var handle = new SafeFileHandle(fd, ownsHandle: true);

        // Asked after the descriptor was opened: if this is the right process then so is that.
        if (ProcessInfo.StartTime(pid) is { } found && (startTime is null || found == startTime))
        {
            return new ProcessHandle(pid, found, handle);
        }

        handle.Dispose();
        return null;
    }

    /// <summary>Sends SIGKILL; nothing happens when the process has ended.</summary>
    /// <exception cref="LinuxException">The kernel refuses: it is another user's.</exception>
    public void Kill() => Send(SigKill);

    /// <summary>Sends SIGTERM: it may tidy up. Nothing happens when the process has ended.</summary>
    public void Terminate() => Send(SigTerm);

    /// <summary>Asks a child to end, so that it may tidy up, and ends it when it has not within that time. Nothing happens when it has ended.</summary>
    /// <exception cref="LinuxException">The kernel refuses.</exception>
    public static void End(Process child, TimeSpan patience)
    {
        using (ProcessHandle? handle = child.HasExited ? null : Open(child.Id))
        {
            handle?.Terminate();
        }

        if (!child.WaitForExit(patience))
        {
            child.Kill();
            child.WaitForExit(patience);
        }
    }

    private void Send(int signal)
    {
        if (PidFdSendSignal(_fd, signal, 0, 0) != 0 && Marshal.GetLastPInvokeError() != NoSuchProcess)
        {
            throw LinuxException.Last($"kill of process {Pid}");
        }
    }

    private void BeginWatch()
    {
        if (_disposed)
        {
            return;
        }

        // A pidfd is readable from the process's end on.
        _watch = Watcher.Value.Watch((int)_fd.DangerousGetHandle(), Reactor.FdEvents.Readable, _ =>
        {
            EndWatch();
            if (!_disposed)
            {
                _exited.TrySetResult();
            }
        });
    }

    private void EndWatch()
    {
        _watch?.Dispose();
        _watch = null;
    }

    private static Reactor.Reactor StartWatcher()
    {
        var reactor = new Reactor.Reactor();
        new Thread(reactor.Run) { IsBackground = true, Name = "process ends" }.Start();
        return reactor;
    }

    /// <summary>The process goes on.</summary>
    public void Dispose()
    {
        _disposed = true;
        Watcher.Value.Post(() =>
        {
            EndWatch();
            _fd.Dispose();
        });
    }

    [LibraryImport("libc", EntryPoint = "pidfd_open", SetLastError = true)]
    private static partial int PidFdOpen(int pid, uint flags);

    [LibraryImport("libc", EntryPoint = "pidfd_send_signal", SetLastError = true)]
    private static partial int PidFdSendSignal(SafeFileHandle process, int signal, nint info, uint flags);
}
