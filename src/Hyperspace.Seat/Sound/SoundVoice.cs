namespace Hyperspace.Seat.Sound;

/// <summary>How loud a voice is to be, for each channel: 0 to <see cref="Full"/>.</summary>
public readonly record struct Gain(int Left, int Right)
{
    /// <summary>As loud as the guest made it; 15 bits behind the binary point.</summary>
    public const int Full = 1 << 15;

    public static Gain Of(double factor)
    {
        int value = (int)Math.Round(Math.Clamp(factor, 0, 1) * Full);
        return new Gain(value, value);
    }

    public static Gain operator *(Gain a, Gain b) => new((int)((long)a.Left * b.Left >> 15), (int)((long)a.Right * b.Right >> 15));
}

/// <summary>
/// What one stream of a guest has sent and the device has not taken yet: a ring of frames of bounded length, and how loud they are. Belongs to a <see cref="SoundMixer"/>, which alone
/// calls it, under its lock.
/// </summary>
public sealed class SoundVoice
{
    private readonly int[] _ring = new int[SoundMixer.MostFrames];
    private int _first;
    private Gain _gain;
    private long _lastSound = long.MinValue / 2;

    /// <summary>Frames that wait, at most <see cref="SoundMixer.MostFrames"/>.</summary>
    public int Waiting => Count;

    internal int Count { get; private set; }

    /// <summary>It has gathered enough to begin, and has not run dry since.</summary>
    internal bool IsPlaying { get; private set; }

    internal Gain Target { get; set; }

    /// <summary>Frames thrown away because they came quicker than they were played.</summary>
    public long Dropped { get; private set; }

    /// <summary>When a sample other than silence last came, in milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    internal long LastSound => _lastSound;

    /// <param name="frames">Whole frames: left and right, 16 bits each.</param>
    /// <param name="keep">False only notes whether there is sound: nobody plays it.</param>
    internal void Put(ReadOnlySpan<int> frames, bool keep)
    {
        if (frames.ContainsAnyExcept(0))
        {
            _lastSound = Environment.TickCount64;
        }

        if (!keep)
        {
            Dropped += frames.Length;
            Stop();
            return;
        }

        if (frames.Length > SoundMixer.PrimeFrames)
        {
            Dropped += frames.Length - SoundMixer.PrimeFrames;
            frames = frames[^SoundMixer.PrimeFrames..];
        }

        if (Count + frames.Length > _ring.Length)
        {
            // Down to what it begins with, not just below the edge: one gap that is faded over, instead of many small ones.
            Drop(Count + frames.Length - SoundMixer.PrimeFrames);
        }

        int at = (_first + Count) % _ring.Length;
        int head = Math.Min(frames.Length, _ring.Length - at);
        frames[..head].CopyTo(_ring.AsSpan(at));
        frames[head..].CopyTo(_ring);
        Count += frames.Length;
    }

    internal void PrimeIfReady()
    {
        if (!IsPlaying && Count >= SoundMixer.PrimeFrames)
        {
            (IsPlaying, _gain) = (true, default);
        }
    }

    /// <summary>It ran dry: it gathers anew before it goes on.</summary>
    internal void Stop()
    {
        Dropped += Count;
        (IsPlaying, Count, _first) = (false, 0, 0);
    }

    /// <summary>Adds its next frames to a sum; with fewer than asked for it ends in silence.</summary>
    internal void AddTo(Span<int> sums)
    {
        int frames = Math.Min(sums.Length / 2, Count);
        for (int i = 0; i < frames; i++)
        {
            int frame = _ring[_first];
            _first = _first + 1 == _ring.Length ? 0 : _first + 1;
            _gain = new Gain(Nearer(_gain.Left, Target.Left), Nearer(_gain.Right, Target.Right));
            sums[2 * i] += (short)frame * _gain.Left >> 15;
            sums[2 * i + 1] += (frame >> 16) * _gain.Right >> 15;
        }

        Count -= frames;
        if (Count == 0 && frames < sums.Length / 2)
        {
            Stop();
        }
    }

    private static int Nearer(int now, int target) => now + Math.Clamp(target - now, -SoundMixer.GainStep, SoundMixer.GainStep);

    private void Drop(int frames)
    {
        frames = Math.Min(frames, Count);
        _first = (_first + frames) % _ring.Length;
        Count -= frames;
        Dropped += frames;
        _gain = default;
    }
}
