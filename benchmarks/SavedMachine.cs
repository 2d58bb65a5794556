using System.Diagnostics;
using System.Net.Sockets;
using System.Text.Json;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Benchmarks;

/// <summary>
/// The peers of a template: the same machine, saved by QEMU's own means when its template had been loaded, and started by hand without a sandbox, with a VNC client that waits for its screen.
/// </summary>
internal sealed class SavedMachine : IDisposable
{
    private const string Tag = "saved", Node = "vmstate";

    private readonly string _folder = Directory.CreateTempSubdirectory("hyperspace-bench-saved-").FullName;
    private readonly BenchRig _rig;
    private readonly string _guest;
    private readonly string[] _command;
    private Screen? _screen;

    /// <param name="written">Files of the folder of the VM's run that the command line names, and what is in them.</param>
    private SavedMachine(BenchRig rig, string guest, string[] opened, Dictionary<string, byte[]> written)
    {
        (_rig, _guest) = (rig, guest);
        foreach ((string file, byte[] content) in written)
        {
            string kept = Path.Combine(_folder, Path.GetFileName(file));
            System.IO.File.WriteAllBytes(kept, content);
            opened = [.. opened.Select(a => a.Replace(file, kept, StringComparison.Ordinal))];
        }

        int memory = Array.FindIndex(opened, a => a.StartsWith("memory-backend-file,", StringComparison.Ordinal)), incoming = Array.IndexOf(opened, "-incoming");
        if (memory < 0 || incoming < 0)
        {
            throw new InvalidOperationException($"The engine of {guest} was not started for a template: {string.Join(' ', opened)}");
        }

        string size = opened[memory].Split(',').Single(part => part.StartsWith("size=", StringComparison.Ordinal));
        string[] more = ["-vnc", $"unix:{Vnc}", "-qmp", $"unix:{Monitor},server=on,wait=off", "-blockdev", $"driver=qcow2,node-name={Node},file.driver=file,file.filename={Snapshot}"];
        _command = [.. opened[..incoming], .. opened[(incoming + 2)..], .. more];
        string[] fromTemplate = [.. opened, .. more];
        _command[memory] = $"memory-backend-memfd,id=ram,{size},share=on";
        SaveAsync(fromTemplate).GetAwaiter().GetResult();
    }

    private string Vnc => Path.Combine(_folder, "vnc");
    private string Monitor => Path.Combine(_folder, "qmp");
    private string Snapshot => Path.Combine(_folder, "snapshot.qcow2");
    private string File => Path.Combine(_folder, "file");
    private string Sockets => Path.Combine(_rig.Paths.VmRuntime(_guest), "qemu");

