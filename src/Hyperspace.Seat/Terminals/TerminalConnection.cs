using System.Text;
using Hyperspace.Linux;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Terminal;
using Hyperspace.Protocols.Terminal;

namespace Hyperspace.Seat.Terminals;

/// <summary>
/// A terminal on a reactor: raw mode, questions and their answers, input as events, output with back-pressure, and the way back to how it was. After a crash
/// of this process a <see cref="TerminalGuardian"/> goes that way.
/// <para>
/// Back-pressure is more than a full pipe, because a shell over the network has megabytes of buffers in between: each frame ends with a question (DSR 5), and no more than
/// <see cref="MaxFramesUnderWay"/> are without an answer.
/// </para>
/// </summary>
public sealed class TerminalConnection : ITerminal, ITerminalEvents
{
    /// <summary>Two, so that the next frame is made while the terminal draws the last one.</summary>
    public const int MaxFramesUnderWay = 2;

    /// <summary>Taken where the terminal does not know its size, as on a serial line.</summary>
    private const int DefaultColumns = 80, DefaultRows = 24;

    /// <summary>More cells than any screen shows: 8K with cells of 7x14 pixels.</summary>
    private const int MaxColumns = 1100, MaxRows = 310, MaxCellPixels = 200;

    private static readonly TimeSpan EscapeWait = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan SequenceWait = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PasteWait = TimeSpan.FromSeconds(10);

    /// <summary>After this a terminal is believed to have lost a question.</summary>
    private static readonly TimeSpan AnswerWait = TimeSpan.FromSeconds(10);

    /// <summary>A window that is dragged changes its size many times a second; guests should not.</summary>
    private static readonly TimeSpan ResizeWait = TimeSpan.FromMilliseconds(60);

    private readonly Reactor _reactor;
    private readonly TerminalDevice _device;
    private readonly bool _mouse;
    private readonly TerminalDecoder _decoder;
    private readonly TerminalWriter _out = new();
    private readonly byte[] _input = new byte[16 << 10];
    private readonly ReactorTimer _decodeTimer;
    private readonly ReactorTimer _answerTimer;
    private readonly ReactorTimer _resizeTimer;
    private readonly TerminalGuardian? _guardian;
    private FdWatch? _watch;
    private (int Width, int Height)? _cellReply;
    private int _sent;
    private int _underWay;
    private bool _answersStatus;
    private bool _answersAttributes;
    private bool _wasReady = true;
    private bool _gone;
    private bool _closed;

    /// <summary>Takes the terminal over: raw mode, its own screen, and the first questions.</summary>
    /// <param name="device">Owned from now on.</param>
    /// <param name="mouse">Whether the mouse is ours; else the user marks text with it.</param>
    public TerminalConnection(Reactor reactor, TerminalDevice device, bool mouse)
    {
        (_reactor, _device, _mouse) = (reactor, device, mouse);
        _decoder = new TerminalDecoder(this);
        _decodeTimer = reactor.Timer(OnDecodeTimer);
        _answerTimer = reactor.Timer(OnAnswerTimer);
        _resizeTimer = reactor.Timer(OnResizeTimer);
        try
        {
            _guardian = TerminalGuardian.Start(device, TerminalModes.Leave);
        }
        catch (LinuxException e)
        {
            GuardianProblem = $"After a crash the terminal would stay as it is: {e.Message}.";
        }

        ReadSize();
        Enter();
    }

    public (int Columns, int Rows) Size { get; private set; }

    public (int Width, int Height)? CellPixels { get; private set; }

    public bool HasSixel { get; private set; }

    public bool HasKittyGraphics { get; private set; }

    public bool ReportsReleases { get; private set; }

    /// <summary>Mouse positions are pixels (mode 1016), of a window of <see cref="MouseExtent"/>.</summary>
    public bool MouseInPixels { get; private set; }

    /// <summary>What mouse positions are less than: cells or pixels of the window.</summary>
    public (int Width, int Height) MouseExtent =>
        MouseInPixels && CellPixels is { } cell ? (Size.Columns * cell.Width, Size.Rows * cell.Height) : (Size.Columns, Size.Rows);

    /// <summary>The terminal's name and version as it says itself; null when it does not.</summary>
    public string? Name { get; private set; }

    /// <summary>Why nothing guards the terminal against a crash; null when something does.</summary>
    public string? GuardianProblem { get; }

    public bool IsReady => !_closed && !_gone && _sent == _out.Length && (!_answersStatus || _underWay < MaxFramesUnderWay);

    public Action? Changed { get; set; }

    public Action? ReadyAgain { get; set; }

    public Action? ScreenLost { get; set; }

    /// <summary>Keys, mouse, pastes and focus.</summary>
    public ITerminalEvents? Input { get; set; }

    /// <summary>The terminal has hung up.</summary>
    public Action? Gone { get; set; }

