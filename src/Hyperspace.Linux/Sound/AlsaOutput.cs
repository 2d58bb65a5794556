namespace Hyperspace.Linux.Sound;

/// <summary>
/// A playback device of ALSA: a sound card, or the sound server that stands behind ALSA's <c>default</c> (PipeWire's and PulseAudio's packages put themselves there). Opened
/// non-blocking; what a sound server's own library does inside of the calls is out of our hands, so these are for a thread of their own.
/// </summary>
public sealed unsafe class AlsaOutput : IPcmOutput
{
    private const int Rate = 48_000;
    private const int Latency = Rate / 25;
    private const uint BufferMicroseconds = 80_000;
    private const int EAGAIN = 11, EPIPE = 32, ESTRPIPE = 86;

    private readonly PcmHandle _pcm;
    private readonly string _name;
    private readonly int _size;

    private AlsaOutput(PcmHandle pcm, string name, int size, int period)
    {
        (_pcm, _name, _size) = (pcm, name, size);
        Target = Math.Min(size, Math.Max(Latency, 2 * period));
    }

    /// <summary>40 ms, or two periods of a device with longer ones.</summary>
    public int Target { get; }

    /// <param name="name">ALSA's name of the device, such as <c>default</c> or <c>hw:0</c>.</param>
    /// <exception cref="PcmException">There is no library, no such device, or it does not play what is needed.</exception>
    public static AlsaOutput Open(string name)
    {
        try
        {
            LibAsound.BeQuiet();
            int error = LibAsound.Open(out nint handle, name, LibAsound.Playback, LibAsound.NonBlocking);
            if (error < 0)
            {
                throw new PcmException($"the sound device \"{name}\" cannot be opened: {LibAsound.ErrorText(error)}");
            }

            return Configure(new PcmHandle(handle), name);
        }
        catch (DllNotFoundException)
        {
            throw new PcmException($"{LibAsound.Library} (package libasound2) is not installed");
        }
        catch (EntryPointNotFoundException e)
        {
            throw new PcmException($"{LibAsound.Library} is not the version that is needed: {e.Message}");
        }
    }

    private static AlsaOutput Configure(PcmHandle pcm, string name)
    {
        int error = LibAsound.SetParams(pcm, LibAsound.FormatS16, LibAsound.Interleaved, 2, Rate, softResample: 1, BufferMicroseconds);
        nuint size = 0, period = 0;
        if (error >= 0)
        {
            error = LibAsound.GetParams(pcm, out size, out period);
        }

        if (error < 0 || size is 0 or > int.MaxValue || period > size)
        {
            pcm.Dispose();
            throw new PcmException($"the sound device \"{name}\" does not play two channels at 48 kHz: {LibAsound.ErrorText(error)}");
        }

        return new AlsaOutput(pcm, name, (int)size, (int)period);
    }

    public int Buffered()
    {
        nint space = LibAsound.Available(_pcm);
        if (space < 0)
        {
            return Recover(space) ? 0 : Target;
        }

        return Math.Clamp(_size - (int)Math.Min(space, _size), 0, _size);
    }

    public void Write(ReadOnlySpan<short> samples)
    {
        // SAFETY: the library reads count frames of two samples, which are pinned for the call, and keeps no pointer.
        fixed (short* frames = samples)
        {
            nint written = LibAsound.Write(_pcm, frames, (nuint)(samples.Length / 2));
            if (written < 0 && Recover(written))
            {
                written = LibAsound.Write(_pcm, frames, (nuint)(samples.Length / 2));
            }

            if (written > 0 && LibAsound.State(_pcm) == LibAsound.StatePrepared)
            {
                _ = LibAsound.Start(_pcm);
            }
        }
    }

    /// <summary>True when it plays on from an empty buffer, false when it takes nothing now (pcm.h, "Error handling").</summary>
    private bool Recover(long error)
    {
        switch (-error)
        {
            case EAGAIN:
                return false;
            case EPIPE:
                break;
            case ESTRPIPE when LibAsound.Resume(_pcm) is var resumed:
                if (resumed == -EAGAIN)
                {
                    return false;
                }

                if (resumed >= 0)
                {
                    return true;
                }

                break;
            default:
                throw new PcmException($"the sound device \"{_name}\" is gone: {LibAsound.ErrorText(error)}");
        }

        int prepared = LibAsound.Prepare(_pcm);
        return prepared >= 0 ? true : throw new PcmException($"the sound device \"{_name}\" cannot go on: {LibAsound.ErrorText(prepared)}");
    }

    public void Dispose() => _pcm.Dispose();
}
