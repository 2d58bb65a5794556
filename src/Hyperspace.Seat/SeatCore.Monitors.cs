using Hyperspace.Protocols.Control;
using Hyperspace.Seat.Display.Guests;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Input.Trust;

namespace Hyperspace.Seat;

/// <summary>Several monitors: the primary with its mirrors, and those that show a port of their own. docs/outputs.md, "Monitors".</summary>
public sealed partial class SeatCore
{
    private const string OnePicture = "This seat has one picture; monitors are chosen where it is on this computer's own.";

    /// <summary>The primary's first, then those of monitors with a port of their own. No port is on two of them.</summary>
    private readonly List<SeatScreen> _screens = [];

    private SeatScreen Primary => _screens[0];

    public bool HasMonitors => _output.Arrangement is not null;

    /// <summary>The monitors of this seat, those that it only remembers last; null where there is one picture.</summary>
    public IReadOnlyList<SeatMonitor>? Monitors
    {
        get
        {
            if (_output.Arrangement is not { } arrangement)
            {
                return null;
            }

            IReadOnlyList<LitMonitor> lit = arrangement.Lit;
            return
            [
                .. lit.Select(m => new SeatMonitor(
                    m.Id, m.Name, m.Connector, m.Width, m.Height, m.IsPrimary ? "primary" : m.Port is null ? "mirror" : "port", m.Port ?? Primary.Port, (m.Port ?? Primary.Port) == FocusedPort)),
                .. _memory.Monitors.Where(known => lit.All(m => m.Id != known.Id)).Select(known => new SeatMonitor(known.Id, known.Name, null, 0, 0, "absent", known.Port, false)),
            ];
        }
    }

    /// <summary>Gives a monitor a port of its own, which it shows from now on and whenever it is plugged in, or makes it a mirror again. A monitor that shows that port now becomes a mirror.</summary>
    /// <param name="monitor">Its id, or the name of the socket that it is plugged into.</param>
    /// <param name="port">1 to 9; null for a mirror.</param>
    /// <returns>Null, or why not, as a sentence.</returns>
    public string? SetMonitor(string monitor, int? port)
    {
        if (_output.Arrangement is not { } arrangement)
        {
            return OnePicture;
        }

        IReadOnlyList<LitMonitor> lit = arrangement.Lit;
        LitMonitor? here = lit.FirstOrDefault(m => m.Id == monitor) ?? lit.FirstOrDefault(m => m.Connector == monitor);
        KnownMonitor? known = _memory.Monitors.FirstOrDefault(m => m.Id == (here?.Id ?? monitor));
        string? refusal = here is null && known is null ? $"There is no monitor \"{monitor}\"; `hyperspace seat monitors` lists them."
            : port is < 1 or > 9 ? $"There is no port {port} that a monitor can have of its own; expected 1 to 9."
            : port is not null && here is { IsPrimary: true } ? $"{here.Name} is the primary monitor: the console and every port that has no monitor of its own are shown there. Make another one the primary first."
            : null;
        if (refusal is not null)
        {
            return refusal;
        }

        (string id, string name) = here is null ? (known!.Id, known.Name) : (here.Id, here.Name);
        string? problem = null;
        foreach (LitMonitor other in lit.Where(m => m.Id != id && here is not null && port is not null && _memory.PortOf(m.Id) == port))
        {
            problem = _memory.ShowOn(other.Id, other.Name, null);
        }

        problem = _memory.ShowOn(id, name, port) ?? problem;
        Arrange(arrangement, problem ?? (port is { } own ? $"{name} shows port {own}{(here is null ? " when it is plugged in" : "")}." : $"{name} mirrors the primary monitor."));
        return null;
    }

    /// <summary>Shows the seat on a monitor, from now on and whenever it is plugged in: the console, and every port that has no monitor of its own. What was the primary mirrors it.</summary>
    /// <param name="monitor">Its id, or the name of the socket that it is plugged into. It is plugged in.</param>
    /// <returns>Null, or why not, as a sentence.</returns>
    public string? SetPrimaryMonitor(string monitor)
    {
        if (_output.Arrangement is not { } arrangement)
        {
            return OnePicture;
        }

        IReadOnlyList<LitMonitor> lit = arrangement.Lit;
        if ((lit.FirstOrDefault(m => m.Id == monitor) ?? lit.FirstOrDefault(m => m.Connector == monitor)) is not { } here)
        {
            return $"No monitor \"{monitor}\" is lit; `hyperspace seat monitors` lists them.";
        }

        Arrange(arrangement, _memory.MakePrimary(here.Id) ?? $"{here.Name} is the primary monitor.");
        return null;
    }

    private void Arrange(IMonitors arrangement, string sentence)
    {
        arrangement.Arrange(_memory.MonitorChoice);
        Said?.Invoke(sentence);
        StatusChanged?.Invoke();
        _console.DataChanged();
    }

    /// <summary>The screen that shows a port, or would: its own, else the primary's.</summary>
    private SeatScreen ScreenOf(int port)
    {
        for (int i = 1; i < _screens.Count; i++)
        {
            if (_screens[i].Port == port)
            {
                return _screens[i];
            }
        }

        return Primary;
    }

    /// <summary>The screen that shows this guest now; null when none does.</summary>
    private SeatScreen? ScreenShowing(GuestDisplay display)
    {
        foreach (SeatScreen screen in _screens)
        {
            if (screen.IsShowing(display))
            {
                return screen;
            }
        }

        return null;
    }

    private bool HasOwnMonitor(int port) => !ReferenceEquals(ScreenOf(port), Primary);

    /// <summary>What the primary shows: what has the keys, unless that is on a monitor of its own. Then the primary keeps what it had, for which another monitor must not be the place.</summary>
    private int PrimaryPort() => !HasOwnMonitor(FocusedPort) ? FocusedPort
        : !HasOwnMonitor(Primary.Port) ? Primary.Port
        : !HasOwnMonitor(_router.Focus.Previous) ? _router.Focus.Previous
        : 0;

    /// <summary>Screens follow the monitors: those that are lit as before keep theirs.</summary>
    private void OnMonitorsChanged()
    {
        IReadOnlyList<LitMonitor> lit = _output.Arrangement!.Lit;
        for (int i = _screens.Count - 1; i > 0; i--)
        {
            if (lit.All(m => !ReferenceEquals(m.Own, _screens[i].Output)))
            {
                _screens[i].Dispose();
                _screens.RemoveAt(i);
            }
        }

        foreach (LitMonitor monitor in lit)
        {
            if (monitor is { Own: { } output, Port: { } port })
            {
                SeatScreen? screen = _screens.Find(s => ReferenceEquals(s.Output, output));
                if (screen is null)
                {
                    screen = NewScreen(output);
                    _screens.Add(screen);
                }

                screen.Show(port);
            }
        }

        ShowPorts();
        TellMonitors();
        StatusChanged?.Invoke();
        _console.DataChanged();
    }
}
