using System.Runtime.InteropServices;
using Hyperspace.Linux.Reactor;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Terminals;

namespace Hyperspace.Commands.Seat;

/// <summary>The signals that are about a terminal: its size, and being stopped and continued by a shell's job control.</summary>
internal sealed class TerminalSignals : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;

    public TerminalSignals(Reactor reactor, TerminalConnection terminal)
    {
        PosixSignalRegistration On(PosixSignal signal, Action action) => PosixSignalRegistration.Create(signal, context =>
        {
            context.Cancel = true;
            reactor.Post(action);
        });
        _registrations =
        [
            On(PosixSignal.SIGWINCH, terminal.WindowChanged),
            On(PosixSignal.SIGTSTP, terminal.Suspend),
            On(PosixSignal.SIGCONT, terminal.Resume),
        ];
    }

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations)
        {
            registration.Dispose();
        }
    }
}

/// <summary>Ticks something that has deadlines, with a timer of a reactor.</summary>
internal sealed class InputTimer : IDisposable
{
    private readonly IDeadline _input;
    private readonly ReactorTimer _timer;

    public InputTimer(Reactor reactor, IDeadline input)
    {
        _input = input;
        _timer = reactor.Timer(() => input.Tick(Reactor.Now));
        input.DeadlineChanged = Arm;
    }

    private void Arm()
    {
        if (_input.Deadline == IDeadline.Never)
        {
            _timer.Disarm();
        }
        else
        {
            _timer.ArmAt(_input.Deadline);
        }
    }

    public void Dispose()
    {
        _input.DeadlineChanged = null;
        _timer.Dispose();
    }
}
