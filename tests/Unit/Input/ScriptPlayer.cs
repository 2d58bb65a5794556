using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Input.Routing;

namespace Hyperspace.Tests.Unit.Input;

internal static class KeySetExtensions
{
    public static List<KeyCode> ToList(this KeySet set)
    {
        var keys = new List<KeyCode>();
        foreach (KeyCode key in set)
        {
            keys.Add(key);
        }

        return keys;
    }
}

/// <summary>Plays a <see cref="Script"/> into a router and watches what must hold after each operation.</summary>
internal sealed class ScriptPlayer
{
    private const long Millisecond = 1_000_000;
    private static readonly int[] Circle = [0, 1, 2, 3];

    private readonly RecordingConsole _console = new();
    private readonly Dictionary<int, KeySet> _down = [];
    private readonly Dictionary<string, RecordingGuest> _guests = [];
    private readonly RecordingGuest?[] _plugged = new RecordingGuest?[10];
    private readonly int[] _lives = new int[10];
    private readonly Dictionary<KeyCode, int> _presses = [];
    private readonly Router _router;
    private long _now;
    private int _attentions;

    /// <summary>How a key event gets to the router: at once, or over a real kernel.</summary>
    private readonly Action<Router, KeyEvent> _send;

    /// <summary>Tells a device's end to the router, after its keys have gone up where a kernel sees to that.</summary>
    private readonly Action<Router, DeviceId> _lose;

    public ScriptPlayer(Action<Router, KeyEvent>? send = null, Action<Router, DeviceId>? lose = null)
    {
        _send = send ?? (static (router, e) => router.Key(e));
        _lose = lose ?? (static (router, device) => router.DeviceLost(device));
        _router = new Router(ChordOptions.Default, _console) { PointerMap = new PointerMap(100, 100, 10, new PixelRect(0, 10, 100, 90), 100, 90) };
        _router.Attention += () => _attentions++;
        Attach(1);
        Attach(2);
    }

    public static int PortFurther(int port, int by) => Circle[(Array.IndexOf(Circle, port) + by + Circle.Length) % Circle.Length];

    public void Play(Script script)
    {
        // At the end everything is let go and all waits are over, so that nothing is left undecided.
        List<Op> ops = [.. script.Ops, .. Enumerable.Range(1, 3).Select(device => new Op(OpKind.Lost, device)), new Op(OpKind.Wait, Milliseconds: 10_000)];
        foreach (Op op in ops)
        {
            Do(op);
            CheckAlways(op);
        }

        foreach (RecordingGuest guest in _guests.Values)
        {
            Check(guest.Dead || guest.Down.IsEmpty, $"(f) {guest.Name} still believes {guest.Down} to be down at the end");
        }

        Check(_console.Down.IsEmpty, $"(f) the console still believes {_console.Down} to be down at the end");
        CheckEveryPressWentToOneGuest();
        CompareWith(new Oracle(ops).Run());
    }

    private void Do(Op op)
    {
        var device = new DeviceId(op.Device);
        switch (op.Kind)
        {
            case OpKind.Key:
                PlayKey(op, device);
                break;
            case OpKind.Wait:
                Wait(op.Milliseconds);
                break;
            case OpKind.Switch:
                _router.SwitchTo(PortFurther(_router.Focus.Port, op.Port));
                break;
            case OpKind.Lost:
                _down.Remove(op.Device);
                _lose(_router, device);
                break;
            case OpKind.Resync:
                foreach (KeyCode key in op.Held - _down.GetValueOrDefault(op.Device))
                {
                    _presses[key] = _presses.GetValueOrDefault(key) + 1;
                }

                _down[op.Device] = op.Held;
                _router.DeviceResync(device, op.Held);
                break;
            case OpKind.Gone:
                if (_plugged[op.Port] is { } guest)
                {
                    guest.Dead = true;
                    _plugged[op.Port] = null;
                }

                _router.GuestGone(op.Port);
                break;
            case OpKind.Attach:
                Attach(op.Port);
                break;
            case OpKind.ReleaseAll:
                _router.ReleaseAll();
                break;
            case OpKind.Click:
                _router.Pointer(new PointerEvent(device, true, 30_000, 30_000, PointerButtons.Left, PointerButtons.Left, _now));
                break;
        }
    }

