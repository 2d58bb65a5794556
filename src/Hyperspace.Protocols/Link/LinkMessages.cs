using System.Text.Json.Serialization;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Protocols.Link;

/// <summary>
/// The link is the Unix stream socket between the daemon and its interactive processes: the seat, and consoles in terminals.
/// It carries one JSON object a line, in both directions, and file descriptors (SCM_RIGHTS) with the lines that say so.
/// It exists beside the HTTP API because HTTP cannot carry file descriptors and cannot be called from the daemon towards the seat.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Hello), "hello")]
[JsonDerivedType(typeof(StateChanged), "state")]
[JsonDerivedType(typeof(DisplayRequest), "displayRequest")]
[JsonDerivedType(typeof(DisplayOffer), "display")]
[JsonDerivedType(typeof(AgentRequest), "agentRequest")]
[JsonDerivedType(typeof(AgentOffer), "agent")]
[JsonDerivedType(typeof(VmRequest), "vm")]
[JsonDerivedType(typeof(LogRequest), "log")]
[JsonDerivedType(typeof(MoveRequest), "move")]
[JsonDerivedType(typeof(BrightnessKey), "brightness")]
[JsonDerivedType(typeof(PowerKey), "powerKey")]
[JsonDerivedType(typeof(Answer), "answer")]
[JsonDerivedType(typeof(SeatChanged), "seat")]
[JsonDerivedType(typeof(SeatCommand), "command")]
public abstract record LinkMessage
{
    /// <summary>The longest line that either side accepts, in bytes; a longer one ends the connection.</summary>
    public const int MaxLineBytes = 1 << 20;
}

/// <summary>First line from the client. The daemon refuses a second seat while one is connected, with an <see cref="Answer"/>.</summary>
/// <param name="Role"><c>seat</c> or <c>console</c>.</param>
/// <param name="Version">The program's version; another one is refused with a sentence that says so.</param>
public sealed record Hello(string Role, string Version) : LinkMessage;

/// <summary>Daemon to client, on connection and on every change (CPU and memory figures: every two seconds).</summary>
public sealed record StateChanged(Snapshot Snapshot) : LinkMessage;

/// <summary>Seat to daemon: connect me to this VM's display. Answered by <see cref="DisplayOffer"/> with one fd, or by an <see cref="Answer"/>.</summary>
public sealed record DisplayRequest(long Id, string Vm, int Generation) : LinkMessage;

/// <summary>Daemon to seat, with one fd: the D-Bus peer-to-peer display socket of a VM (the client's end, not yet authenticated).</summary>
public sealed record DisplayOffer(long Id, string Vm, int Generation) : LinkMessage;

/// <summary>Seat to daemon: connect me to this VM's clipboard agent. Answered by <see cref="AgentOffer"/> with one fd, or by an <see cref="Answer"/>.</summary>
public sealed record AgentRequest(long Id, string Vm, int Generation) : LinkMessage;

/// <summary>Daemon to seat, with one fd: the host's end of the VM's port com.redhat.spice.0.</summary>
public sealed record AgentOffer(long Id, string Vm, int Generation) : LinkMessage;

[JsonConverter(typeof(JsonStringEnumConverter<VmAction>))]
public enum VmAction
{
    [JsonStringEnumMemberName("start")] Start,
    /// <summary>ACPI power-down, then after the definition's deadline the end of the process.</summary>
    [JsonStringEnumMemberName("stop")] Stop,
    [JsonStringEnumMemberName("kill")] Kill,
    [JsonStringEnumMemberName("reset")] Reset,
    [JsonStringEnumMemberName("pause")] Pause,
    [JsonStringEnumMemberName("resume")] Resume,
    /// <summary>A start without a template.</summary>
    [JsonStringEnumMemberName("start-cold")] StartCold,
    /// <summary>Saves it and ends it: its next start goes on from there.</summary>
    [JsonStringEnumMemberName("checkpoint")] Checkpoint,
    /// <summary>Presses the guest's sleep button; what the guest does about it is its own business.</summary>
    [JsonStringEnumMemberName("sleep")] Sleep,
    /// <summary>Wakes a guest that sleeps; nothing happens to one that is awake.</summary>
    [JsonStringEnumMemberName("wake")] Wake,
}

