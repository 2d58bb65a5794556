using Hyperspace.Benchmarks;

// ./bench NAME... [--json]
var besideGuests = new Dictionary<string, Func<BenchRig, IEnumerable<Result>>>
{
    ["switch"] = SwitchBenchmark.Run,
    ["key-echo"] = KeyEchoBenchmark.Run,
    ["frames"] = FramesBenchmark.Run,
    ["start"] = StartBenchmark.Run,
    ["power"] = PowerBenchmark.Run,
    ["notebook-cpu"] = NotebookCpuBenchmark.Run,
};
var alone = new Dictionary<string, Func<IEnumerable<Result>>>
{
    ["instant"] = InstantBenchmark.Run,
    ["notebook-switch"] = NotebookSwitchBenchmark.Run,
    ["notebook-input"] = NotebookInputBenchmark.Run,
};

bool json = args.Contains("--json");
string[] names = [.. args.Where(a => a != "--json")];
if (names.Length == 0 || names.Any(n => !besideGuests.ContainsKey(n) && !alone.ContainsKey(n)))
{
    Console.Error.WriteLine($"usage: ./bench NAME... [--json], where NAME is one of {string.Join(", ", besideGuests.Keys.Concat(alone.Keys))}");
    return 2;
}

try
{
    if (names.Any(besideGuests.ContainsKey))
    {
        using var rig = BenchRig.WithGuests();
        foreach (string name in names.Where(besideGuests.ContainsKey))
        {
            Print(besideGuests[name](rig));
        }
    }

    foreach (string name in names.Where(alone.ContainsKey))
    {
        Print(alone[name]());
    }
}
catch (Exception e) when (e is InvalidOperationException or TimeoutException or IOException or System.Net.Sockets.SocketException or Hyperspace.Machines.MachineException or Hyperspace.Tests.Notebook.Rig.RigException or Hyperspace.Protocols.Qmp.QmpException)
{
    Console.Error.WriteLine($"The benchmark could not be finished: {e.Message}");
    return 1;
}

return 0;

void Print(IEnumerable<Result> results)
{
    foreach (Result result in results)
    {
        Console.WriteLine(json ? result.ToJson().ToJsonString() : result.ToString());
    }
}
