using System.Text.RegularExpressions;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;

namespace Hyperspace.Tests.Unit.Input;

/// <summary>
/// What every guest has to see of a script, worked out by looking ahead: for each press it asks of the whole rest of the script whether a chord
/// begins here. It shares no code and no method with the recognizer and the router, which must decide while events come in.
/// </summary>
internal sealed class Oracle
{
    private const long TapMax = 300, GapMax = 400, CommandWait = 3000, HoldBack = 250;
    private static readonly Regex Complete = new("^DUDU(D[Ss]*U|[Ss])*(D[Ss]*)?C$");
    private static readonly Regex Beginning = new("^(D|DU|DUD|DUDU(D[Ss]*U|[Ss])*(D[Ss]*)?)$");

    /// <summary>A key that really went down or up, a barrier that ends all chords, or just time.</summary>
    private sealed record Step(int Op, long Time, bool IsKey, int Device, KeyCode Key, bool Down, bool CompletesAttention, bool Shift, bool Barrier, KeySet Added, KeySet Removed);

    private readonly List<Step> _steps = [];
    private readonly List<(string What, Step Step, ChordCommand Command)>[] _decisions;
    private readonly HashSet<(int Device, KeyCode Key)> _live = [];
    private readonly HashSet<(int Device, KeyCode Key)> _swallowed = [];
    private readonly IReadOnlyList<Op> _ops;
    private readonly List<(KeyCode, bool)>?[] _guests = new List<(KeyCode, bool)>?[10];
    private int _port;
    private int _decided;

    public Oracle(IReadOnlyList<Op> ops)
    {
        _ops = ops;
        _decisions = [.. ops.Select(_ => new List<(string, Step, ChordCommand)>())];
    }

    /// <summary>Expected keys of each guest, by name: <c>1.0</c> is the first guest of port 1, <c>1.1</c> the one after it.</summary>
    public Dictionary<string, List<(KeyCode Key, bool Down)>> Seen { get; } = new() { ["console"] = [] };

    public int Port => _port;

    public Oracle Run()
    {
        Normalise();
        FindChords();
        Route();
        return this;
    }

    /// <summary>Throws out what is no change of a key, and notes what is physically down at each step.</summary>
    private void Normalise()
    {
        var down = new HashSet<(int Device, KeyCode Key)>();
        bool Any(params KeyCode[] keys) => down.Any(k => keys.Contains(k.Key));
        bool Attention() => Any(KeyCode.Esc) && Any(KeyCode.LeftCtrl, KeyCode.RightCtrl) && Any(KeyCode.LeftAlt, KeyCode.RightAlt);
        long time = 0;
        for (int i = 0; i < _ops.Count; i++)
        {
            Op op = _ops[i];
            time += op.Milliseconds;
            void Add(bool isKey, bool isDown, bool attention, bool barrier, KeySet added = default, KeySet removed = default) =>
                _steps.Add(new Step(i, time, isKey, op.Device, op.Key, isDown, attention, Any(KeyCode.LeftShift, KeyCode.RightShift), barrier, added, removed));

            switch (op.Kind)
            {
                case OpKind.Key when op.Action == KeyAction.Down:
                    if (!down.Add((op.Device, op.Key)))
                    {
                        down.Remove((op.Device, op.Key));
                        Add(true, false, false, false);
                        down.Add((op.Device, op.Key));
                    }

                    Add(true, true, KeyKinds.Attention.Contains(op.Key) && Attention(), false);
                    break;
                case OpKind.Key when op.Action == KeyAction.Up && down.Remove((op.Device, op.Key)):
                    Add(true, false, false, false);
                    break;
                case OpKind.Key or OpKind.Wait:
                    Add(false, false, false, false);
                    break;
                case OpKind.Lost or OpKind.Resync:
                    KeySet before = KeySet.Of([.. down.Where(k => k.Device == op.Device).Select(k => k.Key)]);
                    KeySet after = op.Kind == OpKind.Lost ? default : op.Held;
                    down.RemoveWhere(k => k.Device == op.Device);
                    foreach (KeyCode key in after)
                    {
                        down.Add((op.Device, key));
                    }

                    Add(false, false, !((after - before) & KeyKinds.Attention).IsEmpty && Attention(), before != after, after - before, before - after);
                    break;
                case OpKind.Switch or OpKind.Click or OpKind.ReleaseAll:
                    Add(false, false, false, true);
                    break;
            }
        }
    }

