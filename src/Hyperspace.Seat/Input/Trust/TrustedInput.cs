using Hyperspace.Linux;
using Hyperspace.Linux.Input;
using Hyperspace.Seat.Input.Sources;

namespace Hyperspace.Seat.Input.Trust;

/// <summary>
/// Stands between the devices and the seat. Devices that were there when the seat started are trusted (unless it is strict), and those that somebody has accepted; a keyboard that appears later may be a
/// malicious USB stick, so nothing that it sends passes until a person accepts it: by typing on it the digits that the seat shows, or in the console with a trusted keyboard. The attention key works
/// from every keyboard at every time. Events of trusted devices allocate nothing.
/// </summary>
public sealed class TrustedInput : IInputSink, IDeviceWatcher
{
    public const int DigitCount = 4;

    /// <summary>Wrong numbers that are taken before a wait.</summary>
    public const int MaxTries = 3;

    /// <summary>The first wait after <see cref="MaxTries"/> wrong numbers, on any keyboard; each further one is twice as long, up to <see cref="LastWait"/>. Nanoseconds.</summary>
    public const long FirstWait = 30_000_000_000;

    /// <inheritdoc cref="FirstWait"/>
    public const long LastWait = 3600_000_000_000;

    private readonly ITrustedSeat _seat;
    private readonly SeatMemory _memory;
    private readonly bool _strict;
    private readonly TimeProvider _clock;
    private readonly Func<int> _number;
    private readonly HashSet<string> _trustedNow = [];
    private readonly List<Guarded> _devices = [];
    private bool _started;
    private string _digits = "";
    private int _wrong;
    private long _wait = FirstWait;
    private long _blockedUntil = long.MinValue;

    private sealed class Guarded(DeviceId device, InputDeviceInfo info)
    {
        public DeviceId Device => device;
        public InputDeviceInfo Info => info;
        public string Id { get; } = DeviceIdentity.Of(info);
        public DeviceTrust Trust { get; set; }
        public long Events { get; set; }
        public string? Trouble { get; set; }
        public KeySet Down { get; set; }
        public string Typed { get; set; } = "";
    }

    /// <param name="strict">Devices that are there at the start are not trusted for that.</param>
    /// <param name="number">0 to 9999, not to be guessed; null for the system's random numbers.</param>
    public TrustedInput(ITrustedSeat seat, SeatMemory memory, bool strict, TimeProvider clock, Func<int>? number = null)
    {
        (_seat, _memory, _strict, _clock) = (seat, memory, strict, clock);
        _number = number ?? (static () => KernelRandom.Below(10_000));
    }

    /// <summary>The question or the list of devices is another one now.</summary>
    public Action? Changed { get; set; }

    /// <summary>Takes sentences for the bar.</summary>
    public Action<string>? Notify { get; set; }

    /// <summary>The oldest keyboard that waits for an answer; null for none.</summary>
    public KeyboardQuestion? Question { get; private set; }

    /// <summary>Whether anybody could answer in the console.</summary>
    public bool HasTrustedKeyboard => _devices.Exists(static d => d.Trust == DeviceTrust.Trusted && (d.Info.Kinds & InputDeviceKinds.Keyboard) != 0);

    public IEnumerable<GuardedDevice> Devices => _devices.Select(static d => new GuardedDevice(d.Device, d.Id, d.Info, d.Trust, d.Events, d.Trouble));

    public IReadOnlyList<KnownDevice> Known => _memory.Devices;

    /// <summary>All devices that were there have been found; what comes now is new.</summary>
    public void Started() => _started = true;

    public void DeviceFound(DeviceId device, InputDeviceInfo info)
    {
        var found = new Guarded(device, info);
        found.Trust = FirstTrust(found);
        _devices.Add(found);
        Ask();
        Changed?.Invoke();
    }

    public void DeviceTrouble(DeviceId device, string sentence)
    {
        if (Find(device) is { } guarded)
        {
            guarded.Trouble = sentence;
            Notify?.Invoke($"{DeviceText.Quoted(guarded.Info.UntrustedName)}: {sentence}");
            Changed?.Invoke();
        }
    }

    public void DeviceLost(DeviceId device)
    {
        if (Find(device) is { } guarded)
        {
            _devices.Remove(guarded);
            _seat.DeviceLost(device);
            Ask();
            Changed?.Invoke();
        }
    }

    public void Key(in KeyEvent e)
    {
        if (Find(e.Device) is not { } device)
        {
            return;
        }

        device.Events++;
        if (device.Trust == DeviceTrust.Trusted)
        {
            if (!IsLeftOver(device, e))
            {
                _seat.Key(e);
            }
        }
        else if (e.Action != KeyAction.Repeat)
        {
            UntrustedKey(device, e);
        }
    }

    public void Pointer(in PointerEvent e)
    {
        if (Find(e.Device) is not { } device)
        {
            return;
        }

        device.Events++;
        if (device.Trust is DeviceTrust.Trusted or DeviceTrust.PointerOnly)
        {
            _seat.Pointer(e);
        }
    }

    /// <summary>Somebody accepts a device, present or not asked about any more; it is remembered.</summary>
    /// <returns>Null, or why not, as a sentence.</returns>
    public string? Accept(string id)
    {
        Guarded[] same = [.. _devices.Where(d => d.Id == id)];
        if (same.Length == 0)
        {
            return $"There is no device \"{id}\" now; `hyperspace seat devices` lists them.";
        }

        string? problem = _memory.Remember(id, same[0].Info.UntrustedName, _clock.GetUtcNow());
        _trustedNow.Add(id);
        foreach (Guarded device in same)
        {
            device.Trust = DeviceTrust.Trusted;
        }

        (_wrong, _wait, _blockedUntil) = (0, FirstWait, long.MinValue);
        Notify?.Invoke(problem ?? $"{DeviceText.Quoted(same[0].Info.UntrustedName)} is accepted.");
        Ask();
        Changed?.Invoke();
        return null;
    }

