using Hyperspace.Linux;
using Hyperspace.Linux.Input;
using Hyperspace.Linux.Reactor;

namespace Hyperspace.Seat.Input.Sources;

/// <summary>
/// Joins the real devices with a seat: watches them on the seat's loop, gives keyboards the focused guest's lights, repeats keys for the console, and tries again to take what another program had.
/// </summary>
public sealed class SeatInput : IDisposable
{
    private static readonly TimeSpan RetryTime = TimeSpan.FromSeconds(2);

    private readonly SeatCore _seat;
    private readonly IInputBackend _backend;
    private readonly LibinputSource _source;
    private readonly KeyRepeater _repeater;
    private readonly ReactorTimer _repeatTimer;
    private readonly ReactorTimer _retryTimer;
    private readonly FdWatch _watch;
    private readonly Action<string> _notify;
    private int _refusals;
    private bool _away;

    /// <param name="backend">Taken over. Its devices are taken before this returns.</param>
    /// <param name="sink">Where events go: the seat, or what stands guard before it.</param>
    /// <param name="notify">Takes sentences for the bar.</param>
    public SeatInput(Reactor reactor, SeatCore seat, IInputBackend backend, IInputSink sink, IDeviceWatcher watcher, Action<string> notify)
    {
        (_seat, _backend, _notify) = (seat, backend, notify);
        _repeater = new KeyRepeater(sink, key => seat.FocusedPort == 0 || HostKeys.Of(key) is HostKeyKind.Volume or HostKeyKind.Brightness);
        _source = new LibinputSource(backend, sink, watcher) { Repeater = _repeater };
        _repeatTimer = reactor.Timer(() => _repeater.Tick(seat.ReadDevicesUntilNow()));
        _repeater.DeadlineChanged = ArmRepeat;
        _retryTimer = reactor.Timer(Retry);
        seat.LightsChanged = ShowLights;
        ShowLights();
        _watch = reactor.Watch(backend.Fd, FdEvents.Readable, _ => Drain());
        seat.ReadDevices = Drain;
        Drain();
    }

    /// <summary>Whether nobody else gets the device's events.</summary>
    public bool IsGrabbed(DeviceId device) => _source.IsGrabbed(device);

    public IReadOnlyList<InputRefusal> Refusals => _backend.Refusals;

    /// <summary>Gives all devices back (the seat's console is no longer in front), until <see cref="Resume"/>. What is held is released.</summary>
    public void Suspend()
    {
        _away = true;
        _backend.Suspend();
        Drain();
    }

    /// <summary>Takes all devices again, and those that came meanwhile.</summary>
    public void Resume()
    {
        _away = false;
        if (!_backend.Resume())
        {
            _notify("Keyboards and mice could not be taken back; they are tried again.");
            _retryTimer.Arm(RetryTime);
        }

        Drain();
    }

    private void Drain()
    {
        try
        {
            _source.Drain();
        }
        catch (LinuxException e)
        {
            // Said once; a loop that cannot be read would wake the seat for ever.
            _watch.Dispose();
            _notify($"Keyboards and mice cannot be read any more: {e.Message}");
        }

        TellRefusals();
    }

    private void TellRefusals()
    {
        int refusals = _backend.Refusals.Count;
        if (refusals > _refusals)
        {
            InputRefusal last = _backend.Refusals[^1];
            _notify(Sentence(last));
        }

        _refusals = refusals;
        if (refusals > 0 && _retryTimer.Deadline is null && !_away)
        {
            _retryTimer.Arm(RetryTime);
        }
    }

    /// <summary>Why a device is not used, for people.</summary>
    public static string Sentence(InputRefusal refusal)
    {
        string name = DeviceText.Quoted(refusal.Name);
        const int notPermitted = 1, noAccess = 13, busy = 16;
        return refusal switch
        {
            { IsGrab: true, Errno: busy } => $"{name} is not used: another program has it for itself. It is taken when that program gives it back.",
            { Errno: notPermitted or noAccess } => $"{name} is not used: this user may not open /dev/input/{refusal.Node}; run as root, as a member of the group input, or in a session on this computer.",
            _ => $"{name} is not used: {new LinuxException($"/dev/input/{refusal.Node}", refusal.Errno).Message}.",
        };
    }

    private void Retry()
    {
        if (!_away)
        {
            _backend.RetryRefused();
            Drain();
        }
    }

    private void ShowLights()
    {
        // QEMU's D-Bus display counts 1 Scroll, 2 Num, 4 Caps; libinput 1 Num, 2 Caps, 4 Scroll.
        uint lights = _seat.Lights;
        _source.SetLeds(
            ((lights & 1) != 0 ? InputLeds.Scroll : 0) | ((lights & 2) != 0 ? InputLeds.Num : 0) | ((lights & 4) != 0 ? InputLeds.Caps : 0));
    }

    private void ArmRepeat()
    {
        if (_repeater.Deadline == IDeadline.Never)
        {
            _repeatTimer.Disarm();
        }
        else
        {
            _repeatTimer.ArmAt(_repeater.Deadline);
        }
    }

    public void Dispose()
    {
        _seat.LightsChanged = null;
        _seat.ReadDevices = null;
        _watch.Dispose();
        _source.Dispose();
        _backend.Dispose();
        _repeatTimer.Dispose();
        _retryTimer.Dispose();
    }
}
