using System.Diagnostics;
using System.Text.RegularExpressions;
using Hyperspace.Linux;
using Hyperspace.Linux.Reactor;
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
/// The real thing in a folder of its own: the program's daemon, two guests with a VNC server each for the peer, and the seat in this process, so that its clock is
/// ours. Everything ends with it.
/// </summary>
internal sealed class BenchRig : IDisposable
{
    /// <summary>The guests, on ports 1 and 2.</summary>
    public static readonly string[] Guests = ["work", "lab"];

    private static readonly DeviceId Keyboard = new(1);

    private readonly string _home = Directory.CreateTempSubdirectory("hyperspace-bench-").FullName;
    private readonly Process _daemon;
    private readonly Reactor _reactor = new();
    private readonly DaemonLink _link;

    /// <exception cref="InvalidOperationException">Something that the benchmarks need is missing; says what.</exception>
    public BenchRig()
    {
        string cache = Need("HYPERSPACE_CACHE");
        Paths = HyperspacePaths.Of(name => name == "HYPERSPACE_HOME" ? _home : name == "HYPERSPACE_CACHE" ? cache : null, root: false);
        Directory.CreateDirectory(Paths.Definitions);
        foreach (string guest in Guests)
        {
            // The benchmarks count on the order in Guests, whatever ports a first run has them on.
            string definition = Regex.Replace(File.ReadAllText(Path.Combine(Paths.Guest(guest), "vm.yaml")), "^port: .*$", $"port: {Array.IndexOf(Guests, guest) + 1}", RegexOptions.Multiline);
            File.WriteAllText(Path.Combine(Paths.Definitions, guest + ".yaml"), $"{definition}\nextra: [\"-vnc\", \"unix:{VncSocket(guest)}\", \"-qmp\", \"unix:{SideMonitor(guest)},server=on,wait=off\"]\n");
        }

        _daemon = StartProgram("daemon");

        PsfFont font = SystemFont.Load(out string? problem) ?? throw new InvalidOperationException(problem);
        Output = new HeadlessOutput(1280, 800, font);
        string version = FileVersionInfo.GetVersionInfo(typeof(LinkedSeat).Assembly.Location).ProductVersion!.Split('+')[0];
        _link = new DaemonLink(_reactor, Paths.LinkSocket, "seat", version);
        _link.Refused = why => throw new InvalidOperationException(why);
        Seat = new LinkedSeat(_reactor, Output, font, ChordOptions.Default, _link, TimeProvider.System);
    }

    public HyperspacePaths Paths { get; }
    public HeadlessOutput Output { get; }
    public LinkedSeat Seat { get; }
    public Process Daemon => _daemon;

    /// <summary>A monitor beside the daemon's.</summary>
    public string SideMonitor(string guest) => Path.Combine(Paths.VmRuntime(guest), "qemu", "side.sock");

    public string VncSocket(string guest) => Path.Combine(Paths.VmRuntime(guest), "qemu", "vnc.sock");

    /// <summary>Waits until all guests show their prompt and all displays are connected.</summary>
    public void WaitForGuests()
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
            Tap(c switch
            {
                '\n' => KeyCode.Enter,
                ' ' => KeyCode.Space,
                '-' => KeyCode.Minus,
                >= '1' and <= '9' => (KeyCode)((int)KeyCode.D1 + (c - '1')),
                '0' => KeyCode.D0,
                _ => Enum.Parse<KeyCode>(char.ToUpperInvariant(c).ToString()),
            });
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
    /// Runs a headless seat as a process of its own for a moment. The daemon takes one seat at a time, so this rig's own leaves meanwhile and comes back.
    /// </summary>
    public T WithSeatOfItsOwn<T>(Func<int, T> look)
    {
        _link.Pause();
        using Process seat = StartProgram("seat", "--output", "headless");
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

    private Process StartProgram(params string[] arguments)
    {
        var start = new ProcessStartInfo(Need("HYPERSPACE_PROGRAM"), arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        (start.Environment["HYPERSPACE_HOME"], start.Environment["HYPERSPACE_CACHE"]) = (_home, Need("HYPERSPACE_CACHE"));
        Process process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    public VmStatus Status(string vm) => _link.Snapshot!.Vms.Single(v => v.Name == vm);

    /// <summary>The process that is QEMU itself.</summary>
    public int QemuPid(string vm) => Status(vm).Pid ?? throw new InvalidOperationException($"{vm} has no process.");

    private bool IsReady(string guest)
    {
        string log = Path.Combine(Paths.VmState(guest), "serial.log");
        if (!File.Exists(log))
        {
            return false;
        }

        // Shared with QEMU and the daemon, which write to it.
        using var reader = new StreamReader(new FileStream(log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
        return reader.ReadToEnd().Contains($"hs:ready {guest}", StringComparison.Ordinal);
    }

    private static string Need(string variable) => Environment.GetEnvironmentVariable(variable)
        ?? throw new InvalidOperationException($"{variable} is not set; run benchmarks with ./bench.");

    public void Dispose()
    {
        foreach (string guest in Guests)
        {
            try
            {
                Pump(() => _link.IsConnected, TimeSpan.FromSeconds(10), "the daemon");
                Act(guest, VmAction.Kill);
            }
            catch (Exception e) when (e is InvalidOperationException or TimeoutException)
            {
                Console.Error.WriteLine($"{guest} could not be ended: {e.Message}");
            }
        }

        Seat.Dispose();
        _reactor.Dispose();
        _daemon.Kill();
        _daemon.WaitForExit();
        _daemon.Dispose();
        Directory.Delete(_home, recursive: true);
    }
}
