using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Hyperspace.Api;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Tests.Unit.Api;

/// <summary>The description and the program say the same.</summary>
public sealed partial class OpenApiTests
{
    private static readonly string[] Methods = ["get", "post", "put", "delete", "patch"];

    private static async Task<JsonNode> DocumentAsync()
    {
        await using DaemonBench bench = await DaemonBench.StartAsync();
        (int status, string type, string body) = await bench.SendAsync("GET", "v1/openapi.json");
        Assert.Equal((200, "application/json"), (status, type));
        return JsonNode.Parse(body)!;
    }

    [Fact]
    public async Task It_describes_every_route_and_none_besides()
    {
        JsonObject paths = (await DocumentAsync())["paths"]!.AsObject();
        IEnumerable<string> described = paths.SelectMany(path => path.Value!.AsObject().Where(m => Methods.Contains(m.Key)).Select(m => $"{m.Key.ToUpperInvariant()} {path.Key}"));
        IEnumerable<string> routes = new ApiRoutes(null!, null!, null!, null!, null, default).All.Select(route => $"{route.Method} {route.Path}");
        Assert.Equal(routes.Order(), described.Order());
    }

    [Fact]
    public async Task Its_schemas_have_the_members_of_the_types()
    {
        JsonObject schemas = (await DocumentAsync())["components"]!["schemas"]!.AsObject();
        JsonTypeInfo[] types =
        [
            ControlJson.Default.VmStatus, ControlJson.Default.HostStatus, ControlJson.Default.SeatStatus, ControlJson.Default.Snapshot, ControlJson.Default.Problem,
            ControlJson.Default.SeatPort, ControlJson.Default.Degradation, ControlJson.Default.InstantStatus, ControlJson.Default.BootStatus,
            ControlJson.Default.PowerState, ControlJson.Default.PowerReport, ControlJson.Default.PowerSetting, ControlJson.Default.VmPower,
            ControlJson.Default.BatteryState, ControlJson.Default.BacklightState, ControlJson.Default.ThermalState, ControlJson.Default.PowerEvent,
            ControlJson.Default.SoundStatus, ControlJson.Default.VmSound,
            ApiJson.Default.PortRequest, ApiJson.Default.SwitchRequest, ApiJson.Default.PressRequest, ApiJson.Default.TypeRequest, ApiJson.Default.VolumeRequest,
            ControlJson.Default.PolicyStatus, ControlJson.Default.BrightnessLevel, ApiJson.Default.BrightnessRequest,
            ApiJson.Default.LockRequest, ApiJson.Default.DeviceRequest, ControlJson.Default.SeatDevice,
            ApiJson.Default.MonitorRequest, ApiJson.Default.PrimaryMonitorRequest, ControlJson.Default.SeatMonitor,
        ];
        foreach (JsonTypeInfo type in types)
        {
            JsonObject schema = schemas[type.Type.Name]!.AsObject();
            Assert.Equal(type.Properties.Where(p => p.Get is not null).Select(p => p.Name).Order(), schema["properties"]!.AsObject().Select(p => p.Key).Order());
            Assert.Subset(schema["properties"]!.AsObject().Select(p => p.Key).ToHashSet(), schema["required"]!.AsArray().Select(r => (string)r!).ToHashSet());
        }

        Assert.Equal(types.Length + 2, schemas.Count); // VmState and BackgroundSound are no objects.
        string[] states = [.. Enum.GetValues<Protocols.Control.VmState>().Select(state => JsonSerializer.Serialize(state, ControlJson.Default.VmState).Trim('"'))];
        Assert.Equal(states, schemas["VmState"]!["enum"]!.AsArray().Select(s => (string)s!));
    }

    [Fact]
    public async Task Everything_that_it_refers_to_exists_and_every_operation_has_a_name_of_its_own()
    {
        JsonNode document = await DocumentAsync();
        Assert.Equal("3.1.0", (string)document["openapi"]!);
        List<string> references = [], names = [];
        Collect(document, references, names);
        Assert.NotEmpty(references);
        Assert.All(references, reference => Assert.NotNull(reference.Split('/').Skip(1).Aggregate(document, (node, key) => node?[key]!)));
        Assert.Equal(new ApiRoutes(null!, null!, null!, null!, null, default).All.Count, names.Distinct().Count());
    }

    [Fact]
    public void The_document_for_people_names_every_route_and_none_besides()
    {
        string text = File.ReadAllText(Path.Combine(Repository(), "docs", "api.md"));
        IEnumerable<string> named = RouteRow().Matches(text).Select(match => match.Groups[1].Value);
        Assert.Equal(new ApiRoutes(null!, null!, null!, null!, null, default).All.Select(route => $"{route.Method} {route.Path}"), named);
    }

    /// <summary>What a member is required to be must be in a real answer, too.</summary>
    [Fact]
    public async Task A_real_answer_has_all_that_is_required()
    {
        JsonObject schemas = (await DocumentAsync())["components"]!["schemas"]!.AsObject();
        await using DaemonBench bench = await DaemonBench.StartAsync();
        JsonObject vm = JsonNode.Parse((await bench.SendAsync("GET", "v1/vms/lab")).Body)!.AsObject();
        JsonObject host = JsonNode.Parse((await bench.SendAsync("GET", "v1/host")).Body)!.AsObject();
        Assert.All(schemas["VmStatus"]!["required"]!.AsArray(), name => Assert.True(vm.ContainsKey((string)name!), (string)name!));
        Assert.All(schemas["HostStatus"]!["required"]!.AsArray(), name => Assert.True(host.ContainsKey((string)name!), (string)name!));
    }

    private static string Repository()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Hyperspace.slnx")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }

    [GeneratedRegex(@"^\| `((GET|POST|PUT|PATCH|DELETE) [^`]+)` \|", RegexOptions.Multiline)]
    private static partial Regex RouteRow();

    private static void Collect(JsonNode? node, List<string> references, List<string> names)
    {
        foreach ((string key, JsonNode? child) in node is JsonObject o ? o.ToArray() : [])
        {
            if (key == "$ref")
            {
                references.Add((string)child!);
            }
            else if (key == "operationId")
            {
                names.Add((string)child!);
            }

            Collect(child, references, names);
        }

        foreach (JsonNode? child in node is JsonArray a ? a.ToArray() : [])
        {
            Collect(child, references, names);
        }
    }
}
