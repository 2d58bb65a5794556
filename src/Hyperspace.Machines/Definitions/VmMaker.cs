using System.Globalization;
using System.Text.Json.Nodes;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions.Schema;

namespace Hyperspace.Machines.Definitions;

/// <summary>Makes a VM: its disks in its state folder, then its definition. When a step fails, what the steps before made is removed again.</summary>
/// <param name="progress">Told what takes long: the image's file, and 0 to 100.</param>
public sealed class VmMaker(HyperspacePaths paths, DefinitionStore store, Action<string, double>? progress)
{
    /// <summary>Editors that know the language server check the file while it is written.</summary>
    private const string Hint = "# yaml-language-server: $schema=../" + SchemaFile + "\n";

    /// <summary>The JSON Schema, in the folder above the definitions.</summary>
    public const string SchemaFile = "definition.schema.json";

    private readonly List<string> _made = [];

    /// <returns>The definition as it is read back.</returns>
    /// <exception cref="MachineException">It exists already, or a step failed; nothing is left of it.</exception>
    public async Task<VmDefinition> MakeAsync(VmDraft draft, CancellationToken cancel)
    {
        if (store.Exists(draft.Name))
        {
            throw new MachineException($"There is a VM \"{draft.Name}\" already ({store.FileOf(draft.Name)}).");
        }

        if (Instant.DisposableRecord.IsThere(paths, draft.Name))
        {
            throw new MachineException($"\"{draft.Name}\" is a disposable now, and all that is in its folder goes when it is closed; close it, or choose another name.");
        }

        bool done = false;
        try
        {
            var disks = new JsonArray();
            foreach (DraftDisk disk in draft.Disks)
            {
                disks.Add((JsonNode)await DiskAsync(draft.Name, disk, cancel));
            }

            string text = Hint + DefinitionText.Yaml(Keys(draft, disks));
            LoadedDefinition loaded = store.Check(draft.Name, text);
            if (loaded.Definition is not { } definition)
            {
                throw new InvalidDefinitionException(loaded.Errors);
            }

            cancel.ThrowIfCancellationRequested();
            store.Create(draft.Name, text);
            done = true;
            return definition;
        }
        finally
        {
            if (!done)
            {
                TakeBack();
            }
        }
    }

    private async Task<JsonObject> DiskAsync(string name, DraftDisk disk, CancellationToken cancel)
    {
        string file = disk.File ?? "";
        if (disk.File is null || disk.Copied)
        {
            MakeFolder(paths.VmState(name));
            file = NewImage(name, disk.Format);
            if (disk.File is null)
            {
                await DiskImage.CreateAsync(file, disk.Format, disk.Bytes, cancel);
            }
            else
            {
                progress?.Invoke(file, 0);
                await DiskImage.CopyAsync(disk.File, disk.Format, file, percent => progress?.Invoke(file, percent), cancel);
            }

            _made.Add(file);
        }

        bool ours = Path.GetDirectoryName(file) == paths.VmState(name);
        var keys = new JsonObject { ["file"] = ours ? Path.GetFileName(file) : file, ["format"] = disk.Format == DiskFormat.Qcow2 ? "qcow2" : "raw" };
        if (disk.Mode != DiskMode.Persistent)
        {
            keys["mode"] = disk.Mode == DiskMode.ReadOnly ? "read-only" : "ephemeral";
        }

        return keys;
    }

    /// <summary>The first of disk1, disk2 and so on that is new here. One that is there before any was made belongs to an earlier VM of this name.</summary>
    private string NewImage(string name, DiskFormat format)
    {
        int number = _made.Count(file => !Directory.Exists(file)) + 1;
        string image = Path.Combine(paths.VmState(name), string.Create(CultureInfo.InvariantCulture, $"disk{number}.{(format == DiskFormat.Qcow2 ? "qcow2" : "raw")}"));
        return File.Exists(image)
            ? throw new MachineException($"There is an image {image} already, of an earlier VM \"{name}\"; use it with --disk {image}, or move it away, or choose another name.")
            : image;
    }

    private void MakeFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        MakeFolder(Path.GetDirectoryName(folder)!);
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"The folder {folder} cannot be made: {e.Message}", e);
        }

        _made.Add(folder);
    }

    private JsonObject Keys(VmDraft draft, JsonArray disks)
    {
        var given = (JsonObject)draft.Keys.DeepClone();
        if (!given.ContainsKey("port") && !draft.WithoutPort && store.FreePort() is { } port)
        {
            given["port"] = port;
        }

        if (!given.ContainsKey("color"))
        {
            given["color"] = NewColor((int?)given["port"]);
        }

        if (disks.Count > 0)
        {
            given["disks"] = disks;
        }

        var ordered = new JsonObject();
        foreach (KeySpec key in VmSchema.Root.Keys.Where(key => given.ContainsKey(key.Name)))
        {
            ordered[key.Name] = given[key.Name]!.DeepClone();
        }

        return ordered;
    }

    /// <summary>The name of the colour that the fewest VMs have, and never that of a neighbour on the ports: ports side by side must not look alike.</summary>
    private string NewColor(int? port)
    {
        VmDefinition[] others = [.. store.Load().Select(d => d.Definition).OfType<VmDefinition>()];
        HashSet<string> near = [.. others.Where(vm => port is not null && vm.Port is { } other && Math.Abs(other - port.Value) == 1).Select(vm => vm.Color)];
        return VmSchema.NamedColors
            .Where(color => color.Key != "gray" && !near.Contains(color.Value))
            .MinBy(color => others.Count(vm => vm.Color == color.Value)).Key;
    }

    private void TakeBack()
    {
        foreach (string path in Enumerable.Reverse(_made))
        {
            try
            {
                if (Directory.Exists(path))
                {
                    Directory.Delete(path);
                }
                else
                {
                    File.Delete(path);
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Someone else put something there meanwhile, or took it away; the error that led here is the one to tell.
            }
        }

        _made.Clear();
    }
}

/// <summary>A definition that is to be written has errors.</summary>
public sealed class InvalidDefinitionException(IReadOnlyList<DefinitionError> errors) : MachineException(string.Join("\n", errors.Select(e => e.ToString())))
{
    public IReadOnlyList<DefinitionError> Errors => errors;
}
