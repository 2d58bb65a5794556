using Hyperspace.Linux;
using Hyperspace.Linux.Reactor;
using Hyperspace.Linux.Sdl;
using Hyperspace.Seat;
using Hyperspace.Seat.Display.Outputs.Drm;
using Hyperspace.Seat.Display.Outputs.Window;
using Hyperspace.Seat.Display.Text;
using Hyperspace.Seat.Input;
using Hyperspace.Seat.Input.Sources;

namespace Hyperspace.Commands.Seat;

/// <summary>The seat in a window on a desktop.</summary>
internal static class WindowSeat
{
    /// <summary>The window's keyboard, and the mouse after it; 0 is the control API's keyboard.</summary>
    private static readonly DeviceId Keyboard = new(1);

    private static readonly WindowLook FirstLook = new("Hyperspace", FullScreen: false, GrabsKeyboard: false, TakesMotion: false, ShowsPointer: true);

    /// <param name="width">In the desktop's points.</param>
    /// <param name="sound">As <see cref="SeatRunner"/> takes it.</param>
    /// <returns>The exit code; null when no window could be opened.</returns>
    public static int? Run(HyperspacePaths paths, SeatSettings settings, int width, int height, string sound)
    {
        using var reactor = new Reactor();
        SdlWindow window;
        try
        {
            window = SdlWindow.Open(reactor, width, height, FirstLook);
        }
        catch (WindowException e)
        {
            System.Console.Error.WriteLine(e.Message);
            return null;
        }

        if (SystemFont.Load(PixelPitch.LeastLine(window.MillimetresPerPixel, window.Width), out string? problem) is not { } font)
        {
            window.Dispose();
            System.Console.Error.WriteLine(problem);
            return 1;
        }

        using var output = new WindowOutput(window, font, FirstLook);
        System.Console.Error.WriteLine($"The seat is in a window ({window.Driver}, {output.Size.Width}x{output.Size.Height}).");
        return SeatRunner.Run(reactor, output, settings.Chords, paths, sound, seat => Attach(reactor, output, seat));
    }

    private static Attachment Attach(Reactor reactor, WindowOutput output, LinkedSeat seat)
    {
        var input = new WindowInput(
            seat.Core, Keyboard, key => seat.Core.FocusedPort == 0 || HostKeys.Of(key) is HostKeyKind.Volume or HostKeyKind.Brightness, () => output.HoldsPointer);
        output.Input = e => input.Take(e);
        output.Closed = why =>
        {
            System.Console.Error.WriteLine(why ?? "The window is closed, and with it the seat. VMs go on.");
            reactor.Stop();
        };
        seat.Core.Quit = reactor.Stop;
        output.Drain();
        return new Attachment(output, new InputTimer(reactor, input));
    }

    private sealed record Attachment(WindowOutput Output, InputTimer Timer) : IDisposable
    {
        public void Dispose()
        {
            (Output.Input, Output.Closed) = (null, null);
            Timer.Dispose();
        }
    }
}
