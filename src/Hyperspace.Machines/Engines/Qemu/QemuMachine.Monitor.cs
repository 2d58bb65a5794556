using System.Text.Json;
using Hyperspace.Linux;
using Hyperspace.Protocols.Qmp;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>What is heard of it: its monitor, as long as there is one, and its process.</summary>
internal sealed partial class QemuMachine
{
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
}
