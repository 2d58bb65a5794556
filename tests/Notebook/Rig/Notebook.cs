using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hyperspace.Machines.Power.Mailbox;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.PowerMailbox;

namespace Hyperspace.Tests.Notebook.Rig;

/// <summary>The hands and eyes of a scenario: presses the notebook's keys, moves its mouse, photographs its screen, and reads what its VMs have logged.</summary>
public sealed class Notebook : IDisposable
{
    /// <summary>What the VMs fill their screens with (the console's colours 44, 42 and 45).</summary>
    public const int Alpha = 0x0000AA, Beta = 0x00AA00, Gamma = 0xAA00AA;

    /// <summary>The console's paper.</summary>
    public const int Console = 0x14181C;

    internal const string Program = "/program/hyperspace";

    private readonly Laptop _laptop;
    private readonly string _pictures;
    private readonly string _scenario;
    private readonly List<MonitorCable> _cables = [];
    private MailboxLink? _power;
    private readonly string _ppm = Path.Combine(Path.GetTempPath(), $"nb-{Guid.NewGuid():N}.ppm");

    internal Notebook(Laptop laptop, string pictures, string scenario) => (_laptop, _pictures, _scenario) = (laptop, pictures, scenario);

    /// <summary>Runs a command in the notebook.</summary>
    /// <exception cref="RigException">It failed; says what it wrote.</exception>
    public string Sh(string command)
    {
        (int code, string output) = _laptop.Agent.Run(command);
        return code == 0 ? output : throw new RigException($"\"{command}\" ended with {code} in the notebook: {output}");
    }

    /// <summary>Starts the seat on the notebook's screen and waits until it shows all three VMs.</summary>
    public void StartSeat()
    {
        Sh($"setsid {Program} seat --output drm </dev/null >/tmp/seat.log 2>&1 &");
        Until("the seat shows three VMs", () => Status() is { } seat && seat["ports"]!.AsArray().Count(p => p!["screen"]!.GetValue<string>() == "live") == 3);
    }

    /// <summary>What the control API says of the seat; null while there is none.</summary>
    public JsonNode? Status() => Ask("/v1/seat");

    /// <summary>What the control API says of the power that counts for Hyperspace; null while there is no daemon.</summary>
    public JsonNode? PowerOfHost() => Ask("/v1/power")?["host"];

