using System.Diagnostics;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Protocols.Qmp;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>A QEMU that answers, and is no VM yet.</summary>
internal sealed record QemuLaunch(QmpClient Qmp, ProcessHandle Process)
{
    /// <summary>Makes a run of it. Its record is written last: what has one is a VM.</summary>
    public QemuMachine Begin(QemuFiles files, int generation, string accelerator, string startedBy)
    {
        var record = new RunRecord(Process.Pid, Process.StartTime, ProcessInfo.BootId, generation, DateTimeOffset.UtcNow, accelerator) { StartedBy = startedBy };
        return new QemuMachine(files, record, Process, Qmp, WriteRecord(record, files));
    }

    /// <summary>Ends it.</summary>
    public async Task EndAsync()
    {
        Process.Kill();
        await Process.Exited;
        await Qmp.DisposeAsync();
        Process.Dispose();
    }

    /// <summary>Says what is wrong when it cannot be written. The VM runs all the same: a later daemon finds it by its arguments.</summary>
    private static string? WriteRecord(RunRecord record, QemuFiles files)
    {
        try
        {
            record.Write(files.RunRecord);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{files.RunRecord} cannot be written: {e.Message}";
        }
    }
}

/// <summary>From a launched process to one that can be controlled, or to a sentence that says in QEMU's own words why not.</summary>
internal sealed class QemuStart(VmDefinition vm, QemuFiles files, uint? user, bool sandboxed)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(1);

    /// <summary>Waits until QEMU answers.</summary>
    /// <param name="launched">QEMU, or the sandbox around it.</param>
    /// <exception cref="MachineException">It does not. The process is gone then.</exception>
    public async Task<QemuLaunch> ConnectAsync(Process launched, CancellationToken cancel)
    {
        QmpClient? qmp = null;
        try
        {
            qmp = await WaitForMonitorAsync(launched, cancel);
            if (!QemuProcess.IsPartOf(qmp.PeerPid, launched.Id) || ProcessHandle.Open(qmp.PeerPid) is not { } process)
            {
                throw Ended();
            }

            return new QemuLaunch(qmp, process);
        }
        catch
        {
            if (qmp is not null)
            {
                await qmp.DisposeAsync();
            }

            await QemuProcess.EndAsync(launched);
            throw;
        }
    }

    private async Task<QmpClient> WaitForMonitorAsync(Process launched, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        string problem = "it has not opened its monitor";
        while (!launched.HasExited)
        {
            if (watch.Elapsed > Patience)
            {
                throw new MachineException($"{vm.Name} cannot be started: QEMU did not answer within {Patience.TotalSeconds:0} s ({problem}). {LogTail.OneLine(files.QemuLog, 3, "")}");
            }

            if (File.Exists(files.Qmp))
            {
                try
                {
                    return await QmpClient.ConnectAsync(files.Qmp, cancel);
                }
                catch (QmpException e)
                {
                    // It does not listen yet, or it is just ending.
                    problem = e.Message;
                }
            }

            await Task.Delay(Poll, cancel);
        }

        throw Ended();
    }

    private MachineException Ended()
    {
        string said = LogTail.OneLine(files.QemuLog, 3, "It said nothing.");
        string hint = "";
        if (user is { } id && said.Contains("Permission denied", StringComparison.Ordinal))
        {
            hint = $" (This VM runs as user {id}, who must be able to read its files, and to write its persistent disks.)";
        }
        else if (sandboxed && vm.Extra.Count > 0 && said.Contains("No such file or directory", StringComparison.Ordinal))
        {
            hint = " (Files that the key \"extra\" names are outside of this VM's sandbox.)";
        }

        return new MachineException($"{vm.Name} cannot be started: QEMU ended at once. {said}{hint}");
    }
}
