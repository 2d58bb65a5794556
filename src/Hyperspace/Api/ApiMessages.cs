using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hyperspace.Protocols.Control;
using Hyperspace.Protocols.Link;

namespace Hyperspace.Api;

/// <summary>Body of <c>PUT /v1/vms/{name}/port</c>.</summary>
/// <param name="Port">1 to 9, or null to take the VM off its port.</param>
internal sealed record PortRequest([property: JsonRequired] int? Port);

/// <summary>Body of <c>POST /v1/seat/switch</c>.</summary>
/// <param name="Port">0 to 9.</param>
internal sealed record SwitchRequest([property: JsonRequired] int Port);

/// <summary>Body of <c>POST /v1/seat/press</c>.</summary>
/// <param name="Chord">Such as <c>leader 2</c> or <c>ctrl+alt+esc</c>.</param>
internal sealed record PressRequest([property: JsonRequired] string Chord);

/// <summary>Body of <c>POST /v1/seat/type</c>.</summary>
/// <param name="Text">At most <see cref="ApiServer.MaxTypedCharacters"/> characters.</param>
internal sealed record TypeRequest([property: JsonRequired] string Text);

/// <summary>Body of <c>POST /v1/seat/volume</c>.</summary>
/// <param name="Volume"><c>0</c> to <c>100</c>, <c>up</c>, <c>down</c>, <c>mute</c> or <c>unmute</c>.</param>
internal sealed record VolumeRequest([property: JsonRequired] string Volume);

/// <summary>Body of <c>PUT /v1/power/brightness</c>.</summary>
/// <param name="Percent">0 to 100.</param>
internal sealed record BrightnessRequest([property: JsonRequired] int Percent);

/// <summary>Body of <c>POST /v1/seat/lock</c>.</summary>
/// <param name="Vm">The VM that alone may have the keyboard, or null for any.</param>
internal sealed record LockRequest([property: JsonRequired] string? Vm);

/// <summary>Body of <c>POST /v1/seat/devices</c>.</summary>
/// <param name="Id">As <c>devices</c> of the seat's status has it.</param>
/// <param name="Action"><c>accept</c> or <c>forget</c>.</param>
internal sealed record DeviceRequest([property: JsonRequired] string Id, [property: JsonRequired] string Action);

/// <summary>Body of <c>POST /v1/seat/monitors</c>.</summary>
/// <param name="Id">As <c>monitors</c> of the seat's status has it, or the name of the socket.</param>
/// <param name="Port">1 to 9, or null for a mirror of the primary.</param>
internal sealed record MonitorRequest([property: JsonRequired] string Id, [property: JsonRequired] int? Port);

/// <summary>Body of <c>POST /v1/seat/monitors/primary</c>.</summary>
/// <param name="Id">As <c>monitors</c> of the seat's status has it, or the name of the socket.</param>
internal sealed record PrimaryMonitorRequest([property: JsonRequired] string Id);

/// <summary>Serialisation without reflection of what the API takes; what it answers is in <see cref="ReadableJson"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(PortRequest))]
[JsonSerializable(typeof(SwitchRequest))]
[JsonSerializable(typeof(PressRequest))]
[JsonSerializable(typeof(TypeRequest))]
[JsonSerializable(typeof(PowerSetting))]
[JsonSerializable(typeof(VolumeRequest))]
[JsonSerializable(typeof(BrightnessRequest))]
[JsonSerializable(typeof(MonitorRequest))]
[JsonSerializable(typeof(PrimaryMonitorRequest))]
[JsonSerializable(typeof(LockRequest))]
[JsonSerializable(typeof(DeviceRequest))]
internal sealed partial class ApiJson : JsonSerializerContext;

/// <summary>What the API answers and what <c>--json</c> prints: <see cref="ControlJson"/> for eyes too, with quotes and other scripts' letters as they are. It goes into no HTML.</summary>
internal static class ReadableJson
{
    public static ControlJson Default { get; } = new(new JsonSerializerOptions(ControlJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
