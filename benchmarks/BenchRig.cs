using System.Diagnostics;
using System.Text.RegularExpressions;
using Hyperspace.Linux;
using Hyperspace.Linux.Files;
using Hyperspace.Linux.Reactor;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Machines.Power.Table;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Seat;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Link;

namespace Hyperspace.Benchmarks;

/// <summary>
/// The real thing in a folder of its own: the program's daemon, its guests, and the seat in this process, so that its clock is ours. Everything ends with it.
/// </summary>
internal sealed class BenchRig : IDisposable
{
    /// <summary>The two text guests of most benchmarks, on ports 1 and 2, with a VNC server each for the peer.</summary>
    public static readonly string[] Guests = ["work", "lab"];

    private static readonly DeviceId Keyboard = new(1);

    private readonly string _home = Directory.CreateTempSubdirectory("hyperspace-bench-").FullName;
    private readonly Process _daemon;
    private readonly Reactor _reactor = new();
    private readonly DaemonLink _link;

    /// <param name="define">Writes the definitions, before the daemon starts.</param>
    /// <exception cref="InvalidOperationException">Something that the benchmarks need is missing; says what.</exception>
    private BenchRig(Action<BenchRig> define)
    {
        string cache = Need("HYPERSPACE_CACHE");
        Paths = HyperspacePaths.Of(name => name == "HYPERSPACE_HOME" ? _home : name == "HYPERSPACE_CACHE" ? cache : null, root: false);
        Directory.CreateDirectory(Paths.Definitions);
        define(this);
        _daemon = StartProgram("daemon");

        PsfFont font = SystemFont.Load(out string? problem) ?? throw new InvalidOperationException(problem);
        Output = new HeadlessOutput(1280, 800, font);
        string version = FileVersionInfo.GetVersionInfo(typeof(LinkedSeat).Assembly.Location).ProductVersion!.Split('+')[0];
        _link = new DaemonLink(_reactor, Paths.LinkSocket, "seat", version);
        _link.Refused = why => throw new InvalidOperationException(why);
        Seat = new LinkedSeat(_reactor, Output, ChordOptions.Default, _link, TimeProvider.System);
    }

    /// <summary><see cref="Guests"/>, running.</summary>
    public static BenchRig WithGuests()
    {
        var rig = new BenchRig(rig =>
        {
            foreach (string guest in Guests)
            {
                rig.Define(guest, $"port: {Array.IndexOf(Guests, guest) + 1}", $"extra: [\"-vnc\", \"unix:{rig.VncSocket(guest)}\", \"-qmp\", \"unix:{rig.SideMonitor(guest)},server=on,wait=off\"]");
            }
        });
        rig.WaitForGuests();
        return rig;
    }

    /// <summary>The guests with the templates that this machine has prepared, and others if need be. None runs.</summary>
    public static BenchRig WithTemplates(Action<BenchRig> define)
    {
        var rig = new BenchRig(rig =>
        {
            rig.RunProgram("guests", "install");
            define(rig);
        });
        rig.Pump(() => rig._link.Snapshot is not null, TimeSpan.FromSeconds(30), "the daemon");
        return rig;
    }

    public HyperspacePaths Paths { get; }
    public HeadlessOutput Output { get; }
    public LinkedSeat Seat { get; }
    public Process Daemon => _daemon;

    /// <summary>Writes the definition of a VM that is a built guest's, with other keys.</summary>
    /// <param name="lines">Lines of YAML. They replace the ones with the same keys.</param>
    public void DefineAs(string name, string guest, params ReadOnlySpan<string> lines)
    {
        string definition = File.ReadAllText(Path.Combine(Paths.Guest(guest), "vm.yaml"));
        foreach (string line in lines)
        {
            definition = Regex.Replace(definition, $"^{line[..line.IndexOf(':')]}: .*\n", "", RegexOptions.Multiline);
        }

        AtomicFile.WriteAllText(Path.Combine(Paths.Definitions, name + ".yaml"), definition + string.Join('\n', lines) + "\n");
    }

    public void Define(string guest, params ReadOnlySpan<string> lines) => DefineAs(guest, guest, lines);

    /// <summary>A monitor beside the daemon's.</summary>
    public string SideMonitor(string guest) => Path.Combine(Paths.VmRuntime(guest), "qemu", "side.sock");

    public string VncSocket(string guest) => Path.Combine(Paths.VmRuntime(guest), "qemu", "vnc.sock");

    /// <summary>Waits until all guests show their prompt and all displays are connected.</summary>
    private void WaitForGuests()
    {
        Pump(() => Guests.All(IsReady) && Seat.Core.Status().Ports.Count(p => p.Screen == "live") == Guests.Length, TimeSpan.FromMinutes(3), "the guests' prompts");

        // What follows a boot, such as the blanking of a boot logo, is over before anything is measured.
        PumpFor(TimeSpan.FromSeconds(2));
    }

