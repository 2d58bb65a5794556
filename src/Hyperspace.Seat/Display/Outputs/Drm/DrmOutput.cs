using Hyperspace.Linux;
using Hyperspace.Linux.Drm;
using Hyperspace.Linux.Reactor;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Display.Outputs.Drm;

/// <summary>
/// The monitors of this machine without any desktop (KMS). The primary one shows the seat in its preferred mode; every other one shows the same, pixel for pixel where it has that mode, or a port of its own
/// (<see cref="DrmPortOutput"/>). Frames are shown at a refresh, never in the middle of one; only what has changed is drawn and told to the driver.
/// </summary>
public sealed class DrmOutput : IOutput, IMonitors
{
    /// <summary>The kernel says several things when a monitor is plugged in; they are looked at together, after this time.</summary>
    private static readonly TimeSpan PlugTime = TimeSpan.FromMilliseconds(200);

    /// <summary>A frame whose event does not come: the driver has lost it, and the seat goes on without.</summary>
    internal static readonly TimeSpan FlipPatience = TimeSpan.FromSeconds(1);

    /// <summary>When a frame is tried again for which the driver was busy.</summary>
    internal static readonly TimeSpan BusyTime = TimeSpan.FromMilliseconds(16);

    /// <summary>EBUSY.</summary>
    internal const int Busy = 16;

    private static readonly (int Width, int Height) WithoutMonitor = (1024, 768);

    private readonly Reactor _reactor;
    private readonly DrmCard _card;
    private readonly FontSizes _fonts;
    private readonly Action<string> _notify;
    private readonly FdWatch _watch;
    private readonly DeviceEvents? _events;
    private readonly ReactorTimer _plugTimer;
    private readonly ReactorTimer _flipTimer;
    private readonly Action<uint, long> _onFlip;

    /// <summary>The primary and its mirrors.</summary>
    private readonly List<DrmMonitor> _monitors = [];

    /// <summary>The others.</summary>
    private readonly List<DrmPortOutput> _own = [];

    private MonitorChoice _choice;
    private IReadOnlyList<PlannedMonitor> _plan = [];
    private bool _active = true;
    private bool _complained;

    /// <summary>A frame, and not the pointer alone, is on its way to the primary monitor.</summary>
    private bool _presented;

    /// <param name="card">Taken over; this process may show on it.</param>
    /// <param name="notify">Takes sentences for the bar.</param>
    /// <param name="choice">Until <see cref="Arrange(MonitorChoice)"/> is called.</param>
    /// <exception cref="DrmException">No connected monitor takes any mode; says why.</exception>
    public DrmOutput(Reactor reactor, DrmCard card, FontSizes fonts, Action<string> notify, MonitorChoice choice)
    {
        (_reactor, _card, _fonts, Font, _notify, _choice, _onFlip) = (reactor, card, fonts, fonts.Usual, notify, choice, OnFlip);
        _watch = reactor.Watch(card.Fd, FdEvents.Readable, _ => ReadCard());
        _plugTimer = reactor.Timer(OnPlugged);
        _flipTimer = reactor.Timer(OnFlipLost);
        try
        {
            _events = new DeviceEvents(reactor, subsystem =>
            {
                if (subsystem == "drm")
                {
                    _plugTimer.Arm(PlugTime);
                }
            });
        }
        catch (LinuxException e)
        {
            notify($"Monitors that are plugged in later are not noticed: {e.Message}.");
        }

        Arrange();
    }

    public string Kind => "drm";

    public (int Width, int Height) Size { get; private set; } = WithoutMonitor;

    public (int Columns, int Rows) TextSize => Compositor.ScreenCompositor.TextSize(Size, Font);

    public bool WantsPixelText => true;

    /// <summary>In the size that the primary monitor needs.</summary>
    public PsfFont Font { get; private set; }

    public double MillimetresPerPixel { get; private set; } = 25.4 / 96;

    /// <summary>One plane serves one monitor; with mirrors the pointer is drawn into the frames.</summary>
    public bool TakesCursor => _monitors.Count == 1 && _monitors[0].HasCursor;

    public bool IsReady => _active && !AnyFlips();

    public Action? Resized { get; set; }

    public Action? ReadyAgain { get; set; }

    public Action<long>? Shown { get; set; }

    public IMonitors Arrangement => this;

    public Action? Changed { get; set; }

