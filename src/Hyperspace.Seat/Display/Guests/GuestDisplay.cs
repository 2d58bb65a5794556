using System.Runtime.InteropServices;
using Hyperspace.Linux.DBus;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sockets;
using Hyperspace.Protocols.DBusDisplay;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.KeyMaps;
using Hyperspace.Seat.Sound;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Seat.Display.Guests;

/// <summary>What a guest's display tells the seat. Called on the seat's thread.</summary>
public interface IGuestDisplayEvents
{
    /// <summary>There is a new picture, of another size perhaps, or none any more.</summary>
    void ScanoutChanged(GuestDisplay display);

    /// <summary>Part of the picture has changed, in pixels of the guest's screen.</summary>
    void Damaged(GuestDisplay display, PixelRect rect);

    /// <summary>The pointer's picture or place has changed; <paramref name="before"/> is what it covered.</summary>
    void CursorChanged(GuestDisplay display, PixelRect before);

    /// <summary>The keyboard's lights have changed.</summary>
    void LedsChanged(GuestDisplay display);

    /// <summary>The guest's pointer follows places now, or motion: see <see cref="GuestDisplay.IsAbsolute"/>.</summary>
    void PointerKindChanged(GuestDisplay display)
    {
    }

    /// <summary>The connection has ended; the display is dead and must be disposed.</summary>
    void Closed(GuestDisplay display, string why);
}

/// <summary>
/// One VM's screen, keyboard and pointer over QEMU's D-Bus display, peer to peer (QEMU documentation, "D-Bus display"). QEMU is untrusted:
/// a message that makes no sense closes this display, and the VM goes on.
/// </summary>
public sealed class GuestDisplay : IGuestInput, IDisposable
{
    /// <summary>Input that a QEMU which does not read may leave waiting, in messages, before motion, and then all of it, is dropped.</summary>
    private const int MaxQueuedMotion = 64;
    private const int MaxQueued = 4096;

    private static ReadOnlySpan<byte> ConsolePath => "/org/qemu/Display1/Console_0"u8;
    private static ReadOnlySpan<byte> KeyboardInterface => "org.qemu.Display1.Keyboard"u8;
    private static ReadOnlySpan<byte> MouseInterface => "org.qemu.Display1.Mouse"u8;
    private static ReadOnlySpan<byte> MapInterface => "org.qemu.Display1.Listener.Unix.Map"u8;
    private static ReadOnlySpan<byte> PropertiesInterface => "org.freedesktop.DBus.Properties"u8;

    private readonly IGuestDisplayEvents _events;
    private readonly DBusConnection _display;
    private readonly DBusConnection _listener;
    private readonly SafeFileHandle _listenerForQemu;
    private readonly GuestMonitor _monitor;
    private bool _absolute;
    private int _lastX;
    private int _lastY;
    private bool _disposed;

    /// <summary>Connects; nothing has been answered when this returns.</summary>
    /// <param name="socket">The client's end of a display connection (QMP add_client); taken over.</param>
    /// <param name="sound">Registers over the same connection, and ends with it; null for a VM whose sound nobody wants.</param>
    public GuestDisplay(Reactor reactor, string vm, SafeFileHandle socket, IGuestDisplayEvents events, GuestSound? sound = null)
    {
        (Vm, Sound) = (vm, sound);
        _events = events;
        _display = new DBusConnection(reactor, socket, OnDisplayMessage, Fail);
        (SafeFileHandle ours, SafeFileHandle theirs) = FdPassing.CreatePair(nonBlocking: true);

        // QEMU authenticates the listener's socket synchronously in its main loop. Our whole side of that conversation is in the socket
        // before QEMU gets it, so that a slow seat cannot stop a guest there.
        _listener = new DBusConnection(reactor, ours, OnListenerMessage, Fail);
        _listenerForQemu = theirs;
        _display.Ready = Register;
        _monitor = new GuestMonitor(Tell);
        AskFor(MouseInterface, "IsAbsolute"u8, OnAbsolute);
        AskFor(KeyboardInterface, "Modifiers"u8, OnModifiers);
    }

    /// <summary>The VM's name.</summary>
    public string Vm { get; }

    /// <summary>Its sound, if anybody wants it.</summary>
    public GuestSound? Sound { get; }

    /// <summary>The picture, or null while there is none.</summary>
    public GuestSurface? Surface { get; private set; }

    public GuestCursor Cursor { get; } = new();

    public bool IsAbsolute => _absolute;

    /// <summary>Updates received since the connection was made.</summary>
    public long Updates { get; private set; }

    /// <summary>The keyboard's lights as the guest wants them: 1 Scroll Lock, 2 Num Lock, 4 Caps Lock.</summary>
    public uint Leds { get; private set; }

    /// <summary>The guest is to have that monitor; it may follow. See <see cref="GuestMonitor"/> for when it is told.</summary>
    public void SetMonitor(MonitorSize monitor) => _monitor.Want(monitor, Surface);

    public void Key(KeyCode key, bool down)
    {
        if (Qnum.Of(key) is var qnum and not 0)
        {
            SendInput(KeyboardInterface, down ? "Press"u8 : "Release"u8, qnum);
        }
    }

