using System.Text;
using Hyperspace.Protocols.Terminal;

namespace Hyperspace.Tests.Unit.Terminal;

/// <summary>A terminal's screen: as much of one as our output needs, strict about the rest.</summary>
internal sealed class VtScreen
{
    private readonly List<byte> _pending = [];
    private int _column, _row;
    private uint _foreground = 0xC0C0C0, _background;
    private bool _bold;
    private bool _wraps = true;

    public VtScreen(int columns, int rows)
    {
        (Columns, Rows) = (columns, rows);
        Cells = new TerminalCell[columns * rows];
        Clear();
    }

    public int Columns { get; }
    public int Rows { get; }
    public TerminalCell[] Cells { get; }
    public HashSet<int> Modes { get; } = [];
    public (int Column, int Row)? Cursor => Modes.Contains(25) ? (_column, _row) : null;

    /// <summary>Device control strings, with the cell where the cursor was.</summary>
    public List<(int Column, int Row, string Text)> Strings { get; } = [];

    /// <summary>Application program commands, likewise.</summary>
    public List<(int Column, int Row, string Text)> Commands { get; } = [];

    /// <summary>Questions DSR 5 that came.</summary>
    public int StatusAsked { get; private set; }

    public bool AttributesAsked { get; private set; }

    public int KeyboardPushes { get; private set; }

    public TerminalCell this[int column, int row] => Cells[row * Columns + column];

    public string TextOf(int row) => string.Concat(Enumerable.Range(0, Columns).Select(c => this[c, row].Character)).TrimEnd();

    /// <summary>Takes output; a sequence may be cut anywhere.</summary>
    public void Feed(ReadOnlySpan<byte> output)
    {
        foreach (byte b in output)
        {
            _pending.Add(b);
            if (Interpret([.. _pending]))
            {
                _pending.Clear();
            }
        }
    }

    private bool Interpret(byte[] bytes)
    {
        if (bytes[0] != 0x1B)
        {
            if (Rune.DecodeFromUtf8(bytes, out Rune rune, out int used) != System.Buffers.OperationStatus.Done)
            {
                return bytes.Length > 3 ? throw new InvalidDataException($"no UTF-8: {Convert.ToHexString(bytes)}") : false;
            }

            Print(rune);
            return used == bytes.Length;
        }

        if (bytes.Length == 1)
        {
            return false;
        }

        switch ((char)bytes[1])
        {
            case '[':
                if (bytes.Length < 3 || bytes[^1] is < 0x40 or > 0x7E)
                {
                    return false;
                }

                Control(Encoding.ASCII.GetString(bytes, 2, bytes.Length - 3), (char)bytes[^1]);
                return true;
            case 'P' or '_':
                if (bytes.Length < 4 || bytes[^1] != '\\' || bytes[^2] != 0x1B)
                {
                    return false;
                }

                (bytes[1] == 'P' ? Strings : Commands).Add((_column, _row, Encoding.ASCII.GetString(bytes, 2, bytes.Length - 4)));
                return true;
            case '\\':
                return true;
            default:
                throw new InvalidDataException($"ESC {(char)bytes[1]}");
        }
    }

    private void Print(Rune rune)
    {
        if (Rune.IsControl(rune) || !rune.IsBmp)
        {
            throw new InvalidDataException($"U+{rune.Value:X4} is not for a screen");
        }

        Cells[_row * Columns + _column] = new TerminalCell((char)rune.Value, rune.Value == ' ' ? 0 : _foreground, _background, rune.Value != ' ' && _bold);
        if (_column + 1 < Columns)
        {
            _column++;
        }
        else if (_wraps)
        {
            (_column, _row) = (0, Math.Min(_row + 1, Rows - 1));
        }
    }

    private void Control(string body, char final)
    {
        if (body.StartsWith('?') && final is 'h' or 'l')
        {
            foreach (int mode in body[1..].Split(';').Select(int.Parse))
            {
                _ = final == 'h' ? Modes.Add(mode) : Modes.Remove(mode);
                _wraps = mode == 7 ? final == 'h' : _wraps;
            }

            return;
        }

        switch (final)
        {
            case 'H':
                int[] place = [.. body.Split(';').Select(int.Parse)];
                (_row, _column) = (place[0] - 1, place[1] - 1);
                if (_row >= Rows || _column >= Columns || _row < 0 || _column < 0)
                {
                    throw new InvalidDataException($"the cursor is sent to {body}, outside of {Columns}x{Rows}");
                }

                break;
            case 'J' when body == "2":
                Clear();
                break;
            case 'm':
                Style([.. body.Split(';').Select(int.Parse)]);
                break;
            case 'n' when body == "5":
                StatusAsked++;
                break;
            case 'c' when body == "":
                AttributesAsked = true;
                break;
            case 'u' when body is ">15":
                KeyboardPushes++;
                break;
            case 'u' when body is "<":
                KeyboardPushes--;
                break;
            case 'u' or 'q' or 't' or 'p':
                break;
            default:
                throw new InvalidDataException($"CSI {body} {final}");
        }
    }

    private void Style(int[] p)
    {
        switch (p)
        {
            case [0]: (_foreground, _background, _bold) = (0xC0C0C0, 0, false); break;
            case [1]: _bold = true; break;
            case [22]: _bold = false; break;
            case [38, 2, var r, var g, var b]: _foreground = (uint)(r << 16 | g << 8 | b); break;
            case [48, 2, var r, var g, var b]: _background = (uint)(r << 16 | g << 8 | b); break;
            default: throw new InvalidDataException($"SGR {string.Join(';', p)}");
        }
    }

    private void Clear() => Array.Fill(Cells, new TerminalCell(' ', 0, _background));
}
