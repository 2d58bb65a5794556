using System.CommandLine;
using Hyperspace.Linux;
using Hyperspace.Linux.Files;
using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;

namespace Hyperspace.Commands.Guests;

/// <summary><c>hyperspace guests</c>: the guests that <c>guests/build</c> has made from Debian packages.</summary>
internal static class GuestsCommand
{
    public static Command Build(HyperspacePaths paths)
    {
        var install = new Command("install", "Plug the built guests in. Each is plugged in once: a definition that was changed or deleted stays so.");
        install.SetAction(_ => Install(paths, new DefinitionStore(paths, HostFacts.Read()), Console.Out));
        var prepare = new Command("prepare", "Make templates of the built guests that want one, so that they open at once everywhere on this machine. What is up to date is left alone.");
        prepare.SetAction((_, cancel) => GuestTemplates.PrepareAsync(paths, Built(paths), Console.Out, cancel));
        return new Command("guests", "The guests that guests/build has made from Debian packages.") { install, prepare };
    }

    /// <returns>The exit code.</returns>
    internal static int Install(HyperspacePaths paths, DefinitionStore store, TextWriter output)
    {
        string record = Path.Combine(paths.State, "guests-installed");
        HashSet<string> known = File.Exists(record) ? [.. File.ReadAllLines(record)] : [];
        try
        {
            foreach (string name in Built(paths).Where(name => !known.Contains(name) && !store.Exists(name)))
            {
                string text = File.ReadAllText(DefinitionOf(paths, name));
                bool taken = store.Check(name, text).Errors.Any(e => e.Key == "port");
                store.Write(name, taken ? DefinitionStore.WithPort(text, store.FreePort()) : text);

                output.WriteLine($"{name} is plugged in; its definition is {store.FileOf(name)}.");
            }

            GuestTemplates.Import(paths, store, [.. Built(paths)], output);
            Directory.CreateDirectory(paths.State);
            AtomicFile.WriteAllText(record, string.Concat(known.Union(Built(paths)).Order(StringComparer.Ordinal).Select(name => name + "\n")));
            return 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or MachineException)
        {
            Console.Error.WriteLine($"The guests cannot be plugged in: {e.Message}");
            return 1;
        }
    }

    internal static string DefinitionOf(HyperspacePaths paths, string name) => Path.Combine(paths.Guest(name), "vm.yaml");

    /// <summary>In the order of their names; the ports are in the definitions.</summary>
    private static IEnumerable<string> Built(HyperspacePaths paths) => Directory.Exists(Path.Combine(paths.Cache, "guests"))
        ? Directory.EnumerateDirectories(Path.Combine(paths.Cache, "guests")).Select(folder => Path.GetFileName(folder)!).Where(name => File.Exists(DefinitionOf(paths, name))).Order(StringComparer.Ordinal)
        : [];
}
