using System.Reflection;
using System.Runtime.InteropServices;
using Hyperspace.Commands.Seat;
using Hyperspace.Linux.Sdl;

namespace Hyperspace.Tests.Unit.Linux;

/// <summary>What is declared of SDL's interface is what it is, and which desktop is taken.</summary>
public sealed class SdlTests
{
    /// <summary>SDL_events.h and SDL_surface.h of SDL 2.26 on machines with 64 bits: __builtin_offsetof in C.</summary>
    [Theory]
    [InlineData(nameof(SdlEvent.WindowEvent), 12)]
    [InlineData(nameof(SdlEvent.KeyRepeat), 13)]
    [InlineData(nameof(SdlEvent.Scancode), 16)]
    [InlineData(nameof(SdlEvent.MotionX), 20)]
    [InlineData(nameof(SdlEvent.MotionY), 24)]
    [InlineData(nameof(SdlEvent.MotionRelativeX), 28)]
    [InlineData(nameof(SdlEvent.MotionRelativeY), 32)]
    [InlineData(nameof(SdlEvent.Button), 16)]
    [InlineData(nameof(SdlEvent.ButtonX), 20)]
    [InlineData(nameof(SdlEvent.ButtonY), 24)]
    [InlineData(nameof(SdlEvent.WheelY), 20)]
    [InlineData(nameof(SdlEvent.UserCode), 12)]
    [InlineData(nameof(SdlEvent.UserData1), 16)]
    [InlineData(nameof(SdlEvent.UserData2), 24)]
    public void Fields_of_events_are_where_SDL_has_them(string field, int offset) => Assert.Equal(offset, (int)Marshal.OffsetOf<SdlEvent>(field));

    [Fact]
    public void Structures_are_as_large_as_SDLs()
    {
        Assert.Equal(56, Marshal.SizeOf<SdlEvent>());
        Assert.Equal((8, 16, 24, 32), (Offset(nameof(LibSdl.Surface.Format)), Offset(nameof(LibSdl.Surface.Width)), Offset(nameof(LibSdl.Surface.Pitch)), Offset(nameof(LibSdl.Surface.Pixels))));

        static int Offset(string field) => (int)Marshal.OffsetOf<LibSdl.Surface>(field);
    }

    [Fact]
    public void Every_function_that_is_declared_is_in_the_library()
    {
        string[] declared =
        [
            .. typeof(LibSdl).GetMethods(BindingFlags.Static | BindingFlags.NonPublic | BindingFlags.Public)
                .Select(method => method.GetCustomAttribute<LibraryImportAttribute>()?.EntryPoint).OfType<string>(),
        ];
        nint library = NativeLibrary.Load(LibSdl.Library);
        Assert.DoesNotContain(declared, name => !NativeLibrary.TryGetExport(library, name, out _));
        Assert.InRange(declared.Length, 25, 60);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("DISPLAY=:0", "x11")]
    [InlineData("WAYLAND_DISPLAY=wayland-0", "wayland")]
    [InlineData("DISPLAY=:0 WAYLAND_DISPLAY=wayland-0", "wayland x11")]
    [InlineData("DISPLAY=:0 WAYLAND_DISPLAY=wayland-0 SDL_VIDEODRIVER=x11,dummy", "x11 dummy")]
    public void Wayland_comes_before_X11_and_SDLs_own_variable_before_both(string environment, string drivers) =>
        Assert.Equal(drivers, string.Join(' ', SdlVideo.Drivers(Of(environment))));

    [Theory]
    [InlineData("", false)]
    [InlineData("DISPLAY=:0", true)]
    [InlineData("WAYLAND_DISPLAY=wayland-0", true)]
    [InlineData("DISPLAY=localhost:10 SSH_CONNECTION=192.0.2.1", false)]
    public void A_seat_that_may_choose_opens_a_window_in_front_of_a_desktop_and_not_over_SSH(string environment, bool window) =>
        Assert.Equal(window, SeatOptions.IsOnDesktop(Of(environment)));

    private static Func<string, string?> Of(string environment)
    {
        Dictionary<string, string> variables = environment.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1]);
        return name => variables.GetValueOrDefault(name);
    }
}
