using System.Runtime.InteropServices;

namespace Hyperspace.Seat.Sound;

/// <summary>
/// Joins the guests' sound into one stream of 48,000 frames a second, two signed 16-bit samples each. The seat's thread puts frames in and sets how loud they are; the device's thread takes
/// the sum out. Both hold the lock for microseconds, neither waits for the other's device or guest, and nothing here allocates but a new voice.
/// <para>
/// Latency is bounded: a voice begins when 30 ms have gathered, so that a guest whose frames come unevenly does not stutter, and holds at most 80 ms; what comes quicker than it is played
/// is thrown away. The device holds <see cref="Linux.Sound.IPcmOutput.Target"/> more, 40 ms as a rule.
/// </para>
/// </summary>
public sealed class SoundMixer
{
    public const int Rate = 48_000;

    /// <summary>30 ms: what a voice gathers before it begins.</summary>
    public const int PrimeFrames = Rate * 30 / 1000;

    /// <summary>80 ms: the most that a voice keeps.</summary>
    public const int MostFrames = Rate * 80 / 1000;

    /// <summary>The most frames that <see cref="Mix"/> gives at once.</summary>
    public const int MostMixed = 4096;

    /// <summary>From silence to full in 10 ms: a change of focus is no click.</summary>
    internal const int GainStep = (Gain.Full + Rate / 100 - 1) / (Rate / 100);

    private readonly Lock _lock = new();
    private readonly List<SoundVoice> _voices = [];
    private readonly int[] _sums = new int[MostMixed * 2];
    private bool _isOpen = true;

    /// <summary>Called when frames have come, on the seat's thread, outside of the lock.</summary>
    public Action? Arrived { get; set; }

    /// <summary>False while there is no device: frames are thrown away as they come.</summary>
    public bool IsOpen
    {
        set
        {
            lock (_lock)
            {
                _isOpen = value;
            }
        }
    }

    public SoundVoice Add()
    {
        var voice = new SoundVoice();
        lock (_lock)
        {
            _voices.Add(voice);
        }

        return voice;
    }

    public void Remove(SoundVoice voice)
    {
        lock (_lock)
        {
            _voices.Remove(voice);
        }
    }

    /// <summary>Its loudness moves there within 10 ms.</summary>
    public void SetGain(SoundVoice voice, Gain gain)
    {
        lock (_lock)
        {
            voice.Target = gain;
        }
    }

    /// <summary>Whether it has sent anything but silence in the last second.</summary>
    public bool IsHeard(SoundVoice voice)
    {
        lock (_lock)
        {
            return Environment.TickCount64 - voice.LastSound < 1000;
        }
    }

    /// <summary>A stream begins anew: what waits of the old one is forgotten.</summary>
    public void Stop(SoundVoice voice)
    {
        lock (_lock)
        {
            voice.Stop();
        }
    }

    /// <param name="frames">A multiple of four bytes: left and right, 16 bits each, little-endian.</param>
    public void Put(SoundVoice voice, ReadOnlySpan<byte> frames)
    {
        lock (_lock)
        {
            voice.Put(MemoryMarshal.Cast<byte, int>(frames), _isOpen);
        }

        Arrived?.Invoke();
    }

    /// <summary>Mixes what the voices have.</summary>
    /// <param name="samples">Room for left and right, alternating; at most <see cref="MostMixed"/> frames are used.</param>
    /// <param name="starving">
    /// The device has less than 10 ms left. Only then a voice that has run dry is replaced by silence so that the others go on; else the device waits a little for it.
    /// </param>
    /// <returns>How many frames there are; 0 while nobody has anything to play.</returns>
    public int Mix(Span<short> samples, bool starving)
    {
        lock (_lock)
        {
            int least = int.MaxValue, most = 0;
            foreach (SoundVoice voice in _voices)
            {
                voice.PrimeIfReady();
                if (voice.IsPlaying)
                {
                    (least, most) = (Math.Min(least, voice.Count), Math.Max(most, voice.Count));
                }
            }

            int frames = Math.Min(Math.Min(samples.Length / 2, MostMixed), starving ? most : least == int.MaxValue ? 0 : least);
            Span<int> sums = _sums.AsSpan(0, frames * 2);
            sums.Clear();
            foreach (SoundVoice voice in _voices)
            {
                if (voice.IsPlaying && frames > 0)
                {
                    voice.AddTo(sums);
                }
                else if (voice.IsPlaying && starving)
                {
                    voice.Stop();
                }
            }

            for (int i = 0; i < sums.Length; i++)
            {
                samples[i] = (short)Math.Clamp(sums[i], short.MinValue, short.MaxValue);
            }

            return frames;
        }
    }
}
