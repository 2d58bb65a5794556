using System.Runtime.InteropServices;
using System.Text;

namespace Hyperspace.Linux.Input;

/// <summary>
/// The devices of a seat through libinput and udev. Devices that people type, point and touch with are grabbed (EVIOCGRAB): nobody else on this machine, the kernel's own text console included, sees what they
/// send. Power buttons and switches are heard but not grabbed, because the system's own power management listens to them too.
/// </summary>
public sealed unsafe partial class LibInputContext : IInputBackend
{
    /// <summary>_IOW('E', 0x90, int) of linux/input.h.</summary>
    internal const uint Grab = 0x40044590;

    private const int NoMemory = 12;

    /// <summary>libinput's log handler gets no data of ours, so all contexts share this.</summary>
    private static readonly ComplaintLog Recent = new();

    private readonly IDeviceOpener _opener;
    private readonly PointerSettings _settings;
    private readonly Dictionary<int, Device> _devices = [];
    private readonly HashSet<string> _grabbed = [];
    private readonly Dictionary<int, string> _nodes = [];
    private readonly List<InputRefusal> _refusals = [];
    private GCHandle _self;
    private LibInput.Interface* _callbacks;
    private nint _udev;
    private nint _context;
    private int _lastDevice;

    /// <summary>A device whose removal was read last; it is described until the next event is asked for.</summary>
    private int _removed;

    private sealed record Device(nint Handle, InputDeviceInfo Info);

    private LibInputContext(IDeviceOpener opener, PointerSettings settings)
    {
        (_opener, _settings) = (opener, settings);
        _self = GCHandle.Alloc(this);
    }

    /// <summary>Takes the devices of a seat; those that are there are the first events.</summary>
    /// <param name="seat">udev's ID_SEAT; <c>seat0</c> has all devices that nobody gave to another seat.</param>
    /// <param name="reason">When null is returned: why, as a sentence.</param>
    public static LibInputContext? TryOpen(IDeviceOpener opener, PointerSettings settings, out string? reason, string seat = "seat0")
    {
        var context = new LibInputContext(opener, settings);
        try
        {
            reason = context.Begin(seat);
        }
        catch (DllNotFoundException e)
        {
            reason = $"Keyboards and mice need libinput and libudev, which are not installed (packages libinput10 and libudev1): {e.Message}";
        }
        catch (EntryPointNotFoundException)
        {
            reason = "Keyboards and mice need libinput 1.19 or newer, which this machine does not have.";
        }

        if (reason is not null)
        {
            context.Dispose();
            return null;
        }

        return context;
    }

    private string? Begin(string seat)
    {
        _udev = LibUdev.New();
        if (_udev == 0)
        {
            return "Keyboards and mice cannot be taken: udev does not answer.";
        }

        // SAFETY: libinput keeps the pointer to the callbacks and the handle for as long as the context lives; both are freed after it, in Dispose.
        _callbacks = (LibInput.Interface*)NativeMemory.Alloc((nuint)sizeof(LibInput.Interface));
        _callbacks->OpenRestricted = &OnOpen;
        _callbacks->CloseRestricted = &OnClose;
        _context = LibInput.UdevCreateContext(_callbacks, (void*)GCHandle.ToIntPtr(_self), _udev);
        if (_context == 0)
        {
            return "Keyboards and mice cannot be taken: libinput does not begin.";
        }

        LibInput.LogSetHandler(_context, &OnLog);
        LibInput.LogSetPriority(_context, LibInput.LogError);

        // SAFETY: a zero-terminated string, copied by the library.
        fixed (byte* name = Encoding.UTF8.GetBytes(seat + "\0"))
        {
            return LibInput.UdevAssignSeat(_context, name) == 0 ? null : $"Keyboards and mice cannot be taken: udev has no seat \"{seat}\", or it does not run.";
        }
    }

    public int Fd => LibInput.GetFd(_context);

    public IReadOnlyList<InputRefusal> Refusals => _refusals;

    /// <summary>What libinput complained about last, oldest first; for people who look for a fault.</summary>
    public static IReadOnlyList<string> Complaints => Recent.ToList();

    public void Dispatch()
    {
        int result = LibInput.Dispatch(_context);
        if (result < 0 && result != -Libc.EAGAIN && result != -Libc.EINTR)
        {
            throw new LinuxException("libinput_dispatch", -result);
        }
    }

    public bool TryRead(out InputEvent e)
    {
        Forget();
        nint native;
        while ((native = LibInput.GetEvent(_context)) != 0)
        {
            bool known = Decode(native, out e);
            LibInput.EventDestroy(native);
            if (known)
            {
                return true;
            }
        }

        e = default;
        return false;
    }

    private void Forget()
    {
        if (_removed != 0 && _devices.Remove(_removed, out Device? device))
        {
            _ = LibInput.DeviceUnref(device.Handle);
        }

        _removed = 0;
    }

    public InputDeviceInfo Describe(int device) => _devices[device].Info;

    public bool IsGrabbed(int device) => _devices.TryGetValue(device, out Device? known) && _grabbed.Contains(known.Info.Node);

    public void SetLeds(int device, InputLeds leds)
    {
        if (_devices.TryGetValue(device, out Device? known))
        {
            LibInput.DeviceLeds(known.Handle, (int)leds);
        }
    }

