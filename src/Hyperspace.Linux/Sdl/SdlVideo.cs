namespace Hyperspace.Linux.Sdl;

/// <summary>Opens SDL's way to the desktop: Wayland where there is a compositor, else X11, or what SDL_VIDEODRIVER names. Says what stands in the way when there is none.</summary>
internal static unsafe class SdlVideo
{
    private const string Instead = "`--output terminal` shows the seat in a terminal, `--output drm` on a bare monitor.";

    /// <summary>What this program needs of SDL; each can be overruled by an environment variable of the same name.</summary>
    private static readonly (string Name, string Value)[] Hints =
    [
        // Signals are the runtime's.
        ("SDL_NO_SIGNAL_HANDLERS", "1"),

        // Alt+Tab is a guest's, and does not make a full screen small.
        ("SDL_ALLOW_ALT_TAB_WHILE_GRABBED", "0"),
        ("SDL_VIDEO_MINIMIZE_ON_FOCUS_LOSS", "0"),

        // A seat is a window like any other, not a game.
        ("SDL_VIDEO_ALLOW_SCREENSAVER", "1"),
        ("SDL_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR", "0"),

        // Where a compositor leaves title bars to programs and yet has words for them (cage), SDL 2.32 goes over to libdecor while it waits for the window, and waits for ever. So it begins with libdecor.
        ("SDL_VIDEO_WAYLAND_PREFER_LIBDECOR", "1"),
        ("SDL_APP_NAME", "Hyperspace"),
    ];

    /// <summary>Starts SDL on this thread.</summary>
    /// <param name="environment">Reads a variable.</param>
    /// <returns>The driver's name.</returns>
    /// <exception cref="WindowException">Says why not.</exception>
    public static string Start(Func<string, string?> environment)
    {
        string[] drivers = Drivers(environment);
        if (drivers.Length == 0)
        {
            throw new WindowException($"There is no desktop to open a window on: neither WAYLAND_DISPLAY nor DISPLAY is set. {Instead}");
        }

        CheckLibrary();
        foreach ((string name, string value) in Hints)
        {
            _ = LibSdl.SetHint(name, value);
        }

        // No input method may stand between the keyboard and the guests, who have their own.
        _ = LibSdl.SetEnvironment("XMODIFIERS", "@im=none", 1);
        if (LibSdl.InitSubSystem(LibSdl.InitEvents) != 0)
        {
            throw new WindowException($"{LibSdl.Library} does not start: {LibSdl.ErrorText()}. {Instead}");
        }

        var problems = new List<string>();
        foreach (string driver in drivers)
        {
            if (LibSdl.VideoInit(driver) == 0)
            {
                LibSdl.StopTextInput();
                if (driver == "x11")
                {
                    // Only what has changed goes to the X server, and no graphics driver is needed. For Wayland SDL 2 knows no such way.
                    _ = LibSdl.SetHint("SDL_FRAMEBUFFER_ACCELERATION", "0");
                }

                return driver;
            }

            problems.Add(Sentence(driver, LibSdl.ErrorText(), environment));
        }

        LibSdl.Quit();
        throw new WindowException($"No window can be opened: {string.Join("; ", problems)}. {Instead}");
    }

    /// <summary>Which drivers are tried, in this order.</summary>
    internal static string[] Drivers(Func<string, string?> environment)
    {
        if (environment("SDL_VIDEODRIVER") is { Length: > 0 } chosen)
        {
            return chosen.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        }

        var drivers = new List<string>();
        if (environment("WAYLAND_DISPLAY") is { Length: > 0 })
        {
            drivers.Add("wayland");
        }

        if (environment("DISPLAY") is { Length: > 0 })
        {
            drivers.Add("x11");
        }

        return [.. drivers];
    }

    private static string Sentence(string driver, string error, Func<string, string?> environment) => driver switch
    {
        "wayland" => $"no Wayland compositor answers on WAYLAND_DISPLAY={environment("WAYLAND_DISPLAY")} in XDG_RUNTIME_DIR={environment("XDG_RUNTIME_DIR")}",
        "x11" => $"the X server DISPLAY={environment("DISPLAY")} does not answer, or does not let this user in (xauth)",
        _ => $"SDL's driver {driver} (from SDL_VIDEODRIVER) does not start: {error}",
    };

    private static void CheckLibrary()
    {
        LibSdl.Version version;
        try
        {
            // SAFETY: three bytes into a local of three bytes.
            LibSdl.GetVersion(&version);
        }
        catch (DllNotFoundException)
        {
            throw new WindowException($"A window needs {LibSdl.Library} (package libsdl2-2.0-0), which is not installed. {Instead}");
        }

        if (version.Major != 2 || version.Minor < LibSdl.LeastMinor)
        {
            throw new WindowException($"A window needs SDL 2.{LibSdl.LeastMinor} or newer, and {LibSdl.Library} is {version.Major}.{version.Minor}.{version.Patch}. {Instead}");
        }
    }
}
