using Hyperspace.Linux;
using Hyperspace.Linux.Files;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Machines.Instant;

/// <summary>A template on the disk, whole when it was looked at.</summary>
internal sealed record Template(string Folder, TemplateManifest Manifest)
{
    public string Ram => Path.Combine(Folder, Manifest.Ram.Name);
    public string State => Path.Combine(Folder, Manifest.State.Name);

    /// <summary>The overlay that a clone's own begins from; null for a disk that nothing was written to.</summary>
    public string? Overlay(int disk) => Manifest.Overlays.ElementAtOrDefault(disk) is { } part ? Path.Combine(Folder, part.Name) : null;
}

/// <summary>
/// The templates of VMs, each a folder in its VM's state folder. A new one is made beside the old one and takes its place in one step, so what lies in the place is whole. Thread-safe for
/// different VMs.
/// </summary>
internal sealed class TemplateStore(HyperspacePaths paths)
{
    public const string Ram = "ram";
    public const string State = "state";
    private const string Manifest = "manifest.json";
    private const string Damaged = "damaged";

    /// <summary>State files that have been checked since this process began: reading one takes longer than to open a VM.</summary>
    private readonly HashSet<FileIdentity> _checked = [];

    public string Folder(string vm) => Path.Combine(paths.VmState(vm), "template");

    /// <summary>Where a new one is made.</summary>
    public string NewFolder(string vm) => Path.Combine(paths.VmState(vm), "template.new");

    /// <summary>The template of a VM; null when there is none.</summary>
    /// <exception cref="MachineException">There is one that is damaged; the message is the rest of a sentence.</exception>
    public Template? Find(string vm)
    {
        string folder = Folder(vm);
        if (!Directory.Exists(folder))
        {
            return null;
        }

        if (File.Exists(Path.Combine(folder, Damaged)))
        {
            throw new MachineException(File.ReadAllText(Path.Combine(folder, Damaged)));
        }

        var template = new Template(folder, TemplateManifest.Read(Path.Combine(folder, Manifest)));
        return template.Manifest.Parts.Select(part => part.In(folder).Change()).FirstOrDefault(change => change is not null) is { } change
            ? throw new MachineException($"it is damaged: {change}")
            : template;
    }

    /// <summary>Checks the state's content, once for each file: QEMU reads it as it is. RAM's content is checked by <see cref="Verify"/>.</summary>
    /// <exception cref="MachineException">It is damaged; the message is the rest of a sentence.</exception>
    public void CheckState(Template template)
    {
        FileIdentity identity = template.Manifest.State.In(template.Folder);
        lock (_checked)
        {
            if (_checked.Contains(identity))
            {
                return;
            }

            Check(template, template.Manifest.State, CancellationToken.None);
            _checked.Add(identity);
        }
    }

    /// <summary>Reads all of a template and compares it with its checksums.</summary>
    /// <exception cref="MachineException">It is damaged; the message is the rest of a sentence.</exception>
    public static void Verify(Template template, CancellationToken cancel)
    {
        foreach (TemplatePart part in template.Manifest.Parts)
        {
            Check(template, part, cancel);
        }
    }