/// <summary>Client to daemon: do this to that VM. Answered by <see cref="Answer"/> when it is done or refused.</summary>
public sealed record VmRequest(long Id, string Vm, VmAction Action) : LinkMessage;

/// <summary>Client to daemon: the last lines of a VM's log. Answered by <see cref="Answer"/> with <see cref="Answer.Lines"/>.</summary>
/// <param name="Log"><c>serial</c>, <c>qemu</c> or <c>events</c>.</param>
public sealed record LogRequest(long Id, string Vm, string Log, int MaxLines) : LinkMessage;

/// <summary>Client to daemon: give this VM that port; a VM that has it gets the other's old one. The definitions are rewritten.</summary>
/// <param name="Port">1 to 9, or null to take it off its port.</param>
public sealed record MoveRequest(long Id, string Vm, int? Port) : LinkMessage;

/// <summary>Seat to daemon: a brightness key of this machine was pressed, which no guest gets. Answered by <see cref="Answer"/>, whose one line says what the brightness is then.</summary>
public sealed record BrightnessKey(long Id, bool Up) : LinkMessage;

/// <summary>Seat to daemon: a power or sleep key of one of the seat's keyboards was pressed, which no guest gets. It counts like the machine's own button. Answered by <see cref="Answer"/>.</summary>
public sealed record PowerKey(long Id, PowerButton Button) : LinkMessage;

/// <summary>The end of a request, in either direction. An fd comes with the answer to a screenshot.</summary>
public sealed record Answer(long Id, bool Ok) : LinkMessage
{
    public string? Error { get; init; }
    public IReadOnlyList<string>? Lines { get; init; }
    public SeatStatus? Seat { get; init; }
    public ScreenshotInfo? Screenshot { get; init; }
}

/// <summary>The layout of the memfd that comes with a screenshot: rows of 32-bit pixels, B G R X in memory, top row first.</summary>
public sealed record ScreenshotInfo(int Width, int Height, int Stride);

/// <summary>Seat to daemon: this is what I show now.</summary>
public sealed record SeatChanged(SeatStatus Seat) : LinkMessage;

/// <summary>Daemon to seat: what a user of the control API asks of the seat. Answered by <see cref="Answer"/>.</summary>
/// <param name="Op"><c>status</c>, <c>switch</c> (Port), <c>press</c> (Text: a chord such as <c>leader 2</c> or <c>ctrl+alt+esc</c>),
/// <c>type</c> (Text), <c>volume</c> (Text: <c>0</c> to <c>100</c>, <c>up</c>, <c>down</c>, <c>mute</c>, <c>unmute</c>), <c>lock</c> (Text: a VM's name), <c>unlock</c>, <c>accept</c> and <c>forget</c> (Text: a device's id), <c>monitor</c> (Text: a monitor's id or socket; Port, or null for a mirror), <c>screenshot</c> (Port, or null for what the monitor shows).</param>
public sealed record SeatCommand(long Id, string Op, string? Text, int? Port) : LinkMessage;

/// <summary>Serialisation without reflection, shared by the link and the HTTP API.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip)]
[JsonSerializable(typeof(LinkMessage))]
[JsonSerializable(typeof(Snapshot))]
[JsonSerializable(typeof(VmStatus))]
[JsonSerializable(typeof(IReadOnlyList<VmStatus>))]
[JsonSerializable(typeof(HostStatus))]
[JsonSerializable(typeof(SeatStatus))]
[JsonSerializable(typeof(PowerState))]
[JsonSerializable(typeof(PowerReport))]
[JsonSerializable(typeof(PowerSetting))]
[JsonSerializable(typeof(SoundStatus))]
[JsonSerializable(typeof(PolicyStatus))]
[JsonSerializable(typeof(BrightnessLevel))]
[JsonSerializable(typeof(IReadOnlyList<SeatDevice>))]
[JsonSerializable(typeof(IReadOnlyList<SeatMonitor>))]
[JsonSerializable(typeof(Problem))]
[JsonSerializable(typeof(IReadOnlyList<string>))]
public sealed partial class ControlJson : JsonSerializerContext;