    private void FindChords()
    {
        var down = new HashSet<(int Device, KeyCode Key)>();
        for (int i = 0; i < _steps.Count;)
        {
            Step step = _steps[i];
            int next = i + 1;
            if (step.CompletesAttention)
            {
                Track(down, step);
                RaiseAttention(down, step);
            }
            else if (!step.IsKey)
            {
                Track(down, step);
            }
            else if (!step.Down)
            {
                Track(down, step);
                if (!_swallowed.Remove((step.Device, step.Key)))
                {
                    Decide(step.Op, "pass", step);
                }
            }
            else
            {
                next = LookAhead(i, down);
            }

            if (!step.IsKey && step.Barrier)
            {
                DirectChanges(step);
            }

            i = next;
        }
    }

    /// <summary>Decides about the press at <paramref name="start"/>; returns the first step that is still undecided.</summary>
    private int LookAhead(int start, HashSet<(int, KeyCode)> down)
    {
        var candidate = new List<Step> { _steps[start] };
        var swallowed = new HashSet<(int, KeyCode)>(_swallowed);
        var future = new HashSet<(int, KeyCode)>(down);
        Track(future, _steps[start]);
        int j = start;
        while (IsBeginning(candidate, _steps[j].Time) && ++j < _steps.Count && IsBeginning(candidate, _steps[j].Time))
        {
            Step step = _steps[j];
            Track(future, step);
            if (step.CompletesAttention)
            {
                Swallow(candidate);
                Replace(down, future);
                RaiseAttention(down, step);
                if (!step.IsKey)
                {
                    DirectChanges(step);
                }

                return j + 1;
            }

            if (!step.IsKey && step.Barrier)
            {
                break;
            }

            if (!step.IsKey || (!step.Down && swallowed.Remove((step.Device, step.Key))))
            {
                continue;
            }

            candidate.Add(step);
            if (Complete.IsMatch(Letters(candidate)) && InTime(candidate, step.Time))
            {
                Swallow(candidate);
                _swallowed.IntersectWith(swallowed.Union(candidate.Select(s => (s.Device, s.Key))));
                Replace(down, future);
                Decide(step.Op, "chord", step, ChordCommand.For(step.Key, step.Shift)!.Value);
                return j + 1;
            }
        }

        Track(down, _steps[start]);
        Decide(_steps[Math.Min(j, _steps.Count - 1)].Op, "pass", _steps[start]);
        return start + 1;
    }

    private static bool IsBeginning(List<Step> steps, long now) =>
        (Beginning.IsMatch(Letters(steps)) && InTime(steps, now))
        || (steps.All(s => s.Down && s.Key != KeyCode.Esc && KeyKinds.Attention.Contains(s.Key)) && now - steps[0].Time < HoldBack);

    private static string Letters(List<Step> steps)
    {
        Step first = steps[0];
        if (first.Key is not (KeyCode.RightCtrl or KeyCode.ScrollLock))
        {
            return "x";
        }

        var shifts = new HashSet<(int, KeyCode)>();
        return string.Concat(steps.Select(s =>
            s.Key == first.Key && s.Device == first.Device ? s.Down ? 'D' : 'U'
            : KeyKinds.IsShift(s.Key) ? s.Down ? (shifts.Add((s.Device, s.Key)), 'S').Item2 : shifts.Remove((s.Device, s.Key)) ? 's' : 'x'
            : s.Down && ChordCommand.For(s.Key, false) is not null ? 'C' : 'x'));
    }

    private static bool InTime(List<Step> steps, long now)
    {
        string letters = Letters(steps);
        for (int i = 1; i <= steps.Count; i++)
        {
            int last = letters.LastIndexOfAny(['D', 'U'], i - 1);
            long most = letters[last] == 'D' ? TapMax : letters[..i].Count(c => c == 'U') < 2 ? GapMax : CommandWait;
            if ((i < steps.Count ? steps[i].Time : now) - steps[last].Time > most)
            {
                return false;
            }
        }

        return true;
    }

    private void Swallow(List<Step> steps)
    {
        foreach (Step step in steps)
        {
            _ = step.Down ? _swallowed.Add((step.Device, step.Key)) : _swallowed.Remove((step.Device, step.Key));
        }
    }

    private void RaiseAttention(HashSet<(int Device, KeyCode Key)> down, Step step)
    {
        // Keys whose release was swallowed on the way here must not stay in the set.
        _swallowed.IntersectWith(down.Union(step.Removed.ToList().Select(key => (step.Device, key))));
        _swallowed.UnionWith(down.Where(k => KeyKinds.Attention.Contains(k.Key)));
        Decide(step.Op, "chord", step, new ChordCommand(ChordKind.Attention));
    }

