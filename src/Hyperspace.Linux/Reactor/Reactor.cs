using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Reactor;

[Flags]
public enum FdEvents
{
    None = 0,
    Readable = 0x001,
    Writable = 0x004,
    /// <summary>Error or hang-up; reported whether asked for or not (epoll(7), EPOLLERR and EPOLLHUP).</summary>
    Closed = 0x018,
}

/// <summary>
/// One thread's event loop over epoll(7): descriptors, timers, and actions posted from other threads. Everything but <see cref="Post"/> and
/// <see cref="Stop"/> belongs to the thread that runs it. Waiting and dispatching allocate nothing.
/// </summary>
public sealed partial class Reactor : IDisposable
{
    private const int MaxEvents = 64;
    private static readonly bool PackedEvents = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    private readonly int _epoll;
    private readonly int _wake;
    private readonly byte[] _events = new byte[MaxEvents * 16];
    private readonly ConcurrentQueue<Action> _posted = new();
    private readonly List<ReactorTimer> _timers = [];
    private Watcher?[] _watchers = new Watcher?[16];
    private uint _serial;
    private volatile bool _stopping;

    public Reactor()
    {
        _epoll = EpollCreate(0x80000);
        if (_epoll < 0)
        {
            throw LinuxException.Last("epoll_create1");
        }

        _wake = EventFd(0, 0x80000 | 0x800);
        if (_wake < 0)
        {
            throw LinuxException.Last("eventfd");
        }

        Watch(_wake, FdEvents.Readable, _ => DrainWake());
    }

    /// <summary>CLOCK_MONOTONIC in nanoseconds.</summary>
    public static long Now
    {
        get
        {
            // On Linux Stopwatch reads CLOCK_MONOTONIC with a frequency of 1e9, without a transition into the runtime's native code.
            return System.Diagnostics.Stopwatch.GetTimestamp();
        }
    }

    /// <summary>Calls <paramref name="ready"/> when the descriptor is ready, until the result is disposed. The descriptor stays the caller's.</summary>
    /// <exception cref="LinuxException">The descriptor cannot be waited for (a regular file), or is watched already.</exception>
    public FdWatch Watch(int fd, FdEvents events, Action<FdEvents> ready)
    {
        int slot = Array.IndexOf(_watchers, null);
        if (slot < 0)
        {
            slot = _watchers.Length;
            Array.Resize(ref _watchers, slot * 2);
        }

        var watcher = new Watcher(fd, ++_serial, ready);
        Control(1, fd, events, slot, watcher.Serial);
        _watchers[slot] = watcher;
        return new FdWatch(this, slot, watcher.Serial, fd);
    }

    /// <summary>A timer, not yet armed.</summary>
    public ReactorTimer Timer(Action elapsed)
    {
        var timer = new ReactorTimer(elapsed, _timers);
        _timers.Add(timer);
        return timer;
    }

    /// <summary>Runs an action on the reactor's thread. The only member, with <see cref="Stop"/>, that other threads may call.</summary>
    public void Post(Action action)
    {
        _posted.Enqueue(action);
        Wake();
    }

    public void Stop()
    {
        _stopping = true;
        Wake();
    }

    /// <summary>Runs until <see cref="Stop"/>. An exception of a callback ends it: a seat in an unknown state must not go on.</summary>
    public void Run()
    {
        while (!_stopping)
        {
            RunOnce(Timeout.InfiniteTimeSpan);
        }
    }

    /// <summary>Waits once, at most that long, and dispatches what is ready. Tests and benchmarks drive a seat with it.</summary>
    public unsafe void RunOnce(TimeSpan atMost)
    {
        long wait = _posted.IsEmpty ? TimeUntilNextTimer(atMost == Timeout.InfiniteTimeSpan ? long.MaxValue : (long)(atMost.TotalMilliseconds * 1e6)) : 0;
        int count;

        // SAFETY: `_events` holds MaxEvents entries of the larger of the two layouts and is pinned for the call; `time` is a timespec.
        fixed (byte* buffer = _events)
        {
            var time = new TimeSpec { Seconds = wait / 1_000_000_000, Nanoseconds = wait % 1_000_000_000 };
            count = EpollWait(_epoll, buffer, MaxEvents, wait == long.MaxValue ? null : &time, null);
        }

        if (count < 0 && Marshal.GetLastPInvokeError() != Libc.EINTR)
        {
            throw LinuxException.Last("epoll_pwait2");
        }

        for (int i = 0; i < count; i++)
        {
            Dispatch(i);
        }

        while (_posted.TryDequeue(out Action? action))
        {
            action();
        }

        RunTimers();
    }

