namespace Hyperspace.Benchmarks;

/// <summary>What a guest's screen looked like: a later one is the same when at most one pixel of a hundred differs, so that a clock or a blinking cursor does not matter.</summary>
internal sealed class Screen(uint[] pixels)
{
    public bool Is(ReadOnlySpan<uint> others)
    {
        if (others.Length != pixels.Length)
        {
            return false;
        }

        int different = 0, most = pixels.Length / 100;
        for (int i = 0; i < others.Length && different <= most; i++)
        {
            different += ((others[i] ^ pixels[i]) & 0xFFFFFF) != 0 ? 1 : 0;
        }

        return different <= most;
    }
}
