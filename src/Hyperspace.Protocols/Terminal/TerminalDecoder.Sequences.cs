using System.Text;

namespace Hyperspace.Protocols.Terminal;

/// <summary>Control sequences (ECMA-48, 5.4) and strings (5.6).</summary>
public sealed partial class TerminalDecoder
{
    private void InControl(byte b)
    {
        switch (b)
        {
            case Esc:
                Reset();
                _state = State.Escape;
                break;
            case Cancel or Substitute:
                Reset();
                break;
            case (byte)'[' when _length == 0:
                _state = State.LinuxFunction;
                break;
            case >= 0x20 and <= 0x3F when _length < MaxSequenceBytes:
                _sequence[_length++] = b;
                break;
            case >= 0x20 and <= 0x3F:
                _state = State.ControlSkip;
                break;
            case >= 0x40 and <= 0x7E:
                int length = _length;
                bool alt = _alt;
                Reset();
                Control(b, _sequence.AsSpan(0, length), alt ? TerminalModifiers.Alt : TerminalModifiers.None);
                break;
            case >= 0x80:
                Again(b);
                break;
        }
    }

    private void SkipControl(byte b)
    {
        if (b == Esc)
        {
            Reset();
            _state = State.Escape;
        }
        else if (b is >= 0x40 and <= 0x7E or Cancel or Substitute)
        {
            Reset();
        }
    }

    private void Control(byte final, ReadOnlySpan<byte> body, TerminalModifiers alt)
    {
        byte prefix = body.Length > 0 && body[0] is >= 0x3C and <= 0x3F ? body[0] : (byte)0;
        var parameters = new ControlParameters(prefix != 0 ? body[1..] : body);
        if (alt != 0 && !IsKey(final, prefix))
        {
            // An answer or the mouse came right behind a lone Esc.
            Character(TerminalKeys.Escape, TerminalModifiers.None);
        }

        switch (prefix)
        {
            case (byte)'<' when final is (byte)'M' or (byte)'m':
                Mouse(parameters, isRelease: final == 'm');
                break;
            case (byte)'?':
                PrivateReply(final, parameters);
                break;
            case 0:
                Plain(final, parameters, alt);
                break;
        }
    }

    private static bool IsKey(byte final, byte prefix) =>
        prefix == 0 && (final is (byte)'~' or (byte)'u' or (byte)'Z' || TerminalKeys.OfLetter(final) != 0);

    private void PrivateReply(byte final, in ControlParameters p)
    {
        switch (final)
        {
            case (byte)'u':
                events.Reply(new TerminalReply(TerminalReplyKind.KittyKeyboard, p[0, 0]));
                break;
            case (byte)'c':
                bool sixel = false;
                // The first parameter is the terminal's class, the others what it can do (DEC STD 070, DA1).
                for (int i = 1; i < p.Count; i++)
                {
                    sixel |= p[i, 0] == 4;
                }

                events.Reply(new TerminalReply(TerminalReplyKind.DeviceAttributes, sixel ? 1 : 0));
                break;
            case (byte)'y' when p.Intermediate == '$':
                events.Reply(new TerminalReply(TerminalReplyKind.Mode, p[0, 0], p[1, 0]));
                break;
        }
    }

    private void Plain(byte final, in ControlParameters p, TerminalModifiers alt)
    {
        switch (final)
        {
            case (byte)'M' when p.IsEmpty:
                (_state, _skip) = (State.OldMouse, 3);
                break;
            case (byte)'I' or (byte)'O' when p.IsEmpty:
                events.Focus(final == 'I');
                break;
            case (byte)'t' when p[0, 0] is 4 or 6:
                events.Reply(new TerminalReply(p[0, 0] == 4 ? TerminalReplyKind.WindowPixels : TerminalReplyKind.CellPixels, p[1, 0], p[2, 0]));
                break;
            case (byte)'n' when p[0, 0] == 0:
                events.Reply(new TerminalReply(TerminalReplyKind.Status));
                break;
            case (byte)'~' when p[0, 0] == 200:
                BeginPaste();
                break;
            case (byte)'~' when p[0, 0] == 27 && p[2, 0] > 0:
                // xterm's modifyOtherKeys: CSI 27 ; modifiers ; code ~
                Key(p[2, 0], 0, p, alt);
                break;
            case (byte)'~':
                Key(TerminalKeys.OfTilde(p[0, 0]), 0, p, alt);
                break;
            case (byte)'u':
                Key(p[0, 0], p[0, 2], p, alt);
                break;
            case (byte)'Z':
                Key(TerminalKeys.Tab, 0, p, alt | TerminalModifiers.Shift);
                break;
            default:
                Key(TerminalKeys.OfLetter(final), 0, p, alt);
                break;
        }
    }

