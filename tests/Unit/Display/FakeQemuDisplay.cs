using Hyperspace.Linux.DBus;
using Hyperspace.Linux.Memory;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sockets;
using Hyperspace.Protocols.DBusDisplay;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Unit.Display;

/// <summary>QEMU's side of a D-Bus display, scripted by a test: it authenticates, takes the listener and sends what the test wants sent.</summary>
internal sealed class FakeQemuDisplay : IDisposable
{
    private readonly Reactor _reactor;
    private readonly DBusConnection _display;
    private DBusConnection? _listener;
    private DBusConnection? _sound;

    public FakeQemuDisplay(Reactor reactor)
    {
        _reactor = reactor;
        (SafeFileHandle ours, SafeFileHandle theirs) = FdPassing.CreatePair(nonBlocking: true);
        Socket = theirs;
        _display = new DBusConnection(reactor, ours, OnCall, _ => { }, server: true);
    }

    /// <summary>The client's end.</summary>
    public SafeFileHandle Socket { get; }

    public bool HasListener { get; private set; }

    public bool HasSoundListener { get; private set; }

    /// <summary>The sound listener is gone, as QEMU sees it.</summary>
    public bool LostSoundListener { get; private set; }

    /// <summary>How many listeners for sound are refused before one is taken.</summary>
    public int SoundRefusals { get; set; }

    /// <summary>Input calls received: <c>Press 30</c>, <c>SetAbsPosition 5 6</c>.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>The sizes of the monitor that it was told, the last one last.</summary>
    public List<(int Width, int Height)> Monitors { get; } = [];

    public bool MouseIsAbsolute { get; init; } = true;

    public void ScanoutMap(SafeFileHandle file, uint width, uint height, uint stride, uint format = (uint)PixmanFormat.X8R8G8B8)
    {
        using DBusWriter call = ListenerCall("org.qemu.Display1.Listener.Unix.Map"u8, "ScanoutMap"u8);
        call.Fd(file).UInt32(0).UInt32(width).UInt32(height).UInt32(stride).UInt32(format);
        _listener!.Send(call);
    }

    public void UpdateMap(int x, int y, int width, int height)
    {
        using DBusWriter call = ListenerCall("org.qemu.Display1.Listener.Unix.Map"u8, "UpdateMap"u8);
        call.Int32(x).Int32(y).Int32(width).Int32(height);
        _listener!.Send(call);
    }

    /// <summary>A message with a name that means something and arguments that do not.</summary>
    public void SendSenselessUpdate()
    {
        using DBusWriter call = ListenerCall("org.qemu.Display1.Listener.Unix.Map"u8, "UpdateMap"u8);
        call.String("not a number"u8);
        _listener!.Send(call);
    }

    public void SoundInit(ulong id, PcmFormat format)
    {
        using DBusWriter call = SoundCall("Init"u8);
        call.UInt64(id).Byte(format.Bits).Boolean(format.IsSigned).Boolean(format.IsFloat).UInt32(format.Frequency).Byte(format.Channels)
            .UInt32(format.BytesPerFrame).UInt32(format.BytesPerFrame * format.Frequency).Boolean(false);
        _sound!.Send(call);
    }

    public void SoundFini(ulong id)
    {
        using DBusWriter call = SoundCall("Fini"u8);
        call.UInt64(id);
        _sound!.Send(call);
    }

    public void SoundVolume(ulong id, bool mute, params byte[] volume)
    {
        using DBusWriter call = SoundCall("SetVolume"u8);
        call.UInt64(id).Boolean(mute).Bytes(volume);
        _sound!.Send(call);
    }

    public void SoundWrite(ulong id, ReadOnlySpan<byte> frames)
    {
        using DBusWriter call = SoundCall("Write"u8);
        call.UInt64(id).Bytes(frames);
        _sound!.Send(call);
    }

    private DBusWriter SoundCall(ReadOnlySpan<byte> member) =>
        _sound!.NewCall("/org/qemu/Display1/AudioOutListener"u8, "org.qemu.Display1.AudioOutListener"u8, member);

