namespace Hyperspace.Seat.Input;

/// <summary>A guest's input devices, as the router sees them. Calls never block and never throw for a guest that is gone.</summary>
public interface IGuestInput
{
    void Key(KeyCode key, bool down);

    /// <summary>Absolute position in pixels of the guest's screen.</summary>
    void PointerTo(int x, int y);

    /// <summary>Relative motion in counts.</summary>
    void PointerBy(int dx, int dy);

    void Buttons(PointerButtons pressed, PointerButtons released);
}
