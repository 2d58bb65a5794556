using System.Runtime.CompilerServices;

namespace Hyperspace.Protocols.Terminal;

/// <summary>
/// The parameters of a control sequence: numbers separated by <c>;</c>, each with parts separated by <c>:</c> (ECMA-48, 5.4.2). What is left out is 0, and
/// what is too much is dropped.
/// </summary>
internal readonly struct ControlParameters
{
    private const int MaxParameters = 16, MaxParts = 3;

    /// <summary>Numbers beyond this are taken as this: more than any code point, position or mode.</summary>
    private const int MaxNumber = 0x1FFFFF;

    private readonly Numbers _numbers;

    [InlineArray(MaxParameters * MaxParts)]
    private struct Numbers
    {
        private int _first;
    }

    public ControlParameters(ReadOnlySpan<byte> body)
    {
        (int parameter, int part) = (0, 0);
        foreach (byte b in body)
        {
            switch (b)
            {
                case >= (byte)'0' and <= (byte)'9':
                    if (parameter < MaxParameters && part < MaxParts)
                    {
                        ref int number = ref _numbers[parameter * MaxParts + part];
                        number = Math.Min(number * 10 + b - '0', MaxNumber);
                    }

                    break;
                case (byte)';':
                    (parameter, part) = (parameter + 1, 0);
                    break;
                case (byte)':':
                    part++;
                    break;
                case <= 0x2F:
                    Intermediate = (char)b;
                    break;
            }
        }

        IsEmpty = body.IsEmpty;
        Count = IsEmpty ? 0 : Math.Min(parameter + 1, MaxParameters);
    }

    public bool IsEmpty { get; }

    public int Count { get; }

    /// <summary>The last byte from 0x20 to 0x2F, or NUL.</summary>
    public char Intermediate { get; }

    /// <summary>0 where there is none.</summary>
    public int this[int parameter, int part] => _numbers[parameter * MaxParts + part];
}
