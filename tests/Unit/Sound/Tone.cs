using System.Runtime.InteropServices;
using Hyperspace.Seat.Sound;

namespace Hyperspace.Tests.Unit.Sound;

/// <summary>Sines as bytes of frames, and how much of one there is in samples.</summary>
internal sealed class Tone(double frequency, double amplitude = 0.5)
{
    private long _at;

    public byte[] Next(int frames)
    {
        var samples = new short[frames * 2];
        for (int i = 0; i < frames; i++, _at++)
        {
            samples[2 * i] = samples[2 * i + 1] = (short)(short.MaxValue * amplitude * Math.Sin(2 * Math.PI * frequency * _at / SoundMixer.Rate));
        }

        return MemoryMarshal.AsBytes(samples.AsSpan()).ToArray();
    }

    /// <summary>The amplitude of a frequency in the left channel, 0 to 1 (Goertzel's algorithm).</summary>
    public static double Strength(ReadOnlySpan<short> samples, double frequency)
    {
        double factor = 2 * Math.Cos(2 * Math.PI * frequency / SoundMixer.Rate), last = 0, before = 0;
        int frames = samples.Length / 2;
        for (int i = 0; i < frames; i++)
        {
            (last, before) = (samples[2 * i] + factor * last - before, last);
        }

        return frames == 0 ? 0 : 2 * Math.Sqrt(Math.Max(0, last * last + before * before - factor * last * before)) / frames / short.MaxValue;
    }
}
