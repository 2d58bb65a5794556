using Hyperspace.Linux.Reactor;
using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Clipboard;
using Hyperspace.Seat.Console;
using Hyperspace.Seat.Display.Compositor;
using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Input.Routing;
using Hyperspace.Seat.Sound;

namespace Hyperspace.Seat;

/// <summary>
/// The seat: it joins the router (where keys go) with the screens (what the monitors show), so that both move in one step. It knows nothing of
/// the daemon; <see cref="LinkedSeat"/> tells it what is plugged into its ports. One thread, the reactor's.
/// </summary>
public sealed partial class SeatCore : IInputSink, IConsoleKeys, IDisposable
{
    /// <summary>That somebody is there is told this long after the first event, which goes to its guest first, and while events come again after <see cref="InputNews"/>.</summary>
    private static readonly TimeSpan FirstInputNews = TimeSpan.FromMilliseconds(200);

    private static readonly TimeSpan InputNews = TimeSpan.FromSeconds(2);

    private static readonly Rgb ConsoleColor = new(0x8B93A1);

    private readonly Reactor _reactor;
    private readonly IOutput _output;
    private readonly TimeProvider _clock;
    private readonly Router _router;
    private readonly PortTable _ports;
    private readonly ConsoleApp _console;
    private readonly ReactorTimer _inputTimer;
    private readonly ReactorTimer _inputNewsTimer;
    private readonly ReactorTimer _minuteTimer;
    private readonly SeatSound? _sound;
    private readonly SeatClipboard _clipboard;
    private bool _armed;
    private string? _notice;
    private string _power = "";
    private long _lastEvent;
    private long _inputs;
    private bool _inputToTell;
    private long? _switchedAt;

    /// <summary>The screen that has been given the target's first frame, and has not shown it yet.</summary>
    private SeatScreen? _switchedTo;

    /// <param name="sound">Plays the guests' sound, and is this one's from now on; null for a seat that plays none.</param>
    /// <exception cref="ArgumentException">The chords are not sensible, or the output wants pixels and has no font.</exception>
    public SeatCore(Reactor reactor, IOutput output, ChordOptions chords, IConsoleBackend backend, TimeProvider clock, SeatSound? sound = null)
    {
        (_reactor, _output, _clock, _sound) = (reactor, output, clock, sound);
        _router = new Router(chords, this) { MayEnter = MayEnter };
        _leaders = KeySet.Of([.. chords.Leaders]);
        _questionTimer = reactor.Timer(OnQuestionExpired);
        _ports = new PortTable(_router);
        _console = new ConsoleApp(backend, clock) { Changed = ConsoleChanged };
        _screens.Add(NewScreen(output));
        _inputTimer = reactor.Timer(() => _router.Tick(ReadDevicesUntilNow()));
        _inputNewsTimer = reactor.Timer(OnInputNews);
        _minuteTimer = reactor.Timer(OnMinute);
        _router.FocusChanged += OnFocusChanged;
        _router.Armed += armed =>
        {
            _armed = armed;
            UpdateBar();
        };
        _clipboard = new SeatClipboard(reactor, sentence => Said?.Invoke(sentence)) { Closed = (vm, generation) => ClipboardClosed?.Invoke(vm, generation) };
        _router.ClipboardAsked += OnClipboardAsked;
        _router.FullScreenAsked += OnFullScreenAsked;
        _settleTimer = reactor.Timer(TellMonitors);
        _router.DeadlineChanged = ArmInputTimer;
        if (sound is not null)
        {
            sound.Changed = OnSoundChanged;
        }

        output.Resized = OnResized;
        OnMinute();
        if (output.Arrangement is { } arrangement)
        {
            // Those that are lit with a port of their own already have their screens from the beginning.
            arrangement.Changed = OnMonitorsChanged;
            OnMonitorsChanged();
        }
        else
        {
            ShowPorts();
        }
    }

    /// <summary>Something in <see cref="Status"/> other than a counter is new.</summary>
    public Action? StatusChanged { get; set; }

