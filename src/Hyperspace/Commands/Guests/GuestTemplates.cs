using Hyperspace.Daemon;
using Hyperspace.Linux;
using Hyperspace.Linux.Files;
using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Engines;
using Hyperspace.Machines.Engines.Qemu;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands.Guests;

/// <summary>Templates of the built guests: made once a machine, in an installation of their own in the cache, and copied from there.</summary>
internal static class GuestTemplates
{
    /// <returns>The exit code.</returns>
    public static async Task<int> PrepareAsync(HyperspacePaths paths, IEnumerable<string> names, TextWriter output, CancellationToken cancel)
    {
        HyperspacePaths prepared = paths.Prepared;
        LocalSocket.PrepareFolder(prepared.Runtime);
        using FileLock? place = FileLock.TryTake(prepared.DaemonLock);
        if (place is null)
        {
            Console.Error.WriteLine($"Templates are being made already (process {FileLock.LastHolder(prepared.DaemonLock)?.ToString() ?? "unknown"}).");
            return 1;
        }

        var store = new DefinitionStore(prepared, HostFacts.Read());
        ITemplates templates = new QemuEngine(prepared).Templates;
        VmDefinition[] wanted = [.. names.Select(name => Definition(paths, store, name)).OfType<VmDefinition>().Where(vm => vm.Instant is not null)];
        await templates.SweepAsync([.. wanted.Select(vm => vm.Name)]);
        foreach (VmDefinition vm in wanted.Where(vm => templates.Look(vm).State != TemplateState.Ready))
        {
            string last = "";
            await templates.BuildAsync(vm, behind: false, (percent, what) =>
            {
                if (what != last || !Console.IsOutputRedirected)
                {
                    output.WriteLine($"{vm.Name}: {percent,3} %, {last = what}");
                }
            }, cancel);
            output.WriteLine($"{vm.Name}: its template is made.");
        }

        return 0;
    }

    /// <summary>Gives VMs that have no template copies of the prepared ones, unless a daemon runs, which minds templates itself.</summary>
    public static void Import(HyperspacePaths paths, DefinitionStore store, IReadOnlyList<string> names, TextWriter output)
    {
        LocalSocket.PrepareFolder(paths.Runtime);
        using FileLock? place = FileLock.TryTake(paths.DaemonLock);
        if (place is null)
        {
            return;
        }

        ITemplates templates = new QemuEngine(paths).Templates;
        foreach (VmDefinition vm in store.Load().Select(loaded => loaded.Definition).OfType<VmDefinition>().Where(vm => vm.Instant is not null && names.Contains(vm.Name)))
        {
            if (templates.Look(vm).State != TemplateState.Ready && templates.Import(vm, paths.Prepared, CancellationToken.None))
            {
                output.WriteLine($"{vm.Name} opens at once: it has a template.");
            }
        }
    }

    private static VmDefinition? Definition(HyperspacePaths paths, DefinitionStore store, string name) => store.Check(name, File.ReadAllText(GuestsCommand.DefinitionOf(paths, name))).Definition;
}
