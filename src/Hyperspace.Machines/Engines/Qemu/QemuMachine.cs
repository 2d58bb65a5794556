using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using Hyperspace.Linux;
using Hyperspace.Linux.Sockets;
using Hyperspace.Protocols.Qmp;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>
/// One run of a VM in QEMU, controlled over QMP, started by this daemon or by an earlier one. The process alone says whether it runs; its monitor may be away and come
/// back meanwhile.
/// </summary>
internal sealed class QemuMachine : IRunningMachine
{
    private static readonly TimeSpan LongestRetry = TimeSpan.FromSeconds(30);

    /// <summary>How long QEMU gets to forget a display client that another takes the place of.</summary>
    private static readonly TimeSpan Replacement = TimeSpan.FromMilliseconds(100);

    /// <summary>Half of what a process with the usual nice value gets (sched(7)): what is in front answers quickly, and what boots goes on.</summary>
    private const int BehindNice = 3;

    private readonly QemuFiles _files;
    private readonly RunRecord _record;
    private readonly ProcessHandle? _process;
    private readonly string? _startTrouble;
    private readonly TaskCompletionSource<MachineEnd> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _over = new();
    private readonly Task _controlling;
    private readonly GuestAgent _agent;

    /// <summary>The kernel walks all of the guest's memory for it.</summary>
    private readonly CostlyNumber _proportional;

    private readonly Lock _lock = new();
    private volatile QmpClient? _qmp;
    private MachineEnd? _why;
    private int _changes;
    private int _lastFd;
    private bool _mayHaveClient;

    /// <param name="qmp">Connected, and from now on this one's; null to connect.</param>
    /// <param name="trouble">What is wrong from the beginning on, or null.</param>
    public QemuMachine(QemuFiles files, RunRecord record, ProcessHandle process, QmpClient? qmp, string? trouble)
    {
        _proportional = Proportional(record);
        (_files, _record, _process, _qmp, _startTrouble, Trouble) = (files, record, process, qmp, trouble, trouble);
        _agent = new GuestAgent(files.Agent, TimeProvider.System);
        _controlling = ControlAsync(qmp);
        _ = WatchAsync(process);
    }

    /// <summary>One that is over.</summary>
    private QemuMachine(QemuFiles files, RunRecord record, MachineEnd end)
    {
        _proportional = Proportional(record);
        (_files, _record, _controlling, _agent) = (files, record, Task.CompletedTask, new GuestAgent(files.Agent, TimeProvider.System));
        _ended.SetResult(end);
    }

    public int? Pid => _record.Pid;
    public int Generation => _record.Generation;
    public DateTimeOffset StartedAt => _record.StartedAt;
    public string Accelerator => _record.Accelerator;
    public string StartedBy => _record.StartedBy;
    public bool IsPaused { get; private set; }
    public bool IsAsleep { get; private set; }
    public string? Trouble { get; private set; }
    public event Action? Changed;
    public Task<MachineEnd> Ended => _ended.Task;

    /// <summary>Takes over a run. One that ended while no daemon watched is given as ended.</summary>
    public static async Task<QemuMachine> AdoptAsync(RunRecord record, QemuFiles files, CancellationToken cancel)
    {
        if (ProcessHandle.Open(record.Pid, record.StartTime) is not { } process)
        {
            QemuPreparation.CleanUp(files);
            return new QemuMachine(files, record, new MachineEnd(true, $"It ended while no daemon was watching. {LogTail.OneLine(files.QemuLog, 2, "QEMU said nothing.")}"));
        }

        QmpClient? qmp = null;
        string? trouble = null;
        try
        {
            qmp = await ConnectAsync(record, files, cancel);
        }
        catch (QmpException e)
        {
            trouble = e.Message;
        }

        var machine = new QemuMachine(files, record, process, qmp, null) { Trouble = trouble, _mayHaveClient = true };
        if (qmp is not null)
        {
            await machine.SynchroniseAsync(qmp, cancel);
        }

        machine._agent.Hear();
        return machine;
    }

    public MachineUse? Measure() => ProcessInfo.CpuSeconds(_record.Pid) is { } cpu ? new MachineUse(cpu, ProcessInfo.ResidentBytes(_record.Pid) ?? 0, _proportional.Read()) : null;

    private static CostlyNumber Proportional(RunRecord record) => new(TimeProvider.System, () => ProcessInfo.ProportionalBytes(record.Pid));