    /// <summary>A key of the bench's own keyboard, now.</summary>
    public void Key(KeyCode key, bool down) => Seat.Core.Key(new KeyEvent(Keyboard, key, down ? KeyAction.Down : KeyAction.Up, Reactor.Now));

    public void Tap(KeyCode key)
    {
        Key(key, down: true);
        Key(key, down: false);
    }

    public void Type(string text)
    {
        foreach (char c in text)
        {
            bool shift = c == ':';
            if (shift)
            {
                Key(KeyCode.LeftShift, down: true);
            }

            Tap(c switch
            {
                '\n' => KeyCode.Enter,
                ' ' => KeyCode.Space,
                '-' => KeyCode.Minus,
                '.' => KeyCode.Dot,
                '/' => KeyCode.Slash,
                ':' => KeyCode.Semicolon,
                >= '1' and <= '9' => (KeyCode)((int)KeyCode.D1 + (c - '1')),
                '0' => KeyCode.D0,
                _ => Enum.Parse<KeyCode>(char.ToUpperInvariant(c).ToString()),
            });
            if (shift)
            {
                Key(KeyCode.LeftShift, down: false);
            }

            PumpFor(TimeSpan.FromMilliseconds(20));
        }
    }

    /// <summary>Runs the seat until a condition holds.</summary>
    /// <exception cref="TimeoutException">It did not.</exception>
    public void Pump(Func<bool> until, TimeSpan atMost, string what)
    {
        long deadline = Reactor.Now + (long)(atMost.TotalMilliseconds * 1e6);
        while (!until())
        {
            if (Reactor.Now > deadline)
            {
                throw new TimeoutException($"Waited {atMost.TotalSeconds:0} s for {what}.");
            }

            _reactor.RunOnce(TimeSpan.FromMilliseconds(20));
        }
    }

    /// <summary>Does what waits for the seat, without waiting for more.</summary>
    public void PumpOnce() => _reactor.RunOnce(TimeSpan.Zero);

    public void PumpFor(TimeSpan time)
    {
        long end = Reactor.Now + (long)(time.TotalMilliseconds * 1e6);
        while (Reactor.Now < end)
        {
            _reactor.RunOnce(TimeSpan.FromMilliseconds(5));
        }
    }

    /// <summary>The whole monitor: rows of 32-bit pixels without gaps, the bar's first.</summary>
    public uint[] Look() => (Seat.Core.TakePhotograph(null) ?? throw new InvalidOperationException("The seat has no picture.")).Pixels;

    /// <summary>Runs the seat until the guest's picture has not changed for that time by more than a cursor that blinks or a clock in its lowest tenth.</summary>
    public void WaitStill(TimeSpan time)
    {
        uint[] last = Look();
        long since = Reactor.Now;
        Output.Presented = (frame, damage) =>
        {
            if (KeyEchoBenchmark.ChangedWidth(last, frame, WithoutClock(frame, damage)) > KeyEchoBenchmark.CellWidth)
            {
                since = Reactor.Now;
                frame.Pixels.CopyTo(last);
            }
        };
        try
        {
            Pump(() => Reactor.Now - since > time.TotalMilliseconds * 1e6, TimeSpan.FromMinutes(2), "a picture that stands still");
        }
        finally
        {
            Output.Presented = null;
        }
    }

    /// <summary>Damage without the lowest tenth of the picture, where a desktop's clock is.</summary>
    public static PixelRect WithoutClock(Frame frame, PixelRect damage) =>
        new(damage.X, damage.Y, damage.Width, Math.Max(0, Math.Min(damage.Bottom, frame.Height * 9 / 10) - damage.Y));

    /// <summary>Boots a guest, and ends it.</summary>
    /// <param name="host">Its host name, which it says on its serial port when it is up.</param>
    /// <returns>Seconds from its start until then.</returns>
    public double Boot(string guest, string host)
    {
        long began = Reactor.Now;
        Act(guest, VmAction.StartCold);

        // Its log has begun anew.
        Pump(() => Serial(guest).Contains($"hs:ready {host}", StringComparison.Ordinal), TimeSpan.FromMinutes(5), $"{guest} to be up");
        double seconds = (Reactor.Now - began) / 1e9;
        Act(guest, VmAction.Kill);
        Pump(() => Status(guest).State == VmState.Off, TimeSpan.FromSeconds(30), $"the end of {guest}");
        return seconds;
    }

    /// <summary>Asks the daemon for something, and runs the seat until it is done.</summary>
    public void Act(string vm, VmAction action)
    {
        Answer? answer = null;
        _link.Request(id => new VmRequest(id, vm, action), a => answer = a);
        Pump(() => answer is not null, TimeSpan.FromMinutes(1), $"{action} of {vm}");
        if (!answer!.Ok)
        {
            throw new InvalidOperationException(answer.Error);
        }
    }

