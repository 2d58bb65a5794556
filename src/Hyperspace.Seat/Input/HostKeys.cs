namespace Hyperspace.Seat.Input;

/// <summary>What a key that belongs to this computer, and not to a guest, is about.</summary>
public enum HostKeyKind : byte
{
    /// <summary>Mute, volume up and down, the microphone's mute.</summary>
    Volume,
    /// <summary>Brightness of the screen and of the keyboard.</summary>
    Brightness,
    /// <summary>Power, sleep, suspend, wake-up, battery.</summary>
    Power,
    /// <summary>Play, pause, next, previous, stop, eject.</summary>
    Media,
    /// <summary>Radio switches: wireless, Bluetooth, flight mode; which screen is used.</summary>
    Hardware,
}

/// <summary>
/// The routing table of keys that belong to the host: no guest ever sees them, whoever has the focus. A volume that each guest set for itself, or a sleep key that only one VM obeys, would do something else
/// than what is printed on the key. The seat tells <see cref="SeatCore.HostKey"/>; a key that nobody there takes does nothing.
/// </summary>
public static class HostKeys
{
    private static readonly HostKeyKind?[] Table = Make();

    /// <summary>What the key is about, or null for a key of the focused guest.</summary>
    public static HostKeyKind? Of(KeyCode key) => (int)key < Table.Length ? Table[(int)key] : null;

    private static HostKeyKind?[] Make()
    {
        var table = new HostKeyKind?[256];
        void Add(HostKeyKind kind, params ReadOnlySpan<KeyCode> keys)
        {
            foreach (KeyCode key in keys)
            {
                table[(int)key] = kind;
            }
        }

        Add(HostKeyKind.Volume, KeyCode.Mute, KeyCode.VolumeDown, KeyCode.VolumeUp, KeyCode.Micmute);
        Add(HostKeyKind.Brightness, KeyCode.Brightnessdown, KeyCode.Brightnessup, KeyCode.BrightnessCycle, KeyCode.BrightnessAuto, (KeyCode)228, (KeyCode)229, (KeyCode)230);
        Add(HostKeyKind.Power, KeyCode.Power, KeyCode.Sleep, KeyCode.Suspend, KeyCode.Wakeup, KeyCode.Battery);
        Add(HostKeyKind.Media, KeyCode.Nextsong, KeyCode.Playpause, KeyCode.Previoussong, KeyCode.Stopcd, KeyCode.Playcd, KeyCode.Pausecd, KeyCode.Play, KeyCode.Fastforward, KeyCode.Rewind, KeyCode.Ejectcd, KeyCode.Record);
        Add(HostKeyKind.Hardware, KeyCode.Wlan, KeyCode.Bluetooth, KeyCode.Uwb, KeyCode.Wwan, KeyCode.Rfkill, (KeyCode)227);
        return table;
    }
}
