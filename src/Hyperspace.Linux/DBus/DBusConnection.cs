using System.Runtime.InteropServices;
using Hyperspace.Linux.Reactor;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Linux.DBus;

/// <summary>Takes a message that the peer sent. Returns false for one that it does not know, which is answered with UnknownMethod.</summary>
public delegate bool DBusMessageHandler(DBusMessage message);

/// <summary>
/// One end of a peer-to-peer D-Bus connection over a connected socket, on a reactor's thread, authenticated with SASL EXTERNAL
/// (D-Bus specification, "Authentication Protocol"). Sending and receiving allocate nothing on the managed heap.
/// </summary>
public sealed unsafe class DBusConnection : IDisposable
{
    private const int PollIn = 1;
    private const int PollOut = 4;

    private readonly DBusMessageHandler _handler;
    private readonly Action<string> _closed;
    private readonly ReactorTimer _timer;
    private readonly List<GCHandle> _replies = [];
    private readonly SafeFileHandle _socket;
    private readonly Reactor.Reactor _reactor;
    private Action? _ready;
    private FdWatch? _watch;
    private GCHandle _self;
    private nint _bus;
    private FdEvents _watched;
    private bool _processing;
    private Exception? _failure;
    private bool _abandoned;
    private bool _announced;

    /// <summary>Takes over the socket and begins to authenticate; calls made before that is done are queued.</summary>
    /// <param name="server">True for the authentication server's end; QEMU is the server of its sockets, so the seat is not.</param>
    /// <param name="closed">Called once, from the reactor, when the peer is gone or sent what cannot be understood; says which.</param>
    /// <param name="bus">True when the peer is a message bus, which wants to be greeted; calls need a destination then.</param>
    /// <exception cref="LinuxException">libsystemd refuses the socket.</exception>
    public DBusConnection(Reactor.Reactor reactor, SafeFileHandle socket, DBusMessageHandler handler, Action<string> closed, bool server = false, bool bus = false)
    {
        _reactor = reactor;
        _handler = handler;
        _closed = closed;
        _socket = socket;
        _self = GCHandle.Alloc(this);
        _timer = reactor.Timer(Process);
        int fd = (int)socket.DangerousGetHandle();
        try
        {
            Check(SdBus.New(out _bus), "sd_bus_new");

            // sd-bus owns the descriptor that it is given and closes it with the bus: it gets a duplicate.
            int own = Libc.Fcntl(fd, 1030, 3);
            Check(SdBus.SetFd(_bus, own, own), "sd_bus_set_fd");
            Check(SdBus.NegotiateFds(_bus, 1), "sd_bus_negotiate_fds");
            if (server)
            {
                Guid id = Guid.NewGuid();
                Check(SdBus.SetServer(_bus, 1, id), "sd_bus_set_server");
            }

            if (bus)
            {
                Check(SdBus.SetBusClient(_bus, 1), "sd_bus_set_bus_client");
            }

            // SAFETY: the callback finds this object through the handle, which is freed after the bus.
            Check(SdBus.AddFilter(_bus, null, &OnMessage, GCHandle.ToIntPtr(_self)), "sd_bus_add_filter");
            Check(SdBus.Start(_bus), "sd_bus_start");
            _watched = FdEvents.Readable;
            _watch = reactor.Watch(fd, _watched, _ => Process());
            Process();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public bool IsOpen => _bus != 0;

    /// <summary>
    /// Called once, from the reactor, when both sides are authenticated. A message with a descriptor must not be sent before: sd-bus would
    /// wait for the peer then, for as long as the peer likes.
    /// </summary>
    public Action? Ready
    {
        get => _ready;
        set
        {
            _ready = value;

            // What the peer sent ahead may have been all that was needed: then no event will come that leads to the call.
            _reactor.Post(Process);
        }
    }

    /// <summary>Messages that wait because the peer does not read.</summary>
    public int QueuedWrites
    {
        get
        {
            ulong count = 0;

            // SAFETY: eight bytes into a local.
            return _bus != 0 && SdBus.GetQueuedWrite(_bus, &count) >= 0 ? (int)Math.Min(count, int.MaxValue) : 0;
        }
    }

    /// <summary>Begins a method call that wants no answer. All texts are NUL-terminated u8 literals.</summary>
    /// <param name="destination">The name of the peer on a bus; none without a bus.</param>
    public DBusWriter NewCall(ReadOnlySpan<byte> path, ReadOnlySpan<byte> @interface, ReadOnlySpan<byte> member, bool expectReply = false, ReadOnlySpan<byte> destination = default)
    {
        ObjectDisposedException.ThrowIf(_bus == 0, this);

        // SAFETY: NUL-terminated literals, pinned for the call; sd-bus copies them.
        fixed (byte* p = path, i = @interface, m = member, d = destination)
        {
            Check(SdBus.NewMethodCall(_bus, out nint message, d, p, i, m), "sd_bus_message_new_method_call");
            if (!expectReply)
            {
                _ = SdBus.SetExpectReply(message, 0);
            }

            return new DBusWriter(_bus, message);
        }
    }

    /// <summary>Begins a signal. All texts are NUL-terminated u8 literals.</summary>
    public DBusWriter NewSignal(ReadOnlySpan<byte> path, ReadOnlySpan<byte> @interface, ReadOnlySpan<byte> member)
    {
        ObjectDisposedException.ThrowIf(_bus == 0, this);

        // SAFETY: NUL-terminated literals, pinned for the call; sd-bus copies them.
        fixed (byte* p = path, i = @interface, m = member)
        {
            Check(SdBus.NewSignal(_bus, out nint message, p, i, m), "sd_bus_message_new_signal");
            return new DBusWriter(_bus, message);
        }
    }

    /// <summary>Sends what <see cref="NewCall"/> or <see cref="NewSignal"/> began. A broken connection is noticed by <c>closed</c>, not here.</summary>
    public void Send(in DBusWriter writer)
    {
        if (_bus != 0 && writer.Send())
        {
            UpdateWatch();
        }
    }

    /// <summary>Sends a call and gives its answer, an error or a time-out (also an error) to <paramref name="reply"/>.</summary>
    public void Call(in DBusWriter writer, DBusMessageHandler reply, TimeSpan timeout)
    {
        if (_bus == 0)
        {
            return;
        }

        GCHandle handle = GCHandle.Alloc(new Pending(this, reply));
        _replies.Add(handle);

        // SAFETY: the callback finds the Pending through its handle, which lives until the answer or until Dispose, after which there is no callback.
        int r = SdBus.CallAsync(_bus, null, writer.Message, &OnReply, GCHandle.ToIntPtr(handle), (ulong)timeout.TotalMicroseconds);
        if (r < 0)
        {
            Forget(handle);
        }

        UpdateWatch();
    }

    private void Process()
    {
        if (_processing || _bus == 0)
        {
            return;
        }

        _processing = true;
        int r;
        do
        {
            // SAFETY: no message is asked for: all of them go through the filter.
            r = SdBus.Process(_bus, null);
        }
        while (r > 0 && _failure is null && !_abandoned);

        _processing = false;
        if (_abandoned)
        {
            Dispose();
            return;
        }

        if (_failure is not null || r < 0)
        {
            string why = _failure?.Message ?? (r is -104 or -107 or -32 ? "the other side closed the connection" : Libc.ErrorText(-r));
            bool wasOpen = _bus != 0;
            Dispose();
            if (wasOpen)
            {
                _closed(why);
            }

            return;
        }

        if (!_announced && _ready is not null && SdBus.IsReady(_bus) > 0)
        {
            _announced = true;
            _ready();
        }

        UpdateWatch();
    }

    private void UpdateWatch()
    {
        if (_bus == 0 || _watch is null)
        {
            return;
        }

        int wanted = SdBus.GetEvents(_bus);
        FdEvents events = ((wanted & PollIn) != 0 ? FdEvents.Readable : 0) | ((wanted & PollOut) != 0 ? FdEvents.Writable : 0);
        if (wanted >= 0 && events != _watched)
        {
            _watched = events;
            _watch.Change(events);
        }

        ulong deadline;

        // SAFETY: eight bytes into a local. The deadline is CLOCK_MONOTONIC in microseconds, or all ones for none.
        if (SdBus.GetTimeout(_bus, &deadline) > 0 && deadline < ulong.MaxValue / 1000)
        {
            _timer.ArmAt((long)deadline * 1000);
        }
        else
        {
            _timer.Disarm();
        }
    }

    [UnmanagedCallersOnly]
    private static int OnMessage(nint message, nint userData, nint error)
    {
        // SAFETY: userData is the handle given to AddFilter; the bus that calls back is disposed before the handle is freed.
        var self = (DBusConnection)GCHandle.FromIntPtr(userData).Target!;
        try
        {
            return self._handler(new DBusMessage(message)) ? 1 : 0;
        }
        catch (Exception e)
        {
            // No exception may cross native frames; the loop that called sd_bus_process reports it.
            self._failure = e;
            return 1;
        }
    }

    [UnmanagedCallersOnly]
    private static int OnReply(nint message, nint userData, nint error)
    {
        GCHandle handle = GCHandle.FromIntPtr(userData);
        var pending = (Pending)handle.Target!;
        pending.Owner.Forget(handle);
        try
        {
            pending.Reply(new DBusMessage(message));
        }
        catch (Exception e)
        {
            pending.Owner._failure = e;
        }

        return 1;
    }

    private void Forget(GCHandle handle)
    {
        _replies.Remove(handle);
        handle.Free();
    }

    public void Dispose()
    {
        if (_processing)
        {
            // Called from a callback: sd-bus must not be freed under its own feet. The loop in Process does it, without calling `closed`.
            _abandoned = true;
            return;
        }

        _watch?.Dispose();
        _watch = null;
        _timer.Dispose();
        if (_bus != 0)
        {
            SdBus.CloseUnref(_bus);
            _bus = 0;
        }

        _replies.ForEach(h => h.Free());
        _replies.Clear();
        if (_self.IsAllocated)
        {
            _self.Free();
        }

        _socket.Dispose();
    }

    private static void Check(int result, string what)
    {
        if (result < 0)
        {
            throw new LinuxException(what, -result);
        }
    }

    private sealed record Pending(DBusConnection Owner, DBusMessageHandler Reply);
}