    /// <summary>
    /// Runs a seat as a process of its own for a moment. The daemon takes one seat at a time, so this rig's own leaves meanwhile and comes back.
    /// </summary>
    /// <param name="screen">The X server for a seat in a window.</param>
    public T WithSeatOfItsOwn<T>(Func<int, T> look, string output = "headless", XServer? screen = null)
    {
        _link.Pause();
        using Process seat = StartProgramOn(screen, "seat", "--output", output);
        try
        {
            PumpFor(TimeSpan.FromSeconds(5));
            if (seat.HasExited)
            {
                throw new InvalidOperationException($"The seat ended with code {seat.ExitCode}.");
            }

            return look(seat.Id);
        }
        finally
        {
            seat.Kill();
            seat.WaitForExit();
            _link.Resume();
            Pump(() => Seat.Core.Status().Ports.Count(p => p.Screen == "live") == Guests.Length, TimeSpan.FromSeconds(20), "the displays");
        }
    }

    /// <summary>Runs the program to its end. The seat goes on meanwhile: the daemon lets one go that does not take what it is told.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public void RunProgram(params string[] arguments)
    {
        using Process process = StartProgram(arguments);
        while (!process.WaitForExit(TimeSpan.Zero))
        {
            _reactor.RunOnce(TimeSpan.FromMilliseconds(20));
        }

        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"\"hyperspace {string.Join(' ', arguments)}\" ended with code {process.ExitCode}.");
        }
    }

    private Process StartProgram(params string[] arguments) => StartProgramOn(null, arguments);

    private Process StartProgramOn(XServer? screen, params string[] arguments)
    {
        var start = new ProcessStartInfo(Need("HYPERSPACE_PROGRAM"), arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        (start.Environment["HYPERSPACE_HOME"], start.Environment["HYPERSPACE_CACHE"]) = (_home, Need("HYPERSPACE_CACHE"));
        screen?.Give(start);
        Process process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    /// <summary>Whether the daemon has read the definition.</summary>
    public bool Knows(string vm) => _link.Snapshot!.Vms.Any(v => v.Name == vm);

    /// <summary>What a person would make ready before running a VM's command line by hand: the folder of the sockets, the power table, and the disk's overlay.</summary>
    /// <param name="guest">Whose disk it is.</param>
    /// <returns>The folder and the overlay.</returns>
    public (string Sockets, string Overlay) MakeReadyByHand(string vm, string guest)
    {
        var files = new QemuFiles(Paths, vm);
        (string sockets, string overlay) = (files.Sockets, files.Overlay(0));
        Directory.CreateDirectory(sockets);
        File.WriteAllBytes(files.PowerTable, PowerTable.Bytes);
        using Process image = Process.Start("qemu-img", ["create", "-q", "-f", "qcow2", "-b", Path.Combine(Paths.Guest(guest), "root.ext2"), "-F", "raw", overlay]);
        image.WaitForExit();
        return (sockets, overlay);
    }

    public VmStatus Status(string vm) => _link.Snapshot!.Vms.Single(v => v.Name == vm);

    /// <summary>The process that is QEMU itself.</summary>
    public int QemuPid(string vm) => Status(vm).Pid ?? throw new InvalidOperationException($"{vm} has no process.");

    /// <summary>What a guest has written to its serial port since its start.</summary>
    public string Serial(string guest)
    {
        string log = Path.Combine(Paths.VmState(guest), "serial.log");
        if (!File.Exists(log))
        {
            return "";
        }

        // Shared with QEMU and the daemon, which write to it.
        using var reader = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd();
    }

    private bool IsReady(string guest) => Serial(guest).Contains($"hs:ready {guest}", StringComparison.Ordinal);

    private static string Need(string variable) => Environment.GetEnvironmentVariable(variable)
        ?? throw new InvalidOperationException($"{variable} is not set; run benchmarks with ./bench.");

    public void Dispose()
    {
        try
        {
            Pump(() => _link.IsConnected, TimeSpan.FromSeconds(10), "the daemon");
            foreach (VmStatus vm in _link.Snapshot!.Vms.Where(vm => vm.Pid is not null))
            {
                Act(vm.Name, VmAction.Kill);
            }
        }
        catch (Exception e) when (e is InvalidOperationException or TimeoutException)
        {
            Console.Error.WriteLine($"A VM could not be ended: {e.Message}");
        }

        Seat.Dispose();
        _reactor.Dispose();

        // A daemon that may tidy up ends the engines that wait for the next open.
        ProcessHandle.End(_daemon, TimeSpan.FromSeconds(10));
        _daemon.Dispose();
        Directory.Delete(_home, recursive: true);
    }
}