    private JsonNode? Ask(string path)
    {
        (int code, string output) = _laptop.Agent.Run($"/program/api GET {path}");
        try
        {
            return code == 0 ? JsonNode.Parse(output) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Waits for something that can be asked again and again.</summary>
    /// <exception cref="TimeoutException">It does not come; says what the notebook looks like then.</exception>
    public void Until(string what, Func<bool> holds)
    {
        try
        {
            _laptop.Until(what, holds);
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}{Environment.NewLine}{Look()}", e);
        }
    }

    /// <summary>For people who ask why: the seat's state and what the programs in the notebook said last. The photograph is kept beside the others.</summary>
    private string Look()
    {
        try
        {
            Dump(Path.Combine(_pictures, $"{_scenario}-failed.png"), "png", 0);
            return _laptop.Agent.Run("/program/api GET /v1/seat; for f in seat daemon; do echo; echo $f:; tail -n 15 /tmp/$f.log; done; cd /var/lib/hyperspace/vms; for f in */serial.log; do echo $f:; tail -n 4 $f; done; ps -eo pid,stat,time,args | grep -v ']$'").Output;
        }
        catch (Exception e) when (e is RigException or IOException or System.Net.Sockets.SocketException)
        {
            return $"Nothing more is known: {e.Message}";
        }
    }

    /// <summary>Puts keys down or lets them go, all at once, by QEMU's names of keys.</summary>
    public void Keys(params (string Key, bool Down)[] keys)
    {
        var events = new JsonArray();
        foreach ((string key, bool down) in keys)
        {
            events.Add(new JsonObject
            {
                ["type"] = "key",
                ["data"] = new JsonObject { ["down"] = down, ["key"] = new JsonObject { ["type"] = "qcode", ["data"] = key } },
            });
        }

        _laptop.Monitor.Do("input-send-event", new JsonObject { ["events"] = events });
    }

    public void Down(string key) => Keys((key, true));

    public void Up(string key) => Keys((key, false));

    /// <summary>Presses keys together: down in order, up in reverse.</summary>
    public void Press(params string[] keys) => Keys([.. keys.Select(k => (k, true)), .. keys.Reverse().Select(k => (k, false))]);

    /// <summary>
    /// The leader and a port's digit, in one piece: a rig that is kept waiting between two keys must not look like a slow hand. The emulated keyboard holds sixteen events, a Right Ctrl is two of them,
    /// so ten are taken; whoever presses more at once waits for this to have been seen.
    /// </summary>
    public void Chord(int port)
    {
        string digit = port.ToString(CultureInfo.InvariantCulture);
        Keys(("ctrl_r", true), ("ctrl_r", false), ("ctrl_r", true), ("ctrl_r", false), (digit, true), (digit, false));
    }

    /// <summary>The chord, and then until the keys are where they are to be.</summary>
    public void SwitchTo(int port)
    {
        Chord(port);
        Until($"port {port} has the focus", () => Status()?["port"]?.GetValue<int>() == port);
    }

    /// <summary>Moves the mouse by that much, in steps that it can make.</summary>
    public void MoveMouse(int dx, int dy)
    {
        while (dx != 0 || dy != 0)
        {
            (int x, int y) = (Math.Clamp(dx, -100, 100), Math.Clamp(dy, -100, 100));
            (dx, dy) = (dx - x, dy - y);
            _laptop.Monitor.Do("input-send-event", new JsonObject { ["events"] = new JsonArray(Motion("x", x), Motion("y", y)) });
            Thread.Sleep(20);
        }
    }

    private static JsonObject Motion(string axis, int by) =>
        new() { ["type"] = "rel", ["data"] = new JsonObject { ["axis"] = axis, ["value"] = by } };

    public void Unplug(string device) => _laptop.Monitor.Do("device_del", new JsonObject { ["id"] = device });

    public void PlugIn(string driver, string device, string serial) =>
        _laptop.Monitor.Do("device_add", new JsonObject { ["driver"] = driver, ["id"] = device, ["bus"] = "usb.0", ["serial"] = serial });

    /// <summary>Whether the seat trusts the device with that serial number: <c>trusted</c>, <c>asked</c>; null when it has none such.</summary>
    public string? TrustOf(string serial) => DeviceWith(serial)?["trust"]?.GetValue<string>();

    /// <summary>What the seat says of the device with that serial number; null when it has none such.</summary>
    public JsonNode? DeviceWith(string serial) =>
        Status()?["devices"]?.AsArray().FirstOrDefault(d => d!["id"]!.GetValue<string>().EndsWith($":{serial}", StringComparison.Ordinal));

    /// <summary>Gives a socket of the graphics card, 0 or 1, a monitor of that size.</summary>
    public void PlugMonitor(int socket, ushort width, ushort height)
    {
        MonitorCable cable = _laptop.PlugMonitor(socket);
        _cables.Add(cable);
        cable.Resize(width, height);
    }

    /// <summary>Pulls the monitor out of a socket of the graphics card, 0 or 1.</summary>
    public void UnplugMonitor(int socket) => PlugMonitor(socket, 0, 0);

    /// <summary>The laptop's batteries, charger and lid are so from now on, as its firmware tells it. Before the first time it has none.</summary>
    public void SetPower(PowerState state)
    {
        var registers = PowerRegisters.Of(state);
        _power ??= _laptop.ConnectPower(registers);
        _power.Tell(registers);
    }

    /// <summary>A photograph of a screen; one with a name is also kept as a picture for people.</summary>
    /// <param name="socket">The graphics card's socket, 0 or 1.</param>
    public Photo Photograph(string? name = null, int socket = 0)
    {
        if (name is not null)
        {
            Dump(Path.Combine(_pictures, $"{_scenario}-{name}.png"), "png", socket);
        }

        Dump(_ppm, "ppm", socket);
        return Photo.Read(_ppm);
    }

    private void Dump(string file, string format, int socket) =>
        _laptop.Monitor.Do("screendump", new JsonObject { ["filename"] = file, ["format"] = format, ["device"] = "vga0", ["head"] = socket });

    /// <summary>Waits until the screen shows what the condition says, and photographs it.</summary>
    public Photo See(string what, Func<Photo, bool> holds, string? name = null, int socket = 0)
    {
        Photo photo = Photograph(null, socket);
        Until(what, () => holds(photo = Photograph(null, socket)));
        if (name is not null)
        {
            photo = Photograph(name, socket);
        }

        return photo;
    }

    /// <summary>Lines of a VM's first serial port that begin with <c>hs:</c>.</summary>
    public string[] Log(string vm) => Sh($"grep '^hs:' /var/lib/hyperspace/vms/{vm}/serial.log || true").Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Key events that a VM has seen, in order; repeats left out.</summary>
    public (int Code, bool Down)[] KeysSeen(string vm) =>
    [
        .. Log(vm).Select(line => line.Split(' ')).Where(words => words is ["hs:key", _, "0" or "1"])
            .Select(words => (int.Parse(words[1], CultureInfo.InvariantCulture), words[2] == "1")),
    ];

    /// <summary>The keys that a VM believes to be down.</summary>
    public int[] HeldIn(string vm)
    {
        var held = new SortedSet<int>();
        foreach ((int code, bool down) in KeysSeen(vm))
        {
            _ = down ? held.Add(code) : held.Remove(code);
        }

        return [.. held];
    }

    public void Dispose()
    {
        System.Console.Error.WriteLine($"{_scenario} took {_laptop.Clock}.");
        _cables.ForEach(static cable => cable.Dispose());
        _power?.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _laptop.Dispose();
        File.Delete(_ppm);
    }
}
