using Hyperspace.Linux;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Terminal;
using Hyperspace.Seat;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Chords;
using Hyperspace.Seat.Input.Sources;
using Hyperspace.Seat.Terminals;

namespace Hyperspace.Commands.Seat;

/// <summary>The seat in this terminal.</summary>
internal static class TerminalSeat
{
    /// <summary>How long the terminal's answers are waited for before the first frame; later ones count too.</summary>
    internal static readonly TimeSpan ProbeTime = TimeSpan.FromMilliseconds(400);

    /// <summary>The terminal's keyboard, mouse and paste; 0 is the control API's keyboard.</summary>
    private static readonly DeviceId FirstDevice = new(1);

    /// <param name="graphics"><c>auto</c>, <c>blocks</c>, <c>sixel</c> or <c>kitty</c>.</param>
    /// <param name="sound">As <see cref="SeatRunner"/> takes it.</param>
    /// <returns>The exit code.</returns>
    public static int Run(HyperspacePaths paths, ChordOptions chords, string graphics, string sound)
    {
        if (TerminalDevice.OpenStandard(out string? reason) is not { } device)
        {
            System.Console.Error.WriteLine($"The seat needs a terminal to show itself in, and {reason}; use `--output headless` for a seat in memory.");
            return 1;
        }

        using var reactor = new Reactor();
        using var terminal = new TerminalConnection(reactor, device, mouse: true);
        try
        {
            using var signals = new TerminalSignals(reactor, terminal);
            terminal.Probe(ProbeTime);
            using var output = new TerminalOutput(terminal, Enum.Parse<TerminalGraphics>(graphics, ignoreCase: true), GlyphReader.OfSystem()) { Font = SystemFont.Load(out _) };
            return SeatRunner.Run(reactor, output, chords, paths, sound, seat => Attach(reactor, terminal, output, seat, chords, graphics));
        }
        catch
        {
            // Without a handler further up the runtime would print the error before any finally block runs, and onto the terminal's other screen.
            terminal.Dispose();
            throw;
        }
    }

    private static Attachment Attach(Reactor reactor, TerminalConnection terminal, TerminalOutput output, LinkedSeat seat, ChordOptions chords, string graphics)
    {
        var input = new TerminalInput(seat.Core, FirstDevice, chords, () => Reactor.Now)
        {
            ReportsReleases = () => terminal.ReportsReleases,
            MouseExtent = () => terminal.MouseExtent,
            FocusedPort = () => seat.Core.FocusedPort,
            Notice = seat.Notify,
        };
        seat.Core.Quit = reactor.Stop;
        terminal.Input = input;
        terminal.Gone = reactor.Stop;
        if (terminal.GuardianProblem is { } problem)
        {
            seat.Notify(problem);
        }
        else if (graphics is not ("auto" or "blocks") && output.Graphics == TerminalGraphics.Blocks)
        {
            seat.Notify($"This terminal does not say how large its cells are, so {graphics} graphics cannot be used.");
        }

        return new Attachment(terminal, new InputTimer(reactor, input));
    }

    private sealed record Attachment(TerminalConnection Terminal, InputTimer Timer) : IDisposable
    {
        public void Dispose()
        {
            Terminal.Input = null;
            Timer.Dispose();
        }
    }
}