    private void DirectChanges(Step step)
    {
        Decide(step.Op, "barrier", step);
        foreach (KeyCode key in step.Removed)
        {
            if (!_swallowed.Remove((step.Device, key)))
            {
                Decide(step.Op, "pass", step with { Key = key, Down = false });
            }
        }

        foreach (KeyCode key in step.Added & KeyKinds.Modifiers)
        {
            if (!_swallowed.Contains((step.Device, key)))
            {
                Decide(step.Op, "pass", step with { Key = key, Down = true });
            }
        }
    }

    /// <summary>In order: what follows something that was held back is not seen before it.</summary>
    private void Decide(int op, string what, Step step, ChordCommand command = default)
    {
        _decided = Math.Max(_decided, op);
        _decisions[_decided].Add((what, step, command));
    }

    private static void Track(HashSet<(int, KeyCode)> down, Step step)
    {
        if (step.IsKey)
        {
            _ = step.Down ? down.Add((step.Device, step.Key)) : down.Remove((step.Device, step.Key));
        }

        foreach (KeyCode key in step.Added)
        {
            down.Add((step.Device, key));
        }

        foreach (KeyCode key in step.Removed)
        {
            down.Remove((step.Device, key));
        }
    }

    private static void Replace(HashSet<(int, KeyCode)> set, HashSet<(int, KeyCode)> by)
    {
        set.Clear();
        set.UnionWith(by);
    }

    private void Route()
    {
        int[] lives = new int[10];
        void Attach(int port)
        {
            _guests[port] = Seen[$"{port}.{lives[port]}"] = [];
            lives[port]++;
        }

        Attach(1);
        Attach(2);
        var swallowed = new HashSet<(int, KeyCode)>();
        for (int i = 0; i < _ops.Count; i++)
        {
            foreach (var (what, step, command) in _decisions[i])
            {
                if (what == "pass")
                {
                    Pass(step);
                }
                else if (what == "chord")
                {
                    Command(command);
                }
            }

            Op op = _ops[i];
            switch (op.Kind)
            {
                case OpKind.Switch: Move(ScriptPlayer.PortFurther(_port, op.Port), _ => true); break;
                case OpKind.ReleaseAll: Leave(); _live.Clear(); break;
                case OpKind.Gone when _guests[op.Port] is not null:
                    _guests[op.Port] = null;
                    if (_port == op.Port)
                    {
                        _live.RemoveWhere(k => !KeyKinds.IsModifier(k.Key));
                    }

                    break;
                case OpKind.Attach when _port == op.Port:
                    Leave();
                    Attach(op.Port);
                    Arrive(_ => true);
                    break;
                case OpKind.Attach: Attach(op.Port); break;
            }
        }
    }

    private void Pass(Step step)
    {
        bool before = _live.Any(k => k.Key == step.Key);
        if (step.Down)
        {
            _live.Add((step.Device, step.Key));
        }
        else if (!_live.Remove((step.Device, step.Key)))
        {
            return;
        }

        if (before != _live.Any(k => k.Key == step.Key))
        {
            Target()?.Add((step.Key, step.Down));
        }
    }

    private void Command(ChordCommand command)
    {
        switch (command.Kind)
        {
            case ChordKind.Port: Move(command.Port, _ => true); break;
            case ChordKind.Next: Move(Neighbour(1), _ => true); break;
            case ChordKind.Previous: Move(Neighbour(9), _ => true); break;
            case ChordKind.Attention:
                // Every Ctrl and Alt that is down is part of the attention key.
                Leave();
                _port = 0;
                Arrive(key => !KeyKinds.Attention.Contains(key));
                break;
        }
    }

    private int Neighbour(int step)
    {
        int port = (_port + step) % 10;
        while (port != 0 && port != _port && _guests[port] is null)
        {
            port = (port + step) % 10;
        }

        return port;
    }

    private void Move(int port, Func<KeyCode, bool> carried)
    {
        if (port != _port)
        {
            Leave();
            _port = port;
            Arrive(carried);
        }
    }

    private void Leave()
    {
        foreach (KeyCode key in _live.Select(k => k.Key).Distinct().OrderBy(KeyKinds.IsModifier).ThenBy(k => k))
        {
            Target()?.Add((key, false));
        }
    }

    private void Arrive(Func<KeyCode, bool> carried)
    {
        _live.RemoveWhere(k => !KeyKinds.IsModifier(k.Key) || !carried(k.Key));
        foreach (KeyCode key in _live.Select(k => k.Key).Distinct().Order())
        {
            Target()?.Add((key, true));
        }
    }

    private List<(KeyCode, bool)>? Target() => _port == 0 ? Seen["console"] : _guests[_port];
}
