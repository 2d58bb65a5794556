using System.Globalization;

namespace Hyperspace.Protocols.DBusDisplay;

/// <summary>The form of a stream of samples, as org.qemu.Display1.AudioOutListener.Init describes it (QEMU, ui/dbus-display1.xml).</summary>
public readonly record struct PcmFormat(byte Bits, bool IsSigned, bool IsFloat, uint Frequency, byte Channels, uint BytesPerFrame)
{
    /// <summary>The most that one Write may carry. QEMU sends 10 ms, 1920 bytes, unless it is told otherwise (audio/dbusaudio.c, DBUS_DEFAULT_AUDIO_NSAMPLES).</summary>
    public const int MaxWriteBytes = 64 << 10;

    /// <summary>The one format that is played; the engine's QEMUs are told to send it, whatever the guest has.</summary>
    public static PcmFormat Played { get; } = new(16, true, false, 48_000, 2, 4);

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{Channels} channels of {(IsFloat ? "float " : IsSigned ? "" : "unsigned ")}{Bits}-bit samples at {Frequency} Hz");
}
