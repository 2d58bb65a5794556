using Hyperspace.Seat.Input.Chords;

namespace Hyperspace.Seat.Input.Routing;

/// <summary>
/// Owns the focus. Raw events of all devices come in; the keys that are not part of a chord go to the guest of the focused port, or to the
/// console on port 0. Everything happens on the seat's thread, nothing blocks, and no event allocates.
/// <para>The promises, for every sequence of events (tests/Unit/Input holds them against random ones):
/// a guest never keeps a key down that is physically up; no guest sees a part of a chord that switched; no press goes to two guests;
/// Ctrl+Alt+Esc always leads to port 0. docs/keys.md has the rules in words.</para>
/// </summary>
public sealed class Router : IInputSink, IChordSink, IDeadline
{
    /// <summary>Port 0, the console, and the ports 1 to 9.</summary>
    public const int PortCount = 10;

    private readonly IConsoleKeys _console;
    private readonly IGuestInput?[] _guests = new IGuestInput?[PortCount];
    private readonly ChordRecognizer _chords;
    private readonly PointerPath _pointer = new();

    /// <summary>For each device the keys that were passed to the present focus and are not up yet. What is down and not in here is dead.</summary>
    private readonly KeysByDevice _live = new();

    private long _now = long.MinValue;
    private long _announcedDeadline = IDeadline.Never;

    /// <exception cref="ArgumentException"><see cref="ChordOptions.Problem"/> names one.</exception>
    public Router(ChordOptions options, IConsoleKeys console)
    {
        _console = console;
        _chords = new ChordRecognizer(options, this);
    }

    /// <summary>Where keys go now.</summary>
    public FocusState Focus { get; private set; } = new(0, FocusTarget.Console, 0, 0);

    /// <summary>
    /// Old and new, when the keys have already moved: the picture moves in here, so that both move together. Also raised when the focused
    /// port's guest comes or goes; the port is the same then. A handler may call the router.
    /// </summary>
    public event Action<FocusState, FocusState>? FocusChanged;

    /// <summary>Asked before the focus moves to a port; what says no says why. The attention key is not asked about.</summary>
    public Func<int, bool>? MayEnter { get; init; }

    /// <summary>True when the leader was tapped twice (the bar asks for a digit), false when that is over.</summary>
    public event Action<bool>? Armed;

    /// <summary>Ctrl+Alt+Esc was pressed; the focus is on port 0 already, also if it was before.</summary>
    public event Action? Attention;

    /// <summary>The leader and C or V were pressed: the user's gestures about the clipboard. True for copy, false for paste.</summary>
    public event Action<bool>? ClipboardAsked;

    /// <summary>The leader and F were pressed.</summary>
    public event Action? FullScreenAsked;

    /// <summary>Where the focused guest's picture is; the compositor sets it whenever that changes.</summary>
    public PointerMap PointerMap
    {
        get => _pointer.Map;
        set => _pointer.Map = value;
    }

    /// <summary>The pointer's place in pixels of the monitor, bar included.</summary>
    public (int X, int Y) PointerPosition => _pointer.Position;

    /// <summary>How often the focus went to another port.</summary>
    public long Switches { get; private set; }

    public bool IsArmed => _chords.IsArmed;

    /// <summary>Keys that the focused guest or the console believes to be down.</summary>
    public KeySet KeysDown => _live.Union();

    public long Deadline => Math.Min(_chords.Deadline, _pointer.Deadline);

    public Action? DeadlineChanged { get; set; }

    public void Key(in KeyEvent e)
    {
        _now = Math.Max(_now, e.Timestamp);
        _chords.Key(e);
        AnnounceDeadline();
    }

    public void Pointer(in PointerEvent e)
    {
        _now = Math.Max(_now, e.Timestamp);
        _chords.Tick(_now);
        if ((e.Pressed | e.Released) != PointerButtons.None)
        {
            _chords.Flush();
        }

        _pointer.Event(e, _now);
        AnnounceDeadline();
    }

    public void Tick(long now)
    {
        _now = Math.Max(_now, now);
        _chords.Tick(_now);
        _pointer.Tick(_now);
        AnnounceDeadline();
    }