    /// <summary>A VM's display has closed and the VM may still live: its name, its generation and why.</summary>
    public Action<string, int, string>? DisplayClosed { get; set; }

    /// <summary>The channel to a VM's clipboard agent has ended and the VM may still live: its name and its generation.</summary>
    public Action<string, int>? ClipboardClosed { get; set; }

    /// <summary>There is a sentence for the bar, for some seconds.</summary>
    public Action<string>? Said { get; set; }

    /// <summary>Brings in all that the devices have; null where there are none.</summary>
    public Action? ReadDevices { get; set; }

    /// <summary>
    /// What has to be done before a time is told to anything that waits for keys: a seat that was busy for a while would otherwise end the wait for a key that lies in its device's queue and
    /// was pressed in time.
    /// </summary>
    /// <returns>CLOCK_MONOTONIC in nanoseconds; everything until then has been read.</returns>
    public long ReadDevicesUntilNow()
    {
        long now = Reactor.Now;
        ReadDevices?.Invoke();
        return now;
    }

    /// <summary>What the console's user leaves the seat with; null where there is nothing to leave it for.</summary>
    public Action? Quit
    {
        get => _console.Quit;
        set => _console.Quit = value;
    }

    /// <summary>Where keys and picture are.</summary>
    public int FocusedPort => _router.Focus.Port;

    /// <summary>The focused guest's keyboard lights: 1 Scroll Lock, 2 Num Lock, 4 Caps Lock; none on port 0.</summary>
    public uint Lights { get; private set; }

    /// <summary><see cref="Lights"/> are others now.</summary>
    public Action? LightsChanged { get; set; }

    /// <summary>
    /// From the last key of the chord, by the kernel's time where the seat has its own keyboards, to the target's first complete frame on the monitor (<see cref="IOutput.Shown"/>); null before the first switch
    /// and while one waits for its frame.
    /// </summary>
    public double? LastSwitchMicroseconds { get; private set; }

    /// <summary>A sentence in the bar that wants attention, or null.</summary>
    public string? Notice
    {
        get => _notice;
        set
        {
            if (_notice != value)
            {
                _notice = value;
                UpdateBar();
            }
        }
    }

    /// <summary>A key was pressed for a guest that sleeps: the VM's name.</summary>
    public Action<string>? WakeWanted { get; set; }

    /// <summary>What the bar says of the battery; empty on a desktop PC.</summary>
    public string Power
    {
        get => _power;
        set
        {
            if (_power != value)
            {
                _power = value;
                UpdateBar();
            }
        }
    }

    /// <summary>Tells what is plugged into the ports.</summary>
    /// <param name="ports">At most one for each of 1 to 9.</param>
    public void SetPorts(IReadOnlyList<PortInfo> ports)
    {
        bool moved = _ports.Set(ports);
        _sound?.Set(ports, FocusedVm);
        _clipboard.Keep(ports);
        ShowPorts();
        if (moved && _screens.Count > 1)
        {
            TellMonitors();
        }

        StatusChanged?.Invoke();
    }

    /// <summary>The console's data is new.</summary>
    public void ConsoleDataChanged() => _console.DataChanged();

    /// <summary>Moves the focus, as a chord does.</summary>
    /// <param name="port">0 to 9.</param>
    public void SwitchTo(int port)
    {
        _lastEvent = Reactor.Now;
        _router.SwitchTo(port);
    }

    public SeatStatus Status() => new(
        FocusedPort, FocusedVm, _output.Kind, _output.Size.Width, _output.Size.Height,
        KeysDown(), _router.Switches, LastSwitchMicroseconds, [.. _ports.Occupied.Select(StatusOf)])
    {
        LockedTo = LockedTo,
        Inputs = _inputs,
        Devices = ListDevices?.Invoke(),
        Sound = _sound?.Status(),
        Monitors = Monitors,
    };

