namespace Hyperspace.Seat.Input.KeyMaps;

/// <summary>
/// Linux key codes to QEMU's key numbers ("qnum"), which D-Bus <c>org.qemu.Display1.Keyboard.Press(u keycode)</c> and <c>Release</c> take: the
/// make code of AT scan code set 1, with bit 7 set where the keyboard sends an 0xE0 before it.
/// </summary>
/// <remarks>
/// Set 1 is the PC/XT keyboard's; the codes of keys that came later are those of Microsoft's "Keyboard Scan Code Specification" and of
/// the kernel's own set 1 emulation (x86_keycodes in drivers/tty/vt/keyboard.c). Keys without a code cannot reach a guest this way.
/// </remarks>
public static class Qnum
{
    private const byte E0 = 0x80;

    private static readonly (KeyCode Key, int Number)[] Others =
    [
        // The 105th key, F11 and F12, and what came with the second PC keyboard, all behind 0xE0.
        (KeyCode.Iso102, 0x56), (KeyCode.F11, 0x57), (KeyCode.F12, 0x58),
        (KeyCode.KpEnter, E0 | 0x1C), (KeyCode.RightCtrl, E0 | 0x1D), (KeyCode.KpSlash, E0 | 0x35), (KeyCode.RightAlt, E0 | 0x38),
        (KeyCode.Home, E0 | 0x47), (KeyCode.Up, E0 | 0x48), (KeyCode.PageUp, E0 | 0x49), (KeyCode.Left, E0 | 0x4B), (KeyCode.Right, E0 | 0x4D),
        (KeyCode.End, E0 | 0x4F), (KeyCode.Down, E0 | 0x50), (KeyCode.PageDown, E0 | 0x51), (KeyCode.Insert, E0 | 0x52), (KeyCode.Delete, E0 | 0x53),
        // Print Screen with Alt and Pause with Ctrl: the codes without the fake Shift and Ctrl of the real ones.
        (KeyCode.SysRq, 0x54), (KeyCode.Pause, E0 | 0x46),
        (KeyCode.LeftMeta, E0 | 0x5B), (KeyCode.RightMeta, E0 | 0x5C), (KeyCode.Compose, E0 | 0x5D),

        // Japanese and Brazilian keyboards: 106 to 109 keys.
        (KeyCode.ZenkakuHankaku, 0x76), (KeyCode.Ro, 0x73), (KeyCode.Katakana, 0x78), (KeyCode.Hiragana, 0x77), (KeyCode.Henkan, 0x79),
        (KeyCode.KatakanaHiragana, 0x70), (KeyCode.Muhenkan, 0x7B), (KeyCode.KpJpComma, 0x5C), (KeyCode.Yen, 0x7D), (KeyCode.KpComma, 0x7E),
        (KeyCode.KpEqual, 0x59), (KeyCode.KpPlusMinus, E0 | 0x4E), (KeyCode.LineFeed, 0x5B),

        // F13 to F24.
        (KeyCode.F13, 0x5D), (KeyCode.F14, 0x5E), (KeyCode.F15, 0x5F), (KeyCode.F16, 0x55), (KeyCode.F17, E0 | 0x03), (KeyCode.F18, E0 | 0x77),
        (KeyCode.F19, E0 | 0x04), (KeyCode.F20, 0x5A), (KeyCode.F21, 0x74), (KeyCode.F22, E0 | 0x79), (KeyCode.F23, 0x6D), (KeyCode.F24, 0x6F),

        // Power, sound, media, browser.
        (KeyCode.Power, E0 | 0x5E), (KeyCode.Sleep, E0 | 0x5F), (KeyCode.Wakeup, E0 | 0x63), (KeyCode.Suspend, E0 | 0x25),
        (KeyCode.Mute, E0 | 0x20), (KeyCode.VolumeDown, E0 | 0x2E), (KeyCode.VolumeUp, E0 | 0x30), (KeyCode.Nextsong, E0 | 0x19),
        (KeyCode.Playpause, E0 | 0x22), (KeyCode.Previoussong, E0 | 0x10), (KeyCode.Stopcd, E0 | 0x24), (KeyCode.Record, E0 | 0x31),
        (KeyCode.Rewind, E0 | 0x18), (KeyCode.Closecd, E0 | 0x23), (KeyCode.Ejectcd, 0x6C), (KeyCode.Ejectclosecd, E0 | 0x7D),
        (KeyCode.Playcd, E0 | 0x28), (KeyCode.Pausecd, E0 | 0x29), (KeyCode.Play, E0 | 0x33), (KeyCode.Fastforward, E0 | 0x34),
        (KeyCode.Bassboost, E0 | 0x36), (KeyCode.Media, E0 | 0x6D), (KeyCode.Homepage, E0 | 0x32), (KeyCode.Mail, E0 | 0x6C),
        (KeyCode.Bookmarks, E0 | 0x66), (KeyCode.Computer, E0 | 0x6B), (KeyCode.Back, E0 | 0x6A), (KeyCode.Forward, E0 | 0x69),
        (KeyCode.Refresh, E0 | 0x67), (KeyCode.Search, E0 | 0x65), (KeyCode.Stop, E0 | 0x68), (KeyCode.Calc, E0 | 0x21), (KeyCode.Www, E0 | 0x02),

        // Sun's left block and office keyboards.
        (KeyCode.Again, E0 | 0x05), (KeyCode.Props, E0 | 0x06), (KeyCode.Undo, E0 | 0x07), (KeyCode.Front, E0 | 0x0C), (KeyCode.Copy, E0 | 0x78),
        (KeyCode.Open, 0x64), (KeyCode.Paste, 0x65), (KeyCode.Find, E0 | 0x41), (KeyCode.Cut, E0 | 0x3C), (KeyCode.Help, E0 | 0x75),
        (KeyCode.Menu, E0 | 0x1E), (KeyCode.Setup, 0x66), (KeyCode.File, 0x67), (KeyCode.Sendfile, 0x68), (KeyCode.Deletefile, 0x69),
        (KeyCode.Xfer, E0 | 0x13), (KeyCode.Prog1, E0 | 0x1F), (KeyCode.Prog2, E0 | 0x17), (KeyCode.Prog3, E0 | 0x2B), (KeyCode.Prog4, E0 | 0x2C),
        (KeyCode.Msdos, 0x6A), (KeyCode.Coffee, E0 | 0x12), (KeyCode.RotateDisplay, 0x6B), (KeyCode.Cyclewindows, E0 | 0x26),
        (KeyCode.Phone, 0x63), (KeyCode.Config, E0 | 0x01), (KeyCode.Exit, 0x71), (KeyCode.Move, 0x72), (KeyCode.Edit, E0 | 0x08),
        (KeyCode.Scrollup, 0x75), (KeyCode.Scrolldown, E0 | 0x0F), (KeyCode.Kpleftparen, E0 | 0x76), (KeyCode.Kprightparen, E0 | 0x7B),
        (KeyCode.New, E0 | 0x09), (KeyCode.Redo, E0 | 0x0A), (KeyCode.AllApplications, E0 | 0x2D), (KeyCode.Close, E0 | 0x2F),
        (KeyCode.Print, E0 | 0x39), (KeyCode.Hp, E0 | 0x3A), (KeyCode.Camera, E0 | 0x3B), (KeyCode.Sound, E0 | 0x3D), (KeyCode.Question, E0 | 0x3E),
        (KeyCode.Email, E0 | 0x3F), (KeyCode.Chat, E0 | 0x40), (KeyCode.Connect, E0 | 0x42), (KeyCode.Finance, E0 | 0x43),
        (KeyCode.Sport, E0 | 0x44), (KeyCode.Shop, E0 | 0x45), (KeyCode.Alterase, E0 | 0x14), (KeyCode.Cancel, E0 | 0x4A),
        (KeyCode.Send, E0 | 0x5A), (KeyCode.Reply, E0 | 0x64), (KeyCode.Forwardmail, E0 | 0x0E), (KeyCode.Save, E0 | 0x55),
        (KeyCode.Documents, E0 | 0x70), (KeyCode.Macro, E0 | 0x6F), (KeyCode.Scale, E0 | 0x0B), (KeyCode.Hanja, E0 | 0x0D),

        // Notebooks.
        (KeyCode.Brightnessdown, E0 | 0x4C), (KeyCode.Brightnessup, E0 | 0x54), (KeyCode.Switchvideomode, E0 | 0x56),
        (KeyCode.Kbdillumtoggle, E0 | 0x57), (KeyCode.Kbdillumdown, E0 | 0x58), (KeyCode.Kbdillumup, E0 | 0x59), (KeyCode.Battery, E0 | 0x71),
        (KeyCode.Bluetooth, E0 | 0x72), (KeyCode.Wlan, E0 | 0x73), (KeyCode.Uwb, E0 | 0x74),
    ];

    // After the list that it is built from: static fields are initialised in the order in which they stand here.
    private static readonly byte[] Table = Build();

    /// <summary>The key number, 1 to 0xFF; 0 when there is none.</summary>
    public static byte Of(KeyCode key) => (int)key < Table.Length ? Table[(int)key] : (byte)0;

    private static byte[] Build()
    {
        var table = new byte[256];
        // Linux numbered its keys after set 1: up to F12 both are the same but for the Japanese keys.
        for (int code = (int)KeyCode.Esc; code <= (int)KeyCode.KpDot; code++)
        {
            table[code] = (byte)code;
        }

        foreach ((KeyCode key, int number) in Others)
        {
            table[(int)key] = (byte)number;
        }

        return table;
    }
}
