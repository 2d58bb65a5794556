using System.Runtime.InteropServices;
using Hyperspace.Linux;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sound;
using Hyperspace.Seat;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Input.Trust;
using Hyperspace.Seat.Link;
using Hyperspace.Seat.Sound;

namespace Hyperspace.Commands.Seat;

/// <summary>Runs a seat on this thread until a signal, its user or the daemon ends it.</summary>
internal static class SeatRunner
{
    /// <param name="sound">ALSA's name of the device that plays the guests' sound, or <c>off</c>.</param>
    /// <param name="attach">Connects input sources; what it returns is disposed at the end. Null for none but the control API.</param>
    /// <returns>The exit code: 1 when the daemon refuses this seat.</returns>
    public static int Run(Reactor reactor, IOutput output, ChordOptions chords, HyperspacePaths paths, string sound, Func<LinkedSeat, IDisposable?>? attach)
    {
        string? refusal = null;
        var link = new DaemonLink(reactor, paths.LinkSocket, "seat", ProductVersion.Text);
        using var seat = new LinkedSeat(reactor, output, chords, link, TimeProvider.System, Sound(reactor, sound));
        seat.Core.Memory = LoadMemory(paths, out string? forgotten);
        if (forgotten is not null)
        {
            System.Console.Error.WriteLine(forgotten);
            seat.Notify(forgotten);
        }

        link.Refused = why =>
        {
            refusal = why;
            reactor.Stop();
        };
        using IDisposable? input = attach?.Invoke(seat);
        using PosixSignalRegistration term = StopOn(reactor, PosixSignal.SIGTERM);
        using PosixSignalRegistration interrupt = StopOn(reactor, PosixSignal.SIGINT);
        using PosixSignalRegistration hangUp = StopOn(reactor, PosixSignal.SIGHUP);
        reactor.Run();
        if (refusal is not null)
        {
            output.Dispose();
            System.Console.Error.WriteLine(refusal);
        }

        return refusal is null ? 0 : 1;
    }

    /// <summary>What the last seat remembered.</summary>
    internal static SeatMemory LoadMemory(HyperspacePaths paths, out string? problem) => SeatMemory.Load(Path.Combine(paths.State, "seat.json"), out problem);

    private static SeatSound? Sound(Reactor reactor, string device) => device == "off" ? null : new SeatSound(reactor, device, () => AlsaOutput.Open(device));

    internal static PosixSignalRegistration StopOn(Reactor reactor, PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        reactor.Stop();
    });
}