    /// <summary>As QEMU does, whose proxy for the listener reads its properties before anything else.</summary>
    private void AskSoundListener()
    {
        using DBusWriter call = _sound!.NewCall(
            "/org/qemu/Display1/AudioOutListener"u8, "org.freedesktop.DBus.Properties"u8, "GetAll"u8, expectReply: true);
        call.String("org.qemu.Display1.AudioOutListener"u8);
        _sound.Call(call, answer =>
        {
            HasSoundListener = !answer.IsError;
            return true;
        }, TimeSpan.FromSeconds(10));
    }

    private DBusWriter ListenerCall(ReadOnlySpan<byte> @interface, ReadOnlySpan<byte> member) =>
        _listener!.NewCall("/org/qemu/Display1/Listener"u8, @interface, member);

    /// <summary>As QEMU does before it sends a picture: the answer tells it whether the listener takes the shared map.</summary>
    private void AskWhatItUnderstands()
    {
        using DBusWriter call = _listener!.NewCall(
            "/org/qemu/Display1/Listener"u8, "org.freedesktop.DBus.Properties"u8, "GetAll"u8, expectReply: true);
        call.String("org.qemu.Display1.Listener"u8);
        _listener.Call(call, OnProperties, TimeSpan.FromSeconds(10));
    }

    private bool OnProperties(DBusMessage answer)
    {
        HasListener = !answer.IsError;
        return true;
    }

    private bool OnCall(DBusMessage message)
    {
        if (!message.IsMethodCall)
        {
            return false;
        }

        switch (System.Text.Encoding.ASCII.GetString(message.Member))
        {
            case "RegisterListener":
                _listener = new DBusConnection(_reactor, message.ReadFd(), _ => true, _ => { }, server: true) { Ready = AskWhatItUnderstands };
                message.Reply();
                return true;
            case "RegisterOutListener" when SoundRefusals > 0:
                SoundRefusals--;
                message.ReplyError("org.qemu.Display1.Error"u8, "already registered"u8);
                return true;
            case "RegisterOutListener":
                _sound = new DBusConnection(_reactor, message.ReadFd(), _ => true, _ => LostSoundListener = true, server: true) { Ready = AskSoundListener };
                message.Reply();
                return true;
            case "Get":
                bool absolute = message.ReadString() == "org.qemu.Display1.Mouse";
                using (DBusWriter reply = message.NewReply())
                {
                    (absolute ? reply.Open('v', "b"u8).Boolean(MouseIsAbsolute) : reply.Open('v', "u"u8).UInt32(2)).Close();
                    reply.Send();
                }

                return true;
            case "SetAbsPosition":
                Calls.Add($"SetAbsPosition {message.ReadUInt32()} {message.ReadUInt32()}");
                return true;
            case "RelMotion":
                Calls.Add($"RelMotion {message.ReadInt32()} {message.ReadInt32()}");
                return true;
            case "SetUIInfo":
                message.Skip("qqii"u8);
                Monitors.Add(((int)message.ReadUInt32(), (int)message.ReadUInt32()));
                return true;
            case var press:
                Calls.Add($"{press} {message.ReadUInt32()}");
                return true;
        }
    }

    /// <summary>A shared picture of that size, all pixels of one value.</summary>
    public static SafeFileHandle Picture(int width, int height, uint pixel)
    {
        SafeFileHandle file = MemFd.Create("picture", width * height * 4L);
        Fill(file, width, new Seat.Display.Outputs.PixelRect(0, 0, width, height), pixel);
        return file;
    }

    public static void Fill(SafeFileHandle file, int stride, Seat.Display.Outputs.PixelRect rect, uint pixel)
    {
        var row = new uint[rect.Width];
        Array.Fill(row, pixel);
        for (int y = rect.Y; y < rect.Bottom; y++)
        {
            RandomAccess.Write(file, System.Runtime.InteropServices.MemoryMarshal.AsBytes(row.AsSpan()), ((long)y * stride + rect.X) * 4);
        }
    }

    public void Dispose()
    {
        _listener?.Dispose();
        _sound?.Dispose();
        _display.Dispose();
    }
}
