using System.Text;
using static Hyperspace.Linux.Xkb.LibXkbCommon;

namespace Hyperspace.Linux.Xkb;

/// <summary>What a key gives at one shift level.</summary>
/// <param name="Code">Linux event code (KEY_*).</param>
/// <param name="Shift">Shift has to be down.</param>
/// <param name="Level3">AltGr has to be down.</param>
/// <param name="Keysym">The key symbol (xkbcommon/xkbcommon-keysyms.h).</param>
/// <param name="Character">Its Unicode scalar value; 0 for keys that give none, such as dead keys.</param>
public readonly record struct XkbEntry(ushort Code, bool Shift, bool Level3, uint Keysym, uint Character);

/// <summary>A keyboard layout of the system's XKB data base, read through libxkbcommon.</summary>
public static unsafe class XkbKeymap
{
    /// <summary>XKB numbers keys as evdev does, plus 8 (the X11 protocol reserves 0 to 7).</summary>
    private const uint EvdevOffset = 8;

    private const uint IsoLevel3Shift = 0xFE03;
    private const uint InvalidModifier = uint.MaxValue;
    private const ushort RightAlt = 100;

    /// <summary>
    /// All characters that the layout's first group gives with at most Shift and AltGr. Entries that need other modifiers are left out, and so
    /// are those that need AltGr when the right Alt key is not AltGr in this layout.
    /// </summary>
    /// <param name="layout">Such as <c>de</c>; the caller has checked that it is a plain name.</param>
    /// <param name="variant">Such as <c>dvorak</c>, or empty.</param>
    /// <param name="reason">When null is returned: why, as a clause without a full stop.</param>
    public static IReadOnlyList<XkbEntry>? TryLoad(string layout, string variant, out string? reason)
    {
        try
        {
            using XkbContextHandle context = ContextNew(NoEnvironmentNames);
            if (context.IsInvalid)
            {
                reason = "libxkbcommon cannot find the XKB data base; it is in the package xkb-data";
                return null;
            }

            SetLogLevel(context, LogCritical);
            using XkbKeymapHandle keymap = Compile(context, layout, variant);
            reason = keymap.IsInvalid ? "the XKB data base of this machine has no such layout" : null;
            return keymap.IsInvalid ? null : Read(keymap);
        }
        catch (DllNotFoundException)
        {
            reason = $"{Library} is not installed; it is in the package libxkbcommon0";
            return null;
        }
        catch (EntryPointNotFoundException)
        {
            reason = $"{Library} is older than 1.0";
            return null;
        }
    }

    private static XkbKeymapHandle Compile(XkbContextHandle context, string layout, string variant)
    {
        // SAFETY: the strings are zero-terminated, pinned for the call, and not kept by the library.
        fixed (byte* rules = "evdev\0"u8, model = "pc105\0"u8, options = "\0"u8)
        fixed (byte* layoutText = Encoding.UTF8.GetBytes(layout + "\0"), variantText = Encoding.UTF8.GetBytes(variant + "\0"))
        {
            var names = new RuleNames { Rules = rules, Model = model, Layout = layoutText, Variant = variantText, Options = options };
            return KeymapNewFromNames(context, &names, 0);
        }
    }

    private static List<XkbEntry> Read(XkbKeymapHandle keymap)
    {
        uint shift = Mask(keymap, "Shift");
        uint level3 = Keysym(keymap, RightAlt + EvdevOffset, 0) == IsoLevel3Shift ? Mask(keymap, "Mod5") : 0;
        var entries = new List<XkbEntry>();
        uint last = Math.Min(MaxKeycode(keymap), 255);
        for (uint code = Math.Max(MinKeycode(keymap), EvdevOffset + 1); code <= last; code++)
        {
            uint levels = Math.Min(LevelsOfKey(keymap, code, 0), 8);
            for (uint level = 0; level < levels; level++)
            {
                uint keysym = Keysym(keymap, code, level);
                if (keysym != 0 && Modifiers(keymap, code, level, shift | level3) is { } mask)
                {
                    entries.Add(new XkbEntry(
                        (ushort)(code - EvdevOffset), (mask & shift) != 0, (mask & level3) != 0, keysym, KeysymToUtf32(keysym)));
                }
            }
        }

        return entries;
    }

    private static uint Mask(XkbKeymapHandle keymap, string name)
    {
        uint index = ModifierIndex(keymap, name);
        return index is InvalidModifier or >= 32 ? 0 : 1u << (int)index;
    }

    /// <summary>The key symbol, or 0 when the level gives none or several.</summary>
    private static uint Keysym(XkbKeymapHandle keymap, uint code, uint level)
    {
        // SAFETY: on return 1 the library has set the pointer to one keysym that lives as long as the keymap, which the caller holds.
        uint* keysyms = null;
        return Keysyms(keymap, code, 0, level, &keysyms) == 1 ? *keysyms : 0;
    }

    /// <summary>The smallest set of modifiers that gives the level, if it consists of the usable ones.</summary>
    private static uint? Modifiers(XkbKeymapHandle keymap, uint code, uint level, uint usable)
    {
        const int most = 32;
        uint* masks = stackalloc uint[most];
        // SAFETY: the library writes at most as many masks as it is told there is room for, and returns how many it wrote.
        nuint count = ModifiersOfLevel(keymap, code, 0, level, masks, most);
        uint? best = null;
        for (nuint i = 0; i < count; i++)
        {
            if ((masks[i] & ~usable) == 0 && (best is null || masks[i] < best))
            {
                best = masks[i];
            }
        }

        return best;
    }
}