    public void DeviceLost(DeviceId device)
    {
        _chords.DeviceLost(device);
        _pointer.DeviceLost(device);
        AnnounceDeadline();
    }

    /// <summary>Events of a device were lost (a full queue); these keys are down on it now. See <see cref="ChordRecognizer.Resync"/>.</summary>
    public void DeviceResync(DeviceId device, in KeySet held)
    {
        _chords.Resync(device, held);
        // Which buttons are down is not known: up is the state that does no harm.
        _pointer.DeviceLost(device);
        AnnounceDeadline();
    }

    /// <summary>Moves the focus, as a digit after the leader does. What is held back goes to the old port first. To the focused port: does nothing.</summary>
    /// <param name="port">0 to 9. A port without a guest can be focused; keys go nowhere then.</param>
    public void SwitchTo(int port)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(port);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(port, PortCount);
        if (port == Focus.Port || MayEnter?.Invoke(port) == false)
        {
            return;
        }

        _chords.Flush();
        MoveTo(port);
        AnnounceDeadline();
    }

    /// <summary>Does what Ctrl+Alt+Esc does, for a keyboard whose keys must not come in here.</summary>
    /// <param name="now">Nanoseconds of CLOCK_MONOTONIC.</param>
    public void RaiseAttention(long now)
    {
        _now = Math.Max(_now, now);
        _chords.Flush();
        MoveTo(0);
        Attention?.Invoke();
        AnnounceDeadline();
    }

    /// <summary>A guest's input devices are connected (again). Replaces the ones before, which are released first.</summary>
    /// <param name="port">1 to 9.</param>
    public void GuestAttached(int port, IGuestInput guest)
    {
        CheckGuestPort(port);
        ArgumentNullException.ThrowIfNull(guest);
        if (Focus.Port != port)
        {
            _guests[port] = guest;
            return;
        }

        KeysByDevice carried = ReleaseForSwitch();
        _guests[port] = guest;
        Enter(port, Focus.Previous, carried);
        AnnounceDeadline();
    }

    /// <summary>The guest is dead or its devices are gone: not a word to it any more. Unknown guests do nothing.</summary>
    /// <param name="port">1 to 9.</param>
    public void GuestGone(int port)
    {
        CheckGuestPort(port);
        if (_guests[port] is null)
        {
            return;
        }

        _guests[port] = null;
        if (Focus.Port == port)
        {
            _live.KeepOnly(KeyKinds.Modifiers);
            _pointer.Drop(null);
            FocusState old = Focus;
            Focus = new FocusState(port, FocusTarget.Nobody, old.Previous, old.Serial + 1);
            FocusChanged?.Invoke(old, Focus);
        }

        AnnounceDeadline();
    }

    /// <summary>Releases every key and button in the focused guest; they are dead until pressed again. For keys that seem stuck.</summary>
    public void ReleaseAll()
    {
        _chords.Flush();
        ReleaseForSwitch();
        _pointer.Retarget(_guests[Focus.Port]);
        AnnounceDeadline();
    }

    void IChordSink.Armed(bool armed) => Armed?.Invoke(armed);

    void IChordSink.Pass(in KeyEvent e)
    {
        switch (e.Action)
        {
            case KeyAction.Down:
                bool first = !_live.Contains(e.Key);
                _live.Add(e.Device, e.Key);
                if (first)
                {
                    Send(e.Key, KeyAction.Down);
                }

                break;
            case KeyAction.Up:
                if (_live.Remove(e.Device, e.Key) && !_live.Contains(e.Key))
                {
                    Send(e.Key, KeyAction.Up);
                }

                break;
            case KeyAction.Repeat:
                if (_live.Contains(e.Device, e.Key))
                {
                    Send(e.Key, KeyAction.Repeat);
                }

                break;
        }
    }

    void IChordSink.Chord(ChordCommand command)
    {
        switch (command.Kind)
        {
            case ChordKind.Port:
                SwitchTo(command.Port);
                break;
            case ChordKind.Next:
                SwitchTo(Neighbour(+1));
                break;
            case ChordKind.Previous:
                SwitchTo(Neighbour(-1));
                break;
            case ChordKind.Attention:
                // Also from port 0 to itself: its Ctrl and Alt are part of the chord now and have to go up.
                MoveTo(0);
                Attention?.Invoke();
                break;
            case ChordKind.Copy or ChordKind.Paste:
                ClipboardAsked?.Invoke(command.Kind == ChordKind.Copy);
                break;
            case ChordKind.FullScreen:
                FullScreenAsked?.Invoke();
                break;
            case ChordKind.Forget:
                break;
        }
    }

    /// <summary>The next port in a circle that has a guest; port 0 is always in it.</summary>
    private int Neighbour(int step)
    {
        int port = Focus.Port;
        do
        {
            port = (port + step + PortCount) % PortCount;
        }
        while (port != 0 && _guests[port] is null && port != Focus.Port);
        return port;
    }

    /// <summary>The one transition: out of the old port, into the new one, and then the picture.</summary>
    private void MoveTo(int port)
    {
        KeysByDevice carried = ReleaseForSwitch();
        int previous = port == Focus.Port ? Focus.Previous : Focus.Port;
        Switches += port == Focus.Port ? 0 : 1;
        Enter(port, previous, carried);
    }

    /// <summary>
    /// Releases what the focused guest believes to be down: keys first and modifiers last, so that no key is seen without its modifier on the
    /// way out. State is cleared before the guest is called, because a guest that dies of the call may lead back into the router.
    /// </summary>
    /// <returns>The modifiers that the next guest is to see: held, passed to this one, and not part of a chord.</returns>
    private KeysByDevice ReleaseForSwitch()
    {
        KeySet down = _live.Union();
        var carried = new KeysByDevice();
        carried.AddFrom(_live, KeyKinds.Modifiers);
        carried.Except(_chords.Swallowed);
        _live.Clear();

        IGuestInput? guest = _guests[Focus.Port];
        bool console = Focus.Port == 0;
        foreach (KeyCode key in down - KeyKinds.Modifiers)
        {
            Release(guest, console, key, down & KeyKinds.Modifiers);
        }

        KeySet modifiers = down & KeyKinds.Modifiers;
        foreach (KeyCode key in modifiers)
        {
            down.Remove(key);
            Release(guest, console, key, down & KeyKinds.Modifiers);
        }

        return carried;
    }

    private void Release(IGuestInput? guest, bool console, KeyCode key, in KeySet modifiers)
    {
        if (console)
        {
            _console.Key(key, KeyAction.Up, KeyKinds.ModifiersOf(modifiers));
        }
        else if (guest is not null && ReferenceEquals(guest, _guests[Focus.Port]))
        {
            guest.Key(key, down: false);
        }
    }

    private void Enter(int port, int previous, KeysByDevice carried)
    {
        FocusState old = Focus;
        IGuestInput? guest = _guests[port];
        _pointer.Retarget(guest);
        Focus = new FocusState(port, port == 0 ? FocusTarget.Console : guest is null ? FocusTarget.Nobody : FocusTarget.Guest, previous, old.Serial + 1);
        _live.AddFrom(carried, KeyKinds.Modifiers);
        foreach (KeyCode key in _live.Union())
        {
            Send(key, KeyAction.Down);
        }

        FocusChanged?.Invoke(old, Focus);
    }

    private void Send(KeyCode key, KeyAction action)
    {
        if (Focus.Port == 0)
        {
            _console.Key(key, action, KeyKinds.ModifiersOf(_live.Union()));
        }
        else if (action != KeyAction.Repeat && _guests[Focus.Port] is { } guest)
        {
            _pointer.FlushMotion(_now);
            guest.Key(key, action == KeyAction.Down);
        }
    }

    private void AnnounceDeadline()
    {
        long deadline = Deadline;
        if (deadline != _announcedDeadline)
        {
            _announcedDeadline = deadline;
            DeadlineChanged?.Invoke();
        }
    }

    private static void CheckGuestPort(int port)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(port);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(port, PortCount);
    }
}