    /// <summary>Somebody refuses a keyboard: it is not asked about again before it is plugged in anew.</summary>
    public void Refuse(string id)
    {
        foreach (Guarded device in _devices.Where(d => d.Id == id && d.Trust == DeviceTrust.Asked))
        {
            device.Trust = DeviceTrust.Refused;
        }

        Ask();
        Changed?.Invoke();
    }

    /// <summary>Forgets a device that was accepted or was there at the start. One that is plugged in is asked about again.</summary>
    /// <returns>Null, or why not, as a sentence.</returns>
    public string? Forget(string id)
    {
        Guarded[] same = [.. _devices.Where(d => d.Id == id)];
        if (same.Length == 0 && !_memory.Knows(id))
        {
            return $"There is no device \"{id}\"; `hyperspace seat devices` lists them.";
        }

        string? problem = _memory.Forget(id);
        _trustedNow.Remove(id);
        foreach (Guarded device in same)
        {
            device.Trust = Untrusted(device);
            if (device.Trust != DeviceTrust.Trusted)
            {
                // What it holds was passed on, and its releases will not be.
                _seat.DeviceLost(device.Device);
            }
        }

        Ask();
        Changed?.Invoke();
        return problem;
    }

    private DeviceTrust FirstTrust(Guarded device)
    {
        if (!_started && !_strict)
        {
            _trustedNow.Add(device.Id);
        }

        return _trustedNow.Contains(device.Id) || _memory.Knows(device.Id) ? DeviceTrust.Trusted : Untrusted(device);
    }

    private static DeviceTrust Untrusted(Guarded device) =>
        (device.Info.Kinds & InputDeviceKinds.Keyboard) != 0 ? DeviceTrust.Asked
        : (device.Info.Kinds & InputDeviceKinds.Keys) != 0 ? DeviceTrust.PointerOnly
        : DeviceTrust.Trusted;

    /// <summary>The release of a key that went down before its keyboard was accepted.</summary>
    private static bool IsLeftOver(Guarded device, in KeyEvent e)
    {
        KeySet down = device.Down;
        if (down.IsEmpty || !down.Contains(e.Key))
        {
            return false;
        }

        if (e.Action != KeyAction.Repeat)
        {
            down.Remove(e.Key);
            device.Down = down;
        }

        return e.Action != KeyAction.Down;
    }

    private void UntrustedKey(Guarded device, in KeyEvent e)
    {
        KeySet down = device.Down;
        bool changed = e.Action == KeyAction.Down ? down.Add(e.Key) : down.Remove(e.Key);
        device.Down = down;
        if (!changed || e.Action == KeyAction.Up)
        {
            return;
        }

        bool ctrl = down.Contains(KeyCode.LeftCtrl) || down.Contains(KeyCode.RightCtrl), alt = down.Contains(KeyCode.LeftAlt) || down.Contains(KeyCode.RightAlt);
        if (KeyKinds.Attention.Contains(e.Key) && ctrl && alt && down.Contains(KeyCode.Esc))
        {
            device.Typed = "";
            _seat.RaiseAttention(e.Timestamp);
        }
        else if (device.Trust == DeviceTrust.Asked && Question?.Id == device.Id)
        {
            Digit(device, e.Key, e.Timestamp);
        }
    }

    private void Digit(Guarded device, KeyCode key, long now)
    {
        if (now < _blockedUntil)
        {
            return;
        }

        if (Question!.Digits is null)
        {
            // The wait is over; it is said, and this key does not count.
            NewDigits();
            Changed?.Invoke();
            return;
        }

        if (DigitOf(key) is not { } digit)
        {
            device.Typed = "";
            return;
        }

        device.Typed += digit;
        if (device.Typed.Length < DigitCount)
        {
            return;
        }

        bool right = device.Typed == _digits;
        device.Typed = "";
        if (right)
        {
            Accept(device.Id);
            return;
        }

        if (++_wrong >= MaxTries)
        {
            _wrong = 0;
            _blockedUntil = now + _wait;
            _wait = Math.Min(_wait * 2, LastWait);
            Question = Question with { Digits = null };
        }
        else
        {
            NewDigits();
        }

        Changed?.Invoke();
    }

    private static char? DigitOf(KeyCode key) => Chords.ChordCommand.For(key, shift: false) is { Kind: Chords.ChordKind.Port } digit ? (char)('0' + digit.Port) : null;

    /// <summary>Asks about the oldest keyboard that waits; another one gets other digits.</summary>
    private void Ask()
    {
        Guarded? waiting = _devices.Find(static d => d.Trust == DeviceTrust.Asked);
        if (waiting is null)
        {
            Question = null;
        }
        else if (Question?.Id != waiting.Id)
        {
            waiting.Typed = "";
            Question = new KeyboardQuestion(waiting.Id, DeviceText.Name(waiting.Info.UntrustedName), null);
            if (_blockedUntil == long.MinValue)
            {
                NewDigits();
            }
        }
    }

    private void NewDigits()
    {
        _digits = _number().ToString("D4", System.Globalization.CultureInfo.InvariantCulture);
        _blockedUntil = long.MinValue;
        Question = Question! with { Digits = _digits };
    }

    private Guarded? Find(DeviceId device)
    {
        foreach (Guarded guarded in _devices)
        {
            if (guarded.Device == device)
            {
                return guarded;
            }
        }

        return null;
    }
}
