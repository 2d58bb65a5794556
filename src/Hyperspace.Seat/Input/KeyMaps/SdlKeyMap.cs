namespace Hyperspace.Seat.Input.KeyMaps;

/// <summary>
/// SDL's scancodes (SDL_scancode.h) to Linux key codes. Up to 231 they are the usages of the USB keyboard page (HID Usage Tables 1.4, section 10), which the kernel maps in hid_keyboard[] of drivers/hid/hid-input.c; those
/// from 257 on are SDL's own.
/// </summary>
public static class SdlKeyMap
{
    private const int FirstOwn = 257;

    /// <summary>The kernel's table, without what it knows of vendors' own usages above 231. 0 is no key.</summary>
    private static ReadOnlySpan<byte> HidUsages =>
    [
        0, 0, 0, 0, 30, 48, 46, 32, 18, 33, 34, 35, 23, 36, 37, 38,
        50, 49, 24, 25, 16, 19, 31, 20, 22, 47, 17, 45, 21, 44, 2, 3,
        4, 5, 6, 7, 8, 9, 10, 11, 28, 1, 14, 15, 57, 12, 13, 26,
        27, 43, 43, 39, 40, 41, 51, 52, 53, 58, 59, 60, 61, 62, 63, 64,
        65, 66, 67, 68, 87, 88, 99, 70, 119, 110, 102, 104, 111, 107, 109, 106,
        105, 108, 103, 69, 98, 55, 74, 78, 96, 79, 80, 81, 75, 76, 77, 71,
        72, 73, 82, 83, 86, 127, 116, 117, 183, 184, 185, 186, 187, 188, 189, 190,
        191, 192, 193, 194, 134, 138, 139, 132, 128, 129, 131, 137, 133, 135, 136, 113,
        115, 114, 0, 0, 0, 121, 117, 89, 93, 124, 92, 94, 95, 0, 0, 0,
        122, 123, 90, 91, 85, 0, 0, 0, 0, 222, 99, 223, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 179, 180, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 118, 0, 0, 0, 0, 0, 0, 0, 0,
        29, 42, 56, 125, 97, 54, 100, 126,
    ];

    /// <summary>SDL_SCANCODE_MODE (257) to SDL_SCANCODE_AUDIOFASTFORWARD (286).</summary>
    private static ReadOnlySpan<KeyCode> Own =>
    [
        KeyCode.None, KeyCode.Nextsong, KeyCode.Previoussong, KeyCode.Stopcd, KeyCode.Playpause, KeyCode.Mute, KeyCode.Media, KeyCode.Www, KeyCode.Mail, KeyCode.Calc, KeyCode.Computer,
        KeyCode.Search, KeyCode.Homepage, KeyCode.Back, KeyCode.Forward, KeyCode.Stop, KeyCode.Refresh, KeyCode.Bookmarks, KeyCode.Brightnessdown, KeyCode.Brightnessup, KeyCode.Switchvideomode,
        KeyCode.Kbdillumtoggle, KeyCode.Kbdillumdown, KeyCode.Kbdillumup, KeyCode.Ejectcd, KeyCode.Sleep, KeyCode.Prog1, KeyCode.Prog2, KeyCode.Rewind, KeyCode.Fastforward,
    ];

    /// <summary>The key, or <see cref="KeyCode.None"/> for a scancode that no key of a PC has.</summary>
    public static KeyCode Of(int scancode) =>
        (uint)scancode < (uint)HidUsages.Length ? (KeyCode)HidUsages[scancode]
        : (uint)(scancode - FirstOwn) < (uint)Own.Length ? Own[scancode - FirstOwn]
        : KeyCode.None;
}
