using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;
using Hyperspace.Seat.Console;

namespace Hyperspace.Tests.Unit.ManagementConsole;

/// <summary>A daemon that writes down what it is asked for, and answers when the test says so, at once, or never.</summary>
internal sealed class ScriptedBackend : IConsoleBackend
{
    private readonly List<(string What, Action<string?> Done)> _pending = [];
    private readonly List<(string What, Action<IReadOnlyList<string>?, string?> Done)> _pendingLogs = [];

    public Snapshot? Snapshot { get; set; }

    public string? Problem { get; set; }

    public bool CanSwitch { get; set; } = true;

    /// <summary>Answers while it is being asked, before the call returns.</summary>
    public bool AnswersAtOnce { get; set; }

    /// <summary>What an answer at once says.</summary>
    public string? Refusal { get; set; }

    /// <summary>All that was asked for, in order: <c>Start lab</c>, <c>move lab 3</c>, <c>switch 2</c>.</summary>
    public List<string> Asked { get; } = [];

    /// <summary>The logs that were asked for: <c>lab serial</c>.</summary>
    public List<string> AskedLogs { get; } = [];

    public int Pending => _pending.Count;

    public int PendingLogs => _pendingLogs.Count;

    /// <summary>Called with each action before it is written down.</summary>
    public Action<string, VmAction>? Acting { get; set; }

    public void Act(string vm, VmAction action, Action<string?> done)
    {
        Acting?.Invoke(vm, action);
        Take($"{action} {vm}", done);
    }

    public void Move(string vm, int? port, Action<string?> done) => Take($"move {vm} {port?.ToString() ?? "off"}", done);

    public void Log(string vm, string log, int maxLines, Action<IReadOnlyList<string>?, string?> done)
    {
        AskedLogs.Add($"{vm} {log}");
        _pendingLogs.Add(($"{vm} {log}", done));
    }

    public SoundStatus? Sound { get; set; }

    public string? SetSound(string what, string? vm)
    {
        Asked.Add($"sound {what}{(vm is null ? "" : " ")}{vm}");
        return Refusal;
    }

    public bool HasMonitors => Monitors is not null;

    public IReadOnlyList<SeatMonitor>? Monitors { get; set; }

    public string? SetMonitor(string monitor, int? port)
    {
        Asked.Add($"monitor {monitor} {port?.ToString() ?? "mirror"}");
        return Refusal;
    }

    public string? SetPrimaryMonitor(string monitor)
    {
        Asked.Add($"primary {monitor}");
        return Refusal;
    }

    public void SwitchTo(int port) => Asked.Add($"switch {port}");

    /// <summary>Answers the oldest request that is open.</summary>
    public void Answer(string? error = null, int index = 0)
    {
        Action<string?> done = _pending[index].Done;
        _pending.RemoveAt(index);
        done(error);
    }

    /// <summary>Answers the oldest request for a log that is open.</summary>
    public void AnswerLog(IReadOnlyList<string>? lines, string? error = null, int index = 0)
    {
        Action<IReadOnlyList<string>?, string?> done = _pendingLogs[index].Done;
        _pendingLogs.RemoveAt(index);
        done(lines, error);
    }

    private void Take(string what, Action<string?> done)
    {
        Asked.Add(what);
        if (AnswersAtOnce)
        {
            done(Refusal);
        }
        else
        {
            _pending.Add((what, done));
        }
    }
}