    private void Dispatch(int index)
    {
        int size = PackedEvents ? 12 : 16;
        int data = index * size + (PackedEvents ? 4 : 8);
        var events = (FdEvents)BitConverter.ToInt32(_events, index * size);
        int slot = BitConverter.ToInt32(_events, data);
        uint serial = BitConverter.ToUInt32(_events, data + 4);

        // An earlier callback of this round may have ended the watch, and another may live in its slot now.
        if (slot < _watchers.Length && _watchers[slot] is { } watcher && watcher.Serial == serial)
        {
            watcher.Ready(events & (FdEvents.Readable | FdEvents.Writable | FdEvents.Closed));
        }
    }

    private long TimeUntilNextTimer(long atMost)
    {
        long now = Now;
        foreach (ReactorTimer timer in _timers)
        {
            if (timer.Deadline is long deadline)
            {
                atMost = Math.Min(atMost, Math.Max(0, deadline - now));
            }
        }

        return atMost;
    }

    private void RunTimers()
    {
        long now = Now;
        for (int i = 0; i < _timers.Count; i++)
        {
            ReactorTimer timer = _timers[i];
            if (timer.Deadline <= now)
            {
                timer.Disarm();
                timer.Elapsed();
            }
        }
    }

    internal void Change(int slot, uint serial, int fd, FdEvents events) => Control(3, fd, events, slot, serial);

    internal void Remove(int slot, uint serial, int fd)
    {
        if (_watchers[slot] is { } watcher && watcher.Serial == serial)
        {
            _watchers[slot] = null;

            // The caller may have closed it already: then the kernel has forgotten it, and there is nothing to do.
            Span<byte> none = stackalloc byte[16];
            _ = EpollCtl(_epoll, 2, fd, ref MemoryMarshal.GetReference(none));
        }
    }

    private void Control(int operation, int fd, FdEvents events, int slot, uint serial)
    {
        Span<byte> e = stackalloc byte[16];
        BitConverter.TryWriteBytes(e, (int)events);
        BitConverter.TryWriteBytes(e[(PackedEvents ? 4 : 8)..], slot);
        BitConverter.TryWriteBytes(e[(PackedEvents ? 8 : 12)..], serial);
        if (EpollCtl(_epoll, operation, fd, ref MemoryMarshal.GetReference(e)) != 0)
        {
            throw LinuxException.Last($"epoll_ctl of descriptor {fd}");
        }
    }

    private unsafe void Wake()
    {
        ulong one = 1;

        // SAFETY: eight bytes of a local; an eventfd takes exactly that. EAGAIN means that it is awake already.
        _ = Libc.Write(_wake, (byte*)&one, 8);
    }

    private unsafe void DrainWake()
    {
        ulong count;

        // SAFETY: eight bytes into a local, what an eventfd gives.
        _ = Libc.Read(_wake, (byte*)&count, 8);
    }

    public void Dispose()
    {
        _ = Libc.Close(_wake);
        _ = Libc.Close(_epoll);
    }

    private sealed class Watcher(int fd, uint serial, Action<FdEvents> ready)
    {
        public int Fd { get; } = fd;
        public uint Serial { get; } = serial;
        public Action<FdEvents> Ready { get; } = ready;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int EpollCtl(int epoll, int operation, int fd, ref byte e);

    [LibraryImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    private static unsafe partial int EpollWait(int epoll, byte* events, int maxEvents, TimeSpec* timeout, void* signalMask);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFd(uint initial, int flags);
}

/// <summary>A descriptor that the reactor waits for; disposing ends the waiting and leaves the descriptor open.</summary>
public sealed class FdWatch : IDisposable
{
    private readonly Reactor _reactor;
    private readonly int _slot;
    private readonly uint _serial;
    private readonly int _fd;
    private bool _disposed;

    internal FdWatch(Reactor reactor, int slot, uint serial, int fd)
    {
        _reactor = reactor;
        _slot = slot;
        _serial = serial;
        _fd = fd;
    }

    /// <summary>Waits for other events from now on.</summary>
    public void Change(FdEvents events)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        _reactor.Change(_slot, _serial, _fd, events);
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _reactor.Remove(_slot, _serial, _fd);
        }
    }
}

/// <summary>A one-shot timer of a <see cref="Reactor"/>; arming it again moves it.</summary>
public sealed class ReactorTimer : IDisposable
{
    private readonly List<ReactorTimer> _owner;

    internal ReactorTimer(Action elapsed, List<ReactorTimer> owner)
    {
        Elapsed = elapsed;
        _owner = owner;
    }

    internal Action Elapsed { get; }

    /// <summary>When it elapses, in <see cref="Reactor.Now"/>'s nanoseconds; null while it is not armed.</summary>
    public long? Deadline { get; private set; }

    public void Arm(TimeSpan after) => Deadline = Reactor.Now + after.Ticks * 100;

    /// <summary>Elapses when <see cref="Reactor.Now"/> reaches <paramref name="deadline"/> (nanoseconds).</summary>
    public void ArmAt(long deadline) => Deadline = deadline;

    public void Disarm() => Deadline = null;

    public void Dispose()
    {
        Disarm();
        _owner.Remove(this);
    }
}
