namespace Hyperspace.Commands;

/// <summary>Plain text in columns: no lines, no colours, two spaces between, so that people can read it and programs can cut it.</summary>
internal static class Columns
{
    public static void Write(TextWriter output, params IReadOnlyList<IReadOnlyList<string>> rows)
    {
        int[] widths = [.. Enumerable.Range(0, rows.Max(row => row.Count)).Select(column => rows.Max(row => column < row.Count - 1 ? row[column].Length : 0))];
        foreach (IReadOnlyList<string> row in rows)
        {
            output.WriteLine(string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
        }
    }
}
