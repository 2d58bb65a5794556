namespace Hyperspace.Seat.Input.KeyMaps;
public static class QemuKeys { public static uint? ToQnum(KeyCode k) => (uint)k; }
