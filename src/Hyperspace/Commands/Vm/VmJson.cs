using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hyperspace.Machines.Definitions;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Commands.Vm;

/// <summary>What <c>--json</c> prints: the control API's own words where there are such.</summary>
internal static class VmJson
{
    private static readonly JsonSerializerOptions Options = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text(JsonNode node) => node.ToJsonString(Options);

    /// <summary>The state's name, as the API has it.</summary>
    public static string Word(VmState state) => state.ToString().ToLowerInvariant();

    public static JsonNode Of(VmStatus vm) => JsonSerializer.SerializeToNode(vm, ControlJson.Default.VmStatus)!;

    /// <summary>What is known of a VM without a daemon, with the API's members.</summary>
    public static JsonNode Of(LoadedDefinition loaded)
    {
        if (loaded.Definition is not { } vm)
        {
            return new JsonObject { ["name"] = loaded.Name, ["state"] = "invalid", ["reason"] = loaded.Errors[0].ToString() };
        }

        var entry = new JsonObject { ["name"] = vm.Name, ["label"] = vm.Label, ["color"] = vm.Color };
        if (vm.Port is { } port)
        {
            entry["port"] = port;
        }

        entry["state"] = "unknown";
        entry["reason"] = "No daemon answers.";
        entry["memoryMiB"] = vm.MemoryMiB;
        entry["cpus"] = vm.Cpus;
        return entry;
    }

    public static JsonNode Of(DefinitionError error)
    {
        var entry = new JsonObject { ["file"] = error.File, ["line"] = error.Line, ["key"] = error.Key, ["problem"] = error.Problem };
        if (error.Example is { } example)
        {
            entry["example"] = example;
        }

        return entry;
    }
}
