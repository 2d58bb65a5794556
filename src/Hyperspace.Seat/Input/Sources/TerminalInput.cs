using System.Globalization;
using System.Text;
using Hyperspace.Protocols.Terminal;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Input.KeyMaps;

namespace Hyperspace.Seat.Input.Sources;

/// <summary>
/// Keyboard and mouse of a terminal. One with the kitty keyboard protocol reports physical keys and their releases. Any other sends characters: each is pressed
/// and released with the modifiers that it needs on a US keyboard, so that nothing stays down; the leader is Ctrl+] twice, and the attention key is Alt+Esc.
/// </summary>
public sealed class TerminalInput : ITerminalEvents, IDeadline
{
    /// <summary>The longest text that is typed when it is pasted: at its pace some 40 s. More is a file and comes in by other ways.</summary>
    public const int MaxPaste = 2000;

    /// <summary>
    /// Time between two key events of characters. A PS/2 keyboard of QEMU holds 16 bytes, five keys: a guest that gets no CPU for 80 ms loses none.
    /// </summary>
    private static readonly TimeSpan DefaultPace = InjectedInput.TypingPace;

    private readonly IInputSink _sink;
    private readonly DeviceId _keyboard;
    private readonly DeviceId _mouse;
    private readonly Func<long> _clock;
    private readonly ChordOptions? _chords;
    private readonly InjectedInput _paste;
    private readonly PacedKeys _typed;
    private KeySet _down;
    private PointerButtons _buttons;
    private long _leaderUntil = IDeadline.Never;
    private long _announced = IDeadline.Never;

    /// <summary>Right Alt is down as AltGr, which terminals do not count as Alt.</summary>
    private bool _isLevel3;
    private int _pastePort;

    /// <param name="keyboard">This and the two numbers after it are the keyboard, the mouse and the keyboard that types what is pasted.</param>
    /// <param name="chords">What <c>Ctrl+]</c> twice and <c>Alt+Esc</c> become; null where there are no chords, and they are keys as any other.</param>
    /// <param name="clock">CLOCK_MONOTONIC in nanoseconds.</param>
    /// <param name="pace">Time between two key events of characters; 8 ms when it is not given.</param>
    public TerminalInput(IInputSink sink, DeviceId keyboard, ChordOptions? chords, Func<long> clock, TimeSpan? pace = null)
    {
        (_sink, _keyboard, _mouse, _chords, _clock) = (sink, keyboard, new DeviceId(keyboard.Value + 1), chords, clock);
        _paste = new InjectedInput(sink, new DeviceId(keyboard.Value + 2), clock) { DeadlineChanged = AnnounceDeadline, Pace = pace ?? DefaultPace };
        _typed = new PacedKeys(sink, keyboard, pace ?? DefaultPace, clock);
    }

    /// <summary>Whether the terminal reports releases now.</summary>
    public Func<bool> ReportsReleases { get; set; } = static () => false;

    /// <summary>What mouse positions are less than.</summary>
    public Func<(int Width, int Height)> MouseExtent { get; set; } = static () => (1, 1);

    /// <summary>Where keys go; what is pasted stops when that changes. Null where it is not typed at all.</summary>
    public Func<int>? FocusedPort { get; set; }

    /// <summary>A sentence for the user.</summary>
    public Action<string>? Notice { get; set; }

    /// <summary>Keys that the terminal holds down.</summary>
    public KeySet Down => _down;

    public long Deadline => Math.Min(_leaderUntil, Math.Min(_typed.Deadline, _paste.Deadline));

    public Action? DeadlineChanged { get; set; }

    public void Tick(long now)
    {
        if (now >= _leaderUntil)
        {
            GiveUpLeader();
        }

        if (_paste.IsBusy && FocusedPort?.Invoke() != _pastePort)
        {
            _paste.StopTyping("the focus moved to another port");
        }

        _paste.Tick(now);
        _typed.Tick(now);
        AnnounceDeadline();
    }

    public void Key(in TerminalKey key)
    {
        if (!key.IsText && ReportsReleases())
        {
            PhysicalKey(key);
        }
        else if (key.Action != TerminalKeyAction.Release)
        {
            CharacterKey(key);
        }

        AnnounceDeadline();
    }

