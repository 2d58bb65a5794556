namespace Hyperspace.Seat.Input;

/// <summary>Modifiers that are down, without telling left from right. AltGr (the right Alt key) counts as Alt: layouts are the guest's business.</summary>
[Flags]
public enum KeyModifiers : byte
{
    None = 0,
    Shift = 1,
    Ctrl = 2,
    Alt = 4,
    Meta = 8,
}

/// <summary>What kind of key a code is.</summary>
public static class KeyKinds
{
    /// <summary>The eight keys that are pressed on entry into a guest while they are held: Shift, Ctrl, Alt and Meta, left and right.</summary>
    public static readonly KeySet Modifiers = KeySet.Of(
        KeyCode.LeftShift, KeyCode.RightShift, KeyCode.LeftCtrl, KeyCode.RightCtrl,
        KeyCode.LeftAlt, KeyCode.RightAlt, KeyCode.LeftMeta, KeyCode.RightMeta);

    /// <summary>The keys of the secure attention key: either Ctrl, either Alt, and Esc.</summary>
    public static readonly KeySet Attention = KeySet.Of(
        KeyCode.LeftCtrl, KeyCode.RightCtrl, KeyCode.LeftAlt, KeyCode.RightAlt, KeyCode.Esc);

    public static bool IsModifier(KeyCode key) => Modifiers.Contains(key);

    public static bool IsShift(KeyCode key) => key is KeyCode.LeftShift or KeyCode.RightShift;

    public static bool IsCtrl(KeyCode key) => key is KeyCode.LeftCtrl or KeyCode.RightCtrl;

    public static bool IsAlt(KeyCode key) => key is KeyCode.LeftAlt or KeyCode.RightAlt;

    /// <summary>True for the codes that this product knows: 1 to 248 (linux/input-event-codes.h; the ranges of buttons begin at 256).</summary>
    public static bool IsKey(KeyCode key) => key is > KeyCode.None and <= KeyCode.Micmute;

    /// <summary>The modifiers among the keys of a set.</summary>
    public static KeyModifiers ModifiersOf(in KeySet keys)
    {
        var modifiers = KeyModifiers.None;
        if (keys.Contains(KeyCode.LeftShift) || keys.Contains(KeyCode.RightShift))
        {
            modifiers |= KeyModifiers.Shift;
        }

        if (keys.Contains(KeyCode.LeftCtrl) || keys.Contains(KeyCode.RightCtrl))
        {
            modifiers |= KeyModifiers.Ctrl;
        }

        if (keys.Contains(KeyCode.LeftAlt) || keys.Contains(KeyCode.RightAlt))
        {
            modifiers |= KeyModifiers.Alt;
        }

        if (keys.Contains(KeyCode.LeftMeta) || keys.Contains(KeyCode.RightMeta))
        {
            modifiers |= KeyModifiers.Meta;
        }

        return modifiers;
    }
}
