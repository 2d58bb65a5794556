namespace Hyperspace.Machines.Power.Host;

/// <summary>
/// Keeps a value calm that comes and goes, as that of a loose plug does. A change passes at once; but after <see cref="Most"/> changes within <see cref="Window"/> the last one is kept until the value
/// has been the same for <see cref="Quiet"/>. Not thread-safe.
/// </summary>
internal sealed class FlapFilter<T>(IEqualityComparer<T>? comparer = null)
{
    public const int Most = 4;
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan Quiet = TimeSpan.FromSeconds(2);

    private readonly IEqualityComparer<T> _comparer = comparer ?? EqualityComparer<T>.Default;
    private readonly Queue<TimeSpan> _changes = new();
    private bool _any;
    private T? _raw;
    private T? _passed;
    private TimeSpan _rawSince;

    /// <summary>True while a value is held back.</summary>
    public bool IsHolding => _any && !_comparer.Equals(_raw!, _passed!);

    /// <param name="now">Since any fixed moment; never goes back.</param>
    /// <returns>What counts.</returns>
    public T Pass(T value, TimeSpan now)
    {
        if (!_any)
        {
            (_any, _raw, _passed, _rawSince) = (true, value, value, now);
            return value;
        }

        if (!_comparer.Equals(value, _raw!))
        {
            (_raw, _rawSince) = (value, now);
            _changes.Enqueue(now);
        }

        while (_changes.TryPeek(out TimeSpan first) && now - first > Window)
        {
            _changes.Dequeue();
        }

        if (_changes.Count <= Most || now - _rawSince >= Quiet)
        {
            _passed = _raw;
        }

        return _passed!;
    }
}
