using System.CommandLine;
using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Definitions.Import;

namespace Hyperspace.Commands.Vm;

/// <summary><c>hyperspace vm import FILE</c>: a VM of an image or of a libvirt domain.</summary>
internal static class ImportCommand
{
    public static Command Build(VmContext context)
    {
        var file = new Argument<string>("FILE") { Description = "A disk image (qcow2 or raw), an ISO, or the XML of a libvirt domain (virsh dumpxml)." };
        var name = new Option<string?>("--name") { Description = "The VM's name. The default is made of the domain's or the file's.", HelpName = "NAME" };
        var copy = new Option<bool>("--copy") { Arity = ArgumentArity.Zero, Description = "Copy disk images into the VM's state folder. Without it they stay where they are and are used there." };
        var command = new Command("import", "Make a VM of what exists already. What cannot be taken over is listed.") { file, name, copy };
        var options = new DraftOptions();
        options.AddTo(command);
        return context.Does(command, async (result, screen, cancel) =>
        {
            string path = DraftOptions.FullPath(result.GetRequiredValue(file));
            VmDraft draft = await ReadAsync(path, result.GetValue(name), result.GetValue(copy), cancel);
            draft = options.Apply(result, draft);
            foreach (string warning in draft.Warnings)
            {
                screen.Warning($"Warning: {warning}");
            }

            return await CreateCommand.MakeAsync(context, screen, draft, cancel);
        });
    }

    private static async Task<VmDraft> ReadAsync(string path, string? name, bool copied, CancellationToken cancel)
    {
        if (!File.Exists(path))
        {
            throw new MachineException($"There is no file {path}; expected an image, an ISO or the XML of a libvirt domain.");
        }

        ImportKind kind = ImageKind.Of(path);
        if (name is not null)
        {
            CreateCommand.Named(name);
        }

        VmDraft draft = kind == ImportKind.Libvirt
            ? Domain(path, name)
            : new VmDraft(name ?? LibvirtDomain.NameOf(Path.GetFileNameWithoutExtension(path)));
        switch (kind)
        {
            case ImportKind.Iso:
                draft.Keys["cdrom"] = path;
                break;
            case ImportKind.Qcow2 or ImportKind.Raw:
                DiskFormat format = kind == ImportKind.Qcow2 ? DiskFormat.Qcow2 : DiskFormat.Raw;
                draft.Disks.Add(new DraftDisk(path, 0, format));
                CheckStandsAlone(path);
                draft.Keys["firmware"] = await ImageKind.FirmwareOfAsync(path, format, cancel) == Firmware.Bios ? "bios" : "uefi";
                break;
        }

        foreach (DraftDisk disk in draft.Disks)
        {
            CheckStandsAlone(disk.File!);
        }

        return copied ? draft with { Disks = [.. draft.Disks.Select(disk => disk with { Copied = true })] } : draft;
    }

    private static VmDraft Domain(string path, string? name)
    {
        try
        {
            if (new FileInfo(path).Length > LibvirtDomain.MaxBytes)
            {
                throw new MachineException($"{path} is larger than 1 MiB; the XML of a libvirt domain is not.");
            }

            return LibvirtDomain.Read(File.ReadAllText(path), Path.GetDirectoryName(path)!, name);
        }
        catch (MachineException e) when (e is not { InnerException: IOException })
        {
            throw new MachineException($"{path} cannot be imported. {e.Message}", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{path} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>An image from elsewhere may name any file of this host as its other half: it is neither used nor copied.</summary>
    private static void CheckStandsAlone(string image)
    {
        if (File.Exists(image) && DiskImage.OtherFileOf(image) is { } other)
        {
            throw new MachineException($"{image} needs another file, {other}. If you trust both, make one image of them: qemu-img convert -O qcow2 {image} NEW.qcow2");
        }
    }
}
