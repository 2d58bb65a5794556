namespace Hyperspace.Benchmarks;

/// <summary>Says on a terminal how far a benchmark is; figures go to standard output, this to standard error.</summary>
internal static class Progress
{
    public static void Show(string benchmark, int done, int of)
    {
        if (!Console.IsErrorRedirected)
        {
            Console.Error.Write($"\r{benchmark}: {done} of {of} ");
            if (done == of)
            {
                Console.Error.Write("\r\u001b[K");
            }
        }
    }
}