    private void PlayKey(Op op, DeviceId device)
    {
        _now += op.Milliseconds * Millisecond;
        KeySet down = _down.GetValueOrDefault(op.Device);
        bool fresh = false;
        if (op.Action == KeyAction.Down)
        {
            fresh = true;
            down.Add(op.Key);
            _presses[op.Key] = _presses.GetValueOrDefault(op.Key) + 1;
        }
        else if (op.Action == KeyAction.Up)
        {
            down.Remove(op.Key);
        }

        _down[op.Device] = down;
        int before = _attentions;
        _send(_router, new KeyEvent(device, op.Key, op.Action, _now));
        KeyModifiers modifiers = KeyKinds.ModifiersOf(Down());
        if (fresh && KeyKinds.Attention.Contains(op.Key) && Down().Contains(KeyCode.Esc) && modifiers.HasFlag(KeyModifiers.Ctrl) && modifiers.HasFlag(KeyModifiers.Alt))
        {
            Check(_router.Focus.Port == 0, $"(d) Ctrl+Alt+Esc are down, but the focus is on port {_router.Focus.Port}");
            Check(_attentions == before + 1, "(d) Ctrl+Alt+Esc are down, but no attention was raised");
            Check(_router.KeysDown.Contains(KeyCode.Esc) == false, "(d) the console sees the Esc of the attention key");
        }
    }

    private void Wait(int milliseconds)
    {
        long end = _now + milliseconds * Millisecond;
        for (int guard = 0; _router.Deadline <= end; guard++)
        {
            Check(guard < 1000, "the router asks for ticks without end");
            _now = Math.Max(_now, _router.Deadline);
            _router.Tick(_now);
        }

        _now = end;
        _router.Tick(_now);
    }

    private void Attach(int port)
    {
        // The guest before it may be alive: its connection is replaced and it has to be left with nothing down.
        var guest = new RecordingGuest($"{port}.{_lives[port]++}");
        _guests.Add(guest.Name, guest);
        RecordingGuest? old = _plugged[port];
        _plugged[port] = guest;
        _router.GuestAttached(port, guest);
        if (old is not null)
        {
            Check(old.Down.IsEmpty, $"(f) {old.Name} was replaced with {old.Down} down");
        }
    }

    private KeySet Down()
    {
        var all = default(KeySet);
        foreach (KeySet keys in _down.Values)
        {
            all |= keys;
        }

        return all;
    }

    private void CheckAlways(Op op)
    {
        KeySet down = Down();
        for (int port = 1; port < 10; port++)
        {
            if (_plugged[port] is { } guest)
            {
                Check((guest.Down - down).IsEmpty, $"(a) after {op}: {guest.Name} believes {guest.Down - down} to be down, which are up");
                Check(port == _router.Focus.Port || guest.Down.IsEmpty, $"(f) after {op}: {guest.Name} has no focus and {guest.Down} down");
            }
        }

        Check((_console.Down - down).IsEmpty, $"(a) after {op}: the console believes {_console.Down - down} to be down, which are up");
        foreach (RecordingGuest guest in _guests.Values)
        {
            Check(guest.Faults.Count == 0, $"(f) after {op}: {string.Join("; ", guest.Faults)}");
        }

        Check(_console.Faults.Count == 0, $"(f) after {op}: {string.Join("; ", _console.Faults)}");
    }

    /// <summary>Modifiers are pressed in each guest that they are carried into; any other key once for each time that someone pressed it.</summary>
    private void CheckEveryPressWentToOneGuest()
    {
        IEnumerable<(KeyCode Key, bool Down)> all = _guests.Values.SelectMany(guest => guest.Keys).Concat(_console.Keys);
        foreach (var presses in all.Where(k => k.Down && !KeyKinds.IsModifier(k.Key)).GroupBy(k => k.Key))
        {
            Check(presses.Count() <= _presses[presses.Key], $"(c) {presses.Key} was pressed {_presses[presses.Key]} times, but guests saw {presses.Count()} presses");
        }
    }

    private void CompareWith(Oracle oracle)
    {
        Compare("console", oracle.Seen["console"], _console.Keys);
        foreach (RecordingGuest guest in _guests.Values)
        {
            Compare(guest.Name, oracle.Seen[guest.Name], guest.Keys);
        }

        Check(oracle.Port == _router.Focus.Port, $"the focus is on port {_router.Focus.Port}, expected {oracle.Port}");
    }

    private static void Compare(string name, List<(KeyCode Key, bool Down)> expected, List<(KeyCode Key, bool Down)> seen)
    {
        static string Text(IEnumerable<(KeyCode Key, bool Down)> keys) => string.Join(' ', keys.Select(k => (k.Down ? "+" : "-") + k.Key));
        Check(expected.SequenceEqual(seen), $"(b, e) {name} saw   {Text(seen)}{Environment.NewLine}      but expected {Text(expected)}");
    }

    private static void Check(bool condition, string message)
    {
        if (!condition)
        {
            throw new Xunit.Sdk.XunitException(message);
        }
    }
}