    public void Silence(int device)
    {
        if (_devices.TryGetValue(device, out Device? known))
        {
            _ = LibInput.SendEvents(known.Handle, LibInput.SendEventsDisabled);
        }
    }

    public void RetryRefused()
    {
        foreach (InputRefusal refusal in _refusals.ToArray())
        {
            string path = $"/dev/input/{refusal.Node}";
            int fd = OpenGrabbed(path, 0x802, out bool isGrab);
            if (fd >= 0)
            {
                // libinput asks for a device once, when it appears: it has to look at all of them anew.
                CloseNode(fd);
                Suspend();
                _ = Resume();
                return;
            }

            if (fd == -2 && !isGrab)
            {
                // It has been unplugged.
                _refusals.Remove(refusal);
            }
        }
    }

    public void Suspend() => LibInput.Suspend(_context);

    public bool Resume()
    {
        _refusals.Clear();
        return LibInput.Resume(_context) == 0;
    }

    public void Dispose()
    {
        foreach (Device device in _devices.Values)
        {
            _ = LibInput.DeviceUnref(device.Handle);
        }

        _devices.Clear();
        if (_context != 0)
        {
            _ = LibInput.Unref(_context);
            _context = 0;
        }

        if (_udev != 0)
        {
            _ = LibUdev.Unref(_udev);
            _udev = 0;
        }

        // SAFETY: made by NativeMemory.Alloc; nobody has the pointer any more.
        NativeMemory.Free(_callbacks);
        _callbacks = null;
        if (_self.IsAllocated)
        {
            _self.Free();
        }
    }

    /// <summary>Opens a node and makes it ours alone.</summary>
    /// <returns>A descriptor, or a negative errno.</returns>
    private int OpenGrabbed(string path, int flags, out bool isGrab)
    {
        isGrab = false;
        int fd = _opener.Open(path, flags);
        if (fd < 0)
        {
            return fd;
        }

        string node = Path.GetFileName(path);
        if (IsExclusive(node))
        {
            isGrab = true;
            if (IoControl(fd, Grab, 1) != 0)
            {
                int error = Marshal.GetLastPInvokeError();
                _opener.Close(fd);
                return -error;
            }

            _grabbed.Add(node);
        }

        _nodes[fd] = node;
        return fd;
    }

    private void CloseNode(int fd)
    {
        if (_nodes.Remove(fd, out string? node) && _grabbed.Remove(node))
        {
            // Fails when the device is gone, and then there is nothing to give back.
            _ = IoControl(fd, Grab, 0);
        }

        _opener.Close(fd);
    }

    private int OpenForLibrary(string path, int flags)
    {
        string node = Path.GetFileName(path);
        _refusals.RemoveAll(r => r.Node == node);
        int fd = OpenGrabbed(path, flags, out bool isGrab);
        if (fd < 0)
        {
            _refusals.Add(new InputRefusal(node, NameOf(node), -fd, isGrab));
        }

        return fd;
    }

    private bool IsExclusive(string node)
    {
        nint device = LibUdev.DeviceOf(_udev, "input", node);
        if (device == 0)
        {
            return true;
        }

        bool exclusive = KindsOf(device, default) != InputDeviceKinds.None;
        _ = LibUdev.DeviceUnref(device);
        return exclusive;
    }

    private string NameOf(string node)
    {
        nint device = LibUdev.DeviceOf(_udev, "input", node);
        if (device == 0)
        {
            return node;
        }

        string name = LibUdev.ParentAttribute(device, "name");
        _ = LibUdev.DeviceUnref(device);
        return name.Length == 0 ? node : name;
    }

    [UnmanagedCallersOnly]
    private static int OnOpen(byte* path, int flags, void* user)
    {
        try
        {
            // SAFETY: `user` is the handle of the context that libinput was made with, which lives until after libinput_unref; `path` is zero-terminated.
            var self = (LibInputContext)GCHandle.FromIntPtr((nint)user).Target!;
            return self.OpenForLibrary(Marshal.PtrToStringUTF8((nint)path)!, flags);
        }
        catch (Exception)
        {
            // Nothing may be thrown through C; the device counts as one that cannot be opened.
            return -NoMemory;
        }
    }

    [UnmanagedCallersOnly]
    private static void OnClose(int fd, void* user)
    {
        try
        {
            // SAFETY: as in OnOpen.
            ((LibInputContext)GCHandle.FromIntPtr((nint)user).Target!).CloseNode(fd);
        }
        catch (Exception)
        {
            // As in OnOpen: the descriptor may leak, the seat goes on.
        }
    }

    [UnmanagedCallersOnly]
    private static void OnLog(nint context, int priority, byte* format, void* arguments)
    {
        byte* text = stackalloc byte[ComplaintLog.LineLength];

        // SAFETY: the arguments belong to the format; at most LineLength bytes with the zero are written. A va_list is passed as a pointer on x86-64 and on arm64.
        int length = Format(text, ComplaintLog.LineLength, format, arguments);
        Recent.Add(new ReadOnlySpan<byte>(text, Math.Clamp(length, 0, ComplaintLog.LineLength - 1)));
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoControl(int fd, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "vsnprintf")]
    private static partial int Format(byte* text, nuint size, byte* format, void* arguments);
}
