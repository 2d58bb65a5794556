namespace Hyperspace.Linux.Sound;

/// <summary>
/// An open sound device that plays 48,000 frames a second of two signed 16-bit samples. One thread, which it may keep waiting: sound servers answer when they like. Every member throws
/// <see cref="PcmException"/> when the device is gone for good; what it recovers from (an underrun, a suspended machine) is no error.
/// </summary>
public interface IPcmOutput : IDisposable
{
    /// <summary>How many frames it should hold while it plays, so that it never runs dry: at least 1, at most its buffer.</summary>
    int Target { get; }

    /// <summary>Frames that it holds and has not played yet; <see cref="Target"/> or more while it takes none.</summary>
    int Buffered();

    /// <summary>Gives it frames to play, which begins at once. What does not fit is dropped.</summary>
    /// <param name="samples">Left and right, alternating.</param>
    void Write(ReadOnlySpan<short> samples);
}

/// <summary>There is no sound, or no more of it. The message says why, as part of a sentence.</summary>
public sealed class PcmException(string why) : Exception(why);
