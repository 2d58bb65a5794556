using System.Text.Json.Serialization;

namespace Hyperspace.Protocols.Control;

/// <summary>Where a VM is in its life. A guest that powers itself off is <see cref="Off"/>; one whose QEMU or kernel died is <see cref="Crashed"/>.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<VmState>))]
public enum VmState
{
    [JsonStringEnumMemberName("off")] Off,
    [JsonStringEnumMemberName("starting")] Starting,
    [JsonStringEnumMemberName("running")] Running,
    [JsonStringEnumMemberName("paused")] Paused,
    [JsonStringEnumMemberName("stopping")] Stopping,
    [JsonStringEnumMemberName("crashed")] Crashed,
    /// <summary>The definition file cannot be used; <see cref="VmStatus.Reason"/> says why.</summary>
    [JsonStringEnumMemberName("invalid")] Invalid,
}

/// <summary>What the API, the console and the bar show of one VM. Immutable; a change makes a new one.</summary>
/// <param name="Name">The name of the definition: <c>[a-z][a-z0-9-]{0,30}</c>.</param>
/// <param name="Label">What people call it; free text of at most 40 characters.</param>
/// <param name="Color">The label's colour, <c>#rrggbb</c>.</param>
/// <param name="Port">1 to 9, or null for a VM that no port shows.</param>
/// <param name="Reason">Why it is off, crashed, paused or invalid, or what is wrong while it runs; null while there is nothing to say.</param>
/// <param name="Accelerator"><c>kvm</c> or <c>tcg</c>: what it runs with, or would.</param>
/// <param name="CpuPercent">Of one host CPU, over the last sampling period: 0 to 100 x vCPUs.</param>
/// <param name="ResidentBytes">Resident memory of the VM's process.</param>
/// <param name="StartedAt">When this run began; null when it is off.</param>
/// <param name="Restarts">How often the restart policy has started it again since the last start by hand.</param>
/// <param name="Generation">Names a run of this VM, higher with each, also over daemons; a new number means a new display to connect to.</param>
public sealed record VmStatus(
    string Name,
    string Label,
    string Color,
    int? Port,
    VmState State,
    string? Reason,
    int MemoryMiB,
    int Cpus,
    string Accelerator,
    double CpuPercent,
    long ResidentBytes,
    DateTimeOffset? StartedAt,
    int Restarts,
    int Generation)
{
    /// <summary>It may not get the seat's keyboard without asking.</summary>
    public bool AsksFocus { get; init; }

    /// <summary>The process of the engine, for people who debug; null when there is none.</summary>
    public int? Pid { get; init; }

    [JsonIgnore]
    public bool IsAlive => State is VmState.Running or VmState.Paused or VmState.Stopping or VmState.Starting;
}

/// <summary>Something about this host that works less well than it could, and what to do about it.</summary>
public sealed record Degradation(string What, string Why, string Remedy);

/// <summary>The machine that Hyperspace runs on, for the console's host page and <c>hyperspace host</c>.</summary>
/// <param name="CpuPercent">Of all CPUs together: 0 to 100.</param>
/// <param name="DiskFreeBytes">Free space where VM disks are kept.</param>
/// <param name="Accelerator"><c>kvm</c> or <c>tcg</c>, what <c>auto</c> means here.</param>
public sealed record HostStatus(
    string HostName,
    string CpuModel,
    int CpuCount,
    double CpuPercent,
    long MemoryBytes,
    long MemoryAvailableBytes,
    long DiskBytes,
    long DiskFreeBytes,
    string Accelerator,
    string AcceleratorReason,
    string KernelVersion,
    string QemuVersion,
    string HyperspaceVersion,
    DateTimeOffset BootedAt,
    IReadOnlyList<Degradation> Degraded);

/// <summary>What the seat shows and listens to. Pushed by the seat on every change.</summary>
/// <param name="Port">The focused port: 0 is the console.</param>
/// <param name="Vm">The focused VM's name; null on port 0 and on an empty port.</param>
/// <param name="Output"><c>terminal</c> or <c>headless</c> (later <c>drm</c>, <c>window</c>).</param>
/// <param name="Width">Pixels of the whole monitor, trusted bar included.</param>
/// <param name="KeysDown">Linux key codes that the focused guest believes to be down.</param>
/// <param name="Switches">How many switches of focus there have been.</param>
/// <param name="LastSwitchMicroseconds">From the chord's last key received to the target's first complete frame presented; null before the first.</param>
public sealed record SeatStatus(
    int Port,
    string? Vm,
    string Output,
    int Width,
    int Height,
    IReadOnlyList<int> KeysDown,
    long Switches,
    double? LastSwitchMicroseconds,
    IReadOnlyList<SeatPort> Ports)
{
    /// <summary>The VM that alone may have the keyboard; null for none.</summary>
    public string? LockedTo { get; init; }

    /// <summary>The keyboards, mice and other devices of a seat that has its own; null for one that has none.</summary>
    public IReadOnlyList<SeatDevice>? Devices { get; init; }
}

/// <summary>A device of the seat, or one that it remembers.</summary>
/// <param name="Id">What it is remembered by.</param>
/// <param name="Name">What it calls itself, made fit to be shown.</param>
/// <param name="Node">Its node in /dev/input; null for one that is not plugged in.</param>
/// <param name="Kinds"><c>keyboard</c>, <c>pointer</c>, <c>touchpad</c>, <c>touch</c>, <c>tablet</c>, <c>switch</c>, <c>keys</c>.</param>
/// <param name="Bus">Such as <c>usb</c>; empty when it has none.</param>
/// <param name="Trust"><c>trusted</c>, <c>asked</c>, <c>refused</c>, <c>pointer-only</c>, <c>not-taken</c>, or <c>absent</c> for one that is remembered and not plugged in.</param>
/// <param name="Grabbed">Nobody else on this computer gets its events.</param>
/// <param name="Events">Since it was plugged in, those that went nowhere included.</param>
/// <param name="Reason">What is wrong with it, as a sentence, or null.</param>
public sealed record SeatDevice(string Id, string Name, string? Node, IReadOnlyList<string> Kinds, string Bus, string Trust, bool Grabbed, long Events, string? Reason);

/// <summary>A port of the seat and what is plugged into it.</summary>
/// <param name="Screen"><c>console</c>, <c>live</c> (pixels arrive), <c>waiting</c> (no first frame yet), <c>off</c> or <c>empty</c>.</param>
public sealed record SeatPort(int Port, string? Vm, string Label, string Color, string Screen, int Width, int Height, long Frames);

/// <summary>All that changes, in one immutable value: sent whole, because it is small.</summary>
public sealed record Snapshot(HostStatus Host, IReadOnlyList<VmStatus> Vms, SeatStatus? Seat);

/// <summary>An error as the API answers it (RFC 9457 problem details, the members that are used here).</summary>
/// <param name="Title">One sentence: what failed.</param>
/// <param name="Detail">Why, and what follows from it.</param>
public sealed record Problem(string Title, string? Detail, int Status);
