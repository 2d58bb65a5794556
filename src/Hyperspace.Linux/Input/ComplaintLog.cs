using System.Text;

namespace Hyperspace.Linux.Input;

/// <summary>
/// The last lines that libinput said. They are kept as bytes in one piece of memory, because libinput complains exactly when the machine is slow, between two keys: adding a line allocates nothing.
/// </summary>
internal sealed class ComplaintLog
{
    /// <summary>Bytes of a line at most; longer lines are cut.</summary>
    public const int LineLength = 256;

    private const int Lines = 20;

    private readonly byte[] _text = new byte[Lines * LineLength];
    private readonly int[] _lengths = new int[Lines];
    private readonly Lock _lock = new();
    private int _next;
    private int _count;

    /// <param name="line">UTF-8, without a zero; space around it, line ends too, is dropped.</param>
    public void Add(ReadOnlySpan<byte> line)
    {
        line = line.Trim(" \t\r\n"u8);
        line = line[..Math.Min(line.Length, LineLength)];
        lock (_lock)
        {
            line.CopyTo(_text.AsSpan(_next * LineLength));
            _lengths[_next] = line.Length;
            _next = (_next + 1) % Lines;
            _count = Math.Min(_count + 1, Lines);
        }
    }

    /// <summary>The lines, oldest first.</summary>
    public IReadOnlyList<string> ToList()
    {
        lock (_lock)
        {
            int first = (_next - _count + Lines) % Lines;
            return [.. Enumerable.Range(0, _count).Select(i => (first + i) % Lines).Select(i => Encoding.UTF8.GetString(_text, i * LineLength, _lengths[i]))];
        }
    }
}
