namespace Hyperspace.Machines.Definitions;

/// <summary>What is wrong between definitions that are right one by one. The later file gets the error, the first one stays usable.</summary>
internal static class DefinitionConflicts
{
    public static List<LoadedDefinition> Find(IReadOnlyList<LoadedDefinition> all)
    {
        var ports = new Dictionary<int, string>();
        var forwards = new Dictionary<(string Protocol, int Port), string>();
        var disks = new Dictionary<string, string>();
        return [.. all.Select(loaded => loaded.Definition is { } definition ? Checked(loaded, definition, ports, forwards, disks) : loaded)];
    }

    private static LoadedDefinition Checked(
        LoadedDefinition loaded, VmDefinition vm, Dictionary<int, string> ports, Dictionary<(string Protocol, int Port), string> forwards, Dictionary<string, string> disks)
    {
        var errors = new List<DefinitionError>();
        if (vm.Port is { } port && !ports.TryAdd(port, vm.Name))
        {
            errors.Add(Error(vm, "port", $"{port} is the port of {ports[port]} already; expected one that is free.", $"port: {Free(ports)}"));
        }

        foreach (PortForward forward in vm.Network.Forwards)
        {
            if (!forwards.TryAdd((forward.Protocol, forward.HostPort), vm.Name))
            {
                errors.Add(Error(vm, "network", $"{forward.Protocol} port {forward.HostPort} of this host leads to {forwards[(forward.Protocol, forward.HostPort)]} already.", null));
            }
        }

        foreach (DiskDefinition disk in vm.Disks.Where(d => d.Mode == DiskMode.Persistent))
        {
            if (!disks.TryAdd(disk.File, vm.Name))
            {
                errors.Add(Error(vm, "disks", $"{disk.File} is written to by {disks[disk.File]} already; expected an image of its own, or the mode read-only or ephemeral.", "mode: ephemeral"));
            }
        }

        return errors.Count == 0 ? loaded : loaded with { Definition = null, Errors = errors };
    }

    private static int Free(Dictionary<int, string> ports) => Enumerable.Range(1, 9).FirstOrDefault(port => !ports.ContainsKey(port), 9);

    private static DefinitionError Error(VmDefinition vm, string key, string problem, string? example) =>
        new(vm.SourceFile, LineOf(vm.SourceFile, key), key, problem, example);

    private static int LineOf(string file, string key)
    {
        try
        {
            return Array.FindIndex(File.ReadAllLines(file), line => line.StartsWith(key + ":", StringComparison.Ordinal)) + 1;
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
