using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Sdl;

/// <summary>SDL_Event: a union whose first word says which of its structures it is. The fields of all that are read here, by their offsets on machines with 64 bits.</summary>
[StructLayout(LayoutKind.Explicit, Size = 56)]
internal struct SdlEvent
{
    /// <summary>SDL_QUIT, SDL_WINDOWEVENT, SDL_SYSWMEVENT.</summary>
    internal const uint Quit = 0x100, Window = 0x200, SystemMessage = 0x201;

    internal const uint KeyDown = 0x300, KeyUp = 0x301;

    internal const uint MouseMotion = 0x400, MouseButtonDown = 0x401, MouseButtonUp = 0x402, MouseWheel = 0x403;

    /// <summary>SDL_USEREVENT: what this program sends to itself.</summary>
    internal const uint User = 0x8000;

    /// <summary>SDL_WINDOWEVENT_EXPOSED, _RESIZED, _SIZE_CHANGED, _FOCUS_GAINED, _FOCUS_LOST, _CLOSE, _DISPLAY_CHANGED.</summary>
    internal const byte Exposed = 3, Resized = 5, SizeChanged = 6, FocusGained = 12, FocusLost = 13, Close = 14, DisplayChanged = 18;

    [FieldOffset(0)] public uint Type;

    /// <summary>SDL_WindowEvent.event.</summary>
    [FieldOffset(12)] public byte WindowEvent;

    /// <summary>SDL_KeyboardEvent: repeat and keysym.scancode.</summary>
    [FieldOffset(13)] public byte KeyRepeat;
    [FieldOffset(16)] public int Scancode;

    /// <summary>SDL_MouseMotionEvent: which, x, y, xrel, yrel.</summary>
    [FieldOffset(20)] public int MotionX;
    [FieldOffset(24)] public int MotionY;
    [FieldOffset(28)] public int MotionRelativeX;
    [FieldOffset(32)] public int MotionRelativeY;

    /// <summary>SDL_MouseButtonEvent: 1 left, 2 middle, 3 right, 4 and 5 at the side; x, y.</summary>
    [FieldOffset(16)] public byte Button;
    [FieldOffset(20)] public int ButtonX;
    [FieldOffset(24)] public int ButtonY;

    /// <summary>SDL_MouseWheelEvent.y: whole notches, positive away from the user.</summary>
    [FieldOffset(20)] public int WheelY;

    /// <summary>SDL_UserEvent: code, data1, data2.</summary>
    [FieldOffset(12)] public int UserCode;
    [FieldOffset(16)] public long UserData1;
    [FieldOffset(24)] public long UserData2;
}
