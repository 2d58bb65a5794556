namespace Hyperspace.Seat.Console;

/// <summary>One of the console's pages. The app draws its title above it and its keys below.</summary>
internal abstract class ConsolePage(ConsoleApp app)
{
    protected ConsoleApp App { get; } = app;

    public abstract string Title { get; }

    public abstract void Draw(Canvas canvas);

    public abstract void Key(ConsoleKeyPress key);

    /// <summary>The backend's data is new.</summary>
    public virtual void DataChanged() { }

    /// <summary>The keys that the page offers now, the most important first.</summary>
    public abstract void AddKeys(List<KeyHint> keys);

    /// <summary>True for the keys that lead back to the page before.</summary>
    protected static bool IsBack(ConsoleKeyPress key) =>
        key.Name is ConsoleKeyName.Escape or ConsoleKeyName.Backspace
        || (key.Name == ConsoleKeyName.Character && char.ToLowerInvariant(key.Character) == 'q');
}