    /// <summary>Runs the reactor until the terminal has answered, at most that long. What comes later counts too.</summary>
    public void Probe(TimeSpan atMost)
    {
        long end = Reactor.Now + atMost.Ticks * 100;
        while (!_answersAttributes && !_gone && Reactor.Now < end)
        {
            _reactor.RunOnce(TimeSpan.FromMilliseconds(Math.Max(1, (end - Reactor.Now) / 1_000_000)));
        }
    }

    public void SendFrame(ReadOnlySpan<byte> frame)
    {
        if (_closed || _gone)
        {
            return;
        }

        _out.Write(frame);
        if (_answersStatus)
        {
            _underWay++;
            _out.Write(TerminalModes.AskStatusBytes);
            _answerTimer.Arm(AnswerWait);
        }

        Flush();
    }

    /// <summary>SIGWINCH: the window has another size.</summary>
    public void WindowChanged() => _resizeTimer.Arm(ResizeWait);

    /// <summary>SIGTSTP: gives the terminal back and stops this process, until it is continued.</summary>
    public void Suspend()
    {
        if (_closed || _gone)
        {
            return;
        }

        Input?.Focus(false);
        Leave();
        TerminalDevice.StopThisProcess();
        TakeBack();
    }

    /// <summary>SIGCONT: a shell may have used the terminal, whoever stopped us.</summary>
    public void Resume()
    {
        if (_closed || _gone)
        {
            return;
        }

        // Off before on: where nothing was lost, the keyboard's stack would else grow.
        _out.Clear();
        (_sent, _underWay) = (0, 0);
        Input?.Focus(false);
        Send(TerminalModes.Leave);
        TakeBack();
    }

    private void TakeBack()
    {
        Enter();
        OnResizeTimer();
        ScreenLost?.Invoke();
        AnnounceReady();
    }

    void ITerminalEvents.Key(in TerminalKey key) => Input?.Key(key);

    void ITerminalEvents.Mouse(in TerminalMouse mouse) => Input?.Mouse(mouse);

    void ITerminalEvents.Paste(string text, bool isComplete) => Input?.Paste(text, isComplete);

    void ITerminalEvents.Focus(bool hasFocus) => Input?.Focus(hasFocus);

    void ITerminalEvents.Reply(in TerminalReply reply)
    {
        switch (reply.Kind)
        {
            case TerminalReplyKind.DeviceAttributes:
                _answersAttributes = true;
                HasSixel = reply.First == 1;
                Changed?.Invoke();
                break;
            case TerminalReplyKind.KittyKeyboard:
                // Both flags, or keys would stay down: 2 reports releases, 8 those of keys that make text.
                ReportsReleases = (reply.First & 10) == 10;
                break;
            case TerminalReplyKind.KittyGraphics when reply.First == TerminalModes.QueryImage:
                HasKittyGraphics = reply.Text == "OK";
                break;
            case TerminalReplyKind.Version:
                Name = reply.Text;
                break;
            case TerminalReplyKind.WindowPixels:
                TakeCell(reply.Second / Size.Columns, reply.First / Size.Rows);
                break;
            case TerminalReplyKind.CellPixels:
                TakeCell(reply.Second, reply.First);
                break;
            case TerminalReplyKind.Mode when reply.First == TerminalModes.PixelMouse && reply.Second is 1 or 2 && _mouse && CellPixels is not null:
                MouseInPixels = true;
                Send(TerminalModes.PixelMouseOn);
                break;
            case TerminalReplyKind.Status:
                _answersStatus = true;
                _underWay = Math.Max(0, _underWay - 1);
                if (_underWay == 0)
                {
                    _answerTimer.Disarm();
                }

                AnnounceReady();
                break;
        }
    }

    private void TakeCell(int width, int height)
    {
        if (width is > 0 and <= MaxCellPixels && height is > 0 and <= MaxCellPixels && _cellReply != (width, height))
        {
            CellPixels = _cellReply = (width, height);
            Changed?.Invoke();
        }
    }

    private void Enter()
    {
        _device.MakeRaw();
        _watch ??= _reactor.Watch(_device.Fd, FdEvents.Readable, OnReady);
        string name = Environment.GetEnvironmentVariable("TERM") ?? "";
        // tmux and screen take an application program command for the window's title, and older Linux consoles print it.
        bool graphics = !name.StartsWith("tmux", StringComparison.Ordinal) && !name.StartsWith("screen", StringComparison.Ordinal) && name != "linux";
        Send(TerminalModes.Enter + (_mouse ? TerminalModes.MouseOn : "") + (MouseInPixels ? TerminalModes.PixelMouseOn : "") + TerminalModes.Ask(graphics));
    }

    private void ReadSize()
    {
        TerminalWindow window = _device.Window;
        Size = (window.Columns == 0 ? DefaultColumns : Math.Min((int)window.Columns, MaxColumns), window.Rows == 0 ? DefaultRows : Math.Min((int)window.Rows, MaxRows));
        if (window is { PixelWidth: > 0, PixelHeight: > 0, Columns: > 0, Rows: > 0 })
        {
            (int width, int height) = (window.PixelWidth / window.Columns, window.PixelHeight / window.Rows);
            CellPixels = width is > 0 and <= MaxCellPixels && height is > 0 and <= MaxCellPixels ? (width, height) : _cellReply;
        }
    }

