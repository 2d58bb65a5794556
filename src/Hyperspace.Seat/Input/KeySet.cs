using System.Numerics;

namespace Hyperspace.Seat.Input;

/// <summary>A set of keys as 256 bits: a value without allocation, enumerated in ascending order of key code.</summary>
/// <remarks>Codes above 255 (buttons, and keys that no keyboard of this product has) are never members; adding one does nothing.</remarks>
public struct KeySet : IEquatable<KeySet>
{
    private ulong _a, _b, _c, _d;

    public static KeySet Of(params ReadOnlySpan<KeyCode> keys)
    {
        var set = default(KeySet);
        foreach (KeyCode key in keys)
        {
            set.Add(key);
        }

        return set;
    }

    public readonly bool IsEmpty => (_a | _b | _c | _d) == 0;

    public readonly int Count => BitOperations.PopCount(_a) + BitOperations.PopCount(_b) + BitOperations.PopCount(_c) + BitOperations.PopCount(_d);

    public readonly bool Contains(KeyCode key) => ((int)key >> 6) switch
    {
        0 => (_a & Bit(key)) != 0,
        1 => (_b & Bit(key)) != 0,
        2 => (_c & Bit(key)) != 0,
        3 => (_d & Bit(key)) != 0,
        _ => false,
    };

    /// <returns>True when the key was not a member before.</returns>
    public bool Add(KeyCode key)
    {
        if (Contains(key))
        {
            return false;
        }

        switch ((int)key >> 6)
        {
            case 0: _a |= Bit(key); return true;
            case 1: _b |= Bit(key); return true;
            case 2: _c |= Bit(key); return true;
            case 3: _d |= Bit(key); return true;
            default: return false;
        }
    }

    /// <returns>True when the key was a member before.</returns>
    public bool Remove(KeyCode key)
    {
        if (!Contains(key))
        {
            return false;
        }

        switch ((int)key >> 6)
        {
            case 0: _a &= ~Bit(key); break;
            case 1: _b &= ~Bit(key); break;
            case 2: _c &= ~Bit(key); break;
            default: _d &= ~Bit(key); break;
        }

        return true;
    }

    public static KeySet operator |(in KeySet x, in KeySet y) => new() { _a = x._a | y._a, _b = x._b | y._b, _c = x._c | y._c, _d = x._d | y._d };

    public static KeySet operator &(in KeySet x, in KeySet y) => new() { _a = x._a & y._a, _b = x._b & y._b, _c = x._c & y._c, _d = x._d & y._d };

    /// <summary>The members of <paramref name="x"/> that are not in <paramref name="y"/>.</summary>
    public static KeySet operator -(in KeySet x, in KeySet y) => new() { _a = x._a & ~y._a, _b = x._b & ~y._b, _c = x._c & ~y._c, _d = x._d & ~y._d };

    public static bool operator ==(in KeySet x, in KeySet y) => x.Equals(y);

    public static bool operator !=(in KeySet x, in KeySet y) => !x.Equals(y);

    public readonly bool Equals(KeySet other) => _a == other._a && _b == other._b && _c == other._c && _d == other._d;

    public override readonly bool Equals(object? obj) => obj is KeySet other && Equals(other);

    public override readonly int GetHashCode() => HashCode.Combine(_a, _b, _c, _d);

    /// <summary>For messages: <c>{LeftShift A}</c>.</summary>
    public override readonly string ToString()
    {
        var names = new List<string>();
        foreach (KeyCode key in this)
        {
            names.Add(key.ToString());
        }

        return "{" + string.Join(' ', names) + "}";
    }

    /// <summary>Enumerates a copy: the set may change meanwhile.</summary>
    public readonly Enumerator GetEnumerator() => new(this);

    private static ulong Bit(KeyCode key) => 1UL << ((int)key & 63);

    public struct Enumerator
    {
        private KeySet _rest;

        internal Enumerator(in KeySet set) => _rest = set;

        public KeyCode Current { get; private set; }

        public bool MoveNext()
        {
            int code = _rest switch
            {
                { _a: not 0 } => BitOperations.TrailingZeroCount(_rest._a),
                { _b: not 0 } => 64 + BitOperations.TrailingZeroCount(_rest._b),
                { _c: not 0 } => 128 + BitOperations.TrailingZeroCount(_rest._c),
                { _d: not 0 } => 192 + BitOperations.TrailingZeroCount(_rest._d),
                _ => -1,
            };
            if (code < 0)
            {
                return false;
            }

            Current = (KeyCode)code;
            _rest.Remove(Current);
            return true;
        }
    }
}
