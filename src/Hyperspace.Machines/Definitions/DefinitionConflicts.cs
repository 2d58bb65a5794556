namespace Hyperspace.Machines.Definitions;

/// <summary>What is wrong between definitions that are right one by one. The later file gets the error, the first one stays usable.</summary>
internal sealed class DefinitionConflicts
{
    private readonly Dictionary<int, string> _ports = [];
    private readonly Dictionary<(string Protocol, int Port), string> _forwards = [];

    /// <summary>Who uses an image, by the file that it really is.</summary>
    private readonly Dictionary<string, (string Vm, bool Writes)> _disks = [];

    private readonly int? _free;

    private DefinitionConflicts(IReadOnlyList<LoadedDefinition> all) =>
        _free = Enumerable.Range(1, 9).Except(all.Select(d => d.Definition?.Port ?? 0)).Select(port => (int?)port).FirstOrDefault();

    public static List<LoadedDefinition> Find(IReadOnlyList<LoadedDefinition> all)
    {
        var conflicts = new DefinitionConflicts(all);
        return [.. all.Select(loaded => loaded.Definition is { } definition ? conflicts.Checked(loaded, definition) : loaded)];
    }

    private LoadedDefinition Checked(LoadedDefinition loaded, VmDefinition vm)
    {
        List<DefinitionError> errors = [.. Port(loaded, vm), .. Forwards(loaded, vm), .. Disks(loaded, vm)];
        return errors.Count == 0 ? loaded : loaded with { Definition = null, Errors = errors };
    }

    private IEnumerable<DefinitionError> Port(LoadedDefinition loaded, VmDefinition vm)
    {
        if (vm.Port is { } port && !_ports.TryAdd(port, vm.Name))
        {
            string expected = _free is null ? "; expected no such key, because all nine are taken." : "; expected one that is free.";
            yield return Error(loaded, "port", $"{port} is the port of {_ports[port]} already{expected}", _free is { } free ? $"port: {free}" : null);
        }
    }

    private IEnumerable<DefinitionError> Forwards(LoadedDefinition loaded, VmDefinition vm)
    {
        foreach (PortForward forward in vm.Network.Forwards)
        {
            (string Protocol, int Port) port = (forward.Protocol, forward.HostPort);
            if (!_forwards.TryAdd(port, vm.Name))
            {
                yield return Error(
                    loaded, "network", $"{port.Protocol} port {port.Port} of this host leads to {_forwards[port]} already; expected another one.",
                    $"forwards: [\"{port.Protocol}:{(port.Port < 65535 ? port.Port + 1 : 1024)}:{forward.GuestPort}\"]");
            }
        }
    }

    /// <summary>An image that one VM writes to is no other's: not even for reading, because it changes under the reader's feet.</summary>
    private IEnumerable<DefinitionError> Disks(LoadedDefinition loaded, VmDefinition vm)
    {
        for (int i = 0; i < vm.Disks.Count; i++)
        {
            DiskDefinition disk = vm.Disks[i];
            bool writes = disk.Mode == DiskMode.Persistent;
            string file = RealFile(disk.File);
            if (_disks.TryAdd(file, (vm.Name, writes)) || (!writes && !_disks[file].Writes))
            {
                continue;
            }

            string verb = _disks[file].Writes ? "written to" : "read";
            yield return Error(
                loaded, $"disks[{i}]", $"{disk.File} is {verb} by {_disks[file].Vm} already; expected an image of its own, or a mode other than persistent for all who use it.", "mode: ephemeral");
        }
    }

    private static string RealFile(string file)
    {
        try
        {
            return File.ResolveLinkTarget(file, returnFinalTarget: true)?.FullName ?? file;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return file;
        }
    }

    private static DefinitionError Error(LoadedDefinition loaded, string key, string problem, string? example) =>
        new(loaded.File, loaded.Lines.GetValueOrDefault(key), key, problem, example);
}
