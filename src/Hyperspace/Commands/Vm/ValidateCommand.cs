using System.CommandLine;
using System.Text.Json.Nodes;
using Hyperspace.Machines.Definitions;

namespace Hyperspace.Commands.Vm;

/// <summary><c>hyperspace vm validate</c>: all errors of definitions, each with its place and an example.</summary>
internal static class ValidateCommand
{
    public static Command Build(VmContext context)
    {
        Argument<string[]> names = context.NameArgument<string[]>("VMs, or files (with a / or .yaml in them). All VMs when there is none.", ArgumentArity.ZeroOrMore);
        names.HelpName = "NAME|FILE";
        var json = new Option<bool>("--json") { Arity = ArgumentArity.Zero, Description = "A JSON array of errors." };
        return context.Does(new Command("validate", "Check definitions, alone and against each other. The exit code is 1 when there are errors.") { names, json }, (result, screen, _) =>
        {
            IReadOnlyList<LoadedDefinition> chosen = Choose(context, result.GetValue(names) ?? []);
            List<DefinitionError> errors = [.. chosen.SelectMany(d => d.Errors)];
            if (result.GetValue(json))
            {
                screen.Line(VmJson.Text(new JsonArray([.. errors.Select(VmJson.Of)])));
                return Task.FromResult(errors.Count == 0 ? 0 : 1);
            }

            foreach (DefinitionError error in errors)
            {
                screen.Line(error.ToString());
            }

            foreach (string ignored in Ignored(context))
            {
                screen.Warning($"{ignored} is not read: a definition's name ends in .yaml.");
            }

            string what = chosen.Count == 1 ? "1 definition" : $"{chosen.Count} definitions";
            screen.Line(errors.Count == 0 ? $"{what}, no errors." : $"{what}, {errors.Count} error{(errors.Count == 1 ? "" : "s")}.");
            return Task.FromResult(errors.Count == 0 ? 0 : 1);
        });
    }

    private static IReadOnlyList<LoadedDefinition> Choose(VmContext context, string[] names)
    {
        DefinitionStore store = context.Store;
        IReadOnlyList<LoadedDefinition> all = store.Load();
        return names.Length == 0 ? all : [.. names.Select(name => One(context, store, all, name))];
    }

    private static LoadedDefinition One(VmContext context, DefinitionStore store, IReadOnlyList<LoadedDefinition> all, string name)
    {
        if (!name.Contains('/') && !name.EndsWith(".yaml", StringComparison.Ordinal))
        {
            context.FileOf(name);
            return all.First(d => d.Name == name);
        }

        // One of the definitions' folder is checked against the others, any other one alone.
        string file = DraftOptions.FullPath(name);
        return all.FirstOrDefault(d => d.File == file) ?? store.Reader.ReadFile(file);
    }

    private static IEnumerable<string> Ignored(VmContext context) => Directory.Exists(context.Paths.Definitions)
        ? Directory.EnumerateFiles(context.Paths.Definitions).Where(f => Path.GetExtension(f) is ".yml" or ".YAML" or ".YML" or ".json" or ".xml").Order(StringComparer.Ordinal)
        : [];
}
