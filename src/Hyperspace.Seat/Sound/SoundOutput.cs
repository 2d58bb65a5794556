using Hyperspace.Linux.Sound;

namespace Hyperspace.Seat.Sound;

/// <summary>
/// Feeds the sound device from a mixer, on a thread of its own, because a sound server may keep its callers waiting and the seat's thread waits for nobody. The thread is born with the
/// first sound; the device is opened when there is something to play and closed after five seconds without. One that is missing, busy or pulled out is tried again while guests go on playing.
/// </summary>
public sealed class SoundOutput : IDisposable
{
    private const int StarvingFrames = SoundMixer.Rate / 100;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(5);

    private readonly SoundMixer _mixer;
    private readonly Func<IPcmOutput> _open;
    private readonly Action<string?> _changed;
    private readonly TimeSpan _retry;
    private readonly AutoResetEvent _arrived = new(false);
    private readonly ManualResetEvent _ending = new(false);
    private readonly WaitHandle[] _either;
    private readonly short[] _samples = new short[SoundMixer.MostMixed * 2];
    private Thread? _thread;
    private volatile bool _waiting;
    private string? _problem;

    /// <param name="open">Opens the device; throws <see cref="PcmException"/>. Called on the sound's thread.</param>
    /// <param name="changed">Gets why there is no sound, or null when there is again; on the sound's thread.</param>
    /// <param name="retry">How long a device that failed is left alone.</param>
    public SoundOutput(SoundMixer mixer, Func<IPcmOutput> open, Action<string?> changed, TimeSpan retry)
    {
        (_mixer, _open, _changed, _retry) = (mixer, open, changed, retry);
        _either = [_ending, _arrived];
        _waiting = true;
        mixer.Arrived = OnArrived;
    }

    private void OnArrived()
    {
        if (_thread is null)
        {
            _thread = new Thread(Run, maxStackSize: 512 << 10) { Name = "sound", IsBackground = true, Priority = ThreadPriority.AboveNormal };
            _thread.Start();
        }

        if (_waiting)
        {
            _arrived.Set();
        }
    }

    private void Run()
    {
        while (WaitHandle.WaitAny(_either) != 0)
        {
            _waiting = false;
            try
            {
                using IPcmOutput device = _open();
                _mixer.IsOpen = true;
                Tell(null);
                Play(device);
            }
            catch (PcmException e)
            {
                _mixer.IsOpen = false;
                Tell(e.Message);
                if (_ending.WaitOne(_retry))
                {
                    return;
                }
            }

            _waiting = true;
        }
    }

    /// <summary>Until there is nothing more to play.</summary>
    private void Play(IPcmOutput device)
    {
        int most = Math.Min(device.Target, SoundMixer.MostMixed);
        long lastPlayed = Environment.TickCount64;
        while (!_ending.WaitOne(Tick))
        {
            int buffered = device.Buffered();
            int wanted = Math.Max(0, most - buffered);
            int frames = wanted == 0 ? 0 : _mixer.Mix(_samples.AsSpan(0, wanted * 2), buffered < StarvingFrames);
            if (frames > 0)
            {
                device.Write(_samples.AsSpan(0, frames * 2));
                lastPlayed = Environment.TickCount64;
            }
            else if (buffered == 0 && Environment.TickCount64 - lastPlayed > IdleTime.TotalMilliseconds)
            {
                return;
            }
        }
    }

    private void Tell(string? problem)
    {
        if (problem != _problem)
        {
            _problem = problem;
            _changed(problem);
        }
    }

    /// <summary>Ends the thread. One that a sound server keeps waiting is left behind: it holds nothing up, and ends with the process.</summary>
    public void Dispose()
    {
        _mixer.Arrived = null;
        _ending.Set();
        if (_thread is null || _thread.Join(TimeSpan.FromSeconds(1)))
        {
            _arrived.Dispose();
            _ending.Dispose();
        }
    }
}