    public void Mouse(in TerminalMouse mouse)
    {
        GiveUpLeader();
        PointerButtons button = mouse.Button switch
        {
            TerminalMouseButton.Left => PointerButtons.Left,
            TerminalMouseButton.Middle => PointerButtons.Middle,
            TerminalMouseButton.Right => PointerButtons.Right,
            TerminalMouseButton.Side => PointerButtons.Side,
            TerminalMouseButton.Extra => PointerButtons.Extra,
            _ => PointerButtons.None,
        };
        (PointerButtons pressed, PointerButtons released) = mouse.Action switch
        {
            TerminalMouseAction.Press => (button, PointerButtons.None),
            TerminalMouseAction.Release => (PointerButtons.None, button),
            TerminalMouseAction.WheelUp => (PointerButtons.WheelUp, PointerButtons.WheelUp),
            TerminalMouseAction.WheelDown => (PointerButtons.WheelDown, PointerButtons.WheelDown),
            // Motion without a button: one that was let go outside of the window is up.
            _ => (PointerButtons.None, button == PointerButtons.None ? _buttons : PointerButtons.None),
        };
        const PointerButtons wheel = PointerButtons.WheelUp | PointerButtons.WheelDown;
        _buttons = (_buttons | (pressed & ~wheel)) & ~released;
        (int width, int height) = MouseExtent();
        _sink.Pointer(new PointerEvent(_mouse, true, Fraction(mouse.X, width), Fraction(mouse.Y, height), pressed, released, _clock()));
        AnnounceDeadline();
    }

    public void Paste(string text, bool isComplete)
    {
        GiveUpLeader();
        if (FocusedPort is null)
        {
            return;
        }

        if (!isComplete || text.Length > MaxPaste)
        {
            Notice?.Invoke($"What was pasted is too long to be typed: at most {MaxPaste} characters; nothing was typed.");
            return;
        }

        if (FocusedPort() is 0)
        {
            Notice?.Invoke("The console takes keys and no pasted text; nothing was typed.");
            return;
        }

        _pastePort = FocusedPort();
        _paste.Type(text, KeyLayout.Us, error =>
        {
            if (error is not null)
            {
                Notice?.Invoke(error);
            }
        });
        AnnounceDeadline();
    }

    /// <summary>A window without the keyboard does not tell what is released.</summary>
    public void Focus(bool hasFocus)
    {
        if (!hasFocus)
        {
            Lost();
        }
    }

    public void Reply(in TerminalReply reply)
    {
    }

    /// <summary>The terminal is gone, or somebody else's: everything is up.</summary>
    public void Lost()
    {
        _leaderUntil = IDeadline.Never;
        _typed.Clear();
        _down = default;
        _isLevel3 = false;
        _buttons = PointerButtons.None;
        _paste.StopTyping("the terminal lost the keyboard");
        _sink.DeviceLost(_keyboard);
        _sink.DeviceLost(_mouse);
        AnnounceDeadline();
    }

    private void PhysicalKey(in TerminalKey key)
    {
        KeyCode code = TerminalKeyMap.Physical(key);
        if (code == KeyCode.None)
        {
            if (key.Action != TerminalKeyAction.Release)
            {
                CharacterKey(key);
            }

            return;
        }

        if (!KeyKinds.IsModifier(code))
        {
            FollowModifiers(key.Modifiers);
        }

        switch (key.Action)
        {
            case TerminalKeyAction.Press:
                _isLevel3 |= key.Code == TerminalKeys.Level3Shift;
                _down.Add(code);
                Send(code, KeyAction.Down);
                break;
            case TerminalKeyAction.Repeat when _down.Contains(code):
                Send(code, KeyAction.Repeat);
                break;
            case TerminalKeyAction.Release:
                Up(code);
                break;
        }
    }

    /// <summary>
    /// Every key says which modifiers are down: one that was let go while another window had the keyboard is up, and one that was pressed there is down.
    /// </summary>
    private void FollowModifiers(TerminalModifiers modifiers)
    {
        Follow(modifiers, TerminalModifiers.Shift, KeyCode.LeftShift, KeyCode.RightShift);
        Follow(modifiers, TerminalModifiers.Ctrl, KeyCode.LeftCtrl, KeyCode.RightCtrl);
        Follow(modifiers, TerminalModifiers.Alt, KeyCode.LeftAlt, _isLevel3 ? KeyCode.LeftAlt : KeyCode.RightAlt);
        Follow(modifiers, TerminalModifiers.Super, KeyCode.LeftMeta, KeyCode.RightMeta);
    }

    private void Follow(TerminalModifiers modifiers, TerminalModifiers which, KeyCode left, KeyCode right)
    {
        if ((modifiers & which) == 0)
        {
            Up(left);
            Up(right);
        }
        else if (!_down.Contains(left) && !_down.Contains(right) && _down.Add(left))
        {
            Send(left, KeyAction.Down);
        }
    }