    public IReadOnlyList<LitMonitor> Lit =>
    [
        .. _plan.Select(m => new LitMonitor(
            m.Id, m.Name, m.Connector.Name, m.Mode.Width, m.Mode.Height,
            _monitors.Count > 0 && _monitors[0].Plan.Connector.Id == m.Connector.Id, m.Port, _own.Find(own => own.Connector == m.Connector.Id))),
    ];

    /// <summary>What is lit, for people: <c>Virtual-1, 1280x800 at 60 Hz</c>, the primary first.</summary>
    public IEnumerable<string> Monitors => _plan.Select(m => $"{m.Connector.Name}, {m.Mode}{(m.Primary ? "" : m.Port is { } port ? $", port {port}" : ", a mirror")}");

    /// <summary>Frames that monitors have shown since the start.</summary>
    public long Frames { get; private set; }

    public void Present(Frame frame, PixelRect damage)
    {
        if (!_active)
        {
            return;
        }

        for (int i = 0; i < _monitors.Count; i++)
        {
            Show(_monitors[i], frame, damage);
        }

        if (AnyFlips())
        {
            _flipTimer.Arm(FlipPatience);
        }
    }

    public void ShowCursor(in CursorState cursor)
    {
        if (_active && TakesCursor)
        {
            DrmMonitor monitor = _monitors[0];
            _ = monitor.ShowCursor(cursor);
            if (monitor.IsFlipping)
            {
                _flipTimer.Arm(FlipPatience);
            }
        }
    }

    public void Arrange(MonitorChoice choice)
    {
        _choice = choice;
        if (_active)
        {
            Arrange();
        }
    }

    /// <summary>Another virtual terminal is in front: nothing is shown until <see cref="Resume"/>.</summary>
    public void Suspend()
    {
        _active = false;
        _flipTimer.Disarm();
        _own.ForEach(static own => own.Suspend());
    }

    /// <summary>The monitors are ours again; whoever had them may have left anything on them.</summary>
    public void Resume()
    {
        _active = true;
        Arrange(anew: true);
    }

    private void Show(DrmMonitor monitor, Frame frame, PixelRect damage)
    {
        bool same = (frame.Width, frame.Height) == (monitor.Bounds.Width, monitor.Bounds.Height);
        PixelRect changed = same ? damage : Mirror.ToMonitor(damage, frame, monitor.Bounds);
        PixelRect drawn = monitor.ToDraw(changed);
        if (drawn.IsEmpty)
        {
            return;
        }

        if (same)
        {
            Mirror.Copy(frame, drawn, monitor.Back);
        }
        else
        {
            Mirror.Copy(frame, drawn, monitor.Back, monitor.Bounds);
        }

        int error = monitor.Flip(drawn, changed);
        if (error != 0)
        {
            OnFlipRefused(error);
        }
        else if (monitor == _monitors[0])
        {
            _presented = true;
        }
    }

    private bool AnyFlips()
    {
        for (int i = 0; i < _monitors.Count; i++)
        {
            if (_monitors[i].IsFlipping)
            {
                return true;
            }
        }

        return false;
    }

    private void ReadCard()
    {
        if (!_card.ReadEvents(_onFlip))
        {
            _watch.Dispose();
            Suspend();
            _notify($"{_card.Path} is gone; the seat goes on without a monitor.");
        }
    }

    private void OnFlip(uint crtc, long at)
    {
        for (int i = 0; i < _own.Count; i++)
        {
            if (_own[i].Crtc == crtc)
            {
                Frames++;
                _own[i].Flipped(at);
                return;
            }
        }

        for (int i = 0; i < _monitors.Count; i++)
        {
            if (_monitors[i].Plan.Crtc.Id == crtc)
            {
                Frames++;
                _monitors[i].Flipped();
                if (i == 0 && _presented)
                {
                    _presented = false;
                    Shown?.Invoke(at);
                }
            }
        }

        if (AnyFlips() || !_active)
        {
            return;
        }

        _flipTimer.Disarm();
        if (TakesCursor && _monitors[0].CursorIsBehind)
        {
            _ = _monitors[0].CommitCursor();
        }

        if (!AnyFlips())
        {
            ReadyAgain?.Invoke();
        }
    }

    private void OnFlipLost()
    {
        _presented = false;
        _monitors.ForEach(static monitor => monitor.Flipped());
        ReadyAgain?.Invoke();
    }

