using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Linux.Xkb;

/// <summary>The functions of libxkbcommon (xkbcommon/xkbcommon.h, 1.0 and later) that reading a layout needs.</summary>
internal static unsafe partial class LibXkbCommon
{
    internal const string Library = "libxkbcommon.so.0";

    /// <summary>XKB_CONTEXT_NO_ENVIRONMENT_NAMES: the layout is the one asked for, whatever XKB_DEFAULT_* say.</summary>
    internal const int NoEnvironmentNames = 2;

    /// <summary>XKB_LOG_LEVEL_CRITICAL: an unknown layout is our error to tell, not the library's on stderr.</summary>
    internal const int LogCritical = 10;

    /// <summary>struct xkb_rule_names.</summary>
    [StructLayout(LayoutKind.Sequential)]
    internal struct RuleNames
    {
        public byte* Rules, Model, Layout, Variant, Options;
    }

    [LibraryImport(Library, EntryPoint = "xkb_context_new")]
    internal static partial XkbContextHandle ContextNew(int flags);

    [LibraryImport(Library, EntryPoint = "xkb_context_unref")]
    internal static partial void ContextUnref(nint context);

    [LibraryImport(Library, EntryPoint = "xkb_context_set_log_level")]
    internal static partial void SetLogLevel(XkbContextHandle context, int level);

    [LibraryImport(Library, EntryPoint = "xkb_keymap_new_from_names")]
    internal static partial XkbKeymapHandle KeymapNewFromNames(XkbContextHandle context, RuleNames* names, int flags);

    [LibraryImport(Library, EntryPoint = "xkb_keymap_unref")]
    internal static partial void KeymapUnref(nint keymap);

    [LibraryImport(Library, EntryPoint = "xkb_keymap_min_keycode")]
    internal static partial uint MinKeycode(XkbKeymapHandle keymap);

    [LibraryImport(Library, EntryPoint = "xkb_keymap_max_keycode")]
    internal static partial uint MaxKeycode(XkbKeymapHandle keymap);

    [LibraryImport(Library, EntryPoint = "xkb_keymap_num_levels_for_key")]
    internal static partial uint LevelsOfKey(XkbKeymapHandle keymap, uint keycode, uint layout);

    [LibraryImport(Library, EntryPoint = "xkb_keymap_key_get_syms_by_level")]
    internal static partial int Keysyms(XkbKeymapHandle keymap, uint keycode, uint layout, uint level, uint** keysyms);

    [LibraryImport(Library, EntryPoint = "xkb_keymap_key_get_mods_for_level")]
    internal static partial nuint ModifiersOfLevel(XkbKeymapHandle keymap, uint keycode, uint layout, uint level, uint* masks, nuint count);

    [LibraryImport(Library, EntryPoint = "xkb_keymap_mod_get_index", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial uint ModifierIndex(XkbKeymapHandle keymap, string name);

    [LibraryImport(Library, EntryPoint = "xkb_keysym_to_utf32")]
    internal static partial uint KeysymToUtf32(uint keysym);
}

internal sealed class XkbContextHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        LibXkbCommon.ContextUnref(handle);
        return true;
    }
}

/// <summary>A keymap holds its own reference to its context (xkbcommon.h, "Keymap Creation"), so the order of release does not matter.</summary>
internal sealed class XkbKeymapHandle() : SafeHandleZeroOrMinusOneIsInvalid(ownsHandle: true)
{
    protected override bool ReleaseHandle()
    {
        LibXkbCommon.KeymapUnref(handle);
        return true;
    }
}
