namespace Hyperspace.Seat.Input.Routing;

public enum FocusTarget : byte
{
    /// <summary>Port 0.</summary>
    Console,
    /// <summary>A guest whose input devices are connected.</summary>
    Guest,
    /// <summary>A port without a guest, or whose guest is off: keys go nowhere.</summary>
    Nobody,
}

/// <summary>Where keys and pointer go. Immutable; only the <see cref="Router"/> makes the next one.</summary>
/// <param name="Port">0 to 9.</param>
/// <param name="Previous">The port that had the focus before this one.</param>
/// <param name="Serial">Counts the changes of this value.</param>
public sealed record FocusState(int Port, FocusTarget Target, int Previous, long Serial);

/// <summary>The console's keyboard. Unlike a guest it has no kernel of its own that repeats keys, so it gets the repeats.</summary>
public interface IConsoleKeys
{
    /// <param name="modifiers">Modifiers that are down, this key included.</param>
    void Key(KeyCode key, KeyAction action, KeyModifiers modifiers);
}
