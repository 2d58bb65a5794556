using System.Net.Sockets;
using System.Text;
using Hyperspace.Linux;
using Hyperspace.Linux.DBus;
using Hyperspace.Linux.Reactor;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Machines.Power.Policy;

/// <summary>
/// logind over the system bus, on a thread of its own. While it is open logind itself does nothing about lid and buttons ("block" locks), and waits a moment before any suspend ("delay" lock), where polkit
/// lets this user take such locks.
/// </summary>
public sealed class Logind : ILogind
{
    public const string SystemBus = "/run/dbus/system_bus_socket";

    private static readonly TimeSpan OpenPatience = TimeSpan.FromSeconds(5);
    /// <summary>Delay locks of others last 5 s by default, and some machines take a while.</summary>
    private static readonly TimeSpan SleepPatience = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan CallPatience = TimeSpan.FromSeconds(25);

    private readonly Reactor _reactor = new();
    private readonly Thread _thread;
    private readonly Lock _lock = new();
    private readonly List<SafeFileHandle> _blocks = [];
    private DBusConnection? _bus;
    private SafeFileHandle? _delay;
    private TaskCompletionSource? _asleep, _awake;
    private string? _broken;

    private Logind() => _thread = new Thread(_reactor.Run) { IsBackground = true, Name = "logind" };

    public Func<bool, Task>? Sleeping { get; set; }

    /// <summary>What logind did not allow, sentences; empty when all is well.</summary>
    public IReadOnlyList<string> Refused { get; private set; } = [];

    /// <summary>Null where there is no logind, and why, a sentence. Takes 5 s at most.</summary>
    /// <param name="blocks">Whether logind shall do nothing about lid and buttons.</param>
    public static async Task<(ILogind? Logind, string Why)> OpenAsync(string socket = SystemBus, bool blocks = true)
    {
        if (!File.Exists(socket))
        {
            return (null, $"There is no system bus ({socket}), so there is no logind.");
        }

        var logind = new Logind();
        try
        {
            using var patience = new CancellationTokenSource(OpenPatience);
            logind.Connect(socket);
            await logind.PrepareAsync(blocks, patience.Token);
            return (logind, "");
        }
        catch (Exception e) when (e is MachineException or SocketException or LinuxException or OperationCanceledException)
        {
            logind.Dispose();
            return (null, $"logind cannot be used: {(e is OperationCanceledException ? "it does not answer." : e.Message)}");
        }
    }

    public async Task SuspendAsync(CancellationToken cancel)
    {
        var asleep = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var awake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            (_asleep, _awake) = (asleep, awake);
        }

