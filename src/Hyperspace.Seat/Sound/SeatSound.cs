using System.Globalization;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sound;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Input;

namespace Hyperspace.Seat.Sound;

/// <summary>
/// Who is heard and how loud: the focused VM fully, the others as their definitions say, all of it times the seat's volume. On the console, where no VM has the focus, all are others. On the
/// seat's thread.
/// </summary>
public sealed class SeatSound : IDisposable
{
    /// <summary>What a key press changes, in per cent.</summary>
    public const int Step = 5;

    /// <summary>A ducked VM is an eighth as loud (-18 dB).</summary>
    private const double Ducked = 0.125;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan DeviceRetry = TimeSpan.FromSeconds(3);

    private readonly Reactor _reactor;
    private readonly SoundMixer _mixer = new();
    private readonly SoundOutput _output;
    private readonly ReactorTimer _look;
    private readonly Dictionary<string, GuestSound> _guests = [];
    private readonly HashSet<string> _mutedVms = [];
    private readonly string _device;
    private IReadOnlyList<PortInfo> _ports = [];
    private string? _focused;
    private string? _problem;
    private bool _disposed;

    /// <param name="device">What the device is called, for people.</param>
    /// <param name="open">Opens it; called on a thread of its own, when there is something to play.</param>
    public SeatSound(Reactor reactor, string device, Func<IPcmOutput> open)
    {
        (_reactor, _device) = (reactor, device);
        _output = new SoundOutput(_mixer, open, problem => reactor.Post(() => OnDevice(problem)), DeviceRetry);
        _look = reactor.Timer(OnLook);
    }

    /// <summary>0 to 100 per cent, as people hear it.</summary>
    public int Volume { get; private set; } = 100;

    public bool IsMuted { get; private set; }

    /// <summary>Something in <see cref="Status"/> is new.</summary>
    public Action? Changed { get; set; }

    /// <summary>The seat's volume as the bar says it.</summary>
    public string Sentence
    {
        get
        {
            string level = IsMuted ? $"Sound is muted (volume {Volume} %)" : $"Volume {Volume} %";
            return _problem is null ? level : $"{level}; no sound: {_problem}";
        }
    }

    /// <summary>Makes the listener for a VM's sound; its display, which it is given to, ends it.</summary>
    public GuestSound Connect(string vm)
    {
        var guest = new GuestSound(_reactor, _mixer, vm) { Changed = OnGuest };
        guest.Ended = OnEnded;
        _guests[vm] = guest;
        SetGains();
        return guest;
    }

    /// <summary>Tells what is plugged into the ports and which VM has the focus.</summary>
    /// <param name="focused">Null on the console.</param>
    public void Set(IReadOnlyList<PortInfo> ports, string? focused)
    {
        (_ports, _focused) = (ports, focused);
        SetGains();
    }

    /// <summary>The focus has moved.</summary>
    public void Focus(string? vm)
    {
        if (_focused != vm)
        {
            _focused = vm;
            SetGains();
        }
    }

    /// <summary>Mute, softer, louder: these keys are the seat's, whoever has the focus.</summary>
    public static bool IsVolumeKey(KeyCode key) => key is KeyCode.Mute or KeyCode.VolumeDown or KeyCode.VolumeUp;

    /// <summary>A volume key was pressed or repeats.</summary>
    public void Key(KeyCode key, KeyAction action)
    {
        if (action == KeyAction.Up || (key == KeyCode.Mute && action == KeyAction.Repeat))
        {
            return;
        }

        _ = TryDo(key switch { KeyCode.Mute when IsMuted => "unmute", KeyCode.Mute => "mute", KeyCode.VolumeUp => "up", _ => "down" }, null);
    }

    /// <summary>Does <c>0</c> to <c>100</c>, <c>up</c>, <c>down</c>, <c>mute</c> or <c>unmute</c>; the last two also for one VM.</summary>
    /// <param name="vm">Null for the seat itself.</param>
    /// <returns>Null, or what is wrong with it, a sentence.</returns>
    public string? TryDo(string what, string? vm)
    {
        if (vm is not null)
        {
            if (what is not ("mute" or "unmute") || !_ports.Any(port => port.Vm == vm))
            {
                return what is "mute" or "unmute" ? $"There is no VM \"{vm}\" on a port of this seat." : $"\"{what}\" is not for one VM; expected mute or unmute.";
            }

            _ = what == "mute" ? _mutedVms.Add(vm) : _mutedVms.Remove(vm);
        }
        else if (what is "mute" or "unmute")
        {
            IsMuted = what == "mute";
        }
        else if ((what is "up" or "down" ? Volume + (what == "up" ? Step : -Step) : Percent(what)) is { } volume)
        {
            // Whoever turns a knob wants to hear something.
            (Volume, IsMuted) = (Math.Clamp(volume, 0, 100), false);
        }
        else
        {
            return $"\"{what}\" is no volume; expected 0 to 100, up, down, mute or unmute.";
        }

        SetGains();
        Changed?.Invoke();
        return null;
    }

    public SoundStatus Status() => new(_device, _problem, Volume, IsMuted, [.. _ports.Select(StatusOf)]);

    private static int? Percent(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value <= 100 ? value : null;

    private VmSound StatusOf(PortInfo port)
    {
        GuestSound? guest = _guests.GetValueOrDefault(port.Vm);
        return new VmSound(port.Vm, port.Label, guest is { IsPlaying: true }, HeardAs(port)) { Problem = guest?.Problem, MutedHere = _mutedVms.Contains(port.Vm) };
    }

    private string HeardAs(PortInfo port) =>
        port.Sound is not { } background ? "off"
        : _mutedVms.Contains(port.Vm) ? "muted"
        : port.Vm == _focused || background == BackgroundSound.Play ? "heard"
        : background == BackgroundSound.Duck ? "ducked" : "muted";

    private void SetGains()
    {
        // The ear hears loudness by powers: a square is close enough, and 50 % sounds like half.
        double master = IsMuted ? 0 : Volume * Volume / 10_000.0;
        foreach (GuestSound guest in _guests.Values)
        {
            PortInfo? port = _ports.FirstOrDefault(p => p.Vm == guest.Vm);
            guest.Gain = Gain.Of(master * (port is null ? 0 : HeardAs(port) switch { "heard" => 1, "ducked" => Ducked, _ => 0 }));
        }
    }

    private void OnDevice(string? problem)
    {
        if (!_disposed)
        {
            _problem = problem;
            Changed?.Invoke();
        }
    }

    private void OnGuest()
    {
        if (_look.Deadline is null)
        {
            _look.Arm(Look);
        }

        Changed?.Invoke();
    }

    /// <summary>Silence is not told: while there are streams, it is looked for.</summary>
    private void OnLook()
    {
        if (_guests.Values.Any(guest => guest.HasStream))
        {
            _look.Arm(Look);
            Changed?.Invoke();
        }
    }

    private void OnEnded(GuestSound guest)
    {
        if (ReferenceEquals(_guests.GetValueOrDefault(guest.Vm), guest))
        {
            _guests.Remove(guest.Vm);
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _look.Dispose();
        _output.Dispose();
    }
}
