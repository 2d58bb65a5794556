using System.Text;

namespace Hyperspace.Protocols.Terminal;

/// <summary>What a <see cref="TerminalDecoder"/> is in the middle of.</summary>
public enum TerminalPending : byte
{
    Nothing,

    /// <summary>An Esc that may be a key or begin a sequence: wait some tens of milliseconds, then <see cref="TerminalDecoder.Flush"/>.</summary>
    Escape,

    /// <summary>A sequence whose end has not come: wait seconds, then <see cref="TerminalDecoder.Flush"/>.</summary>
    Sequence,

    /// <summary>A paste whose end has not come: wait long, because what follows would be taken as typed.</summary>
    Paste,
}

/// <summary>
/// A terminal's input, byte by byte, as keys, mouse, pastes and replies. It takes the legacy sequences of xterm (XTerm Control Sequences, invisible-island.net,
/// 2024), and the kitty keyboard protocol. How the bytes are cut into reads makes no difference; what it does not know it skips to its end.
/// The terminal is trusted with nothing but what a keyboard may do: lengths are limited, and nothing it sends is sent back.
/// </summary>
public sealed partial class TerminalDecoder(ITerminalEvents events)
{
    /// <summary>Parameters and intermediates of a control sequence; xterm itself reads 30 parameters. Longer ones are skipped.</summary>
    public const int MaxSequenceBytes = 256;

    /// <summary>A device control, operating system or application string; replies are below 200 bytes. What is beyond is dropped.</summary>
    public const int MaxStringBytes = 4096;

    /// <summary>A paste. What is beyond is dropped, and the paste is not complete.</summary>
    public const int MaxPasteBytes = 64 << 10;

    private const byte Bell = 0x07, Cancel = 0x18, Substitute = 0x1A, Esc = 0x1B;

    private enum State : byte
    {
        Ground,
        Utf8,
        Escape,
        EscapeEscape,
        SingleShift,
        String,
        StringEscape,
        StringStart,
        Control,
        ControlSkip,
        LinuxFunction,
        OldMouse,
        Paste,
    }

    private static ReadOnlySpan<byte> PasteEnd => "\u001b[201~"u8;

    private readonly byte[] _sequence = new byte[MaxSequenceBytes];
    private readonly List<byte> _text = [];
    private State _state;
    private int _length;
    private int _skip;
    private byte _stringKind;

    /// <summary>An Esc came before what is being read: Alt is held.</summary>
    private bool _alt;
    private bool _pasteTooLong;
    private int _pasteEnd;

    public TerminalPending Pending => _state switch
    {
        State.Ground => TerminalPending.Nothing,
        State.Escape or State.EscapeEscape or State.SingleShift or State.StringStart => TerminalPending.Escape,
        State.Control when _length == 0 => TerminalPending.Escape,
        State.Paste => TerminalPending.Paste,
        _ => TerminalPending.Sequence,
    };

    /// <summary>Takes what was read.</summary>
    public void Feed(ReadOnlySpan<byte> untrustedBytes)
    {
        foreach (byte b in untrustedBytes)
        {
            Step(b);
        }
    }

    /// <summary>Nothing more came in time: what is pending is a key, or nothing.</summary>
    public void Flush()
    {
        (State state, bool alt) = (_state, _alt);
        int length = _length;
        Reset();
        switch (state)
        {
            case State.Escape:
                Character(TerminalKeys.Escape, alt ? TerminalModifiers.Alt : TerminalModifiers.None);
                break;
            case State.EscapeEscape:
                Character(TerminalKeys.Escape, TerminalModifiers.Alt);
                break;
            case State.SingleShift:
                Character('O', TerminalModifiers.Alt);
                break;
            case State.StringStart:
                Character(_stringKind, TerminalModifiers.Alt);
                break;
            case State.Control when length == 0:
                Character('[', TerminalModifiers.Alt);
                break;
            case State.Paste:
                EndPaste(complete: false);
                break;
        }
    }

    private void Step(byte b)
    {
        switch (_state)
        {
            case State.Ground: Ground(b); break;
            case State.Utf8: Utf8(b); break;
            case State.Escape: AfterEscape(b); break;
            case State.EscapeEscape: AfterTwoEscapes(b); break;
            case State.SingleShift: SingleShift(b); break;
            case State.StringStart: StringStart(b); break;
            case State.String: InString(b); break;
            case State.StringEscape: AfterStringEscape(b); break;
            case State.Control: InControl(b); break;
            case State.ControlSkip: SkipControl(b); break;
            case State.LinuxFunction: LinuxFunction(b); break;
            case State.OldMouse: OldMouse(); break;
            case State.Paste: InPaste(b); break;
        }
    }

    private void Reset()
    {
        _state = State.Ground;
        _alt = false;
        _length = 0;
    }

    private void Again(byte b)
    {
        Reset();
        Ground(b);
    }

    private void Ground(byte b)
    {
        if (b == Esc)
        {
            _state = State.Escape;
        }
        else if (b >= 0x80)
        {
            (_state, _length) = (State.Utf8, 0);
            Utf8(b);
        }
        else
        {
            TerminalModifiers alt = _alt ? TerminalModifiers.Alt : TerminalModifiers.None;
            Reset();
            Ascii(b, alt);
        }
    }

