using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Hyperspace.Machines;
using Hyperspace.Machines.Definitions;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Commands.Vm;

/// <summary><c>hyperspace vm show NAME</c>: one VM's definition and state.</summary>
internal static class ShowCommand
{
    public static Command Build(VmContext context)
    {
        Argument<string> name = context.NameArgument<string>("The VM.", ArgumentArity.ExactlyOne);
        var json = new Option<bool>("--json") { Arity = ArgumentArity.Zero, Description = "A JSON object: its file, its status, and its definition with the defaults filled in, or the errors." };
        return context.Does(new Command("show", "Show a VM's state and its definition. The output is YAML; the state is a comment in it.") { name, json }, async (result, screen, cancel) =>
        {
            string vm = result.GetRequiredValue(name);
            string file = context.FileOf(vm);
            LoadedDefinition loaded = context.Store.Load().First(d => d.Name == vm);
            using IVmControl daemon = context.Connect();
            VmStatus? status = await daemon.IsAnsweringAsync(cancel) ? (await daemon.GetVmsAsync(cancel)).FirstOrDefault(v => v.Name == vm) : null;
            if (result.GetValue(json))
            {
                screen.Line(VmJson.Text(Json(loaded, status)));
            }
            else
            {
                Show(screen, file, loaded, status);
            }

            return 0;
        });
    }

    private static JsonObject Json(LoadedDefinition loaded, VmStatus? status)
    {
        var all = new JsonObject { ["name"] = loaded.Name, ["file"] = loaded.File, ["status"] = status is null ? VmJson.Of(loaded) : VmJson.Of(status) };
        if (loaded.Definition is { } definition)
        {
            all["definition"] = DefinitionText.Keys(definition);
        }
        else
        {
            all["errors"] = new JsonArray([.. loaded.Errors.Select(VmJson.Of)]);
        }

        return all;
    }

    private static void Show(Screen screen, string file, LoadedDefinition loaded, VmStatus? status)
    {
        string state = status is null ? (loaded.Definition is null ? "invalid" : "unknown (no daemon)") : State(status);
        screen.Line(screen.Colored($"# {loaded.Name}: {state}", "1"));
        if (status?.Reason is { } reason)
        {
            screen.Line($"# {reason.ReplaceLineEndings("\n# ")}");
        }

        screen.Line($"# {file}");
        foreach (DefinitionError error in loaded.Errors)
        {
            screen.Line(screen.Colored($"# {error.ToString().ReplaceLineEndings("\n# ")}", "31"));
        }

        foreach (string line in Text(file).ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'))
        {
            // Whoever may write definitions may not write to this terminal.
            screen.Line(string.Concat(line.Select(c => char.IsControl(c) && c != '\t' ? '\uFFFD' : c)));
        }
    }

    private static string State(VmStatus vm)
    {
        string port = vm.Port is { } number ? string.Create(CultureInfo.InvariantCulture, $"port {number}") : "no port";
        if (!vm.IsAlive || vm.StartedAt is not { } start)
        {
            return $"{VmJson.Word(vm.State)}, {port}";
        }

        return string.Create(
            CultureInfo.InvariantCulture,
            $"{VmJson.Word(vm.State)} for {ListCommand.Duration(DateTimeOffset.Now - start)}, {port}, {vm.Accelerator}, {vm.CpuPercent:0} % CPU, {ByteSize.Human(vm.ResidentBytes)} of memory used, {vm.Restarts} restart{(vm.Restarts == 1 ? "" : "s")}");
    }

    private static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{file} cannot be read: {e.Message}", e);
        }
    }
}
