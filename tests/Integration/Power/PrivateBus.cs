using System.Diagnostics;
using System.Net.Sockets;
using System.Text;
using Hyperspace.Linux.DBus;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sockets;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Tests.Integration.Power;

/// <summary>A real message bus of its own, in a folder of its own.</summary>
internal sealed class PrivateBus : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("hsb");
    private readonly Process _daemon;

    public PrivateBus()
    {
        string configuration = Path.Combine(_folder.FullName, "bus.conf");
        File.WriteAllText(configuration,
            $"""
             <busconfig><type>session</type><listen>unix:path={Socket}</listen><auth>EXTERNAL</auth>
             <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
             """);
        _daemon = Process.Start(new ProcessStartInfo("dbus-daemon", ["--config-file", configuration, "--nofork", "--nopidfile"]))!;
        var watch = Stopwatch.StartNew();
        while (!File.Exists(Socket))
        {
            Assert.True(watch.Elapsed < TimeSpan.FromSeconds(30), "dbus-daemon does not listen");
            Thread.Sleep(10);
        }
    }

    public string Socket => Path.Combine(_folder.FullName, "bus");

    public void Dispose()
    {
        _daemon.Kill();
        _daemon.WaitForExit();
        _daemon.Dispose();
        _folder.Delete(recursive: true);
    }
}

/// <summary>What logind answers, on a real bus; it refuses what a test says.</summary>
internal sealed class ScriptedLogind : IDisposable
{
    private readonly Reactor _reactor = new();
    private readonly Thread _thread;
    private readonly DBusConnection _bus;
    private readonly TaskCompletionSource _ready = new();

    public ScriptedLogind(PrivateBus bus, params string[] refuses)
    {
        Refuses = refuses;
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Connect(new UnixDomainSocketEndPoint(bus.Socket));
        var handle = new SafeFileHandle(socket.SafeHandle.DangerousGetHandle(), ownsHandle: true);
        socket.SafeHandle.SetHandleAsInvalid();
        _bus = new DBusConnection(_reactor, handle, OnCall, _ => { }, bus: true);
        using (DBusWriter call = _bus.NewCall("/org/freedesktop/DBus"u8, "org.freedesktop.DBus"u8, "RequestName"u8, expectReply: true, "org.freedesktop.DBus"u8))
        {
            call.String("org.freedesktop.login1"u8);
            call.UInt32(0);
            _bus.Call(call, _ =>
            {
                _ready.SetResult();
                return true;
            }, TimeSpan.FromSeconds(10));
        }

        _thread = new Thread(_reactor.Run) { IsBackground = true };
        _thread.Start();
    }

    public string[] Refuses { get; }

    /// <summary>Such as <c>Suspend</c>; <c>Inhibit sleep delay</c>.</summary>
    public List<string> Calls { get; } = [];

    /// <summary>Our ends of the locks that were given out, by what they inhibit: the newest.</summary>
    public Dictionary<string, SafeFileHandle> Locks { get; } = [];

    public Task ReadyAsync() => _ready.Task.WaitAsync(TimeSpan.FromSeconds(10));

    /// <summary>As logind tells of it.</summary>
    public void PrepareForSleep(bool before) => _reactor.Post(() =>
    {
        using DBusWriter signal = _bus.NewSignal("/org/freedesktop/login1"u8, "org.freedesktop.login1.Manager"u8, "PrepareForSleep"u8);
        signal.Boolean(before);
        _bus.Send(signal);
    });

    /// <summary>Whether the one who took the lock has let go of it.</summary>
    public bool IsReleased(string what)
    {
        SafeFileHandle ours;
        lock (Calls)
        {
            if (!Locks.TryGetValue(what, out ours!))
            {
                return false;
            }
        }

        try
        {
            return FdPassing.Receive(ours, new byte[1], new List<SafeFileHandle>(), wait: false) == 0;
        }
        catch (IOException)
        {
            return false;
        }
    }

    public string[] AllCalls()
    {
        lock (Calls)
        {
            return [.. Calls];
        }
    }

    private bool OnCall(DBusMessage message)
    {
        if (!message.IsMethodCall)
        {
            return false;
        }

        string member = Encoding.ASCII.GetString(message.Member);
        if (member == "Inhibit")
        {
            return OnInhibit(message);
        }

        lock (Calls)
        {
            Calls.Add(member == "SetBrightness" ? $"{member} {message.ReadString()} {message.ReadString()} {message.ReadUInt32()}" : member);
        }

        if (Refuses.Contains(member))
        {
            message.ReplyError("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"u8, "Interactive authentication required."u8);
        }
        else if (member == "CanSuspend")
        {
            using DBusWriter reply = message.NewReply();
            reply.String("yes"u8);
            reply.Send();
        }
        else
        {
            message.Reply();
        }

        return true;
    }

    private bool OnInhibit(DBusMessage message)
    {
        string what = message.ReadString();
        message.Skip("ss"u8);
        string mode = message.ReadString();
        lock (Calls)
        {
            Calls.Add($"Inhibit {what} {mode}");
            if (Refuses.Contains("Inhibit"))
            {
                message.ReplyError("org.freedesktop.DBus.Error.AccessDenied"u8, "Permission denied"u8);
                return true;
            }

            (SafeFileHandle ours, SafeFileHandle theirs) = FdPassing.CreatePair(nonBlocking: true);
            Locks[what] = ours;
            using DBusWriter reply = message.NewReply();
            reply.Fd(theirs);
            reply.Send();
            theirs.Dispose();
        }

        return true;
    }

    public void Dispose()
    {
        _reactor.Post(() => _bus.Dispose());
        _reactor.Post(_reactor.Stop);
        _thread.Join();
        _reactor.Dispose();
    }
}