    /// <summary>A byte of the keys that ASCII has: control characters are what a VT100's keyboard sends with Ctrl.</summary>
    private void Ascii(byte b, TerminalModifiers alt)
    {
        switch (b)
        {
            case TerminalKeys.Tab or TerminalKeys.Enter or TerminalKeys.Backspace:
                Character(b, alt);
                break;
            case 0:
                Character(TerminalKeys.Space, alt | TerminalModifiers.Ctrl);
                break;
            case < 0x1B:
                Character(b + 0x60, alt | TerminalModifiers.Ctrl);
                break;
            case < 0x20:
                Character(b + 0x40, alt | TerminalModifiers.Ctrl);
                break;
            default:
                Character(b, alt);
                break;
        }
    }

    private void Utf8(byte b)
    {
        _sequence[_length++] = b;
        switch (Rune.DecodeFromUtf8(_sequence.AsSpan(0, _length), out Rune rune, out _))
        {
            case System.Buffers.OperationStatus.Done:
                TerminalModifiers alt = _alt ? TerminalModifiers.Alt : TerminalModifiers.None;
                Reset();
                Character(rune.Value, alt);
                break;
            case System.Buffers.OperationStatus.InvalidData:
                // A byte that does not continue the character may begin another one; a lone bad byte is nothing.
                if (_length > 1)
                {
                    Again(b);
                }
                else
                {
                    Reset();
                }

                break;
        }
    }

    private void AfterEscape(byte b)
    {
        switch (b)
        {
            case Esc:
                _state = State.EscapeEscape;
                break;
            case (byte)'[':
                (_state, _length) = (State.Control, 0);
                break;
            case (byte)'O':
                _state = State.SingleShift;
                break;
            case (byte)'P' or (byte)']' or (byte)'_':
                (_state, _stringKind) = (State.StringStart, b);
                break;
            default:
                _alt = true;
                Ground(b);
                break;
        }
    }

    /// <summary>Alt+Esc, or Alt and a key that has a sequence.</summary>
    private void AfterTwoEscapes(byte b)
    {
        switch (b)
        {
            case (byte)'[':
                (_state, _length, _alt) = (State.Control, 0, true);
                break;
            case (byte)'O':
                (_state, _alt) = (State.SingleShift, true);
                break;
            default:
                Reset();
                Character(TerminalKeys.Escape, TerminalModifiers.Alt);
                Ground(b);
                break;
        }
    }

    private void SingleShift(byte b)
    {
        int code = TerminalKeys.OfLetter(b) is var key && key != 0 ? key : TerminalKeys.OfKeypadLetter(b);
        if (code == 0)
        {
            Reset();
            Character('O', TerminalModifiers.Alt);
            Ground(b);
            return;
        }

        TerminalModifiers alt = _alt ? TerminalModifiers.Alt : TerminalModifiers.None;
        Reset();
        events.Key(new TerminalKey(code, 0, alt, TerminalKeyAction.Press, IsText: false));
    }

    private void LinuxFunction(byte b)
    {
        Reset();
        if (b is >= (byte)'A' and <= (byte)'E')
        {
            events.Key(new TerminalKey(TerminalKeys.F1 + b - 'A', 0, TerminalModifiers.None, TerminalKeyAction.Press, IsText: false));
        }
        else if (b == Esc)
        {
            _state = State.Escape;
        }
    }

    /// <summary>Three bytes that a terminal without SGR mouse reports sends after CSI M: positions that end at column 223, so they are not used.</summary>
    private void OldMouse()
    {
        if (--_skip == 0)
        {
            Reset();
        }
    }

    private void Character(int code, TerminalModifiers modifiers) =>
        events.Key(new TerminalKey(code, 0, modifiers, TerminalKeyAction.Press, IsText: true));

    private void InPaste(byte b)
    {
        // The end's only Esc is its first byte, so that a mismatch can only begin it anew.
        if (b == PasteEnd[_pasteEnd])
        {
            if (++_pasteEnd == PasteEnd.Length)
            {
                Reset();
                EndPaste(complete: true);
            }

            return;
        }

        for (int i = 0; i < _pasteEnd; i++)
        {
            KeepPasted(PasteEnd[i]);
        }

        _pasteEnd = b == Esc ? 1 : 0;
        if (b != Esc)
        {
            KeepPasted(b);
        }
    }

    private void KeepPasted(byte b)
    {
        if (_text.Count < MaxPasteBytes)
        {
            _text.Add(b);
        }
        else
        {
            _pasteTooLong = true;
        }
    }

    private void EndPaste(bool complete)
    {
        string text = Encoding.UTF8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_text));
        complete &= !_pasteTooLong;
        _text.Clear();
        _pasteEnd = 0;
        events.Paste(text, complete);
    }

    private void BeginPaste()
    {
        _text.Clear();
        (_state, _pasteEnd, _pasteTooLong) = (State.Paste, 0, false);
    }
}
