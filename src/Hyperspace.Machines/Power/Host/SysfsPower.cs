using System.Globalization;
using Hyperspace.Linux;
using Hyperspace.Linux.Power;
using Hyperspace.Linux.Reactor;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Host;

/// <summary>
/// This machine's power. One thread waits for the kernel's device events, for the lid and for the buttons, and reads then; every <see cref="SlowPeriod"/> it reads all the same, because many battery drivers
/// announce nothing but plugs and the level falls unannounced. Thread-safe.
/// </summary>
public sealed class SysfsPower : IPowerSource, IDisposable
{
    public static readonly TimeSpan SlowPeriod = TimeSpan.FromSeconds(30);

    /// <summary>A charger that is plugged in comes as a burst of events, and the values follow a little later (a firmware asks the battery over a slow bus).</summary>
    private static readonly TimeSpan[] AfterEvent = [TimeSpan.Zero, TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(2)];

    private const int KeyPower = 116, KeySleep = 142, KeyA = 30, SwitchLid = 0;

    private readonly SysfsReader _reader;
    private readonly Reactor _reactor = new();
    private readonly Thread _thread;
    private readonly PowerFilter _filter = new();
    private readonly UeventSocket? _uevents;
    private readonly List<(string Path, ButtonDevice Device, FdWatch Watch)> _devices = [];
    private readonly List<ButtonEvent> _events = [];
    private readonly ReactorTimer _slow;
    private readonly ReactorTimer _again;
    private readonly ReactorTimer _quiet;
    private int _step;
    private bool? _lidSwitch;
    private long _sequence;
    private PowerEvent? _last;
    private volatile PowerState _current = PowerState.None;

    /// <param name="root">The folder that has <c>sys</c>, <c>proc</c> and <c>dev</c>; tests have one of their own.</param>
    /// <param name="uevents">Whether to listen to the kernel of this machine.</param>
    public SysfsPower(string root = "/", bool uevents = true)
    {
        _reader = new SysfsReader(root);
        _slow = _reactor.Timer(() => Read(slow: true));
        _again = _reactor.Timer(ReadAgain);
        _quiet = _reactor.Timer(() => Read());
        _uevents = uevents ? TryOpen() : null;
        if (_uevents is not null)
        {
            _reactor.Watch(_uevents.Descriptor, FdEvents.Readable, _ => TakeUevents());
        }

        FindDevices();
        Read(slow: true);
        _thread = new Thread(_reactor.Run, maxStackSize: 512 << 10) { Name = "power", IsBackground = true };
        _thread.Start();
    }

    public PowerState Current => _current;

    public event Action? Changed;

    public event Action<PowerEvent>? Pressed;

    /// <summary>Why the kernel's events are not heard, so that changes are noticed within 30 s only; null when they are.</summary>
    public string? Deaf { get; private set; }

    /// <summary>Reads soon, as after an event of the kernel's.</summary>
    public void Refresh() => _reactor.Post(ReadSoon);

    private UeventSocket? TryOpen()
    {
        try
        {
            return UeventSocket.Open();
        }
        catch (LinuxException e)
        {
            Deaf = e.Message;
            return null;
        }
    }

    private void TakeUevents()
    {
        bool power = false, input = false;
        while (_uevents!.Next() is { } text)
        {
            bool all = text.Length == 0;
            power |= all || text.Contains("SUBSYSTEM=power_supply", StringComparison.Ordinal) || text.Contains("SUBSYSTEM=backlight", StringComparison.Ordinal)
                || text.Contains("SUBSYSTEM=thermal", StringComparison.Ordinal);
            input |= all || text.Contains("SUBSYSTEM=input", StringComparison.Ordinal);
        }

        if (input)
        {
            FindDevices();
        }

        if (power)
        {
            ReadSoon();
        }
    }

    private void ReadSoon()
    {
        _step = 0;
        ReadAgain();
    }

    private void ReadAgain()
    {
        Read();
        if (++_step < AfterEvent.Length)
        {
            _again.ArmAt(Reactor.Now + (AfterEvent[_step] - AfterEvent[_step - 1]).Ticks * 100);
        }
    }

