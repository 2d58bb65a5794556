namespace Hyperspace.Seat.Input.Chords;

/// <summary>Events that may turn out to be a chord, in order. A ring of fixed size: nothing is allocated.</summary>
internal sealed class HeldBack
{
    /// <summary>Two taps, a command and room for some more taps or Shift while armed. When it is full the oldest event is let go.</summary>
    public const int Capacity = 32;

    private readonly KeyEvent[] _events = new KeyEvent[Capacity];
    private int _first;

    public int Count { get; private set; }

    public bool IsFull => Count == Capacity;

    public ref readonly KeyEvent this[int index] => ref _events[(_first + index) % Capacity];

    public void Enqueue(in KeyEvent e)
    {
        if (IsFull)
        {
            throw new InvalidOperationException("The queue of held back keys is full; its owner has to let one go first.");
        }

        _events[(_first + Count) % Capacity] = e;
        Count++;
    }

    public KeyEvent Dequeue()
    {
        KeyEvent e = this[0];
        _first = (_first + 1) % Capacity;
        Count--;
        return e;
    }

    /// <summary>Whether the key's press is in here without its release.</summary>
    public bool Holds(DeviceId device, KeyCode key)
    {
        bool down = false;
        for (int i = 0; i < Count; i++)
        {
            ref readonly KeyEvent e = ref this[i];
            if (e.Key == key && e.Device == device)
            {
                down = e.Action == KeyAction.Down;
            }
        }

        return down;
    }
}
