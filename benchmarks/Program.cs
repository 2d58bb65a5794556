using Hyperspace.Benchmarks;

// ./bench NAME... [--json]
var benchmarks = new Dictionary<string, Func<BenchRig, IEnumerable<Result>>>
{
    ["switch"] = SwitchBenchmark.Run,
    ["key-echo"] = KeyEchoBenchmark.Run,
    ["frames"] = FramesBenchmark.Run,
    ["start"] = StartBenchmark.Run,
    ["power"] = PowerBenchmark.Run,
};

bool json = args.Contains("--json");
string[] names = [.. args.Where(a => a != "--json")];
if (names.Length == 0 || names.FirstOrDefault(n => !benchmarks.ContainsKey(n)) is not null)
{
    Console.Error.WriteLine($"usage: ./bench NAME... [--json], where NAME is one of {string.Join(", ", benchmarks.Keys)}");
    return 2;
}

var results = new List<Result>();
try
{
    using var rig = new BenchRig();
    rig.WaitForGuests();
    foreach (string name in names)
    {
        foreach (Result result in benchmarks[name](rig))
        {
            results.Add(result);
            Console.WriteLine(json ? result.ToJson().ToJsonString() : result.ToString());
        }
    }
}
catch (Exception e) when (e is InvalidOperationException or TimeoutException or IOException)
{
    Console.Error.WriteLine($"The benchmark could not be finished: {e.Message}");
    return 1;
}

return 0;