    private void OnResizeTimer()
    {
        (int, int) before = Size;
        ReadSize();
        if (Size != before)
        {
            // The font may be another one too.
            _cellReply = null;
            Send("\u001b[14t\u001b[16t");
        }

        Changed?.Invoke();
    }

    private void OnReady(FdEvents events)
    {
        if ((events & FdEvents.Writable) != 0)
        {
            Flush();
        }

        if ((events & (FdEvents.Readable | FdEvents.Closed)) == 0 || _watch is null)
        {
            return;
        }

        int n = _device.Read(_input);
        if (n == 0)
        {
            HangUp();
        }
        else if (n > 0)
        {
            _decoder.Feed(_input.AsSpan(0, n));
            ArmDecodeTimer();
        }
    }

    private void ArmDecodeTimer()
    {
        switch (_decoder.Pending)
        {
            case TerminalPending.Nothing: _decodeTimer.Disarm(); break;
            case TerminalPending.Escape: _decodeTimer.Arm(EscapeWait); break;
            case TerminalPending.Sequence: _decodeTimer.Arm(SequenceWait); break;
            case TerminalPending.Paste: _decodeTimer.Arm(PasteWait); break;
        }
    }

    private void OnDecodeTimer()
    {
        _decoder.Flush();
        ArmDecodeTimer();
    }

    private void OnAnswerTimer()
    {
        (_underWay, _answersStatus) = (0, false);
        AnnounceReady();
    }

    private void Send(string sequences)
    {
        _out.Write(Encoding.ASCII.GetBytes(sequences));
        Flush();
    }

    private void Flush()
    {
        while (_sent < _out.Length)
        {
            int n = _device.Write(_out.Written[_sent..]);
            if (n < 0)
            {
                HangUp();
                return;
            }

            if (n == 0)
            {
                break;
            }

            _sent += n;
        }

        bool isEmpty = _sent == _out.Length;
        if (isEmpty)
        {
            _out.Clear();
            _sent = 0;
        }

        _watch?.Change(isEmpty ? FdEvents.Readable : FdEvents.Readable | FdEvents.Writable);
        AnnounceReady();
    }

    private void AnnounceReady()
    {
        bool isReady = IsReady;
        (bool before, _wasReady) = (_wasReady, isReady);
        if (isReady && !before)
        {
            ReadyAgain?.Invoke();
        }
    }

    private void HangUp()
    {
        if (_gone)
        {
            return;
        }

        _gone = true;
        _watch?.Dispose();
        _watch = null;
        Input?.Focus(false);
        Gone?.Invoke();
    }

    /// <summary>Everything off and the settings as they were; then what the terminal had sent until then is thrown away, so that no shell takes it for typing.</summary>
    private void Leave()
    {
        _watch?.Dispose();
        _watch = null;
        _out.Clear();
        (_sent, _underWay) = (0, 0);
        string goodbye = (HasKittyGraphics ? Encoding.ASCII.GetString(KittyGraphics.DeleteAll) : "") + TerminalModes.Leave;
        if (_device.WriteAll(Encoding.ASCII.GetBytes(goodbye + (_answersAttributes ? TerminalModes.AskAttributes : "")), TimeSpan.FromSeconds(1)) && _answersAttributes)
        {
            AwaitAttributes(TimeSpan.FromMilliseconds(500));
        }

        _device.Restore(discardInput: true);
    }

    private void AwaitAttributes(TimeSpan atMost)
    {
        var answer = new AttributesAwaited();
        var decoder = new TerminalDecoder(answer);
        long end = Reactor.Now + atMost.Ticks * 100;
        while (!answer.Came && _device.WaitForInput(TimeSpan.FromTicks(Math.Max(1, (end - Reactor.Now) / 100))))
        {
            int n = _device.Read(_input);
            if (n == 0)
            {
                break;
            }

            decoder.Feed(_input.AsSpan(0, Math.Max(n, 0)));
        }
    }

    public void Dispose()
    {
        if (_closed)
        {
            return;
        }

        _closed = true;
        _decodeTimer.Dispose();
        _answerTimer.Dispose();
        _resizeTimer.Dispose();
        if (!_gone)
        {
            Leave();
        }

        _guardian?.Dispose();
        _device.Dispose();
    }

    private sealed class AttributesAwaited : ITerminalEvents
    {
        public bool Came { get; private set; }

        public void Key(in TerminalKey key)
        {
        }

        public void Mouse(in TerminalMouse mouse)
        {
        }

        public void Paste(string text, bool isComplete)
        {
        }

        public void Focus(bool hasFocus)
        {
        }

        public void Reply(in TerminalReply reply) => Came |= reply.Kind == TerminalReplyKind.DeviceAttributes;
    }
}
