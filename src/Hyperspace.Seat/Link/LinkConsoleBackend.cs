using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Seat.Console;

namespace Hyperspace.Seat.Link;

/// <summary>The console's data and deeds over the link to the daemon.</summary>
/// <param name="seat">The seat that this console is part of; null where there is no seat.</param>
public sealed class LinkConsoleBackend(DaemonLink link, Func<SeatCore>? seat) : IConsoleBackend
{
    private const string NotTheSeats = "This console is not the seat's own; monitors are chosen there.";

    public Snapshot? Snapshot => link.Snapshot;

    public string? Problem => link.Problem;

    public bool CanSwitch => seat is not null;

    public void Act(string vm, VmAction action, Action<string?> done) =>
        link.Request(id => new VmRequest(id, vm, action), answer => done(ErrorOf(answer)));

    public void Move(string vm, int? port, Action<string?> done) =>
        link.Request(id => new MoveRequest(id, vm, port), answer => done(ErrorOf(answer)));

    public void Log(string vm, string log, int maxLines, Action<IReadOnlyList<string>?, string?> done) =>
        link.Request(id => new LogRequest(id, vm, log, maxLines), answer => done(answer.Ok ? answer.Lines ?? [] : null, ErrorOf(answer)));

    public void SwitchTo(int port) => seat?.Invoke().SwitchTo(port);

    public SoundStatus? Sound => seat is null ? link.Snapshot?.Seat?.Sound : seat().Sound;

    public string? SetSound(string what, string? vm) => seat is null ? "This console is not the seat's own; the volume is set there." : seat().SetSound(what, vm);

    public bool HasMonitors => seat is null ? link.Snapshot?.Seat?.Monitors is not null : seat().HasMonitors;

    public IReadOnlyList<SeatMonitor>? Monitors => seat is null ? link.Snapshot?.Seat?.Monitors : seat().Monitors;

    public string? SetMonitor(string monitor, int? port) => seat is null ? NotTheSeats : seat().SetMonitor(monitor, port);

    public string? SetPrimaryMonitor(string monitor) => seat is null ? NotTheSeats : seat().SetPrimaryMonitor(monitor);

    private static string? ErrorOf(Answer answer) => answer.Ok ? null : answer.Error ?? "The daemon refuses and does not say why.";
}
