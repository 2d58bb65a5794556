using Hyperspace.Linux;
using Hyperspace.Linux.Drm;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Session;
using Hyperspace.Seat;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Outputs.Drm;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input.Sources;

namespace Hyperspace.Commands.Seat;

/// <summary>The seat on this machine's own monitors, keyboards and mice, without any desktop.</summary>
internal static class DrmSeat
{
    /// <summary>How long a session may take to come to the front, when somebody else's is there.</summary>
    private static readonly TimeSpan SessionPatience = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The seat goes before its VMs when CPUs are scarce. One that waits a second for a CPU loses keys: the kernel keeps 64 events for each reader (evdev.c, EVDEV_MIN_BUFFER_SIZE), a key that repeats makes 66 of them
    /// a second, and of a key that came and went meanwhile nothing is left.
    /// </summary>
    private const int SeatNice = -10;

    /// <param name="sound">ALSA's name of a device, or off.</param>
    /// <returns>The exit code.</returns>
    public static int Run(HyperspacePaths paths, SeatSettings settings, string sound)
    {
        using var reactor = new Reactor();
        using SeatSession session = SeatSession.Open(reactor, SessionPatience, out string? noSession);
        if (!session.IsActive)
        {
            System.Console.Error.WriteLine("Another virtual terminal is in front, and the seat's session does not come there; switch to the terminal that the seat was started on and try again.");
            return 1;
        }

        ProcessPriority.Set(Environment.ProcessId, SeatNice);
        var notices = new Notices();
        try
        {
            DrmCard card = CardChooser.Open(session, noSession);
            if (OpenOutput(reactor, card, SeatRunner.LoadMemory(paths, out _).MonitorChoice, notices) is not { } output)
            {
                return 1;
            }

            using (output)
            {
                return SeatRunner.Run(reactor, output, settings.Chords, paths, sound, seat => Attach(reactor, session, output, seat, settings, notices));
            }
        }
        catch (DrmException e)
        {
            System.Console.Error.WriteLine(e.Message);
            return 1;
        }
        finally
        {
            // A shell that has started the seat shares its group of processes.
            ProcessPriority.Set(Environment.ProcessId, 0);
        }
    }

    /// <returns>Null when there is no font to write with, which stderr says.</returns>
    private static DrmOutput? OpenOutput(Reactor reactor, DrmCard card, MonitorChoice choice, Notices notices)
    {
        if (FontSizes.Load(out string? problem) is not { } fonts)
        {
            System.Console.Error.WriteLine(problem);
            card.Dispose();
            return null;
        }

        var output = new DrmOutput(reactor, card, fonts, notices.Say, choice);
        System.Console.Error.WriteLine($"The seat is on {card.Path}: {string.Join("; ", output.Monitors.DefaultIfEmpty("no monitor is connected yet"))}.");
        return output;
    }

    private static Attachment Attach(Reactor reactor, SeatSession session, DrmOutput output, LinkedSeat seat, SeatSettings settings, Notices notices)
    {
        notices.Seat = seat;
        SeatInput? input = RealInput.Attach(reactor, seat, session, settings.Input);
        session.Disabled = () =>
        {
            input?.Suspend();
            output.Suspend();
        };
        session.Enabled = () =>
        {
            output.Resume();
            input?.Resume();
        };
        session.Ended = why =>
        {
            System.Console.Error.WriteLine(why);
            reactor.Stop();
        };
        seat.Core.Quit = reactor.Stop;
        return new Attachment(session, input);
    }

    private sealed record Attachment(SeatSession Session, SeatInput? Input) : IDisposable
    {
        public void Dispose()
        {
            (Session.Disabled, Session.Enabled) = (null, null);
            Input?.Dispose();
        }
    }

    /// <summary>Sentences of the output: on stderr, for the log, and in the bar as soon as there is one.</summary>
    private sealed class Notices
    {
        private string? _early;
        private LinkedSeat? _seat;

        public LinkedSeat? Seat
        {
            set
            {
                _seat = value;
                if (_early is not null)
                {
                    _seat?.Notify(_early);
                }
            }
        }

        public void Say(string sentence)
        {
            System.Console.Error.WriteLine(sentence);
            _early = sentence;
            _seat?.Notify(sentence);
        }
    }
}