    public void PointerTo(int x, int y)
    {
        (int dx, int dy) = (x - _lastX, y - _lastY);
        (_lastX, _lastY) = (x, y);
        if (!_absolute)
        {
            PointerBy(dx, dy);
        }
        else if (CanTake(MaxQueuedMotion))
        {
            using DBusWriter call = _display.NewCall(ConsolePath, MouseInterface, "SetAbsPosition"u8);
            call.UInt32((uint)Math.Max(x, 0)).UInt32((uint)Math.Max(y, 0));
            _display.Send(call);
        }
    }

    public void PointerBy(int dx, int dy)
    {
        if ((dx != 0 || dy != 0) && !_absolute && CanTake(MaxQueuedMotion))
        {
            using DBusWriter call = _display.NewCall(ConsolePath, MouseInterface, "RelMotion"u8);
            call.Int32(dx).Int32(dy);
            _display.Send(call);
        }
    }

    public void Buttons(PointerButtons pressed, PointerButtons released)
    {
        for (int bit = 0; bit < 7; bit++)
        {
            var button = (PointerButtons)(1 << bit);
            if ((pressed & button) != 0)
            {
                SendInput(MouseInterface, "Press"u8, (uint)bit);
            }

            if ((released & button) != 0)
            {
                SendInput(MouseInterface, "Release"u8, (uint)bit);
            }
        }
    }

    private void SendInput(ReadOnlySpan<byte> @interface, ReadOnlySpan<byte> member, uint value)
    {
        if (CanTake(MaxQueued))
        {
            using DBusWriter call = _display.NewCall(ConsolePath, @interface, member);
            call.UInt32(value);
            _display.Send(call);
        }
    }

    private bool CanTake(int queued) => _display.IsOpen && _display.QueuedWrites < queued;

    private void AskFor(ReadOnlySpan<byte> @interface, ReadOnlySpan<byte> property, DBusMessageHandler answer)
    {
        using DBusWriter call = _display.NewCall(ConsolePath, PropertiesInterface, "Get"u8, expectReply: true);
        call.String(@interface).String(property);
        _display.Call(call, answer, TimeSpan.FromSeconds(20));
    }

    private void Register()
    {
        using DBusWriter call = _display.NewCall(ConsolePath, "org.qemu.Display1.Console"u8, "RegisterListener"u8, expectReply: true);
        call.Fd(_listenerForQemu);
        _display.Call(call, OnRegistered, TimeSpan.FromSeconds(20));
        _listenerForQemu.Dispose();
        Sound?.Register(_display);
    }

    private bool OnRegistered(DBusMessage answer)
    {
        if (answer.IsError)
        {
            throw new InvalidDataException("QEMU did not take the seat as a listener of its display.");
        }

        return true;
    }

    private bool OnAbsolute(DBusMessage answer)
    {
        if (!answer.IsError && answer.TryEnter('v', "b"u8))
        {
            _absolute = answer.ReadBoolean();
            _events.PointerKindChanged(this);
        }

        return true;
    }

    private bool OnModifiers(DBusMessage answer)
    {
        if (!answer.IsError && answer.TryEnter('v', "u"u8))
        {
            Leds = answer.ReadUInt32();
            _events.LedsChanged(this);
        }

        return true;
    }

    private bool OnDisplayMessage(DBusMessage message)
    {
        if (message.IsSignal && message.Member.SequenceEqual("PropertiesChanged"u8))
        {
            ReadOnlySpan<byte> @interface = message.ReadUtf8();
            if (@interface.SequenceEqual(MouseInterface))
            {
                AskFor(MouseInterface, "IsAbsolute"u8, OnAbsolute);
            }
            else if (@interface.SequenceEqual(KeyboardInterface))
            {
                AskFor(KeyboardInterface, "Modifiers"u8, OnModifiers);
            }
        }

        return message.IsSignal;
    }

    private bool OnListenerMessage(DBusMessage message)
    {
        if (!message.IsMethodCall)
        {
            return false;
        }

        ReadOnlySpan<byte> member = message.Member;
        if (message.Interface.SequenceEqual(PropertiesInterface))
        {
            return AnswerProperties(message);
        }

        if (member.SequenceEqual("UpdateMap"u8))
        {
            OnUpdateMap(message);
        }
        else if (member.SequenceEqual("ScanoutMap"u8))
        {
            SafeFileHandle file = message.ReadFd();
            Show(SharedSurface.Of(
                file, message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32()));
        }
        else if (member.SequenceEqual("Update"u8))
        {
            OnUpdate(message);
        }
        else if (member.SequenceEqual("Scanout"u8))
        {
            OnScanout(message);
        }
        else if (member.SequenceEqual("Disable"u8))
        {
            Show(null);
        }
        else if (member.SequenceEqual("MouseSet"u8))
        {
            PixelRect before = Cursor.Bounds;
            Cursor.MoveTo(message.ReadInt32(), message.ReadInt32(), message.ReadInt32() != 0);
            _events.CursorChanged(this, before);
        }
        else if (member.SequenceEqual("CursorDefine"u8))
        {
            OnCursorDefine(message);
        }
        else
        {
            return false;
        }

        if (message.ExpectsReply)
        {
            message.Reply();
        }

        return true;
    }

