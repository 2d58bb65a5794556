using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Sound;

/// <summary>ALSA's library (alsa/pcm.h, 1.2), the functions that playing needs. Results below 0 are negated errno values. Loaded by the first call.</summary>
internal static unsafe partial class LibAsound
{
    internal const string Library = "libasound.so.2";

    /// <summary>SND_PCM_STREAM_PLAYBACK.</summary>
    internal const int Playback = 0;

    /// <summary>SND_PCM_NONBLOCK.</summary>
    internal const int NonBlocking = 1;

    /// <summary>SND_PCM_FORMAT_S16_LE.</summary>
    internal const int FormatS16 = 2;

    /// <summary>SND_PCM_ACCESS_RW_INTERLEAVED.</summary>
    internal const int Interleaved = 3;

    /// <summary>SND_PCM_STATE_PREPARED.</summary>
    internal const int StatePrepared = 2;

    [LibraryImport(Library, EntryPoint = "snd_pcm_open", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int Open(out nint pcm, string name, int stream, int mode);

    [LibraryImport(Library, EntryPoint = "snd_pcm_close")]
    internal static partial int Close(nint pcm);

    [LibraryImport(Library, EntryPoint = "snd_pcm_set_params")]
    internal static partial int SetParams(PcmHandle pcm, int format, int access, uint channels, uint rate, int softResample, uint latencyMicroseconds);

    [LibraryImport(Library, EntryPoint = "snd_pcm_get_params")]
    internal static partial int GetParams(PcmHandle pcm, out nuint bufferSize, out nuint periodSize);

    [LibraryImport(Library, EntryPoint = "snd_pcm_avail")]
    internal static partial nint Available(PcmHandle pcm);

    [LibraryImport(Library, EntryPoint = "snd_pcm_writei")]
    internal static partial nint Write(PcmHandle pcm, short* frames, nuint count);

    [LibraryImport(Library, EntryPoint = "snd_pcm_state")]
    internal static partial int State(PcmHandle pcm);

    [LibraryImport(Library, EntryPoint = "snd_pcm_start")]
    internal static partial int Start(PcmHandle pcm);

    [LibraryImport(Library, EntryPoint = "snd_pcm_prepare")]
    internal static partial int Prepare(PcmHandle pcm);

    [LibraryImport(Library, EntryPoint = "snd_pcm_resume")]
    internal static partial int Resume(PcmHandle pcm);

    [LibraryImport(Library, EntryPoint = "snd_strerror")]
    private static partial byte* ErrorString(int error);

    [LibraryImport(Library, EntryPoint = "snd_lib_error_set_handler")]
    private static partial int SetErrorHandler(delegate* unmanaged[Cdecl]<byte*, int, byte*, int, byte*, void> handler);

    internal static string ErrorText(long error)
    {
        // SAFETY: snd_strerror gives a constant text for every number.
        return Marshal.PtrToStringUTF8((nint)ErrorString((int)error)) ?? $"error {error}";
    }

    /// <summary>The library writes its own view of every error to stderr, onto the screen of a seat in a terminal.</summary>
    internal static void BeQuiet()
    {
        // SAFETY: a static function; it takes the fixed arguments of a variadic callback and looks at none of them.
        _ = SetErrorHandler(&Ignore);
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Ignore(byte* file, int line, byte* function, int error, byte* format)
    {
    }
}

internal sealed class PcmHandle : SafeHandle
{
    public PcmHandle(nint pcm) : base(0, ownsHandle: true) => SetHandle(pcm);

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle() => LibAsound.Close(handle) == 0;
}