    /// <summary>A frame is lost when the right to show is, and that comes back with <see cref="Resume"/>; any other error is worth a word.</summary>
    private void OnFlipRefused(int errno)
    {
        const int noAccess = 13;
        if (errno == Busy)
        {
            _flipTimer.Arm(BusyTime);
        }
        else if (errno != noAccess && !_complained)
        {
            _complained = true;
            _notify(new LinuxException($"{_card.Path} does not take a frame", errno).Message + ".");
            _plugTimer.Arm(PlugTime);
        }
    }

    private void OnPlugged()
    {
        if (_active)
        {
            _complained = false;
            Arrange();
        }
    }

    /// <summary>Looks at what is plugged in and lights it.</summary>
    /// <param name="anew">Also what seems to be lit already.</param>
    private void Arrange(bool anew = false)
    {
        IReadOnlyList<PlannedMonitor> plan = MonitorPlan.Of(_card.ReadConnectors(), _card.Crtcs, _plan, _choice);
        if (!anew && MonitorPlan.IsLitAs(plan, _plan))
        {
            Action? news = plan.Select(static m => m.Port).SequenceEqual(_plan.Select(static m => m.Port)) ? null : Changed;
            _plan = plan;
            news?.Invoke();
            return;
        }

        _presented = false;
        List<PlannedMonitor> lit = LightAll(plan);
        if (_monitors.Count == 0 && lit.Count > 0)
        {
            // The seat has to be seen, and those that were to show it take no mode.
            lit = LightAll(MonitorPlan.Of([.. lit.Select(static m => m.Connector)], _card.Crtcs, [], _choice));
        }

        _plan = lit;
        if (_monitors.Count > 0)
        {
            PlannedMonitor primary = _monitors[0].Plan;
            Size = (primary.Mode.Width, primary.Mode.Height);
            MillimetresPerPixel = PixelPitch.Of(primary.Connector, primary.Mode);
            Font = _fonts.OfLine(PixelPitch.LeastLine(MillimetresPerPixel, Size.Width));
        }
        else
        {
            _notify("No monitor is connected.");
        }

        // Everything is drawn anew, whether the size is another or not: nothing is in the buffers.
        Changed?.Invoke();
        Resized?.Invoke();
        ReadyAgain?.Invoke();
    }

    /// <summary>Lights these monitors and no others.</summary>
    private List<PlannedMonitor> LightAll(IReadOnlyList<PlannedMonitor> plan)
    {
        _monitors.ForEach(static monitor => monitor.SwitchOff());
        _own.ForEach(static own => own.SwitchOff());
        _monitors.ForEach(static monitor => monitor.Dispose());
        _own.ForEach(static own => own.Dispose());
        _monitors.Clear();
        _own.Clear();
        var lit = new List<PlannedMonitor>();
        foreach (PlannedMonitor planned in plan)
        {
            if (Light(planned) is { } monitor)
            {
                lit.Add(monitor.Plan);
                if (planned.Port is null)
                {
                    _monitors.Add(monitor);
                }
                else
                {
                    _own.Add(new DrmPortOutput(_reactor, monitor, _fonts, OnFlipRefused));
                }
            }
        }

        return lit;
    }

    /// <summary>Lights one monitor, in another mode when its own is refused.</summary>
    private DrmMonitor? Light(PlannedMonitor planned)
    {
        int error = 0;
        foreach (DrmMode mode in MonitorPlan.Fallbacks(planned.Connector.Modes, planned.Mode).Prepend(planned.Mode))
        {
            DrmMonitor? monitor = null;
            try
            {
                monitor = new DrmMonitor(_card, planned with { Mode = mode });
                error = monitor.Light();
                if (error == 0)
                {
                    if (!mode.Equals(planned.Mode))
                    {
                        _notify($"{planned.Connector.Name} refuses {planned.Mode}; it is used with {mode}.");
                    }

                    return monitor;
                }
            }
            catch (LinuxException e)
            {
                error = e.Errno;
            }

            monitor?.Dispose();
        }

        _notify(new LinuxException($"{planned.Connector.Name} cannot be used: it takes none of its {planned.Connector.Modes.Count} modes", error).Message + ".");
        return null;
    }

    public void Dispose()
    {
        _events?.Dispose();
        _watch.Dispose();
        _plugTimer.Dispose();
        _flipTimer.Dispose();
        _monitors.ForEach(static monitor => monitor.Dispose());
        _own.ForEach(static own => own.Dispose());
        _monitors.Clear();
        _own.Clear();
        _card.Dispose();
    }
}
