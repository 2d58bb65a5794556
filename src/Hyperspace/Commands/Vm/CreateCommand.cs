using System.CommandLine;
using System.Text.Json.Nodes;
using Hyperspace.Linux.Files;
using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Definitions.Schema;

namespace Hyperspace.Commands.Vm;

/// <summary><c>hyperspace vm create NAME</c>: a new VM with new disks or images that exist.</summary>
internal static class CreateCommand
{
    public static Command Build(VmContext context)
    {
        var name = new Argument<string>("NAME") { Description = "Its name: lower-case letters, digits and hyphens, beginning with a letter, at most 31." };
        var disk = new Option<string[]>("--disk") { Description = "A new disk of that size, or an image (qcow2, raw) that stays where it is. Repeatable.", HelpName = "SIZE|FILE" };
        var iso = new Option<string?>("--iso") { Description = "An ISO image in its CD drive, such as an installer.", HelpName = "FILE" };
        var kernel = new Option<string?>("--kernel") { Description = "A Linux kernel that is started directly.", HelpName = "FILE" };
        var initrd = new Option<string?>("--initrd") { Description = "The kernel's initial RAM disk.", HelpName = "FILE" };
        var cmdline = new Option<string?>("--cmdline") { Description = "The kernel's command line.", HelpName = "TEXT" };
        var command = new Command("create", "Make a VM: its definition, and its new disks in its state folder.") { name, disk, iso, kernel, initrd, cmdline };
        var options = new DraftOptions();
        options.AddTo(command);
        return context.Does(command, async (result, screen, cancel) =>
        {
            VmDraft draft = Named(result.GetRequiredValue(name));
            foreach (string text in result.GetValue(disk) ?? [])
            {
                draft.Disks.Add(Disk(text));
            }

            if (result.GetValue(iso) is { } image)
            {
                draft.Keys["cdrom"] = DraftOptions.FullPath(image);
            }

            SetKernel(draft.Keys, result.GetValue(kernel), result.GetValue(initrd), result.GetValue(cmdline));
            return await MakeAsync(context, screen, options.Apply(result, draft), cancel);
        });
    }

    /// <summary>Makes what the draft says, and tells what has been made.</summary>
    public static async Task<int> MakeAsync(VmContext context, Screen screen, VmDraft draft, CancellationToken cancel)
    {
        DefinitionStore store = context.Store;
        var maker = new VmMaker(context.Paths, store, (file, percent) => screen.Progress($"copying to {file}", percent));
        VmDefinition vm;
        try
        {
            vm = await maker.MakeAsync(draft, cancel);
        }
        catch (InvalidDefinitionException e)
        {
            screen.Error($"{draft.Name} has not been made, because its definition would have errors:");
            foreach (DefinitionError error in e.Errors)
            {
                screen.Error($"  {(error.Key.Length > 0 ? $"{error.Key}: " : "")}{error.Problem}{(error.Example is null ? "" : $"\n    for example: {error.Example}")}");
            }

            return 1;
        }

        WriteSchema(context);
        await context.TellDaemonAsync(cancel);
        Tell(screen, vm, draft);
        return 0;
    }

    /// <exception cref="MachineException">It is no name.</exception>
    public static VmDraft Named(string name) => VmSchema.IsName(name)
        ? new VmDraft(name)
        : throw new MachineException($"\"{name}\" is no name for a VM; expected lower-case letters, digits and hyphens, beginning with a letter, at most 31, such as work.");

    private static void Tell(Screen screen, VmDefinition vm, VmDraft draft)
    {
        string port = vm.Port is { } number ? $"on port {number}" : draft.WithoutPort ? "on no port" : "on no port, because all nine are taken";
        screen.Line($"{vm.Name}: {ByteSize.Human((long)vm.MemoryMiB << 20)} memory, {vm.Cpus} CPU{(vm.Cpus == 1 ? "" : "s")}, {port}; {vm.SourceFile}");
        foreach (DiskDefinition disk in vm.Disks)
        {
            string size = DiskImage.GuestSize(disk.File) is { } bytes ? $", {ByteSize.Human(bytes)}" : "";
            screen.Line($"  disk {disk.File}{size}");
        }

        if (vm.Cdrom is { } cdrom)
        {
            screen.Line($"  CD   {cdrom}");
        }

        screen.Line($"Start it: hyperspace vm start {vm.Name}");
    }

    private static DraftDisk Disk(string text)
    {
        if (ByteSize.Parse(text) is { } bytes)
        {
            return bytes is >= 1 << 20 and <= 1L << 50
                ? new DraftDisk(null, bytes, DiskFormat.Qcow2)
                : throw new MachineException($"--disk {text} is no size for a disk; expected 1MiB to 1024TiB.");
        }

        string file = DraftOptions.FullPath(text);
        return File.Exists(file)
            ? new DraftDisk(file, 0, DiskMagic.IsQcow2(file) == true ? DiskFormat.Qcow2 : DiskFormat.Raw)
            : throw new MachineException($"--disk {text} is neither a size nor a file that exists; expected one such as 20GiB or ~/images/work.qcow2.");
    }

    private static void SetKernel(JsonObject keys, string? kernel, string? initrd, string? cmdline)
    {
        if (kernel is null)
        {
            if (initrd is not null || cmdline is not null)
            {
                throw new MachineException("--initrd and --cmdline are for a kernel; expected --kernel FILE too.");
            }

            return;
        }

        var group = new JsonObject { ["image"] = DraftOptions.FullPath(kernel) };
        if (initrd is not null)
        {
            group["initrd"] = DraftOptions.FullPath(initrd);
        }

        if (cmdline is not null)
        {
            group["cmdline"] = cmdline;
        }

        keys["firmware"] = "linux";
        keys["kernel"] = group;
    }

    /// <summary>The schema that the first line of each definition names. An editor without it edits all the same.</summary>
    private static void WriteSchema(VmContext context)
    {
        string file = Path.Combine(context.Paths.Config, VmMaker.SchemaFile);
        string schema = VmSchema.ToJsonSchema();
        try
        {
            if (!File.Exists(file) || File.ReadAllText(file) != schema)
            {
                AtomicFile.WriteAllText(file, schema);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Not worth a failure.
        }
    }
}