    /// <summary>What a port shows, or what the primary monitor shows; null when this machine has no console font to draw text with.</summary>
    /// <param name="port">0 to 9, or null.</param>
    public Photograph? TakePhotograph(int? port)
    {
        int shown = port ?? Primary.Port;
        SeatScreen screen = ScreenOf(shown);
        if (screen.Output.Font is not { } font)
        {
            return null;
        }

        CellGrid? page = _ports[shown]?.Surface is not null ? null : screen.NewPage();
        if (page is not null)
        {
            screen.DrawPage(shown, page);
        }

        return Photographer.Take(screen.Output.Size, font, Bar(shown), page, _ports[shown]?.Display);
    }

    public void Key(in KeyEvent e)
    {
        TellInput();
        if (SeatSound.IsVolumeKey(e.Key))
        {
            OnVolumeKey(e);
        }

        _lastEvent = e.Timestamp;
        if (TakesKey(e))
        {
            return;
        }

        _router.Key(e);

        // After the chords: a key that leaves the port wakes nobody, nor does one of the leader.
        if (e.Action == KeyAction.Down && !_router.IsArmed && _ports[FocusedPort]?.Info is { State: VmState.Sleeping } sleeper)
        {
            WakeWanted?.Invoke(sleeper.Vm);
        }
    }

    public void Pointer(in PointerEvent e)
    {
        TellInput();
        _router.Pointer(e);
        ScreenOf(FocusedPort).ShowCursor(_router.PointerPosition);
    }

    private void TellInput()
    {
        _inputToTell = true;
        if (_inputNewsTimer.Deadline is null)
        {
            _inputNewsTimer.Arm(FirstInputNews);
        }
    }

    private void OnInputNews()
    {
        if (_inputToTell)
        {
            _inputToTell = false;
            _inputs++;
            StatusChanged?.Invoke();
            _inputNewsTimer.Arm(InputNews);
        }
    }

    public void DeviceLost(DeviceId device)
    {
        _focusQuestion.DeviceLost(device);
        _router.DeviceLost(device);
    }

    void IConsoleKeys.Key(KeyCode key, KeyAction action, KeyModifiers modifiers)
    {
        if (action != KeyAction.Up && ConsoleKeyPress.Of(key, modifiers) is { } press)
        {
            _console.Key(press);
        }
    }

    private string? FocusedVm => _ports[FocusedPort]?.Info.Vm;

    /// <summary>Keys have moved; the picture moves before anything else happens, however recent the last frame is.</summary>
    private void OnFocusChanged(FocusState old, FocusState now)
    {
        _sound?.Focus(FocusedVm);
        ShowPorts();
        if (old.Port != now.Port)
        {
            ShowKeyboardDialog();
            (_switchedAt, _switchedTo, LastSwitchMicroseconds) = (_lastEvent, null, null);
            foreach (SeatScreen screen in _screens)
            {
                if (screen.Output.IsReady)
                {
                    screen.Present();
                }
            }
        }

        StatusChanged?.Invoke();
    }

    /// <summary>Brings the picture of each port that is shown, or the page that stands for it, and the bar above it to its monitor.</summary>
    private void ShowPorts()
    {
        Primary.Show(PrimaryPort());
        for (int i = 1; i < _screens.Count; i++)
        {
            _screens[i].Show(_screens[i].Port);
        }

        UpdatePointerMap();
        foreach (SeatScreen screen in _screens)
        {
            ShowCursor(screen);
        }

        UpdateLights();
        UpdateBar();
    }

    /// <summary>A guest that takes positions has its pointer where the seat has put it, and need not be waited for; on a monitor without the keys it stays where the guest has put it.</summary>
    private void ShowCursor(SeatScreen screen) => screen.ShowCursor(screen.Port == FocusedPort ? _router.PointerPosition : null);

    private void UpdateLights()
    {
        uint lights = _ports[FocusedPort]?.Display?.Leds ?? 0;
        if (lights != Lights)
        {
            Lights = lights;
            LightsChanged?.Invoke();
        }
    }

    private void UpdatePointerMap() => _router.PointerMap = ScreenOf(FocusedPort).PointerMap;

