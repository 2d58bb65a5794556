using Hyperspace.Linux.Reactor;
using Hyperspace.Protocols.Terminal;
using Hyperspace.Seat.Console;
using Hyperspace.Seat.Display.Compositor;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;

namespace Hyperspace.Seat.Terminals;

/// <summary>The management console alone in a terminal: all of its cells are the console's page, and all keys are the console's.</summary>
public sealed class TerminalConsole : IInputSink, IDisposable
{
    private readonly ITerminal _terminal;
    private readonly ConsoleApp _app;
    private readonly CellGrid _page;
    private readonly FramePacer _pacer;
    private readonly TerminalWriter _writer = new();
    private readonly TerminalPage _screen = new();
    private KeySet _down;

    /// <param name="terminal">Stays the caller's.</param>
    /// <param name="app">Its <see cref="ConsoleApp.Quit"/> is also Ctrl+C.</param>
    public TerminalConsole(Reactor reactor, ITerminal terminal, ConsoleApp app)
    {
        (_terminal, _app) = (terminal, app);
        _page = new CellGrid(terminal.Size.Columns, terminal.Size.Rows);
        _pacer = new FramePacer(reactor, () => terminal.IsReady, Present);
        app.Changed = _pacer.Ask;
        terminal.ReadyAgain = _pacer.Ask;
        terminal.Changed = OnChanged;
        terminal.ScreenLost = OnScreenLost;
        OnScreenLost();
    }

    public void Key(in KeyEvent e)
    {
        if (e.Action == KeyAction.Up)
        {
            _down.Remove(e.Key);
            return;
        }

        _down.Add(e.Key);
        KeyModifiers modifiers = KeyKinds.ModifiersOf(_down);
        if (e.Key == KeyCode.C && modifiers == KeyModifiers.Ctrl)
        {
            _app.Quit?.Invoke();
        }
        else if (ConsoleKeyPress.Of(e.Key, modifiers) is { } press)
        {
            _app.Key(press);
        }
    }

    public void Pointer(in PointerEvent e)
    {
    }

    public void DeviceLost(DeviceId device) => _down = default;

    private void OnChanged()
    {
        if ((_page.Columns, _page.Rows) != _terminal.Size)
        {
            _page.Resize(_terminal.Size.Columns, _terminal.Size.Rows);
            OnScreenLost();
        }
    }

    private void OnScreenLost()
    {
        _screen.Invalidate();
        _pacer.Ask();
    }

    private void Present()
    {
        _app.Draw(_page);
        _screen.Begin(_writer, _terminal.Size);
        _screen.Put(_writer, _page, 0);
        if (_screen.End(_writer, _page.Cursor))
        {
            _terminal.SendFrame(_writer.Written);
        }

        _pacer.Presented();
    }

    public void Dispose() => _pacer.Dispose();
}