    /// <summary>It is not used any more, by later daemons neither.</summary>
    /// <param name="why">The rest of a sentence.</param>
    public void MarkDamaged(string vm, string why)
    {
        try
        {
            File.WriteAllText(Path.Combine(Folder(vm), Damaged), why);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"hyperspace: the template of {vm} is not used ({why}), and that cannot be noted down: {e.Message}");
        }
    }

    /// <summary>Begins a new one: an empty folder.</summary>
    /// <param name="needed">Bytes that it may take.</param>
    /// <exception cref="MachineException">There is not enough space.</exception>
    public string Begin(string vm, long needed)
    {
        DropNew(vm);
        string folder = NewFolder(vm);
        Directory.CreateDirectory(folder);
        File.SetUnixFileMode(folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        long free = new DriveInfo(folder).AvailableFreeSpace;
        if (free < needed)
        {
            DropNew(vm);
            string kept = Directory.Exists(Folder(vm)) ? " The old template stays as it is." : "";
            throw new MachineException(
                $"There is no space for a template of {vm}: it may need {Definitions.ByteSize.Human(needed)}, and {paths.VmState(vm)} has {Definitions.ByteSize.Human(free)} free. Make space, or give it less memory.{kept}");
        }

        return folder;
    }

    /// <summary>What a file of the new template is, its content synced to the disk.</summary>
    public static TemplatePart Part(string folder, string name, CancellationToken cancel)
    {
        string file = Path.Combine(folder, name);
        string checksum;
        using (FileStream stream = File.Open(file, FileMode.Open, FileAccess.ReadWrite))
        {
            checksum = SparseFile.Checksum(stream.SafeFileHandle, cancel);
            stream.Flush(flushToDisk: true);
        }

        FileStat stat = FileStat.Of(file)!.Value;
        return new TemplatePart(name, stat.Size, stat.Inode, stat.ModifiedNanoseconds, checksum);
    }

    /// <summary>Takes over a copy of another installation's template, its content checked.</summary>
    /// <param name="vm">The VM that gets it.</param>
    /// <param name="foreign">The other one.</param>
    /// <param name="made">Told of each file of the copy, before its date is noted.</param>
    /// <exception cref="MachineException">There is no space, or it is damaged.</exception>
    /// <exception cref="IOException">It cannot be read or the copy not written.</exception>
    public void Import(string vm, Template foreign, Action<string> made, CancellationToken cancel)
    {
        string folder = Begin(vm, foreign.Manifest.Bytes);
        try
        {
            TemplatePart Copy(TemplatePart part)
            {
                string file = Path.Combine(folder, part.Name);
                using (SafeFileHandle from = File.OpenHandle(Path.Combine(foreign.Folder, part.Name)))
                using (SafeFileHandle to = File.OpenHandle(file, FileMode.CreateNew, FileAccess.Write))
                {
                    SparseFile.Copy(from, to, cancel);
                }

                made(file);
                TemplatePart copy = Part(folder, part.Name, cancel);
                return copy.Checksum == part.Checksum ? copy : throw new MachineException($"The template {foreign.Folder} is damaged: the content of {part.Name} is not what was saved.");
            }

            Commit(vm, foreign.Manifest with
            {
                Ram = Copy(foreign.Manifest.Ram), State = Copy(foreign.Manifest.State), Overlays = [.. foreign.Manifest.Overlays.Select(part => part is null ? null : Copy(part))],
            });
        }
        catch
        {
            DropNew(vm);
            throw;
        }
    }

    /// <summary>The new one takes the old one's place.</summary>
    public void Commit(string vm, TemplateManifest manifest)
    {
        string folder = NewFolder(vm);
        manifest.Write(Path.Combine(folder, Manifest));
        FolderSwap.Replace(folder, Folder(vm));
        DropNew(vm);
    }

    public void Remove(string vm)
    {
        if (Directory.Exists(Folder(vm)))
        {
            // Renamed first: a daemon that is killed meanwhile leaves half of one only where nobody looks for one.
            DropNew(vm);
            Directory.Move(Folder(vm), NewFolder(vm));
            DropNew(vm);
        }
    }

    /// <summary>Removes one that was not finished.</summary>
    public void DropNew(string vm)
    {
        if (Directory.Exists(NewFolder(vm)))
        {
            Directory.Delete(NewFolder(vm), recursive: true);
        }
    }

    private static void Check(Template template, TemplatePart part, CancellationToken cancel)
    {
        string file = Path.Combine(template.Folder, part.Name);
        try
        {
            using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(file);
            if (SparseFile.Checksum(handle, cancel) != part.Checksum)
            {
                throw new MachineException($"it is damaged: the content of {file} is not what was saved");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"it is damaged: {file} cannot be read: {e.Message}", e);
        }
    }
}
