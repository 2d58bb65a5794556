using System.Diagnostics;
using System.Text.Json.Nodes;
using Hyperspace.Machines.Power.Mailbox;
using Hyperspace.Machines.Power.Table;
using Hyperspace.Protocols.PowerMailbox;

namespace Hyperspace.Tests.Notebook.Rig;

/// <summary>The machine that plays the notebook: QEMU with an emulated CPU that has SVM, so that Hyperspace inside runs its VMs with real KVM.</summary>
internal sealed class Laptop : IDisposable
{
    /// <summary>How long something may take, as <see cref="FairClock"/> counts it.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(240);

    private readonly string _folder;
    private readonly Process _qemu;

    private Laptop(string folder, LaptopFiles files, string? snapshot)
    {
        (_folder, SerialLog) = (folder, Path.Combine(folder, "serial"));
        Directory.CreateDirectory(folder);
        File.WriteAllText(SerialLog, "");
        var start = new ProcessStartInfo("qemu-system-x86_64", Arguments(folder, files)) { RedirectStandardError = true };
        if (snapshot is not null)
        {
            start.ArgumentList.Add("-incoming");
            start.ArgumentList.Add($"file:{snapshot}");
        }

        _qemu = Process.Start(start)!;
        Clock = new FairClock(_qemu);
        Until("QEMU's monitor opens", () => File.Exists(Path.Combine(folder, "qmp")) && File.Exists(Path.Combine(folder, "agent")));
        Monitor = new Monitor(Path.Combine(folder, "qmp"));
    }

    public Monitor Monitor { get; }

    public Agent Agent { get; private set; } = null!;

    /// <summary>Since it was switched on, or restored.</summary>
    public FairClock Clock { get; }

    public string SerialLog { get; }

    /// <summary>Plugs something into one of the two sockets of its graphics card.</summary>
    public MonitorCable PlugMonitor(int socket) => new(Path.Combine(_folder, $"monitor{socket}"));

    /// <summary>What feeds its battery, charger and lid: the host's end of its mailbox, which says everything when it connects.</summary>
    public MailboxLink ConnectPower(PowerRegisters registers) => new(Path.Combine(_folder, "power"), _qemu.Id, registers);

    /// <summary>Switches it on and waits until its VMs are up.</summary>
    /// <exception cref="RigException">It hangs; see <see cref="Watch"/>.</exception>
    public static Laptop Boot(string folder, LaptopFiles files)
    {
        var laptop = new Laptop(folder, files, null);
        try
        {
            laptop.Watch();
            laptop.Agent = new Agent(Path.Combine(folder, "agent"));
            return laptop;
        }
        catch
        {
            laptop.Dispose();
            throw;
        }
    }

    /// <summary>Goes on where a snapshot was taken.</summary>
    public static Laptop Restore(string folder, LaptopFiles files, string snapshot)
    {
        var laptop = new Laptop(folder, files, snapshot);
        try
        {
            laptop.Until("the snapshot is restored", () => laptop.Monitor.Do("query-status")!["status"]!.GetValue<string>() is "paused" or "running");
            laptop.Monitor.Do("cont");
            laptop.Agent = new Agent(Path.Combine(folder, "agent"));
            return laptop;
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            RigException failure = new($"The snapshot cannot be restored: {e.Message} {laptop.Ended()}");
            laptop.Dispose();
            throw failure;
        }
        catch
        {
            laptop.Dispose();
            throw;
        }
    }

    /// <summary>What QEMU said when it ended; it is given a moment for that.</summary>
    private string Ended() => _qemu.WaitForExit(TimeSpan.FromSeconds(10)) ? $"QEMU ended with code {_qemu.ExitCode}: {_qemu.StandardError.ReadToEnd()}" : "QEMU goes on.";

    /// <summary>Stops it and writes its whole state to a file.</summary>
    public void Save(string snapshot)
    {
        Monitor.Do("stop");
        Monitor.Do("migrate", new JsonObject { ["uri"] = $"file:{snapshot}" });
        Until("the snapshot is written", () => Monitor.Do("query-migrate")!["status"]?.GetValue<string>() switch
        {
            "completed" => true,
            "failed" => throw new RigException("The snapshot could not be written."),
            _ => false,
        });
    }

    /// <summary>Goes on after <see cref="Save"/>, for a moment at least.</summary>
    public void Resume()
    {
        Monitor.Do("cont");
        Thread.Sleep(500);
    }

