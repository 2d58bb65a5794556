namespace Hyperspace.Seat.Input;

/// <summary>A guest's input devices, as the router sees them. Calls never block and never throw for a guest that is gone.</summary>
public interface IGuestInput
{
    /// <summary>
    /// True when the guest's pointing device takes positions (a tablet): the seat then keeps the pointer's place itself, also for mice. False when it takes motion (a mouse).
    /// </summary>
    bool IsAbsolute => false;

    /// <summary>A key goes down or up. The router never sends a repeat, nor a down for a key that is down in this guest already.</summary>
    void Key(KeyCode key, bool down);

    /// <summary>Absolute position in pixels of the guest's screen.</summary>
    void PointerTo(int x, int y);

    /// <summary>Relative motion in counts.</summary>
    void PointerBy(int dx, int dy);

    /// <summary>
    /// First all of <paramref name="pressed"/> go down, then all of <paramref name="released"/> go up: a button in both is a click.
    /// A turn of the wheel is one notch, always in both.
    /// </summary>
    void Buttons(PointerButtons pressed, PointerButtons released);
}
