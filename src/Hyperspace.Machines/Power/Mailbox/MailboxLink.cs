using System.Diagnostics;
using System.Net.Sockets;
using Hyperspace.Protocols.PowerMailbox;

namespace Hyperspace.Machines.Power.Mailbox;

/// <summary>
/// The host's end of one guest's mailbox. It keeps the newest state alone, not a queue: a guest that never reads holds up one message in the socket and nothing else, and gets the newest state
/// when it reads again. It sends everything when it connects and when the guest asks (a start, a reset, a sleep, a restored template), and the differences otherwise.
/// Thread-safe. The process at the other end is untrusted: all that it says is one byte, and it is answered at most every <see cref="Pace"/>.
/// </summary>
internal sealed class MailboxLink : IAsyncDisposable
{
    /// <summary>Linux keeps what _BST said for one second (drivers/acpi/battery.c, cache_time), so it is told a second time to look when that is over.</summary>
    public static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(1100);

    /// <summary>The shortest time between two messages: a flood of changes becomes fifty a second, each the newest.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(20);

    /// <summary>Of the kernel's buffer: room for a few messages, so that what waits in it is never long out of date.</summary>
    private const int SendBuffer = 4608;

    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(200);

    private readonly string _path;
    private readonly int _pid;
    private readonly CancellationTokenSource _ending = new();
    private readonly SemaphoreSlim _wake = new(0, 1);
    private readonly Lock _lock = new();
    private readonly byte[] _message = new byte[MailboxFrames.MaxMessage];
    private readonly Task _running;
    private PowerRegisters _wanted;
    private PowerRegisters? _sent;
    private Notices _buttons;
    private bool _everything;
    private bool _speaking;
    private long? _lookAgain;

    /// <param name="path">The socket on which QEMU listens.</param>
    /// <param name="pid">The process that must be at the other end; null for any, in tests.</param>
    public MailboxLink(string path, int? pid, PowerRegisters registers)
    {
        (_path, _pid, _wanted) = (path, pid ?? 0, registers);
        _running = Task.Run(RunAsync);
    }

    public bool IsConnected { get; private set; }

    /// <summary>Messages sent since the beginning.</summary>
    public long Messages { get; private set; }

    /// <summary>Everything is said, the reminder too, and QEMU or the kernel has it: nothing more comes from here before the next change.</summary>
    public bool IsQuiet
    {
        get
        {
            lock (_lock)
            {
                return IsConnected && !_speaking && !_everything && _buttons == Notices.None && _lookAgain is null && _wanted.Equals(_sent);
            }
        }
    }

    /// <summary>The guest is to have this. Returns at once.</summary>
    public void Tell(PowerRegisters registers)
    {
        lock (_lock)
        {
            _wanted = registers;
        }

        Wake();
    }

    /// <summary>Presses the guest's sleep button.</summary>
    /// <returns>False while nobody is connected: a button is not kept for later.</returns>
    public bool PressSleep()
    {
        lock (_lock)
        {
            if (!IsConnected)
            {
                return false;
            }

            _buttons |= Notices.Sleep;
        }

        Wake();
        return true;
    }

    private void Wake()
    {
        try
        {
            _wake.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake already.
        }
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                using Socket? socket = await ConnectAsync();
                if (socket is not null)
                {
                    await ServeAsync(socket);
                }

                await Task.Delay(Retry, _ending.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // Its VM is over, or let go of.
        }
        finally
        {
            IsConnected = false;
        }
    }

    /// <summary>Null when nobody listens, or somebody else does: QEMU can write to the socket's folder.</summary>
    private async Task<Socket?> ConnectAsync()
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified) { SendBufferSize = SendBuffer };
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(_path), _ending.Token);
            byte[] credentials = new byte[12];
            socket.GetRawSocketOption(1, 17, credentials);
            if (_pid == 0 || BitConverter.ToInt32(credentials) == _pid)
            {
                return socket;
            }
        }
        catch (SocketException)
        {
            // It does not listen yet, or does not live any more.
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        socket.Dispose();
        return null;
    }

    private async Task ServeAsync(Socket socket)
    {
        lock (_lock)
        {
            (_sent, _everything, _speaking, _buttons, _lookAgain, IsConnected) = (null, true, false, Notices.None, null, true);
        }

        using var over = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
        Task listening = ListenAsync(socket, over);
        try
        {
            await SpeakAsync(socket, over.Token);
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // QEMU is gone, or this end is closed.
        }

        IsConnected = false;
        await over.CancelAsync();
        await listening;
        _ending.Token.ThrowIfCancellationRequested();
    }

    private async Task ListenAsync(Socket socket, CancellationTokenSource over)
    {
        byte[] untrusted = new byte[256];
        try
        {
            while (await socket.ReceiveAsync(untrusted, over.Token) is > 0 and var count)
            {
                if (untrusted.AsSpan(0, count).Contains(MailboxFrames.Request))
                {
                    lock (_lock)
                    {
                        _everything = true;
                    }

                    Wake();
                }

                // The rest waits in the socket: nobody asks for everything more often than that.
                await Task.Delay(Pace, over.Token);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // As above.
        }

        await over.CancelAsync();
    }

    private async Task SpeakAsync(Socket socket, CancellationToken over)
    {
        while (true)
        {
            int length = NextMessage(out TimeSpan wait);
            if (length == 0)
            {
                await _wake.WaitAsync(wait, over);
                continue;
            }

            for (int sent = 0; sent < length;)
            {
                sent += await socket.SendAsync(_message.AsMemory(sent, length - sent), over);
            }

            Messages++;
            await Task.Delay(Pace, over);
        }
    }

    /// <summary>Takes what is to be said now into the buffer.</summary>
    /// <returns>Its length; 0 when there is nothing to say before <paramref name="wait"/> is over.</returns>
    private int NextMessage(out TimeSpan wait)
    {
        lock (_lock)
        {
            Notices notices = _everything ? Notices.Everything : _sent is null || _sent.Equals(_wanted) ? Notices.None : _wanted.NoticesAfter(_sent);
            bool fresh = (notices & Notices.BatteryStatus) != 0;
            if (!fresh && _lookAgain <= Stopwatch.GetTimestamp())
            {
                notices |= Notices.BatteryStatus;
                _lookAgain = null;
            }

            notices |= _buttons;
            _speaking = notices != Notices.None;
            if (!_speaking)
            {
                wait = _lookAgain is { } due ? TimeSpan.FromMilliseconds(Math.Max(1, (due - Stopwatch.GetTimestamp()) * 1000.0 / Stopwatch.Frequency)) : Timeout.InfiniteTimeSpan;
                return 0;
            }

            wait = TimeSpan.Zero;
            int length = MailboxFrames.Write(_wanted, _everything ? null : _sent, notices, _message);
            (_sent, _everything, _buttons) = (_wanted, false, Notices.None);
            _lookAgain = fresh ? Stopwatch.GetTimestamp() + (long)(LookAgain.TotalSeconds * Stopwatch.Frequency) : _lookAgain;
            return length;
        }
    }

    /// <summary>Lets go of the mailbox; the guest keeps what it was told last.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _running;
    }
}
