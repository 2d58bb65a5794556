using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Hyperspace.Linux.Input;
using Hyperspace.Linux.Reactor;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Linux.Session;

/// <summary>
/// The right to use this machine's monitor and input devices while its user is in front of it: through seatd, logind, or, as root, libseat's own server, which all give and take
/// the devices when the virtual terminal is switched, and put the text console back when this process dies. Where there is none of them, devices are opened directly,
/// which takes root or the groups video and input, and there is no switching.
/// </summary>
public sealed unsafe class SeatSession : IDeviceOpener, IDisposable
{
    private readonly nint _seat;
    private readonly GCHandle _self;
    private readonly LibSeat.Listener* _listener;
    private readonly FdWatch? _watch;
    private readonly DirectDeviceOpener _direct = new();
    private readonly Dictionary<int, int> _deviceOfFd = [];
    private bool _disposed;

    private SeatSession()
    {
    }

    private SeatSession(Reactor.Reactor reactor, TimeSpan patience)
    {
        _self = GCHandle.Alloc(this);

        // SAFETY: libseat keeps the pointer to the listener until the seat is closed; it is freed after that, in Dispose.
        _listener = (LibSeat.Listener*)NativeMemory.AllocZeroed((nuint)sizeof(LibSeat.Listener));
        _listener->Enable = &OnEnable;
        _listener->Disable = &OnDisable;
        LibSeat.SetLogLevel(LibSeat.LogSilent);
        _seat = LibSeat.OpenSeat(_listener, GCHandle.ToIntPtr(_self));
        if (_seat == 0)
        {
            LinuxException error = LinuxException.Last("No session: neither seatd nor logind gives one");
            Free();
            throw error;
        }

        long end = Reactor.Reactor.Now + patience.Ticks * 100;
        while (!IsActive && Reactor.Reactor.Now < end)
        {
            if (LibSeat.Dispatch(_seat, 50) < 0 && Marshal.GetLastPInvokeError() != Libc.EINTR)
            {
                break;
            }
        }

        _watch = reactor.Watch(LibSeat.GetFd(_seat), FdEvents.Readable, _ => Dispatch());
    }

    /// <summary>Whether the devices can be used now: false while another virtual terminal is in front.</summary>
    public bool IsActive { get; private set; }

    /// <summary>Whether the virtual terminal can be switched away and back.</summary>
    public bool CanSwitch => _seat != 0;

    /// <summary>Called when <see cref="IsActive"/> has become false. What must not be used any more has to be let go before it returns.</summary>
    public Action? Disabled { get; set; }

    /// <summary>Called when <see cref="IsActive"/> has become true again. Input devices have to be opened anew, the card has not.</summary>
    public Action? Enabled { get; set; }

    /// <summary>Called when the session has ended and no device can be used any more.</summary>
    public Action<string>? Ended { get; set; }

    /// <param name="patience">How long to wait until the session is in front.</param>
    /// <param name="reason">Why devices are opened directly; null when there is a session.</param>
    public static SeatSession Open(Reactor.Reactor reactor, TimeSpan patience, out string? reason)
    {
        try
        {
            reason = null;
            return new SeatSession(reactor, patience);
        }
        catch (LinuxException e)
        {
            reason = e.Message;
        }
        catch (DllNotFoundException)
        {
            reason = $"{LibSeat.Library} is not installed; it is in the package libseat1";
        }

        return new SeatSession { IsActive = true };
    }

    /// <summary>Opens a card.</summary>
    /// <exception cref="LinuxException">It cannot be opened; says why.</exception>
    public SafeFileHandle OpenCard(string path)
    {
        const int readWrite = 2, noTerminal = 0x100, nonBlock = 0x800;
        int fd = Open(path, readWrite | noTerminal | nonBlock);
        return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw new LinuxException(path, -fd);
    }

    /// <inheritdoc/>
    public int Open(string path, int flags)
    {
        if (_seat == 0)
        {
            return _direct.Open(path, flags);
        }

        int device = LibSeat.OpenDevice(_seat, path, out int fd);
        if (device < 0)
        {
            return -Marshal.GetLastPInvokeError();
        }

        _deviceOfFd[fd] = device;
        return fd;
    }

    /// <inheritdoc/>
    public void Close(int fd)
    {
        // libseat_close_device tells the server and leaves the descriptor to us (libseat.h).
        if (_deviceOfFd.Remove(fd, out int device) && !_disposed)
        {
            _ = LibSeat.CloseDevice(_seat, device);
        }

        _ = Libc.Close(fd);
    }

    /// <summary>Brings another virtual terminal to the front.</summary>
    /// <param name="terminal">1 to 63.</param>
    /// <returns>False when there is no switching here, or the switch was refused.</returns>
    public bool SwitchTo(int terminal) => _seat != 0 && LibSeat.SwitchSession(_seat, terminal) == 0;

    private void Dispatch()
    {
        if (LibSeat.Dispatch(_seat, 0) < 0 && Marshal.GetLastPInvokeError() is var errno and not (Libc.EINTR or Libc.EAGAIN))
        {
            IsActive = false;
            _watch?.Dispose();
            Ended?.Invoke($"The session has ended: {Libc.ErrorText(errno)}.");
        }
    }

    [UnmanagedCallersOnly]
    private static void OnEnable(nint seat, nint self)
    {
        // SAFETY: the handle is the one that the seat was opened with, and is freed after the seat is closed. An exception cannot cross native frames: it ends the process, as it would anyway.
        var session = (SeatSession)GCHandle.FromIntPtr(self).Target!;
        session.IsActive = true;
        session.Enabled?.Invoke();
    }

    [UnmanagedCallersOnly]
    private static void OnDisable(nint seat, nint self)
    {
        var session = (SeatSession)GCHandle.FromIntPtr(self).Target!;
        session.IsActive = false;
        session.Disabled?.Invoke();
        _ = LibSeat.DisableSeat(seat);
    }

    private void Free()
    {
        NativeMemory.Free(_listener);
        _self.Free();
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        _watch?.Dispose();
        if (_seat != 0)
        {
            _ = LibSeat.CloseSeat(_seat);
            Free();
        }
    }
}
