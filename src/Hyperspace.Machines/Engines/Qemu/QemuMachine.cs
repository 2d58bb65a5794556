using System.Diagnostics;
using System.Text.Json;
using Hyperspace.Linux;
using Hyperspace.Linux.Sockets;
using Hyperspace.Protocols.Qmp;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>One run of a VM in QEMU, controlled over QMP, started by this daemon or by an earlier one.</summary>
internal sealed class QemuMachine : IRunningMachine
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(30);

    private readonly QemuFiles _files;
    private readonly RunRecord _record;
    private readonly TaskCompletionSource<MachineEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private QmpClient? _qmp;
    private MachineEnd? _why;
    private bool _released;
    private int _lastFd;

    private QemuMachine(QemuFiles files, RunRecord record) => (_files, _record) = (files, record);

    public int Pid => _record.Pid;
    public int Generation => _record.Generation;
    public DateTimeOffset StartedAt => _record.StartedAt;
    public string Accelerator => _record.Accelerator;
    public bool IsPaused { get; private set; }
    public event Action? PausedChanged;
    public Task<MachineEnd> Ended => _ended.Task;

    /// <summary>Waits until a QEMU that was just launched answers.</summary>
    /// <param name="launched">It, or the sandbox around it.</param>
    public static async Task<QemuMachine> ConnectAsync(Process launched, QemuFiles files, int generation, string accelerator, CancellationToken cancel)
    {
        var events = new EventBuffer();
        var watch = Stopwatch.StartNew();
        while (true)
        {
            if (launched.HasExited || watch.Elapsed > StartTimeout)
            {
                string what = launched.HasExited ? "QEMU ended at once" : $"QEMU did not answer within {StartTimeout.TotalSeconds:0} s";
                launched.Kill(entireProcessTree: true);
                QemuPreparation.CleanUp(files);
                throw new MachineException($"{what}: {LogTail.OneLine(files.QemuLog, 3, "it said nothing")}");
            }

            if (File.Exists(files.Qmp) && await TryConnectAsync(files.Qmp, events.Take, cancel) is { } qmp)
            {
                int pid = qmp.PeerPid;
                ulong startTime = ProcessInfo.StartTime(pid) ?? throw new MachineException($"QEMU ended at once: {LogTail.OneLine(files.QemuLog, 3, "it said nothing")}");
                var record = new RunRecord(pid, startTime, generation, DateTimeOffset.UtcNow, accelerator);
                record.Write(files.RunRecord);
                var machine = new QemuMachine(files, record) { _qmp = qmp };
                events.Bind(machine.OnEvent);
                _ = machine.WatchAsync();
                return machine;
            }

            await Task.Delay(2, cancel);
        }
    }

    /// <summary>Takes over a run. One that ended while no daemon watched is given as ended.</summary>
    public static async Task<QemuMachine> AdoptAsync(RunRecord record, QemuFiles files, CancellationToken cancel)
    {
        var machine = new QemuMachine(files, record);
        if (ProcessInfo.StartTime(record.Pid) != record.StartTime)
        {
            QemuPreparation.CleanUp(files);
            machine._ended.SetResult(new MachineEnd(true, $"It ended while no daemon was watching. {LogTail.OneLine(files.QemuLog, 2, "QEMU said nothing.")}"));
            return machine;
        }

        var events = new EventBuffer();
        machine._qmp = await QmpClient.ConnectAsync(files.Qmp, events.Take, cancel);
        events.Bind(machine.OnEvent);
        _ = machine.WatchAsync();
        JsonElement status = await machine._qmp.ExecuteAsync("query-status", null, cancel);
        machine.TakeStatus(QmpMessage.Member(status, "status"));
        return machine;
    }

    public Task PowerDownAsync(CancellationToken cancel) => ExecuteAsync("system_powerdown", cancel);

    public Task ResetAsync(CancellationToken cancel) => ExecuteAsync("system_reset", cancel);

    public Task PauseAsync(CancellationToken cancel) => ExecuteAsync("stop", cancel);

    public Task ResumeAsync(CancellationToken cancel) => ExecuteAsync("cont", cancel);

    public async Task KillAsync()
    {
        End(new MachineEnd(false, "It was ended by force."));
        QemuProcess.Kill(_record.Pid, _record.StartTime);
        await Ended;
    }

    public async Task<SafeFileHandle> OpenDisplayAsync(CancellationToken cancel)
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = FdPassing.CreatePair(nonBlocking: true);
        using (theirs)
        {
            string name = $"display{Interlocked.Increment(ref _lastFd)}";
            try
            {
                QmpClient qmp = _qmp!;
                await qmp.ExecuteAsync("getfd", w => w.WriteString("fdname", name), cancel, theirs);
                await qmp.ExecuteAsync("add_client", w =>
                {
                    w.WriteString("protocol", "@dbus-display");
                    w.WriteString("fdname", name);
                }, cancel);
                return ours;
            }
            catch (Exception e)
            {
                ours.Dispose();
                throw e is QmpException ? new MachineException($"The display cannot be opened: {e.Message}", e) : e;
            }
        }
    }

    private async Task ExecuteAsync(string command, CancellationToken cancel)
    {
        try
        {
            await _qmp!.ExecuteAsync(command, null, cancel);
        }
        catch (QmpException e)
        {
            throw new MachineException(e.Message, e);
        }
    }

    private void OnEvent(QmpMessage message)
    {
        switch (message.Name)
        {
            case "STOP" or "RESUME":
                SetPaused(message.Name == "STOP");
                break;
            case "SHUTDOWN":
                TakeStatus(QmpMessage.Member(message.Data, "reason") is "guest-panic" ? "guest-panicked" : "shutdown");
                break;
            case "GUEST_PANICKED":
                TakeStatus("guest-panicked");
                break;
        }
    }

    /// <summary>A run state of QEMU (QEMU QMP reference, "RunState").</summary>
    private void TakeStatus(string status)
    {
        switch (status)
        {
            case "shutdown":
                EndNow(new MachineEnd(false, "The guest powered itself off."));
                break;
            case "guest-panicked":
                EndNow(new MachineEnd(true, $"The guest's kernel panicked. {LogTail.OneLine(_files.Serial, 2, "")}"));
                break;
            case "internal-error" or "io-error":
                EndNow(new MachineEnd(true, $"QEMU stopped it: {status}."));
                break;
            case "paused":
                SetPaused(true);
                break;
        }
    }

    private void SetPaused(bool paused)
    {
        if (IsPaused != paused && !_ended.Task.IsCompleted && _why is null)
        {
            IsPaused = paused;
            PausedChanged?.Invoke();
        }
    }

    /// <summary>QEMU stands still and has nothing more to do: it is ended, and with it the run.</summary>
    private void EndNow(MachineEnd why)
    {
        End(why);
        QemuProcess.Kill(_record.Pid, _record.StartTime);
    }

    /// <summary>The first reason is the true one.</summary>
    private void End(MachineEnd why)
    {
        lock (_lock)
        {
            _why ??= why;
        }
    }

    private async Task WatchAsync()
    {
        await _qmp!.Closed;
        if (_released)
        {
            return;
        }

        await QemuProcess.WaitAsync(_record.Pid, _record.StartTime);
        QemuPreparation.CleanUp(_files);
        End(new MachineEnd(true, $"QEMU ended unexpectedly. {LogTail.OneLine(_files.QemuLog, 3, "It left no message, so it was probably killed.")}"));
        _ended.TrySetResult(_why!);
    }

    private static async Task<QmpClient?> TryConnectAsync(string path, Action<QmpMessage> onEvent, CancellationToken cancel)
    {
        try
        {
            return await QmpClient.ConnectAsync(path, onEvent, cancel);
        }
        catch (QmpException)
        {
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _released = true;
        if (_qmp is { } qmp)
        {
            await qmp.DisposeAsync();
        }
    }

    /// <summary>Keeps events that come before there is a machine to take them.</summary>
    private sealed class EventBuffer
    {
        private readonly Lock _lock = new();
        private readonly List<QmpMessage> _early = [];
        private Action<QmpMessage>? _target;

        public void Take(QmpMessage message)
        {
            lock (_lock)
            {
                if (_target is null)
                {
                    _early.Add(message);
                    return;
                }
            }

            _target(message);
        }

        public void Bind(Action<QmpMessage> target)
        {
            lock (_lock)
            {
                _early.ForEach(target);
                _early.Clear();
                _target = target;
            }
        }
    }
}
