using System.CommandLine;
using Hyperspace.Linux;
using Hyperspace.Linux.Files;
using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands.Vm;

/// <summary><c>hyperspace vm delete NAME</c>: the definition, and with <c>--disks</c> the disks that Hyperspace made for it, never others.</summary>
internal static class DeleteCommand
{
    public static Command Build(VmContext context)
    {
        Argument<string> name = context.NameArgument<string>("The VM.", ArgumentArity.ExactlyOne);
        var yes = new Option<bool>("--yes", "-y") { Arity = ArgumentArity.Zero, Description = "Do not ask." };
        var disks = new Option<bool>("--disks") { Arity = ArgumentArity.Zero, Description = "Delete its disks too, as far as they are in its state folder, with its firmware variables and logs. Images elsewhere are always kept." };
        return context.Does(
            new Command("delete", "Delete a VM that is off. Asks on a terminal, and needs --yes without one.") { name, yes, disks },
            (result, screen, cancel) => DeleteAsync(context, screen, result.GetRequiredValue(name), result.GetValue(yes), result.GetValue(disks), cancel));
    }

    private static async Task<int> DeleteAsync(VmContext context, Screen screen, string name, bool yes, bool disks, CancellationToken cancel)
    {
        context.FileOf(name);
        await CheckOffAsync(context, name, cancel);
        VmFiles files = VmFiles.Of(context, name);
        string[] deleted = disks ? [.. files.Own] : [];
        string question = $"Delete the VM {name}{(deleted.Length == 0 ? "" : $" and {string.Join(", ", deleted.Select(Described))}")}?";
        if (!yes && !screen.IsTerminal)
        {
            throw new MachineException($"{name} has not been deleted: there is no terminal to ask on; say --yes.");
        }

        if (!yes && !screen.Ask(question, otherwise: false))
        {
            screen.Line($"{name} has not been deleted.");
            return 1;
        }

        context.Store.Delete(name);
        screen.Line($"{name} has been deleted.");
        foreach (string template in files.Templates)
        {
            Directory.Delete(template, recursive: true);
            screen.Line($"  deleted {template}");
        }

        bool ok = (!disks && !files.HasOnlyLeftovers) || DeleteFiles(screen, files);
        foreach (string kept in disks ? files.Others : [.. files.Own, .. files.Others])
        {
            screen.Line($"  kept    {kept}{(disks ? files.WhyKept(kept) : "")}");
        }

        await context.TellDaemonAsync(cancel);
        return ok ? 0 : 1;
    }

    /// <summary>VMs outlive the daemon: without one, the run record tells.</summary>
    private static async Task CheckOffAsync(VmContext context, string name, CancellationToken cancel)
    {
        using IVmControl daemon = context.Connect();
        VmStatus? status = await daemon.IsAnsweringAsync(cancel) ? (await daemon.GetVmsAsync(cancel)).FirstOrDefault(vm => vm.Name == name) : null;
        if (status is { IsAlive: true })
        {
            throw new MachineException($"{name} is {VmJson.Word(status.State)}, and only a VM that is off can be deleted; \"hyperspace vm stop {name}\" stops it.");
        }

        if (status is null && RunRecord.Read(new QemuFiles(context.Paths, name).RunRecord) is { } run && ProcessInfo.StartTime(run.Pid) == run.StartTime)
        {
            throw new MachineException($"{name} runs (process {run.Pid}), and only a VM that is off can be deleted; \"hyperspace daemon\" and then \"hyperspace vm stop {name}\" stop it.");
        }
    }

    private static string Described(string file) => DiskImage.GuestSize(file) is { } size ? $"{file} ({ByteSize.Human(size)})" : file;

    private static bool DeleteFiles(Screen screen, VmFiles files)
    {
        bool ok = true;
        foreach (string file in files.Own.Concat(files.Leftovers))
        {
            try
            {
                File.Delete(file);
                if (files.Own.Contains(file))
                {
                    screen.Line($"  deleted {file}");
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                screen.Error($"{file} cannot be deleted: {e.Message}");
                ok = false;
            }
        }

        if (Directory.Exists(files.Folder) && !Directory.EnumerateFileSystemEntries(files.Folder).Any())
        {
            Directory.Delete(files.Folder);
            AtomicFile.SyncFolder(Path.GetDirectoryName(files.Folder)!);
        }

        return ok;
    }
}
