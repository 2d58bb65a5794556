using Hyperspace.Linux.Sdl;
using Hyperspace.Seat.Input.KeyMaps;

namespace Hyperspace.Seat.Input.Sources;

/// <summary>
/// Keyboard and mouse as a window on a desktop gets them. A window without the focus is not told what is released elsewhere, so everything is up when it loses it. Repeats are the seat's own: a desktop's come at
/// another pace, and guests repeat keys themselves. An event allocates nothing.
/// </summary>
public sealed class WindowInput : IDeadline
{
    /// <summary>A wheel is turned by no more notches in one event; the rest of a senseless value is dropped.</summary>
    private const int MaxNotches = 20;

    private readonly IInputSink _sink;
    private readonly KeyRepeater _repeater;
    private readonly DeviceId _keyboard;
    private readonly DeviceId _mouse;
    private readonly Func<bool> _holdsPointer;
    private (int X, int Y)? _at;

    /// <param name="keyboard">This and the number after it are the keyboard and the mouse.</param>
    /// <param name="wantsRepeats">Whether somebody takes repeats of that key now.</param>
    /// <param name="holdsPointer">Whether buttons come without a place now.</param>
    public WindowInput(IInputSink sink, DeviceId keyboard, Func<KeyCode, bool> wantsRepeats, Func<bool> holdsPointer)
    {
        (_sink, _keyboard, _mouse, _holdsPointer) = (sink, keyboard, new DeviceId(keyboard.Value + 1), holdsPointer);
        _repeater = new KeyRepeater(sink, wantsRepeats);
    }

    public long Deadline => _repeater.Deadline;

    public Action? DeadlineChanged
    {
        get => _repeater.DeadlineChanged;
        set => _repeater.DeadlineChanged = value;
    }

    public void Tick(long now) => _repeater.Tick(now);

    public void Take(in WindowEvent e)
    {
        switch (e.Kind)
        {
            case WindowEventKind.Key:
                Key(e);
                break;
            case WindowEventKind.Position:
                _at = (e.X, e.Y);
                Point(PointerButtons.None, PointerButtons.None, e.Time);
                break;
            case WindowEventKind.Motion:
                _at = null;
                _sink.Pointer(new PointerEvent(_mouse, false, e.X, e.Y, PointerButtons.None, PointerButtons.None, e.Time));
                break;
            case WindowEventKind.Button when ButtonOf(e.Code) is var button and not PointerButtons.None:
                _at = _holdsPointer() ? null : (e.X, e.Y);
                Point(e.Down ? button : PointerButtons.None, e.Down ? PointerButtons.None : button, e.Time);
                break;
            case WindowEventKind.Wheel:
                Turn(e);
                break;
            case WindowEventKind.FocusLost:
                ReleaseAll();
                break;
        }
    }

    /// <summary>Whatever is held is up.</summary>
    public void ReleaseAll()
    {
        _repeater.DeviceLost(_keyboard);
        _sink.DeviceLost(_keyboard);
        _sink.DeviceLost(_mouse);
    }

    /// <summary>Power keys are the desktop's, and those of this computer are heard by the daemon anyway: doing it twice would be wrong.</summary>
    private void Key(in WindowEvent e)
    {
        KeyCode key = SdlKeyMap.Of(e.Code);
        if (key != KeyCode.None && HostKeys.Of(key) != HostKeyKind.Power)
        {
            var seatEvent = new KeyEvent(_keyboard, key, e.Down ? KeyAction.Down : KeyAction.Up, e.Time);
            _sink.Key(seatEvent);
            _repeater.Key(seatEvent);
        }
    }

    private void Turn(in WindowEvent e)
    {
        PointerButtons notch = e.Y < 0 ? PointerButtons.WheelUp : PointerButtons.WheelDown;
        int notches = (int)Math.Min(Math.Abs((long)e.Y), MaxNotches);
        for (int i = 0; i < notches; i++)
        {
            Point(notch, notch, e.Time);
        }
    }

    /// <summary>A button or a turn where the pointer is; while it is held nowhere, without a motion.</summary>
    private void Point(PointerButtons pressed, PointerButtons released, long time)
    {
        (int x, int y) = _at ?? (0, 0);
        _sink.Pointer(new PointerEvent(_mouse, _at is not null, x, y, pressed, released, time));
    }

    private static PointerButtons ButtonOf(int code) => code switch
    {
        1 => PointerButtons.Left,
        2 => PointerButtons.Middle,
        3 => PointerButtons.Right,
        4 => PointerButtons.Side,
        5 => PointerButtons.Extra,
        _ => PointerButtons.None,
    };
}
