using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Sdl;

/// <summary>
/// The functions of SDL 2 (SDL.h, 2.26 and later) that a window, its keyboard and its mouse need. Results of type int are 0, or negative on failure, with the reason in <see cref="ErrorText"/>.
/// Loaded by the first call. But for <see cref="PushEvent"/> all belong to the thread that opened the window.
/// </summary>
internal static unsafe partial class LibSdl
{
    internal const string Library = "libSDL2-2.0.so.0";

    /// <summary>SDL_GetWindowSizeInPixels came with 2.26.</summary>
    internal const int LeastMinor = 26;

    /// <summary>SDL_INIT_EVENTS.</summary>
    internal const uint InitEvents = 0x4000;

    /// <summary>SDL_WINDOWPOS_UNDEFINED.</summary>
    internal const int AnyPosition = 0x1FFF0000;

    /// <summary>SDL_WINDOW_HIDDEN, SDL_WINDOW_RESIZABLE, SDL_WINDOW_ALLOW_HIGHDPI.</summary>
    internal const uint Hidden = 0x8, Resizable = 0x20, AllowHighDpi = 0x2000;

    /// <summary>SDL_WINDOW_INPUT_FOCUS, SDL_WINDOW_FULLSCREEN_DESKTOP.</summary>
    internal const uint InputFocus = 0x200, FullScreenDesktop = 0x1001;

    /// <summary>SDL_PIXELFORMAT_RGB888 (a word X R G B, as in this project) and SDL_PIXELFORMAT_ARGB8888.</summary>
    internal const uint FormatXrgb = 0x16161804, FormatArgb = 0x16362004;

    /// <summary>SDL_ENABLE.</summary>
    internal const int Enable = 1;

    [StructLayout(LayoutKind.Sequential)]
    internal struct Version
    {
        public byte Major, Minor, Patch;
    }

    [StructLayout(LayoutKind.Sequential)]
    internal struct Rect
    {
        public int X, Y, Width, Height;
    }

    /// <summary>The head of SDL_Surface.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct Surface
    {
        public uint Flags;

        /// <summary>Begins with the format's number.</summary>
        public uint* Format;
        public int Width, Height, Pitch;
        public void* Pixels;
    }

    [LibraryImport(Library, EntryPoint = "SDL_GetVersion")]
    internal static partial void GetVersion(Version* version);

    [LibraryImport(Library, EntryPoint = "SDL_SetHint", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetHint(string name, string value);

    [LibraryImport(Library, EntryPoint = "SDL_setenv", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int SetEnvironment(string name, string value, int overwrite);

    [LibraryImport(Library, EntryPoint = "SDL_InitSubSystem")]
    internal static partial int InitSubSystem(uint flags);

    [LibraryImport(Library, EntryPoint = "SDL_Quit")]
    internal static partial void Quit();

    [LibraryImport(Library, EntryPoint = "SDL_VideoInit", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int VideoInit(string driver);

    [LibraryImport(Library, EntryPoint = "SDL_VideoQuit")]
    internal static partial void VideoQuit();

    [LibraryImport(Library, EntryPoint = "SDL_GetError")]
    private static partial byte* GetError();

    [LibraryImport(Library, EntryPoint = "SDL_StopTextInput")]
    internal static partial void StopTextInput();

    [LibraryImport(Library, EntryPoint = "SDL_EventState")]
    internal static partial byte EventState(uint type, int state);

    [LibraryImport(Library, EntryPoint = "SDL_PushEvent")]
    internal static partial int PushEvent(SdlEvent* e);

    [LibraryImport(Library, EntryPoint = "SDL_PollEvent")]
    internal static partial int PollEvent(SdlEvent* e);

    [LibraryImport(Library, EntryPoint = "SDL_WaitEventTimeout")]
    internal static partial int WaitEventTimeout(SdlEvent* e, int milliseconds);

    [LibraryImport(Library, EntryPoint = "SDL_CreateWindow", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial nint CreateWindow(string title, int x, int y, int width, int height, uint flags);

    [LibraryImport(Library, EntryPoint = "SDL_DestroyWindow")]
    internal static partial void DestroyWindow(nint window);

    [LibraryImport(Library, EntryPoint = "SDL_ShowWindow")]
    internal static partial void ShowWindow(nint window);

    [LibraryImport(Library, EntryPoint = "SDL_HideWindow")]
    internal static partial void HideWindow(nint window);

    [LibraryImport(Library, EntryPoint = "SDL_SetWindowTitle", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial void SetWindowTitle(nint window, string title);

    [LibraryImport(Library, EntryPoint = "SDL_SetWindowMinimumSize")]
    internal static partial void SetWindowMinimumSize(nint window, int width, int height);

    [LibraryImport(Library, EntryPoint = "SDL_SetWindowFullscreen")]
    internal static partial int SetWindowFullscreen(nint window, uint flags);

    [LibraryImport(Library, EntryPoint = "SDL_SetWindowKeyboardGrab")]
    internal static partial void SetWindowKeyboardGrab(nint window, int grabbed);

    [LibraryImport(Library, EntryPoint = "SDL_GetWindowFlags")]
    internal static partial uint GetWindowFlags(nint window);

    [LibraryImport(Library, EntryPoint = "SDL_GetWindowSize")]
    internal static partial void GetWindowSize(nint window, out int width, out int height);

    [LibraryImport(Library, EntryPoint = "SDL_GetWindowSizeInPixels")]
    internal static partial void GetWindowSizeInPixels(nint window, out int width, out int height);

    [LibraryImport(Library, EntryPoint = "SDL_GetWindowDisplayIndex")]
    internal static partial int GetWindowDisplayIndex(nint window);

    [LibraryImport(Library, EntryPoint = "SDL_GetDisplayUsableBounds")]
    internal static partial int GetDisplayUsableBounds(int display, Rect* bounds);

    [LibraryImport(Library, EntryPoint = "SDL_GetDisplayDPI")]
    internal static partial int GetDisplayDpi(int display, float* diagonal, float* horizontal, float* vertical);

    [LibraryImport(Library, EntryPoint = "SDL_GetWindowSurface")]
    internal static partial Surface* GetWindowSurface(nint window);

    [LibraryImport(Library, EntryPoint = "SDL_UpdateWindowSurface")]
    internal static partial int UpdateWindowSurface(nint window);

    [LibraryImport(Library, EntryPoint = "SDL_UpdateWindowSurfaceRects")]
    internal static partial int UpdateWindowSurfaceRects(nint window, Rect* rects, int count);

    [LibraryImport(Library, EntryPoint = "SDL_CreateRGBSurfaceWithFormat")]
    internal static partial Surface* CreateSurface(uint flags, int width, int height, int depth, uint format);

    [LibraryImport(Library, EntryPoint = "SDL_FreeSurface")]
    internal static partial void FreeSurface(Surface* surface);

    [LibraryImport(Library, EntryPoint = "SDL_UpperBlit")]
    internal static partial int Blit(Surface* source, Rect* from, Surface* target, Rect* to);

    [LibraryImport(Library, EntryPoint = "SDL_SetRelativeMouseMode")]
    internal static partial int SetRelativeMouseMode(int enabled);

    [LibraryImport(Library, EntryPoint = "SDL_ShowCursor")]
    internal static partial int ShowCursor(int shown);

    /// <summary>Why the last call on this thread failed; empty when SDL does not say.</summary>
    internal static string ErrorText()
    {
        // SAFETY: SDL_GetError gives a text that lives as long as the thread makes no other call.
        return Marshal.PtrToStringUTF8((nint)GetError()) ?? "";
    }
}