        try
        {
            await CallAsync("Suspend"u8.ToArray(), w => w.Boolean(false), null, cancel);
            await Task.WhenAny(asleep.Task, awake.Task).WaitAsync(SleepPatience, cancel);
            await awake.Task.WaitAsync(cancel);
        }
        catch (TimeoutException e)
        {
            throw new MachineException($"logind has agreed and does not suspend this machine within {SleepPatience.TotalSeconds:0} s; something may hold it up (systemd-inhibit --list).", e);
        }
        finally
        {
            lock (_lock)
            {
                (_asleep, _awake) = (null, null);
            }
        }
    }

    public Task PowerOffAsync(CancellationToken cancel) => CallAsync("PowerOff"u8.ToArray(), w => w.Boolean(false), null, cancel);

    public Task LockSessionsAsync(CancellationToken cancel) => CallAsync("LockSessions"u8.ToArray(), null, null, cancel);

    public Task SetBrightnessAsync(string backlight, int raw, CancellationToken cancel) => CallAsync(
        "SetBrightness"u8.ToArray(), w => w.String("backlight\0"u8).String(Text(backlight)).UInt32((uint)raw), null, cancel, "/org/freedesktop/login1/session/auto\0"u8.ToArray(), "org.freedesktop.login1.Session\0"u8.ToArray());

    private delegate void Arguments(DBusWriter writer);

    private delegate void Results(DBusMessage message);

    private void Connect(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(path));
        var handle = new SafeFileHandle(socket.SafeHandle.DangerousGetHandle(), ownsHandle: true);
        socket.SafeHandle.SetHandleAsInvalid();
        _bus = new DBusConnection(_reactor, handle, OnMessage, Closed, bus: true);
        _thread.Start();
    }

    /// <summary>Finds out whether there is a logind, listens for sleep, and takes the locks.</summary>
    private async Task PrepareAsync(bool blocks, CancellationToken cancel)
    {
        string can = "";
        await CallAsync("CanSuspend"u8.ToArray(), null, m => can = m.ReadString(), cancel);
        await CallAsync(
            "AddMatch"u8.ToArray(), w => w.String("type='signal',sender='org.freedesktop.login1',path='/org/freedesktop/login1',interface='org.freedesktop.login1.Manager',member='PrepareForSleep'\0"u8), null, cancel,
            "/org/freedesktop/DBus\0"u8.ToArray(), "org.freedesktop.DBus\0"u8.ToArray(), "org.freedesktop.DBus\0"u8.ToArray());
        var refused = new List<string>();
        if (can != "yes")
        {
            refused.Add($"logind says \"{can}\" to suspending this machine.");
        }

        try
        {
            if (blocks && await InhibitAsync("handle-lid-switch:handle-power-key:handle-suspend-key", "block", cancel) is { } block)
            {
                _blocks.Add(block);
            }
        }
        catch (MachineException e)
        {
            refused.Add($"logind acts on lid and buttons too: {e.Message}");
        }

        try
        {
            _delay = await InhibitAsync("sleep", "delay", cancel);
        }
        catch (MachineException e)
        {
            refused.Add($"Guests are not paused when somebody else suspends this machine: {e.Message}");
        }

        Refused = refused;
    }

    private async Task<SafeFileHandle?> InhibitAsync(string what, string mode, CancellationToken cancel)
    {
        SafeFileHandle? handle = null;
        await CallAsync(
            "Inhibit"u8.ToArray(), w => w.String(Text(what)).String("Hyperspace\0"u8).String("Its power rules act instead.\0"u8).String(Text(mode)), m => handle = m.ReadFd(), cancel);
        return handle;
    }

    private Task CallAsync(byte[] member, Arguments? arguments, Results? results, CancellationToken cancel, byte[]? path = null, byte[]? @interface = null, byte[]? destination = null)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _reactor.Post(() =>
        {
            if (_bus is not { IsOpen: true } bus)
            {
                done.TrySetException(new MachineException($"The connection to logind is gone: {_broken ?? "it was closed"}."));
                return;
            }

            using DBusWriter call = bus.NewCall(
                path ?? [.. "/org/freedesktop/login1\0"u8], @interface ?? [.. "org.freedesktop.login1.Manager\0"u8], [.. member, 0], expectReply: true, destination ?? [.. "org.freedesktop.login1\0"u8]);
            arguments?.Invoke(call);
            bus.Call(call, message => Answered(message, results, done), CallPatience);
        });
        return done.Task.WaitAsync(cancel);
    }

    private static bool Answered(DBusMessage message, Results? results, TaskCompletionSource done)
    {
        try
        {
            if (message.IsError)
            {
                done.TrySetException(new MachineException($"logind refuses: {message.ReadString().TrimEnd('.')}."));
                return true;
            }

            results?.Invoke(message);
            done.TrySetResult();
        }
        catch (DBusException e)
        {
            done.TrySetException(new MachineException($"logind's answer makes no sense: {e.Message}", e));
        }

        return true;
    }

    private bool OnMessage(DBusMessage message)
    {
        if (!message.IsSignal || !message.Member.SequenceEqual("PrepareForSleep"u8))
        {
            return false;
        }

        _ = Task.Run(message.ReadBoolean() ? GoingToSleepAsync : AwakeAsync);
        return true;
    }

    private async Task GoingToSleepAsync()
    {
        lock (_lock)
        {
            _asleep?.TrySetResult();
        }

        await TellAsync(before: true);

        // logind goes on when the last delay lock is closed.
        Interlocked.Exchange(ref _delay, null)?.Dispose();
    }

    private async Task AwakeAsync()
    {
        lock (_lock)
        {
            _awake?.TrySetResult();
        }

        await TellAsync(before: false);
        try
        {
            using var patience = new CancellationTokenSource(OpenPatience);
            Interlocked.Exchange(ref _delay, await InhibitAsync("sleep", "delay", patience.Token))?.Dispose();
        }
        catch (Exception e) when (e is MachineException or OperationCanceledException)
        {
            Console.Error.WriteLine($"hyperspace: guests are not paused when somebody else suspends this machine: {e.Message}");
        }
    }

    private async Task TellAsync(bool before)
    {
        try
        {
            await (Sleeping?.Invoke(before) ?? Task.CompletedTask);
        }
        catch (Exception e)
        {
            // Whatever goes wrong there: the lock must be given back, or the machine would wait for it.
            Console.Error.WriteLine($"hyperspace: guests and a suspended host: {e}");
        }
    }

    private void Closed(string why)
    {
        _broken = why;
        lock (_lock)
        {
            _awake?.TrySetException(new MachineException($"The connection to logind broke while the machine was suspended: {why}."));
        }
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + "\0");

    public void Dispose()
    {
        if (_thread.IsAlive)
        {
            _reactor.Post(() => _bus?.Dispose());
            _reactor.Post(_reactor.Stop);
            _thread.Join();
        }
        else
        {
            _bus?.Dispose();
        }

        _blocks.ForEach(b => b.Dispose());
        _delay?.Dispose();
        _reactor.Dispose();
    }
}