    public Task PowerDownAsync(CancellationToken cancel) => CommandAsync("system_powerdown", cancel);

    public Task<bool> SetClockAsync(CancellationToken cancel) => _agent.SetClockAsync(cancel);

    public void SetBehind(bool behind)
    {
        if (ProcessPriority.CanRaise)
        {
            ProcessPriority.Set(_record.Pid, behind ? BehindNice : 0);
        }
    }

    public Task ResetAsync(CancellationToken cancel) => CommandAsync("system_reset", cancel);

    public Task PauseAsync(CancellationToken cancel) => CommandAsync("stop", cancel);

    public Task ResumeAsync(CancellationToken cancel) => CommandAsync("cont", cancel);

    public Task WakeAsync(CancellationToken cancel) => IsAsleep ? CommandAsync("system_wakeup", cancel) : Task.CompletedTask;

    public async Task KillAsync()
    {
        try
        {
            EndNow(new MachineEnd(false, "It was ended by force."));
        }
        catch (LinuxException e)
        {
            throw new MachineException($"{_files.Name} cannot be ended: {e.Message}", e);
        }

        await Ended;
    }

    /// <remarks>
    /// Measured with QEMU 10.0.2: a client that never authenticates here costs nothing, QEMU answers QMP and runs on, and the next client takes its place. A display listener that never
    /// authenticates, which a client can register later, stops QEMU's main loop until that listener's socket is closed: QMP answers nothing meanwhile and commands end after 10 s with a sentence.
    /// Only the seat gets here, and its end closes its sockets. When a client takes the place of one that has not authenticated, QEMU forgets its objects for the new one too if the new one is ready
    /// before the old one has failed ("QEMU did not take the seat as a listener"): so the new one comes a little later.
    /// </remarks>
    public async Task<SafeFileHandle> OpenDisplayAsync(CancellationToken cancel)
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = FdPassing.CreatePair(nonBlocking: true);
        using (theirs)
        {
            string name = $"display{Interlocked.Increment(ref _lastFd)}";
            try
            {
                QmpClient qmp = Connected();
                await qmp.ExecuteAsync("getfd", w => w.WriteString("fdname", name), cancel, theirs);
                await qmp.ExecuteAsync("add_client", w =>
                {
                    w.WriteString("protocol", "@dbus-display");
                    w.WriteString("fdname", name);
                }, cancel);
                await Task.Delay(_mayHaveClient ? Replacement : TimeSpan.Zero, cancel);
                _mayHaveClient = true;
                return ours;
            }
            catch (Exception e)
            {
                ours.Dispose();
                throw e is QmpException ? new MachineException($"{_files.Name}'s display cannot be opened: {e.Message}", e) : e;
            }
        }
    }

    /// <summary>Runs a command that is no action of its own.</summary>
    /// <exception cref="MachineException">It fails.</exception>
    public async Task<JsonElement> AskAsync(string command, Action<Utf8JsonWriter>? arguments, CancellationToken cancel, SafeHandle? fd = null)
    {
        try
        {
            return await Connected().ExecuteAsync(command, arguments, cancel, fd);
        }
        catch (QmpException e)
        {
            throw new MachineException($"{_files.Name}: {e.Message}", e);
        }
    }

    /// <summary>Ends it, because it has been saved.</summary>
    public async Task EndSavedAsync()
    {
        EndNow(new MachineEnd(false, "It was saved, and goes on from there when it is started."));
        await Ended;
    }

    public async Task<SafeFileHandle> OpenAgentAsync(CancellationToken cancel)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_files.Clipboard), cancel);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            throw new MachineException($"{_files.Name} has no port for a clipboard agent that can be reached: {e.Message}", e);
        }

        // QEMU can write to the socket's folder: what another VM listens on must not be taken for its own.
        var credentials = new byte[12];
        socket.GetRawSocketOption(1, 17, credentials);
        if (BitConverter.ToInt32(credentials) != _record.Pid)
        {
            throw new MachineException($"{_files.Clipboard} is not the clipboard port of {_files.Name}: process {BitConverter.ToInt32(credentials)} listens there.");
        }

        return FdPassing.Duplicate(socket.SafeHandle);
    }

    private async Task CommandAsync(string command, CancellationToken cancel)
    {
        try
        {
            await Connected().ExecuteAsync(command, null, cancel);
        }
        catch (QmpException e)
        {
            throw new MachineException($"{_files.Name}: {e.Message}", e);
        }
    }

    private QmpClient Connected() => _qmp ?? throw new MachineException($"{_files.Name} cannot be controlled now: {Trouble ?? "its monitor is away"}. It can be ended by force.");

    private static async Task<QmpClient> ConnectAsync(RunRecord record, QemuFiles files, CancellationToken cancel)
    {
        QmpClient qmp = await QmpClient.ConnectAsync(files.Qmp, cancel);
        if (qmp.PeerPid == record.Pid)
        {
            return qmp;
        }

        // QEMU can write to the socket's folder: another VM's monitor must not be taken for its own.
        int other = qmp.PeerPid;
        await qmp.DisposeAsync();
        throw new QmpException($"the monitor {files.Qmp} is that of process {other} and not that of {record.Pid}");
    }

    /// <summary>Keeps a connection to the monitor for as long as the process lives.</summary>
    private async Task ControlAsync(QmpClient? qmp)
    {
        TimeSpan retry = TimeSpan.FromSeconds(1);
        try
        {
            while (true)
            {
                if (qmp is not null)
                {
                    QmpClient current = qmp;
                    current.Listen(message => OnEvent(current, message));
                    await current.Closed.WaitAsync(_over.Token);
                    _qmp = null;
                    Set(null, current.WhyClosed);
                    await current.DisposeAsync();
                }

                await Task.Delay(retry, _over.Token);
                retry = TimeSpan.FromSeconds(Math.Min(retry.TotalSeconds * 2, LongestRetry.TotalSeconds));
                qmp = await TryReconnectAsync();
            }
        }
        catch (OperationCanceledException)
        {
            // It is over, or let go of.
        }
    }

    private async Task<QmpClient?> TryReconnectAsync()
    {
        try
        {
            QmpClient qmp = await ConnectAsync(_record, _files, _over.Token);
            _qmp = qmp;
            Set(null, _startTrouble);
            await SynchroniseAsync(qmp, _over.Token);
            return qmp;
        }
        catch (QmpException e)
        {
            Set(null, e.Message);
            return null;
        }
    }

    /// <summary>Asks for the state. An event that is handled before the answer is the newer truth.</summary>
    private async Task SynchroniseAsync(QmpClient qmp, CancellationToken cancel)
    {
        int asked = Volatile.Read(ref _changes);
        try
        {
            JsonElement status = await qmp.ExecuteAsync("query-status", null, cancel);
            TakeStatus(QmpMessage.Member(status, "status"), asked);
        }
        catch (Exception e) when (e is QmpException or InvalidOperationException)
        {
            Set(null, e.Message);
        }
    }

    private void OnEvent(QmpClient qmp, QmpMessage message)
    {
        switch (message.Name)
        {
            case "STOP":
                Interlocked.Increment(ref _changes);
                Set(paused: true, Trouble);

                // Why it stands still is not said here: somebody's wish, a full disk, an error of KVM's.
                _ = SynchroniseAsync(qmp, _over.Token).ContinueWith(static task => task.Exception, TaskScheduler.Default);
                break;
            case "RESUME":
                Interlocked.Increment(ref _changes);
                Set(paused: false, _startTrouble);

                // One that was paused in its sleep sleeps on.
                _ = SynchroniseAsync(qmp, _over.Token).ContinueWith(static task => task.Exception, TaskScheduler.Default);
                break;
            case "SUSPEND":
                Interlocked.Increment(ref _changes);
                Set(paused: false, Trouble, asleep: true);
                break;
            case "WAKEUP":
                Interlocked.Increment(ref _changes);
                Set(paused: false, Trouble, asleep: false);
                break;
            case "BLOCK_IO_ERROR" when QmpMessage.Member(message.Data, "action") == "stop":
                Set(null, $"The host cannot write or read one of its disks ({QmpMessage.Member(message.Data, "reason")}), so it was paused. Mend that and resume it: nothing is lost.");
                break;
            case "SHUTDOWN":
                TakeShutdown(QmpMessage.Member(message.Data, "reason"));
                break;
            case "GUEST_PANICKED":
                TakeStatus("guest-panicked");
                break;
        }
    }

    /// <summary>Why QEMU stands still or ends (QEMU QMP reference, "ShutdownCause").</summary>
    private void TakeShutdown(string cause)
    {
        switch (cause)
        {
            case "guest-shutdown" or "guest-reset":
                TakeStatus("shutdown");
                break;
            case "guest-panic":
                TakeStatus("guest-panicked");
                break;
            default:
                // QEMU is ending by itself.
                End(new MachineEnd(true, cause == "host-signal" ? "Somebody outside of Hyperspace ended QEMU with a signal." : $"QEMU ended ({cause})."));
                break;
        }
    }

    /// <summary>A run state of QEMU (QEMU QMP reference, "RunState").</summary>
    /// <param name="asked">The number of changes when it was asked for; null for an event.</param>
    private void TakeStatus(string status, int? asked = null)
    {
        switch (status)
        {
            case "shutdown":
                EndNow(new MachineEnd(false, "The guest powered itself off."));
                break;
            case "guest-panicked":
                EndNow(new MachineEnd(true, $"The guest's kernel panicked. {PanicLine()}".TrimEnd()));
                break;
            case "internal-error":
                EndNow(new MachineEnd(true, $"QEMU or KVM could not go on. {LogTail.OneLine(_files.QemuLog, 3, "It left no message.")}"));
                break;
            case "io-error":
                Set(paused: true, Trouble ?? "The host cannot write or read one of its disks, so it was paused. Mend that and resume it: nothing is lost.", asked);
                break;

            // A sleeping guest is not paused: it does what it wants to do.
            case "running" or "suspended":
                Set(paused: false, Trouble, asked, asleep: status == "suspended");
                break;
            case "paused" or "prelaunch" or "inmigrate" or "postmigrate" or "finish-migrate" or "save-vm" or "restore-vm" or "debug" or "watchdog" or "colo":
                Set(paused: true, Trouble, asked);
                break;
        }
    }

    private string PanicLine()
    {
        IReadOnlyList<string> lines = LogTail.Lines(_files.Serial, 200);
        return lines.LastOrDefault(line => line.Contains("Kernel panic", StringComparison.Ordinal)) ?? LogTail.OneLine(_files.Serial, 2, "");
    }

    /// <param name="paused">Null leaves it as it is; so does <paramref name="asleep"/>.</param>
    private void Set(bool? paused, string? trouble, int? asked = null, bool? asleep = null)
    {
        lock (_lock)
        {
            bool now = paused ?? IsPaused, sleeps = asleep ?? IsAsleep;
            if (_why is not null || (asked ?? _changes) != _changes || (now == IsPaused && sleeps == IsAsleep && trouble == Trouble))
            {
                return;
            }

            (IsPaused, IsAsleep, Trouble) = (now, sleeps, trouble);
        }

        Changed?.Invoke();
    }

    /// <summary>QEMU has nothing more to do: it is ended, and with it the run.</summary>
    private void EndNow(MachineEnd why)
    {
        End(why);
        try
        {
            _process?.Kill();
        }
        catch (ObjectDisposedException)
        {
            // Let go of meanwhile: the next daemon finds it in the same state.
        }
    }

    /// <summary>The first reason is the true one.</summary>
    private void End(MachineEnd why)
    {
        lock (_lock)
        {
            _why ??= why;
        }
    }

    private async Task WatchAsync(ProcessHandle process)
    {
        await process.Exited;

        // What QEMU said before its end may still lie in the socket: its reason is better than a guess.
        if (_qmp is { } qmp)
        {
            await Task.WhenAny(qmp.Closed, Task.Delay(TimeSpan.FromSeconds(1)));
        }

        if (_over.IsCancellationRequested)
        {
            // Let go of meanwhile: what this end leads to is the next daemon's business.
            return;
        }

        QemuPreparation.CleanUp(_files);
        End(new MachineEnd(true, $"QEMU ended unexpectedly. {LastWords()}"));
        await _over.CancelAsync();
        _ended.TrySetResult(_why!);
    }

    private string LastWords()
    {
        string qemu = LogTail.OneLine(_files.QemuLog, 3, "It left no message, so it was probably killed.");
        string serial = LogTail.OneLine(_files.Serial, 2, "");
        return serial.Length == 0 ? qemu : $"{qemu} The guest's last words: {serial}";
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        _agent.Dispose();
        await _controlling;
        if (_qmp is { } qmp)
        {
            _qmp = null;
            await qmp.DisposeAsync();
        }

        _process?.Dispose();
    }
}
