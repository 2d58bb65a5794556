using System.Text;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Input.Routing;

namespace Hyperspace.Tests.Unit.Input;

/// <summary>A guest that writes down what it is told, and complains about what no keyboard does.</summary>
internal sealed class RecordingGuest(string name) : IGuestInput
{
    private readonly List<string> _faults = [];

    public List<(KeyCode Key, bool Down)> Keys { get; } = [];
    public StringBuilder Log { get; } = new();
    public KeySet Down { get; private set; }
    public PointerButtons ButtonsDown { get; private set; }
    public bool Dead { get; set; }
    public string Name => name;
    public IReadOnlyList<string> Faults => _faults;

    public void Key(KeyCode key, bool down)
    {
        Alive();
        KeySet now = Down;
        if (!(down ? now.Add(key) : now.Remove(key)))
        {
            _faults.Add($"{name}: {key} goes {(down ? "down" : "up")} but is already");
        }

        Down = now;
        Keys.Add((key, down));
        Log.Append(down ? '+' : '-').Append(key).Append(' ');
    }

    public void PointerTo(int x, int y)
    {
        Alive();
        Log.Append($"@{x},{y} ");
    }

    public void PointerBy(int dx, int dy)
    {
        Alive();
        Log.Append($"by{dx},{dy} ");
    }

    public void Buttons(PointerButtons pressed, PointerButtons released)
    {
        Alive();
        const PointerButtons wheel = PointerButtons.WheelUp | PointerButtons.WheelDown;
        if ((pressed & ButtonsDown) != 0 || (released & ~(pressed | ButtonsDown)) != 0 || (pressed & wheel) != (released & wheel))
        {
            _faults.Add($"{name}: buttons {pressed} down, {released} up while {ButtonsDown} are down");
        }

        ButtonsDown = (ButtonsDown | pressed) & ~released;
        Log.Append($"[{pressed}/{released}] ");
    }

    /// <summary>What came since the last call.</summary>
    public string Take()
    {
        string log = Log.ToString().TrimEnd();
        Log.Clear();
        return log;
    }

    private void Alive()
    {
        if (Dead)
        {
            _faults.Add($"{name} is dead and was called");
        }
    }
}

internal sealed class RecordingConsole : IConsoleKeys
{
    public List<(KeyCode Key, bool Down)> Keys { get; } = [];
    public StringBuilder Log { get; } = new();
    public KeySet Down { get; private set; }
    public List<string> Faults { get; } = [];
    public KeyModifiers Modifiers { get; private set; }

    public void Key(KeyCode key, KeyAction action, KeyModifiers modifiers)
    {
        KeySet now = Down;
        bool fine = action switch
        {
            KeyAction.Down => now.Add(key),
            KeyAction.Up => now.Remove(key),
            _ => now.Contains(key),
        };
        if (!fine)
        {
            Faults.Add($"console: {action} of {key}, which is {(Down.Contains(key) ? "down" : "up")}");
        }

        Down = now;
        Modifiers = modifiers;
        if (action != KeyAction.Repeat)
        {
            Keys.Add((key, action == KeyAction.Down));
        }

        Log.Append(action switch { KeyAction.Down => '+', KeyAction.Up => '-', _ => '~' }).Append(key).Append(' ');
    }

    public string Take()
    {
        string log = Log.ToString().TrimEnd();
        Log.Clear();
        return log;
    }
}

/// <summary>A router with a console and guests on ports 1 and 2, a clock, and a loop that ticks it when it asks for it, as the seat does.</summary>
internal sealed class Bench
{
    public const long Millisecond = 1_000_000;

    public Bench(ChordOptions? options = null)
    {
        Router = new Router(options ?? ChordOptions.Default, Console);
        Router.GuestAttached(1, One);
        Router.GuestAttached(2, Two);
        Router.FocusChanged += (old, now) => Events.Add($"focus {old.Port}->{now.Port} {now.Target}");
        Router.Armed += armed => Events.Add(armed ? "armed" : "disarmed");
        Router.Attention += () => Events.Add("attention");
        Router.PointerMap = new PointerMap(1000, 1000, 20, new PixelRect(0, 20, 1000, 980), 1000, 980);
    }

    public RecordingConsole Console { get; } = new();
    public RecordingGuest One { get; } = new("one");
    public RecordingGuest Two { get; } = new("two");
    public Router Router { get; }
    public List<string> Events { get; } = [];
    public long Now { get; private set; } = 1_000 * Millisecond;
    public int Port => Router.Focus.Port;

    /// <summary>Lets time pass; the router is ticked at its deadlines, exactly.</summary>
    public Bench Wait(double milliseconds)
    {
        long end = Now + (long)(milliseconds * Millisecond);
        for (int guard = 0; Router.Deadline <= end; guard++)
        {
            Assert.True(guard < 1000, "the router asks for a tick again and again without time passing");
            Now = Math.Max(Now, Router.Deadline);
            Router.Tick(Now);
        }

        Now = end;
        return this;
    }

    /// <summary>Lets time pass without telling the router: a seat that was busy.</summary>
    public Bench Stall(double milliseconds)
    {
        Now += (long)(milliseconds * Millisecond);
        return this;
    }

    public Bench Key(KeyCode key, KeyAction action, int device = 1)
    {
        Router.Key(new KeyEvent(new DeviceId(device), key, action, Now));
        return this;
    }

    /// <summary><c>+A</c> down, <c>-A</c> up, <c>~A</c> repeat, <c>A</c> tap (each 10 ms apart), a number waits that many milliseconds; <c>A@2</c> on keyboard 2.</summary>
    public Bench Play(string script)
    {
        foreach (string word in script.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (word.Length > 0 && char.IsAsciiDigit(word[0]) && double.TryParse(word, out double milliseconds))
            {
                Wait(milliseconds);
                continue;
            }

            string[] parts = word.TrimStart('+', '-', '~').Split('@');
            KeyCode key = Enum.Parse<KeyCode>(parts[0]);
            int device = parts.Length > 1 ? int.Parse(parts[1]) : 1;
            switch (word[0])
            {
                case '+': Key(key, KeyAction.Down, device); break;
                case '-': Key(key, KeyAction.Up, device); break;
                case '~': Key(key, KeyAction.Repeat, device); break;
                default:
                    Key(key, KeyAction.Down, device).Wait(10);
                    Key(key, KeyAction.Up, device);
                    break;
            }

            Wait(10);
        }

        return this;
    }

    public Bench To(int port)
    {
        Router.SwitchTo(port);
        Forget();
        return this;
    }

    /// <summary>Empties all logs.</summary>
    public Bench Forget()
    {
        One.Take();
        Two.Take();
        Console.Take();
        Events.Clear();
        return this;
    }

    public void AssertNoFaults()
    {
        Assert.Empty(One.Faults);
        Assert.Empty(Two.Faults);
        Assert.Empty(Console.Faults);
    }
}
