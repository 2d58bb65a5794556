using Hyperspace.Linux.Input;
using Hyperspace.Linux.Reactor;
using Hyperspace.Seat;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Sources;

namespace Hyperspace.Commands.Seat;

/// <summary>Gives a seat the keyboards and mice of this computer.</summary>
internal static class RealInput
{
    /// <summary>Takes them. A seat without any goes on and says why: the control API can still use it.</summary>
    /// <param name="opener">Opens device nodes: directly, or through the session.</param>
    /// <returns>What is disposed at the end; null when there is nothing to read devices with.</returns>
    public static SeatInput? Attach(Reactor reactor, LinkedSeat seat, IDeviceOpener opener)
    {
        if (LibInputContext.TryOpen(opener, new PointerSettings(), out string? reason) is not { } backend)
        {
            System.Console.Error.WriteLine(reason);
            seat.Notify(reason!);
            return null;
        }

        return new SeatInput(reactor, seat.Core, backend, seat.Core, new Watcher(seat), seat.Notify);
    }

    private sealed class Watcher(LinkedSeat seat) : IDeviceWatcher
    {
        public void DeviceFound(DeviceId device, InputDeviceInfo info)
        {
        }

        public void DeviceTrouble(DeviceId device, string sentence) => seat.Notify(sentence);
    }
}