    private void Read(bool slow = false)
    {
        if (slow)
        {
            _slow.ArmAt(Reactor.Now + SlowPeriod.Ticks * 100);
        }

        PowerState read = _reader.Read();
        read = _filter.Pass(read with { LidOpen = _lidSwitch is { } closed ? !closed : read.LidOpen }, TimeSpan.FromTicks(Reactor.Now / 100));
        if (_filter.IsHolding)
        {
            _quiet.ArmAt(Reactor.Now + FlapFilter<int>.Quiet.Ticks * 100);
        }

        Publish(read with { LastEvent = _last });
    }

    private void Publish(PowerState state)
    {
        if (!state.Equals(_current))
        {
            _current = state;
            Tell(() => Changed?.Invoke());
        }
    }

    /// <summary>A listener's mistake must not end the thread that hears the power button.</summary>
    private static void Tell(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            Console.Error.WriteLine($"hyperspace: telling of the power failed: {e}");
        }
    }

    /// <summary>Opens the devices with a lid, a power or a sleep button. One with the letter A is a keyboard: it is the seat's, and what is typed on it is not this thread's business.</summary>
    private void FindDevices()
    {
        foreach (string folder in SysfsFolder.Folders(Path.Combine(_reader.Root, "sys/class/input")).Where(f => Path.GetFileName(f).StartsWith("event", StringComparison.Ordinal)))
        {
            string path = Path.Combine(_reader.Root, "dev/input", Path.GetFileName(folder));
            string capabilities = Path.Combine(folder, "device/capabilities");
            string keys = SysfsFolder.Text(capabilities, "key") ?? "", switches = SysfsFolder.Text(capabilities, "sw") ?? "";
            bool lid = Has(switches, SwitchLid), button = (Has(keys, KeyPower) || Has(keys, KeySleep)) && !Has(keys, KeyA);
            if ((lid || button) && _devices.All(d => d.Path != path) && ButtonDevice.Open(path) is { } device)
            {
                FdWatch watch = _reactor.Watch(device.Descriptor, FdEvents.Readable, _ => TakeButtons(path));
                _devices.Add((path, device, watch));
                _lidSwitch = lid ? device.IsClosed(SwitchLid) ?? _lidSwitch : _lidSwitch;
            }
        }
    }

    /// <summary>Bit lists of sysfs: 64-bit words in hexadecimal, the lowest last.</summary>
    internal static bool Has(string words, int bit)
    {
        string[] all = words.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        int word = bit / 64;
        return word < all.Length && ulong.TryParse(all[^(word + 1)], NumberStyles.HexNumber, CultureInfo.InvariantCulture, out ulong bits) && (bits >> (bit % 64) & 1) != 0;
    }

    private void TakeButtons(string path)
    {
        (string Path, ButtonDevice Device, FdWatch Watch) known = _devices.Find(d => d.Path == path);
        _events.Clear();
        bool lives = known.Device.Read(_events);
        foreach (ButtonEvent e in _events)
        {
            Take(e);
        }

        if (!lives)
        {
            known.Watch.Dispose();
            known.Device.Dispose();
            _devices.Remove(known);
        }
    }

    private void Take(ButtonEvent e)
    {
        PowerButton? button = e switch
        {
            { Type: ButtonDevice.Key, Code: KeyPower, Value: 1 } => PowerButton.Power,
            { Type: ButtonDevice.Key, Code: KeySleep, Value: 1 } => PowerButton.Sleep,
            { Type: ButtonDevice.Switch, Code: SwitchLid, Value: 1 } => PowerButton.LidClosed,
            { Type: ButtonDevice.Switch, Code: SwitchLid, Value: 0 } => PowerButton.LidOpened,
            _ => null,
        };
        if (button is not { } pressed)
        {
            return;
        }

        if (pressed is PowerButton.LidClosed or PowerButton.LidOpened)
        {
            bool? before = _current.LidOpen;
            _lidSwitch = pressed == PowerButton.LidClosed;
            Read();
            if (_current.LidOpen == before)
            {
                // It flaps, or says again what it has said: nobody moved it.
                return;
            }
        }

        _last = new PowerEvent(++_sequence, pressed, DateTimeOffset.UtcNow);
        Publish(_current with { LastEvent = _last });
        Tell(() => Pressed?.Invoke(_last));
    }

    public void Dispose()
    {
        _reactor.Stop();
        _thread.Join();
        foreach ((_, ButtonDevice device, FdWatch watch) in _devices)
        {
            watch.Dispose();
            device.Dispose();
        }

        _uevents?.Dispose();
        _reactor.Dispose();
    }
}