    /// <summary>Takes the command line from one that the daemon opened.</summary>
    public static SavedMachine Of(BenchRig rig, Opener opener)
    {
        rig.Act(opener.Guest, VmAction.Start);
        rig.Pump(() => rig.Status(opener.Guest).Pid is not null, TimeSpan.FromSeconds(30), $"the process of {opener.Guest}");
        string[] opened = System.IO.File.ReadAllText($"/proc/{rig.QemuPid(opener.Guest)}/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries);

        // The daemon removes what it has written for an engine when that ends.
        Dictionary<string, byte[]> written = Directory.EnumerateFiles(rig.Paths.VmRuntime(opener.Guest)).Where(file => opened.Any(a => a.Contains(file, StringComparison.Ordinal))).ToDictionary(file => file, System.IO.File.ReadAllBytes);
        opener.Close();
        return new SavedMachine(rig, opener.Guest, opened, written);
    }

    /// <returns>Milliseconds from the start of the process to the screen.</returns>
    public double FromSnapshot() => Start(["-loadvm", Tag]);

    /// <returns>The same, with a migration that was saved to a file.</returns>
    public double FromFile() => Start(["-incoming", $"file:{File}"]);

    private async Task SaveAsync(string[] fromTemplate)
    {
        Run("qemu-img", "create", "-q", "-f", "qcow2", Snapshot, "64M");
        using Process qemu = StartQemu(fromTemplate);
        try
        {
            Connect(Monitor, qemu).Dispose();
            await using QmpClient monitor = await QmpClient.ConnectAsync(Monitor, CancellationToken.None, TimeSpan.FromMinutes(2));
            QemuMigration migration = QemuMigration.Of(monitor);
            await migration.LeaveRamAsync(true, CancellationToken.None);
            await migration.LoadAsync(Path.Combine(_rig.Paths.VmState(_guest), "template", "state"), CancellationToken.None);
            await monitor.ExecuteAsync("cont", null, CancellationToken.None);
            await Task.Delay(TimeSpan.FromSeconds(5));
            _screen = new Screen(See(qemu, null).Pixels);
            await migration.LeaveRamAsync(false, CancellationToken.None);
            await SaveSnapshotAsync(monitor);

            // It runs, so that it goes on by itself when it has been loaded.
            await migration.SaveAsync(File, null, CancellationToken.None);
        }
        finally
        {
            End(qemu);
        }
    }

    private static async Task SaveSnapshotAsync(QmpClient monitor)
    {
        await monitor.ExecuteAsync("snapshot-save", w =>
        {
            w.WriteString("job-id", "save");
            w.WriteString("tag", Tag);
            w.WriteString("vmstate", Node);
            w.WriteStartArray("devices");
            w.WriteStringValue(Node);
            w.WriteEndArray();
        }, CancellationToken.None);
        while (true)
        {
            JsonElement job = (await monitor.ExecuteAsync("query-jobs", null, CancellationToken.None)).EnumerateArray().Single();
            if (job.TryGetProperty("error", out JsonElement error))
            {
                throw new InvalidOperationException($"QEMU could not save a snapshot: {error.GetString()}");
            }

            if (job.GetProperty("status").GetString() == "concluded")
            {
                return;
            }

            await Task.Delay(20);
        }
    }

    private double Start(string[] more)
    {
        long began = Stopwatch.GetTimestamp();
        using Process qemu = StartQemu([.. _command, .. more]);
        try
        {
            return Stopwatch.GetElapsedTime(began, See(qemu, _screen).At).TotalMilliseconds;
        }
        finally
        {
            End(qemu);
        }
    }

    /// <summary>Connects to its screen, and looks until it is as expected.</summary>
    private (uint[] Pixels, long At) See(Process qemu, Screen? expected)
    {
        using var client = new RfbClient(Connect(Vnc, qemu));
        client.RequestUpdate(incremental: false);
        while (true)
        {
            client.ReadUpdate();
            if (expected?.Is(client.Pixels) != false)
            {
                return (client.Pixels, Stopwatch.GetTimestamp());
            }

            client.RequestUpdate(incremental: true);
        }
    }

    /// <summary>Tries until QEMU listens there.</summary>
    private static Socket Connect(string path, Process qemu)
    {
        while (true)
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            try
            {
                socket.Connect(new UnixDomainSocketEndPoint(path));
                return socket;
            }
            catch (SocketException)
            {
                socket.Dispose();
                if (qemu.HasExited)
                {
                    throw new InvalidOperationException($"QEMU by hand ended: {qemu.StandardError.ReadToEnd()}");
                }

                Thread.Sleep(1);
            }
        }
    }

    private Process StartQemu(string[] command)
    {
        Directory.CreateDirectory(Sockets);
        return Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    private void End(Process qemu)
    {
        qemu.Kill();
        qemu.WaitForExit();
        Directory.Delete(Sockets, recursive: true);
        System.IO.File.Delete(Vnc);
        System.IO.File.Delete(Monitor);
    }

    private static void Run(string program, params string[] arguments)
    {
        using Process process = Process.Start(program, arguments);
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with code {process.ExitCode}.");
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
