using Hyperspace.Linux.DBus;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sockets;
using Hyperspace.Protocols.DBusDisplay;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Seat.Sound;

/// <summary>
/// One VM's sound, as QEMU's D-Bus display sends it (QEMU documentation, "D-Bus display", org.qemu.Display1.Audio): a listener on a socket of its own. QEMU is untrusted: a message that makes no
/// sense ends this VM's sound; its picture and the VM go on. Everything is answered at once and nothing is waited for, so QEMU is never held up.
/// </summary>
public sealed class GuestSound : IDisposable
{
    /// <summary>Streams that are played at a time; QEMU makes one for each kind of format, and the engine allows one format.</summary>
    private const int MaxStreams = 4;

    /// <summary>A QEMU that has not noticed the end of the listener before refuses the next: it is asked again.</summary>
    private const int MaxAttempts = 4;
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(500);

    private readonly Reactor _reactor;
    private readonly SoundMixer _mixer;
    private readonly List<Stream> _streams = [];
    private readonly ReactorTimer _retry;
    private DBusConnection? _display;
    private DBusConnection? _listener;
    private SafeFileHandle? _listenerForQemu;
    private int _attempts;
    private Gain _gain;
    private bool _disposed;

    public GuestSound(Reactor reactor, SoundMixer mixer, string vm)
    {
        (_reactor, _mixer, Vm) = (reactor, mixer, vm);
        _retry = reactor.Timer(() => Register(_display!));
        Listen();
    }

    /// <summary>The VM's name.</summary>
    public string Vm { get; }

    /// <summary>Why this VM is not heard, for people; null while nothing is wrong.</summary>
    public string? Problem { get; private set; }

    /// <summary>It sends sound other than silence, or did within the last second.</summary>
    public bool IsPlaying => _streams.Exists(stream => stream.Enabled && _mixer.IsHeard(stream.Voice));

    /// <summary>A stream is open, silent or not.</summary>
    public bool HasStream => _streams.Count > 0;

    /// <summary>A stream has begun or ended, or <see cref="Problem"/> is new.</summary>
    public Action? Changed { get; set; }

    /// <summary>Called once, when it is disposed.</summary>
    public Action<GuestSound>? Ended { get; set; }

    /// <summary>How loud it is here, whatever the guest's own volume is.</summary>
    public Gain Gain
    {
        get => _gain;
        set
        {
            _gain = value;
            foreach (Stream stream in _streams)
            {
                SetGain(stream);
            }
        }
    }

    /// <summary>Asks for the sound over the display's connection, which is authenticated.</summary>
    public void Register(DBusConnection display)
    {
        _display = display;
        if (_disposed || !display.IsOpen)
        {
            return;
        }

        if (_listener is not { IsOpen: true })
        {
            Listen();
        }

        _attempts++;
        using DBusWriter call = display.NewCall("/org/qemu/Display1/Audio"u8, "org.qemu.Display1.Audio"u8, "RegisterOutListener"u8, expectReply: true);
        call.Fd(_listenerForQemu!);
        display.Call(call, OnRegistered, TimeSpan.FromSeconds(20));
        _listenerForQemu!.Dispose();
    }

    /// <summary>QEMU authenticates this socket synchronously in its main loop, like the display's: our side of that conversation lies in it before QEMU gets it.</summary>
    private void Listen()
    {
        (SafeFileHandle ours, SafeFileHandle theirs) = FdPassing.CreatePair(nonBlocking: true);
        _listener = new DBusConnection(_reactor, ours, OnMessage, OnClosed);
        _listenerForQemu = theirs;
    }

    private bool OnRegistered(DBusMessage answer)
    {
        if (answer.IsError && !_disposed)
        {
            _listener?.Dispose();
            if (_attempts < MaxAttempts)
            {
                _retry.Arm(Retry);
            }
            else
            {
                Fail("its QEMU offers no sound; one that was started by an earlier version has to be started again");
            }
        }

        return true;
    }

