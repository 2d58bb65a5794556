using System.CommandLine;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Power.Rules;

namespace Hyperspace.Commands.Power;

/// <summary><c>hyperspace power rules</c>: the rules that count, what is wrong with them, and their JSON Schema.</summary>
internal static class RulesCommand
{
    public static Command Build(HyperspacePaths paths)
    {
        var schema = new Option<bool>("--schema") { Arity = ArgumentArity.Zero, Description = "Print the JSON Schema of power.yaml, for editors." };
        var command = new Command("rules", "Show the power rules that count, and check them. The exit code is 1 when the file has errors.") { schema };
        command.SetAction(result => result.GetValue(schema) ? PrintSchema() : Print(paths, Console.Out, Console.Error));
        return command;
    }

    private static int PrintSchema()
    {
        Console.Out.Write(RulesSchema.ToJsonSchema());
        return 0;
    }

    internal static int Print(HyperspacePaths paths, TextWriter output, TextWriter error)
    {
        if (Load(paths, error) is not { } rules)
        {
            return 1;
        }

        output.WriteLine(rules.File is null ? $"# There is no {paths.PowerRules}, so these rules, which are built in, count. Save them there to change them." : $"# {rules.File}");
        output.Write(rules.File is null ? DefaultRules.Yaml : File.ReadAllText(rules.File));
        return 0;
    }

    /// <summary>Reads the rules and writes errors and warnings; null when there are errors.</summary>
    internal static PowerRules? Load(HyperspacePaths paths, TextWriter error)
    {
        LoadedRules loaded = RulesReader.ReadFile(paths.PowerRules);
        foreach (DefinitionError problem in loaded.Errors)
        {
            error.WriteLine(problem);
        }

        foreach (RuleWarning warning in loaded.Rules is null ? [] : RulesCheck.Warnings(loaded.Rules, Vms(paths)))
        {
            error.WriteLine(warning);
        }

        return loaded.Rules;
    }

    /// <summary>The names of all definitions, good or not.</summary>
    private static string[] Vms(HyperspacePaths paths) =>
        Directory.Exists(paths.Definitions) ? [.. Directory.EnumerateFiles(paths.Definitions, "*.yaml").Select(f => Path.GetFileNameWithoutExtension(f)!)] : [];
}