    /// <summary>Waits for something that can be asked again and again.</summary>
    public void Until(string what, Func<bool> holds)
    {
        var clock = new FairClock(_qemu);
        while (!holds())
        {
            if (_qemu.HasExited)
            {
                throw new RigException($"QEMU ended with code {_qemu.ExitCode}: {_qemu.StandardError.ReadToEnd()}");
            }

            if (clock.Elapsed > Patience)
            {
                throw new TimeoutException($"After {clock} it is still not true that {what}.");
            }

            Thread.Sleep(300);
        }
    }

    /// <summary>Every line on the serial line is progress; none for long is a machine that hangs, which emulated ones do now and then.</summary>
    private void Watch()
    {
        int seen = 0;
        var quiet = new FairClock(_qemu);
        while (true)
        {
            string[] lines = ReadSerial();
            if (lines.Length > seen)
            {
                seen = lines.Length;
                quiet = new FairClock(_qemu);
            }

            if (lines.FirstOrDefault(line => line.StartsWith("nb:fail", StringComparison.Ordinal) || line.Contains("Kernel panic", StringComparison.Ordinal)) is { } failure)
            {
                throw new RigException($"The notebook failed: {failure}");
            }

            if (lines.Contains("nb:ready"))
            {
                return;
            }

            if (_qemu.HasExited || quiet.Elapsed > Patience)
            {
                string what = _qemu.HasExited ? $"its QEMU ended: {_qemu.StandardError.ReadToEnd()}" : $"nothing came on its serial line for {quiet}";
                throw new RigException($"The notebook does not start: {what}. Its last line: {lines.LastOrDefault() ?? "none"}");
            }

            Thread.Sleep(200);
        }
    }

    private string[] ReadSerial()
    {
        using var reader = new StreamReader(new FileStream(SerialLog, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return reader.ReadToEnd().Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
    }

    internal static List<string> Arguments(string folder, LaptopFiles files)
    {
        var line = new List<string>
        {
            // With one CPU: two have locked up under older versions of QEMU. More features of the CPU make nothing quicker.
            "-accel", "tcg,thread=multi", "-M", "q35", "-cpu", "qemu64,+svm,+npt", "-smp", "1", "-m", "2048",
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-chardev", $"file,id=serial,path={Path.Combine(folder, "serial")},append=on", "-serial", "chardev:serial",
            "-serial", $"unix:{Path.Combine(folder, "agent")},server=on,wait=off",
            "-qmp", $"unix:{Path.Combine(folder, "qmp")},server=on,wait=off",
            "-kernel", files.Kernel, "-initrd", files.Initrd,

            // What protects a real CPU from itself costs an emulated one most of its time. QEMU's keyboard is one of the few that udev lets sleep after two seconds (60-autosuspend.hwdb), and a key that it is given
            // while it falls asleep stays in it until the next one; other keyboards stay awake, so this one does too.
            "-append", "console=ttyS0 quiet loglevel=3 panic=-1 net.ifnames=0 consoleblank=0 mitigations=off nowatchdog audit=0 usbcore.autosuspend=-1",
            "-device", "virtio-vga,id=vga0,xres=1280,yres=800,max_outputs=2",
            "-vnc", $"unix:{Path.Combine(folder, "monitor0")},display=vga0,head=0", "-vnc", $"unix:{Path.Combine(folder, "monitor1")},display=vga0,head=1",
            "-device", "virtio-rng-pci",
            "-device", "qemu-xhci,id=usb", "-device", "usb-kbd,id=kbd0,bus=usb.0", "-device", "usb-mouse,id=mouse0,bus=usb.0",

            // Two bays for batteries, a socket for a charger and a lid, as the product gives them to its VMs: empty, and none, until somebody connects.
            "-acpitable", $"file={files.PowerTable}", "-chardev", $"socket,id=power,path={Path.Combine(folder, "power")},server=on,wait=off", "-device", PowerTable.Uart,
        };
        foreach (string disk in new[] { files.Disk, files.Program })
        {
            string id = Path.GetFileNameWithoutExtension(disk);
            line.AddRange(["-drive", $"file={disk},format=raw,if=none,id={id},readonly=on", "-device", $"virtio-blk-pci,drive={id}"]);
        }

        return line;
    }

    public void Dispose()
    {
        Agent?.Dispose();
        Monitor?.Dispose();
        _qemu.Kill();
        _qemu.WaitForExit();
        _qemu.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>What the machine is started from.</summary>
internal sealed record LaptopFiles(string Kernel, string Initrd, string Disk, string Program, string PowerTable);