    private void Up(KeyCode code)
    {
        if (_down.Remove(code))
        {
            _isLevel3 &= code != KeyCode.RightAlt;
            Send(code, KeyAction.Up);
        }
    }

    private void CharacterKey(in TerminalKey key)
    {
        const TerminalModifiers locks = TerminalModifiers.CapsLock | TerminalModifiers.NumLock;
        TerminalModifiers modifiers = key.Modifiers & ~locks;
        if (_chords is not null && key is { Code: ']' } && modifiers == TerminalModifiers.Ctrl)
        {
            LeaderKey(_chords);
            return;
        }

        GiveUpLeader();
        if (_chords is not null && key.Code == TerminalKeys.Escape && modifiers == TerminalModifiers.Alt)
        {
            // It waits for nothing.
            Lost();
            modifiers |= TerminalModifiers.Ctrl;
        }

        Tap(key.Code, modifiers);
    }

    /// <summary>A Ctrl+] waits for a second one; alone it is a key as any other.</summary>
    private void LeaderKey(ChordOptions chords)
    {
        long now = _clock();
        if (_leaderUntil == IDeadline.Never)
        {
            _leaderUntil = now + chords.GapMax.Ticks * 100;
            return;
        }

        _leaderUntil = IDeadline.Never;
        for (int tap = 0; tap < 2; tap++)
        {
            _typed.Send(chords.Leaders[0], down: true);
            _typed.Send(chords.Leaders[0], down: false);
        }
    }

    private void GiveUpLeader()
    {
        if (_leaderUntil != IDeadline.Never)
        {
            _leaderUntil = IDeadline.Never;
            Tap(']', TerminalModifiers.Ctrl);
        }
    }

    private void Tap(int code, TerminalModifiers modifiers)
    {
        KeyCode key = TerminalKeyMap.OfName(code);
        if (key == KeyCode.None)
        {
            if (!TerminalKeyMap.TryCharacter(code, out LayoutKey layout))
            {
                if (Rune.TryCreate(code, out Rune rune) && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Control or UnicodeCategory.PrivateUse))
                {
                    Notice?.Invoke($"\"{rune}\" is not on a US keyboard, and this terminal does not say which key it was.");
                }

                return;
            }

            key = layout.Key;
            modifiers |= layout.Shift ? TerminalModifiers.Shift : TerminalModifiers.None;
        }

        var needed = default(KeySet);
        Need(ref needed, modifiers, TerminalModifiers.Ctrl, KeyCode.LeftCtrl, KeyCode.RightCtrl);
        Need(ref needed, modifiers, TerminalModifiers.Alt, KeyCode.LeftAlt, KeyCode.RightAlt);
        Need(ref needed, modifiers, TerminalModifiers.Shift, KeyCode.LeftShift, KeyCode.RightShift);
        Need(ref needed, modifiers, TerminalModifiers.Super, KeyCode.LeftMeta, KeyCode.RightMeta);
        if (!_typed.HasRoom(2 * (needed.Count + 1)))
        {
            Notice?.Invoke("The terminal sends more characters than a keyboard can type; some are lost.");
            return;
        }

        foreach (KeyCode modifier in needed)
        {
            _typed.Send(modifier, down: true);
        }

        // One that is held already is let go first, so that this is a press of its own.
        Up(key);
        _typed.Send(key, down: true);
        _typed.Send(key, down: false);
        foreach (KeyCode modifier in needed)
        {
            _typed.Send(modifier, down: false);
        }
    }

    private void Need(ref KeySet needed, TerminalModifiers modifiers, TerminalModifiers which, KeyCode left, KeyCode right)
    {
        if ((modifiers & which) != 0 && !_down.Contains(left) && !_down.Contains(right))
        {
            needed.Add(left);
        }
    }

    private void Send(KeyCode key, KeyAction action) => _sink.Key(new KeyEvent(_keyboard, key, action, _clock()));

    /// <summary>The middle of a cell or pixel as a fraction of 65536.</summary>
    private static int Fraction(int position, int extent) => (int)Math.Clamp((position * 2L + 1) * 32768 / Math.Max(extent, 1), 0, 65535);

    private void AnnounceDeadline()
    {
        long deadline = Deadline;
        if (deadline != _announced)
        {
            _announced = deadline;
            DeadlineChanged?.Invoke();
        }
    }
}