    /// <summary>QEMU asks what else its listener understands: the shared map, which spares it and us all copies.</summary>
    private static bool AnswerProperties(DBusMessage message)
    {
        if (message.Member.SequenceEqual("GetAll"u8))
        {
            bool listener = message.ReadUtf8().SequenceEqual("org.qemu.Display1.Listener"u8);
            using DBusWriter reply = message.NewReply();
            reply.Open('a', "{sv}"u8);
            if (listener)
            {
                reply.Open('e', "sv"u8).String("Interfaces"u8);
                AppendInterfaces(reply);
                reply.Close();
            }

            reply.Close();
            reply.Send();
            return true;
        }

        if (message.Member.SequenceEqual("Get"u8))
        {
            using DBusWriter reply = message.NewReply();
            AppendInterfaces(reply);
            reply.Send();
            return true;
        }

        return false;
    }

    private static void AppendInterfaces(DBusWriter reply) => reply.Open('v', "as"u8).Open('a', "s"u8).String(MapInterface).Close().Close();

    private void OnUpdateMap(DBusMessage message)
    {
        var rect = new PixelRect(message.ReadInt32(), message.ReadInt32(), message.ReadInt32(), message.ReadInt32());
        Updated(rect);
    }

    private void Updated(PixelRect untrustedRect)
    {
        Updates++;
        PixelRect rect = Surface is null ? default : untrustedRect.Intersect(Surface.Bounds);
        if (!rect.IsEmpty)
        {
            _events.Damaged(this, rect);
        }
    }

    private void OnScanout(DBusMessage message)
    {
        (uint width, uint height, uint stride, uint format) = (message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32(), message.ReadUInt32());
        ReadOnlySpan<byte> data = message.ReadBytes();
        ScanoutGeometry geometry = ScanoutGeometry.Check(width, height, stride, format, data.Length, out string? problem) ?? throw Senseless(problem);
        CopiedSurface surface = Surface is CopiedSurface same && (same.Width, same.Height) == (geometry.Width, geometry.Height)
            ? same
            : new CopiedSurface(geometry);
        surface.Take(surface.Bounds, geometry, data);
        Show(surface);
    }

    private void OnUpdate(DBusMessage message)
    {
        var untrusted = new PixelRect(message.ReadInt32(), message.ReadInt32(), message.ReadInt32(), message.ReadInt32());
        (uint stride, uint format) = (message.ReadUInt32(), message.ReadUInt32());
        ReadOnlySpan<byte> data = message.ReadBytes();
        ScanoutGeometry geometry =
            ScanoutGeometry.Check((uint)untrusted.Width, (uint)untrusted.Height, stride, format, data.Length, out string? problem) ?? throw Senseless(problem);
        if (Surface is CopiedSurface surface && untrusted.Intersect(surface.Bounds) == untrusted)
        {
            Updates++;
            surface.Take(untrusted, geometry, data);
            _events.Damaged(this, untrusted);
        }
    }

    private void OnCursorDefine(DBusMessage message)
    {
        (int width, int height, int hotX, int hotY) = (message.ReadInt32(), message.ReadInt32(), message.ReadInt32(), message.ReadInt32());
        ReadOnlySpan<byte> data = message.ReadBytes();
        if (width is < 1 or > GuestCursor.MaxSide || height is < 1 or > GuestCursor.MaxSide || data.Length < width * height * 4)
        {
            throw Senseless($"a pointer of {width}x{height} pixels in {data.Length} bytes");
        }

        PixelRect before = Cursor.Bounds;
        Cursor.Define(width, height, hotX, hotY, MemoryMarshal.Cast<byte, uint>(data)[..(width * height)].ToArray());
        _events.CursorChanged(this, before);
    }

    private void Show(GuestSurface? surface)
    {
        if (!ReferenceEquals(surface, Surface))
        {
            Surface?.Dispose();
            Surface = surface;
        }

        Updates++;
        _monitor.PictureChanged(surface);
        _events.ScanoutChanged(this);
    }

    private void Tell(MonitorSize monitor)
    {
        if (_display.IsOpen)
        {
            using DBusWriter call = _display.NewCall(ConsolePath, "org.qemu.Display1.Console"u8, "SetUIInfo"u8);
            call.UInt16((ushort)monitor.WidthMillimetres).UInt16((ushort)monitor.HeightMillimetres).Int32(0).Int32(0).UInt32((uint)monitor.Width).UInt32((uint)monitor.Height);
            _display.Send(call);
        }
    }

    private static InvalidDataException Senseless(string? problem) => new($"The guest's display sent {problem}.");

    private void Fail(string why)
    {
        if (!_disposed)
        {
            _events.Closed(this, why);
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Sound?.Dispose();
            _display.Dispose();
            _listener.Dispose();
            _listenerForQemu.Dispose();
            Surface?.Dispose();
            Surface = null;
        }
    }
}