    private bool OnMessage(DBusMessage message)
    {
        if (!message.IsMethodCall)
        {
            return false;
        }

        if (message.Interface.SequenceEqual("org.freedesktop.DBus.Properties"u8))
        {
            return AnswerProperties(message);
        }

        ReadOnlySpan<byte> member = message.Member;
        if (member.SequenceEqual("Write"u8))
        {
            OnWrite(message);
        }
        else if (member.SequenceEqual("Init"u8))
        {
            OnInit(message);
        }
        else if (member.SequenceEqual("Fini"u8))
        {
            End(Find(message.ReadUInt64()));
        }
        else if (member.SequenceEqual("SetEnabled"u8))
        {
            OnEnabled(message);
        }
        else if (member.SequenceEqual("SetVolume"u8))
        {
            OnVolume(message);
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

    /// <summary>QEMU reads the listener's properties before it goes on; there are none.</summary>
    private static bool AnswerProperties(DBusMessage message)
    {
        if (!message.Member.SequenceEqual("GetAll"u8))
        {
            return false;
        }

        using DBusWriter reply = message.NewReply();
        reply.Open('a', "{sv}"u8).Close();
        reply.Send();
        return true;
    }

    private void OnInit(DBusMessage message)
    {
        ulong id = message.ReadUInt64();
        var format = new PcmFormat(message.ReadByte(), message.ReadBoolean(), message.ReadBoolean(), message.ReadUInt32(), message.ReadByte(), message.ReadUInt32());
        message.Skip("u"u8);
        bool bigEndian = message.ReadBoolean();
        End(Find(id));
        if (format != PcmFormat.Played || bigEndian)
        {
            Problem = $"it plays {format}, and only {PcmFormat.Played} is played here";
            Changed?.Invoke();
        }
        else if (_streams.Count < MaxStreams)
        {
            var stream = new Stream(id, _mixer.Add());
            _streams.Add(stream);
            SetGain(stream);
            Problem = null;
            Changed?.Invoke();
        }
    }

    private void OnEnabled(DBusMessage message)
    {
        if (Find(message.ReadUInt64()) is { } stream)
        {
            stream.Enabled = message.ReadBoolean();
            Changed?.Invoke();
        }
    }

    /// <summary>The guest's own volume: QEMU leaves it to the listener to apply it.</summary>
    private void OnVolume(DBusMessage message)
    {
        ulong id = message.ReadUInt64();
        bool mute = message.ReadBoolean();
        ReadOnlySpan<byte> untrustedVolume = message.ReadBytes();
        if (Find(id) is { } stream && untrustedVolume.Length is >= 1 and <= 16)
        {
            int left = untrustedVolume[0], right = untrustedVolume[Math.Min(1, untrustedVolume.Length - 1)];
            stream.Volume = mute ? default : new Gain(left * Gain.Full / 255, right * Gain.Full / 255);
            SetGain(stream);
        }
    }

    private void OnWrite(DBusMessage message)
    {
        ulong id = message.ReadUInt64();
        ReadOnlySpan<byte> untrustedFrames = message.ReadBytes();
        if (untrustedFrames.Length > PcmFormat.MaxWriteBytes || untrustedFrames.Length % PcmFormat.Played.BytesPerFrame != 0)
        {
            throw new InvalidDataException($"The guest's sound sent {untrustedFrames.Length} bytes at once; expected whole frames, at most {PcmFormat.MaxWriteBytes} bytes.");
        }

        // Frames of a stream in a format that is not played are for nobody.
        if (Find(id) is { } stream)
        {
            _mixer.Put(stream.Voice, untrustedFrames);
        }
    }

    private Stream? Find(ulong id)
    {
        foreach (Stream stream in _streams)
        {
            if (stream.Id == id)
            {
                return stream;
            }
        }

        return null;
    }

    private void SetGain(Stream stream) => _mixer.SetGain(stream.Voice, stream.Volume * _gain);

    private void End(Stream? stream)
    {
        if (stream is not null)
        {
            _mixer.Remove(stream.Voice);
            _streams.Remove(stream);
            Changed?.Invoke();
        }
    }

    private void EndAll()
    {
        foreach (Stream stream in _streams)
        {
            _mixer.Remove(stream.Voice);
        }

        _streams.Clear();
    }

    private void OnClosed(string why) => Fail(why);

    private void Fail(string why)
    {
        if (!_disposed)
        {
            EndAll();
            Problem = why;
            Changed?.Invoke();
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            EndAll();
            _retry.Dispose();
            _listener?.Dispose();
            _listenerForQemu?.Dispose();
            Ended?.Invoke(this);
        }
    }

    /// <summary>What QEMU calls a voice.</summary>
    private sealed class Stream(ulong id, SoundVoice voice)
    {
        public ulong Id => id;

        public SoundVoice Voice => voice;

        public bool Enabled { get; set; } = true;

        public Gain Volume { get; set; } = new(Gain.Full, Gain.Full);
    }
}