    private void UpdateBar()
    {
        foreach (SeatScreen screen in _screens)
        {
            screen.ShowBar(Bar(screen.Port));
        }

        Announce();
    }

    private BarContent Bar(int port)
    {
        PortInfo? info = _ports[port]?.Info;
        string label = Label(port);
        string? state = info is null ? null : info.State != VmState.Running ? info.State.ToString().ToLowerInvariant() : info.Vm == LockedTo ? "locked" : null;
        return new BarContent(
            port, label, info?.Color ?? ConsoleColor, state, _armed, _ports[port]?.Display?.Leds ?? 0, BarQuestion ?? _notice, _output.AttentionKey,
            _clock.GetLocalNow().ToString("HH:mm"), [.. _ports.Occupied.Select(s => new BarPort(s.Info.Number, s.Info.Label, s.Info.Color, s.Info.IsAlive, Progress(s.Info)))])
        {
            Power = _power,
            Keys = _screens.Count == 1 ? BarKeys.Only : port == FocusedPort ? BarKeys.Here : BarKeys.Elsewhere,
            KeysAt = $"{FocusedPort} {Label(FocusedPort)}",
        };
    }

    /// <summary>How far a boot is, in a few characters; null for one that is up or does not run.</summary>
    private static string? Progress(PortInfo info) =>
        info is not { State: VmState.Starting or VmState.Running, Boot: { IsUp: false } boot } ? null : boot.Percent is { } percent ? $"{percent} %" : "boots";

    private void ConsoleChanged()
    {
        if (Primary.Port == 0)
        {
            Primary.PageChanged();
        }
    }

    private SeatScreen NewScreen(IOutput output) => new(_reactor, output, _console, _ports) { Presenting = OnPresenting, Shown = OnShown };

    private void OnPresenting(SeatScreen screen)
    {
        if (_switchedAt is not null && screen.Port == FocusedPort && (FocusedPort == 0 || screen.HasGuest))
        {
            _switchedTo = screen;
        }
    }

    private void OnShown(SeatScreen screen, long at)
    {
        if (_switchedTo == screen && _switchedAt is { } since)
        {
            LastSwitchMicroseconds = (at - since) / 1000.0;
            (_switchedAt, _switchedTo) = (null, null);
            StatusChanged?.Invoke();
        }
    }

    private void OnResized()
    {
        Primary.Resize();
        if (_output.SettleTime == TimeSpan.Zero)
        {
            TellMonitors();
        }
        else
        {
            _settleTimer.Arm(_output.SettleTime);
        }

        ShowPorts();
        StatusChanged?.Invoke();
    }

    private void ArmInputTimer()
    {
        if (_router.Deadline == IDeadline.Never)
        {
            _inputTimer.Disarm();
        }
        else
        {
            _inputTimer.ArmAt(_router.Deadline);
        }
    }

    private void OnMinute()
    {
        DateTimeOffset now = _clock.GetLocalNow();
        _minuteTimer.Arm(TimeSpan.FromSeconds(60 - now.Second) + TimeSpan.FromMilliseconds(50));
        UpdateBar();
    }

    private SeatPort StatusOf(PortSlot slot) => new(
        slot.Info.Number, slot.Info.Vm, slot.Info.Label, $"#{slot.Info.Color.Value:x6}", slot.Screen,
        slot.Surface?.Width ?? 0, slot.Surface?.Height ?? 0, slot.Display?.Updates ?? 0);

    private List<int> KeysDown()
    {
        var keys = new List<int>();
        foreach (KeyCode key in _router.KeysDown)
        {
            keys.Add((int)key);
        }

        return keys;
    }

    public void Dispose()
    {
        _ports.Dispose();
        _sound?.Dispose();
        _clipboard.Dispose();
        _screens.ForEach(static screen => screen.Dispose());
        _inputTimer.Dispose();
        _inputNewsTimer.Dispose();
        _minuteTimer.Dispose();
        _questionTimer.Dispose();
        _settleTimer.Dispose();
    }
}