    private void Key(int code, int baseCode, in ControlParameters p, TerminalModifiers extra)
    {
        if (code is <= 0 or > 0x10FFFF or (>= 0xD800 and <= 0xDFFF))
        {
            return;
        }

        // Modifiers are sent plus one; nothing at all is none (kitty keyboard protocol, "Modifiers").
        var modifiers = (TerminalModifiers)Math.Clamp(p[1, 0] - 1, 0, 255);
        TerminalKeyAction action = p[1, 1] is 2 or 3 ? (TerminalKeyAction)p[1, 1] : TerminalKeyAction.Press;
        events.Key(new TerminalKey(code, baseCode <= 0x10FFFF ? baseCode : 0, modifiers | extra, action, IsText: false));
    }

    /// <summary>SGR mouse reports, mode 1006: CSI &lt; b ; x ; y M or m (XTerm Control Sequences, "Extended coordinates").</summary>
    private void Mouse(in ControlParameters p, bool isRelease)
    {
        (int b, int x, int y) = (p[0, 0], p[1, 0] - 1, p[2, 0] - 1);
        if (x < 0 || y < 0 || b > 255)
        {
            return;
        }

        var modifiers = TerminalModifiers.None;
        modifiers |= (b & 4) != 0 ? TerminalModifiers.Shift : 0;
        modifiers |= (b & 8) != 0 ? TerminalModifiers.Alt : 0;
        modifiers |= (b & 16) != 0 ? TerminalModifiers.Ctrl : 0;
        TerminalMouseButton button = (b & 0xC3) switch
        {
            0 => TerminalMouseButton.Left,
            1 => TerminalMouseButton.Middle,
            2 => TerminalMouseButton.Right,
            128 => TerminalMouseButton.Side,
            129 => TerminalMouseButton.Extra,
            _ => TerminalMouseButton.None,
        };
        TerminalMouseAction? action = (b & 0xC3, (b & 32) != 0) switch
        {
            (64, _) => TerminalMouseAction.WheelUp,
            (65, _) => TerminalMouseAction.WheelDown,
            (66 or 67, _) => null,
            (_, true) => TerminalMouseAction.Motion,
            _ when button == TerminalMouseButton.None => null,
            _ => isRelease ? TerminalMouseAction.Release : TerminalMouseAction.Press,
        };
        bool isWheel = action is TerminalMouseAction.WheelUp or TerminalMouseAction.WheelDown;
        if (action is { } known && !(isWheel && isRelease))
        {
            events.Mouse(new TerminalMouse(known, button, x, y, modifiers));
        }
    }

    /// <summary>Alt+P, Alt+] and Alt+_ look like the beginning of a string; replies to our questions, and to those of the program before us, go on as these do.</summary>
    private void StringStart(byte b)
    {
        bool begins = _stringKind switch
        {
            (byte)'P' => b is (byte)'>' or (byte)'0' or (byte)'1',
            (byte)']' => b is >= (byte)'0' and <= (byte)'9',
            _ => b == 'G',
        };
        if (!begins)
        {
            byte kind = _stringKind;
            Reset();
            Character(kind, TerminalModifiers.Alt);
            Ground(b);
            return;
        }

        _text.Clear();
        _state = State.String;
        InString(b);
    }

    private void InString(byte b)
    {
        switch (b)
        {
            case Esc:
                _state = State.StringEscape;
                break;
            case Bell when _stringKind == ']':
            case Cancel or Substitute:
                Reset();
                break;
            default:
                if (_text.Count < MaxStringBytes)
                {
                    _text.Add(b);
                }

                break;
        }
    }

    private void AfterStringEscape(byte b)
    {
        Reset();
        if (b != '\\')
        {
            AfterEscape(b);
            return;
        }

        string text = Encoding.UTF8.GetString(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_text));
        _text.Clear();
        if (_stringKind == 'P' && text.StartsWith(">|", StringComparison.Ordinal))
        {
            events.Reply(new TerminalReply(TerminalReplyKind.Version, Text: text[2..]));
        }
        else if (_stringKind == '_' && text.IndexOf(';') is var end and > 0)
        {
            int id = text.IndexOf("i=", StringComparison.Ordinal) is var at and > 0 && at < end
                && int.TryParse(text[(at + 2)..end].Split(',')[0], System.Globalization.NumberStyles.None, null, out int given) ? given : 0;
            events.Reply(new TerminalReply(TerminalReplyKind.KittyGraphics, id, Text: text[(end + 1)..]));
        }
    }
}
