using Hyperspace.Linux.Input;
using Hyperspace.Linux.Reactor;
using Hyperspace.Seat;
using Hyperspace.Seat.Input.Sources;
using Hyperspace.Seat.Input.Trust;

namespace Hyperspace.Commands.Seat;

/// <summary>Gives a seat the keyboards and mice of this computer, behind the guard that asks about new ones.</summary>
internal static class RealInput
{
    /// <summary>Takes them. A seat without any goes on and says why: the control API can still use it.</summary>
    /// <param name="opener">Opens device nodes: directly, or through the session.</param>
    /// <returns>What is disposed at the end; null when there is nothing to read devices with.</returns>
    public static SeatInput? Attach(Reactor reactor, LinkedSeat seat, IDeviceOpener opener, InputSettings settings)
    {
        if (LibInputContext.TryOpen(opener, settings.Pointer, out string? reason) is not { } backend)
        {
            System.Console.Error.WriteLine(reason);
            seat.Notify(reason!);
            return null;
        }

        SeatCore core = seat.Core;
        var guard = new TrustedInput(core, core.Memory, settings.Strict, TimeProvider.System);
        core.Guard = guard;
        var input = new SeatInput(reactor, core, backend, guard, guard, seat.Notify);
        guard.Started();
        core.ListDevices = () => DeviceList.Of(guard, input);
        Report(guard, input, seat);
        return input;
    }

    /// <summary>A seat that nobody can type on says so at once.</summary>
    private static void Report(TrustedInput guard, SeatInput input, LinkedSeat seat)
    {
        foreach (InputRefusal refusal in input.Refusals)
        {
            System.Console.Error.WriteLine(SeatInput.Sentence(refusal));
        }

        if (!guard.Devices.Any(static d => (d.Info.Kinds & InputDeviceKinds.Keyboard) != 0))
        {
            const string sentence = "No keyboard is plugged in, or none can be used. One that is plugged in now is taken at once.";
            System.Console.Error.WriteLine(sentence);
            seat.Notify(sentence);
        }
    }
}
