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
internal sealed partial class QemuMachine : IRunningMachine
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
