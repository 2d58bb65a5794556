using System.Runtime.InteropServices;
using System.Text;

namespace Hyperspace.Linux.Input;

/// <summary>
/// A keyboard or pointer that exists only in the kernel (linux/uinput.h): what it sends arrives at every reader of /dev/input as if from a real one. For tests of the seat's input on a real kernel.
/// </summary>
public sealed unsafe partial class UinputDevice : IDisposable
{
    internal const uint SetEventBit = 0x40045564;
    internal const uint SetKeyBit = 0x40045565;
    internal const uint SetRelativeBit = 0x40045566;
    internal const uint SetAbsoluteBit = 0x40045567;
    internal const uint SetLedBit = 0x40045569;
    internal const uint DeviceSetup = 0x405C5503;
    internal const uint AbsoluteSetup = 0x401C5504;
    internal const uint DeviceCreate = 0x5501;
    internal const uint DeviceDestroy = 0x5502;

    /// <summary>Event types and codes of linux/input-event-codes.h.</summary>
    public const ushort Synchronize = 0, Keys = 1, Relative = 2, Absolute = 3, Leds = 0x11;

    private const ushort BusUsb = 3;
    private const int LastKey = 248;

    private readonly int _fd;
    private bool _disposed;

    /// <summary>struct uinput_setup.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Setup
    {
        public ushort Bus, Vendor, Product, Version;
        public fixed byte Name[80];
        public uint ForceFeedbackEffects;
    }

    /// <summary>struct uinput_abs_setup.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct AbsSetup
    {
        public ushort Code;
        public int Value, Minimum, Maximum, Fuzz, Flat, Resolution;
    }

    /// <summary>struct input_event where the kernel's time has 64 bits.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Event
    {
        public long Seconds, Microseconds;
        public ushort Type, Code;
        public int Value;
    }

    private UinputDevice(int fd) => _fd = fd;

    /// <summary>A keyboard with the keys 1 to 248 and three lights.</summary>
    /// <exception cref="LinuxException">There is no /dev/uinput, or it may not be used.</exception>
    public static UinputDevice Keyboard(string name, ushort vendor, ushort product) => Create(name, vendor, product, device =>
    {
        device.Bit(SetEventBit, Keys);
        device.Bit(SetEventBit, Leds);
        for (int key = 1; key <= LastKey; key++)
        {
            device.Bit(SetKeyBit, key);
        }

        for (int led = 0; led < 3; led++)
        {
            device.Bit(SetLedBit, led);
        }
    });

    /// <summary>A mouse with three buttons and a wheel.</summary>
    /// <inheritdoc cref="Keyboard"/>
    public static UinputDevice Mouse(string name, ushort vendor, ushort product) => Create(name, vendor, product, device =>
    {
        device.Bit(SetEventBit, Keys);
        device.Bit(SetEventBit, Relative);
        foreach (int button in (ReadOnlySpan<int>)[0x110, 0x111, 0x112])
        {
            device.Bit(SetKeyBit, button);
        }

        foreach (int axis in (ReadOnlySpan<int>)[0, 1, 8, 11])
        {
            device.Bit(SetRelativeBit, axis);
        }
    });

    /// <summary>A touch screen with one point, 0 to 32767 in both directions.</summary>
    /// <inheritdoc cref="Keyboard"/>
    public static UinputDevice TouchScreen(string name, ushort vendor, ushort product) => Create(name, vendor, product, device =>
    {
        const uint direct = 0x4004556E;
        device.Bit(SetEventBit, Keys);
        device.Bit(SetEventBit, Absolute);
        device.Bit(SetKeyBit, 0x14A);
        device.Bit(direct, 1);
        for (ushort axis = 0; axis < 2; axis++)
        {
            device.Bit(SetAbsoluteBit, axis);
            var setup = new AbsSetup { Code = axis, Maximum = 32767, Resolution = 100 };

            // SAFETY: a local of the size that the request's number says.
            device.Control(AbsoluteSetup, &setup);
        }
    });

    /// <summary>Sends one event without the report's end; <see cref="Report"/> ends it.</summary>
    public void Send(ushort type, ushort code, int value)
    {
        var e = new Event { Type = type, Code = code, Value = value };

        // SAFETY: a local of exactly the size that is written.
        if (Libc.Write(_fd, (byte*)&e, (nuint)sizeof(Event)) != sizeof(Event))
        {
            throw LinuxException.Last("writing to /dev/uinput");
        }
    }

    public void Report() => Send(Synchronize, 0, 0);

    /// <summary>A key or button goes down or up, as a report of its own.</summary>
    public void Key(int code, bool down)
    {
        Send(Keys, (ushort)code, down ? 1 : 0);
        Report();
    }

    /// <summary>The next light that somebody switched: its number (0 Num, 1 Caps, 2 Scroll) and whether it is on; null when there is none now.</summary>
    public (int Led, bool On)? ReadLight()
    {
        Event e;

        // SAFETY: a local of the size that is asked for; the descriptor does not block.
        while (Libc.Read(_fd, (byte*)&e, (nuint)sizeof(Event)) == sizeof(Event))
        {
            if (e.Type == Leds)
            {
                return (e.Code, e.Value != 0);
            }
        }

        return null;
    }

    private static UinputDevice Create(string name, ushort vendor, ushort product, Action<UinputDevice> describe)
    {
        const int readWriteNonBlockCloseOnExec = 0x80802;
        int fd = Open("/dev/uinput", readWriteNonBlockCloseOnExec);
        if (fd < 0)
        {
            throw LinuxException.Last("opening /dev/uinput");
        }

        var device = new UinputDevice(fd);
        try
        {
            describe(device);
            var setup = new Setup { Bus = BusUsb, Vendor = vendor, Product = product, Version = 1 };
            byte[] text = Encoding.UTF8.GetBytes(name);
            text.AsSpan(0, Math.Min(text.Length, 79)).CopyTo(new Span<byte>(setup.Name, 80));

            // SAFETY: a local of the size that the request's number says.
            device.Control(DeviceSetup, &setup);
            device.Control(DeviceCreate, null);
            return device;
        }
        catch
        {
            device.Dispose();
            throw;
        }
    }

    private void Bit(uint request, int value) => Control(request, (void*)value);

    private void Control(uint request, void* argument)
    {
        if (IoControl(_fd, request, argument) != 0)
        {
            throw LinuxException.Last($"ioctl 0x{request:X} of /dev/uinput");
        }
    }

    /// <summary>Unplugs it.</summary>
    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _ = IoControl(_fd, DeviceDestroy, null);
            _ = Libc.Close(_fd);
        }
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoControl(int fd, nuint request, void* argument);
}
