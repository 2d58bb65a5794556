using System.Globalization;

namespace Hyperspace.Commands.Vm;

/// <summary>What a command says and asks. Colours and questions only on a terminal.</summary>
/// <param name="isTerminal">A person sits there: input and output are both a terminal.</param>
/// <param name="hasColor">Output is a terminal, and its user has not said NO_COLOR (no-color.org).</param>
internal sealed class Screen(TextWriter output, TextWriter error, Func<TextReader> input, bool isTerminal, bool hasColor)
{
    public TextWriter Out => output;

    public bool IsTerminal => isTerminal;

    public void Line(string text) => output.WriteLine(text);

    public void Error(string text) => error.WriteLine(hasColor ? $"\e[31m{text}\e[0m" : text);

    public void Warning(string text) => error.WriteLine(hasColor ? $"\e[33m{text}\e[0m" : text);

    /// <summary>Asks until there is a yes or a no; the end of the input is a no.</summary>
    /// <param name="otherwise">What Enter alone means.</param>
    public bool Ask(string question, bool otherwise)
    {
        while (true)
        {
            output.Write($"{question} [{(otherwise ? "Y/n" : "y/N")}] ");
            output.Flush();
            switch (input().ReadLine()?.Trim().ToLowerInvariant())
            {
                case null:
                    output.WriteLine();
                    return false;
                case "y" or "yes":
                    return true;
                case "n" or "no":
                    return false;
                case "":
                    return otherwise;
            }
        }
    }

    /// <summary>Shows on one line how far something is, on a terminal only; at 100 the line goes away.</summary>
    public void Progress(string what, double percent)
    {
        if (isTerminal)
        {
            output.Write(percent < 100 ? $"\r{what}: {percent.ToString("0", CultureInfo.InvariantCulture)} %\e[K" : "\r\e[K");
            output.Flush();
        }
    }

    /// <summary>Text in a colour, as a number of SGR (ECMA-48, 8.3.117).</summary>
    public string Colored(string text, string sgr) => hasColor && text.Length > 0 ? $"\e[{sgr}m{text}\e[0m" : text;

    /// <summary>Writes columns that are as wide as their widest cell; the last one is not padded.</summary>
    /// <param name="color">The colour of a cell, by row (0 is the heading) and column; null for none.</param>
    public void Table(IReadOnlyList<string[]> rows, Func<int, int, string?> color)
    {
        int columns = rows[0].Length;
        int[] widths = [.. Enumerable.Range(0, columns).Select(c => rows.Max(row => Width(row[c])))];
        for (int r = 0; r < rows.Count; r++)
        {
            int last = Array.FindLastIndex(rows[r], cell => cell.Length > 0);
            for (int c = 0; c <= last; c++)
            {
                string cell = rows[r][c];
                output.Write(color(r, c) is { } sgr ? Colored(cell, sgr) : cell);
                output.Write(new string(' ', c == last ? 0 : widths[c] - Width(cell) + 2));
            }

            output.WriteLine();
        }
    }

    private static int Width(string text) => text.EnumerateRunes().Count();
}
