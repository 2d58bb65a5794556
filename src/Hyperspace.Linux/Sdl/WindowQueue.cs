namespace Hyperspace.Linux.Sdl;

/// <summary>
/// Events on their way from the window's thread to the seat's. Keys are kept one by one; motion is merged with motion that has not been read, so that a seat that is late finds no more of it than one event. Adding and
/// reading allocate nothing once both lists have grown to what one wake-up brings.
/// </summary>
internal sealed class WindowQueue
{
    private readonly Lock _lock = new();
    private List<WindowEvent> _added = new(64);
    private List<WindowEvent> _read = new(64);
    private int _next;

    /// <summary>On the window's thread.</summary>
    /// <returns>True when nothing was waiting to be read, so that the reader has to be woken.</returns>
    public bool Add(in WindowEvent e)
    {
        lock (_lock)
        {
            if (_added.Count > 0 && Merged(_added[^1], e) is { } merged)
            {
                _added[^1] = merged;
                return false;
            }

            _added.Add(e);
            return _added.Count == 1;
        }
    }

    /// <summary>On the seat's thread.</summary>
    public bool TryRead(out WindowEvent e)
    {
        if (_next == _read.Count)
        {
            _read.Clear();
            _next = 0;
            lock (_lock)
            {
                (_added, _read) = (_read, _added);
            }
        }

        e = _next < _read.Count ? _read[_next++] : default;
        return e.Kind != WindowEventKind.None;
    }

    private static WindowEvent? Merged(in WindowEvent last, in WindowEvent e) => last.Kind != e.Kind ? null : e.Kind switch
    {
        WindowEventKind.Position or WindowEventKind.SizeChanged => e,
        WindowEventKind.Motion => e with { X = last.X + e.X, Y = last.Y + e.Y },
        _ => null,
    };
}
