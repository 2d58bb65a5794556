using Hyperspace.Machines.Definitions;

namespace Hyperspace.Commands.Vm;

/// <summary>A VM's files, by whether they go with it.</summary>
internal sealed class VmFiles
{
    private readonly Dictionary<string, string> _why = [];

    private VmFiles(string folder) => Folder = folder;

    /// <summary>The VM's state folder.</summary>
    public string Folder { get; }

    /// <summary>Its disks in the state folder.</summary>
    public List<string> Own { get; } = [];

    /// <summary>Folders of templates, which never stay.</summary>
    public List<string> Templates { get; } = [];

    /// <summary>Disks and other files that are kept whatever the user says.</summary>
    public List<string> Others { get; } = [];

    /// <summary>Firmware variables, logs, overlays, and the mark of the user that it ran as: what has no use without the VM and its disks.</summary>
    public List<string> Leftovers { get; } = [];

    /// <summary>Whether the state folder holds nothing but leftovers.</summary>
    public bool HasOnlyLeftovers => Own.Count == 0 && !Others.Exists(file => Path.GetDirectoryName(file) == Folder);

    public string WhyKept(string file) => $" ({_why[file]})";

    public static VmFiles Of(VmContext context, string name)
    {
        string folder = context.Paths.VmState(name);
        var files = new VmFiles(folder);
        IReadOnlyList<LoadedDefinition> all = context.Store.Load();
        LoadedDefinition own = all.First(d => d.Name == name);
        Dictionary<string, string> foreign = [];
        foreach (VmDefinition other in all.Where(d => d.Name != name).Select(d => d.Definition).OfType<VmDefinition>())
        {
            foreach (DiskDefinition disk in other.Disks)
            {
                foreign.TryAdd(disk.File, other.Name);
            }
        }

        foreach (DiskDefinition disk in own.Definition?.Disks ?? [])
        {
            files.Add(disk.File, foreign);
        }

        files.AddRest(own.Definition is not null);
        return files;
    }

    private void Add(string disk, Dictionary<string, string> foreign)
    {
        if (!File.Exists(disk))
        {
            return;
        }

        if (Path.GetDirectoryName(disk) != Folder || new FileInfo(Folder).LinkTarget is not null)
        {
            Keep(disk, "Hyperspace did not make it");
        }
        else if (foreign.TryGetValue(disk, out string? user))
        {
            Keep(disk, $"{user} uses it too");
        }
        else if (!Own.Contains(disk))
        {
            Own.Add(disk);
        }
    }

    private void AddRest(bool isRead)
    {
        foreach (string file in Directory.Exists(Folder) ? Directory.GetFileSystemEntries(Folder).Order(StringComparer.Ordinal).ToArray() : [])
        {
            string name = Path.GetFileName(file);
            if (name is "template" or "template.new")
            {
                // Without its VM a template is of no use, and it holds what the guest had in its memory.
                Templates.Add(file);
                continue;
            }

            if (name == "home.raw")
            {
                Own.Add(file);
                continue;
            }

            bool leftover = name is "uefi-variables.fd" or "user" || name.EndsWith(".log", StringComparison.Ordinal) || (name.StartsWith("overlay-", StringComparison.Ordinal) && name.EndsWith(".qcow2", StringComparison.Ordinal));
            if (leftover)
            {
                Leftovers.Add(file);
            }
            else if (!Own.Contains(file) && !Others.Contains(file))
            {
                Keep(file, isRead ? "it is not in the definition" : "the definition has errors, so it is not known whose it is");
            }
        }
    }

    private void Keep(string file, string why)
    {
        if (_why.TryAdd(file, why))
        {
            Others.Add(file);
        }
    }
}
