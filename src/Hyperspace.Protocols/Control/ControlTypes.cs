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
    /// <summary>The guest has put itself to sleep (ACPI S3): a key or <see cref="Link.VmAction.Wake"/> wakes it.</summary>
    [JsonStringEnumMemberName("sleeping")] Sleeping,
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

    /// <summary>How this run began: <c>cold</c> (it booted), <c>template</c> or <c>warm</c> (from a template, in an engine that was started before); null when it is off.</summary>
    public string? StartedBy { get; init; }

    /// <summary>The process's memory with what it shares with others counted in parts (PSS, proc(5)); null when it cannot be measured.</summary>
    public long? ProportionalBytes { get; init; }

    /// <summary>The VM that this one is a disposable of: it has no file, and stopping it forgets it. Null for a VM of its own.</summary>
    public string? DisposableOf { get; init; }

    /// <summary>How far its boot is; null while it does not run.</summary>
    public BootStatus? Boot { get; init; }

    /// <summary>About its template; null for a VM that has and wants none.</summary>
    public InstantStatus? Instant { get; init; }
    /// <summary>What becomes of its sound while another VM has the focus; left out for a VM without sound.</summary>
    public BackgroundSound? Sound { get; init; }

    /// <summary><c>on</c>, <c>in</c> or <c>out</c>: the ways that text may take through its clipboard; left out for a VM without one.</summary>
    public string? Clipboard { get; init; }

    [JsonIgnore]
    public bool IsAlive => State is VmState.Running or VmState.Paused or VmState.Sleeping or VmState.Stopping or VmState.Starting;
}

/// <summary>How far a guest's boot is.</summary>
/// <param name="Percent">0 to 99, by the CPU time of the boot before; null while nobody can say, and when it is up.</param>
public sealed record BootStatus(bool IsUp, int? Percent)
{
    public static BootStatus Up { get; } = new(true, null);
}

/// <summary>Whether a VM can be opened from a template.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TemplateState>))]
public enum TemplateState
{
    /// <summary>There is none; <see cref="InstantStatus.Why"/> says why when there is more to say.</summary>
    [JsonStringEnumMemberName("none")] None,
    [JsonStringEnumMemberName("building")] Building,
    [JsonStringEnumMemberName("ready")] Ready,
    /// <summary>There is one that is not used any more; <see cref="InstantStatus.Why"/> says why.</summary>
    [JsonStringEnumMemberName("outdated")] Outdated,
}

/// <summary>The template of a VM.</summary>
/// <param name="Why">Why there is none or it is outdated, or what a build is doing: a sentence; null when there is nothing to say.</param>
/// <param name="Progress">0 to 100 while one is built; else null.</param>
/// <param name="Bytes">What it takes of the disk; null for none.</param>
/// <param name="SavedAt">When it was saved.</param>
/// <param name="IsCheckpoint">Whether it is used once: the next start goes on from it, and then it is gone.</param>
/// <param name="Warm">Engines that are started for the next opens.</param>
public sealed record InstantStatus(TemplateState Template, string? Why, int? Progress, long? Bytes, DateTimeOffset? SavedAt, bool IsCheckpoint, int Warm);

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

/// <summary>What becomes of a VM's sound while another one has the focus.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BackgroundSound>))]
public enum BackgroundSound
{
    /// <summary>It stays an eighth as loud.</summary>
    [JsonStringEnumMemberName("duck")] Duck,
    /// <summary>It stays as loud.</summary>
    [JsonStringEnumMemberName("play")] Play,
    [JsonStringEnumMemberName("mute")] Mute,
}

/// <summary>What is heard at the seat.</summary>
/// <param name="Device">ALSA's name of the device that plays, or <c>off</c>.</param>
/// <param name="Problem">Why there is no sound, as part of a sentence; null while nothing is known to be wrong.</param>
/// <param name="Volume">0 to 100 per cent.</param>
public sealed record SoundStatus(string Device, string? Problem, int Volume, bool Muted, IReadOnlyList<VmSound> Vms);

/// <summary>What is heard of a VM.</summary>
/// <param name="Playing">It has sent anything but silence within the last second.</param>
/// <param name="Heard"><c>heard</c>, <c>ducked</c>, <c>muted</c>, or <c>off</c> for a VM without sound.</param>
public sealed record VmSound(string Vm, string Label, bool Playing, string Heard)
{
    /// <summary>The seat's user has muted it, whatever its definition says.</summary>
    public bool MutedHere { get; init; }

    /// <summary>Why it is not heard, as part of a sentence.</summary>
    public string? Problem { get; init; }
}

/// <summary>What the seat shows and listens to. Pushed by the seat on every change.</summary>
/// <param name="Port">The focused port: 0 is the console.</param>
/// <param name="Vm">The focused VM's name; null on port 0 and on an empty port.</param>
/// <param name="Output"><c>window</c>, <c>terminal</c>, <c>drm</c> or <c>headless</c>.</param>
/// <param name="Width">Pixels of the whole monitor, trusted bar included.</param>
/// <param name="KeysDown">Linux key codes that the focused guest believes to be down.</param>
/// <param name="Switches">How many switches of focus there have been.</param>
/// <param name="LastSwitchMicroseconds">
/// From the chord's last key to the target's first complete frame. On a bare monitor from the kernel's time of the key to its time of the page flip; in a window from the key received to the frame given to the
/// desktop; else to the frame presented. Null before the first switch and while one waits for its frame.
/// </param>
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
    /// <summary>Null for a seat without sound.</summary>
    public SoundStatus? Sound { get; init; }

    /// <summary>The VM that alone may have the keyboard; null for none.</summary>
    public string? LockedTo { get; init; }

    /// <summary>Another number whenever a key, a button or the pointer was used since the last status: what ends idleness.</summary>
    public long Inputs { get; init; }

    /// <summary>The keyboards, mice and other devices of a seat that has its own; null for one that has none.</summary>
    public IReadOnlyList<SeatDevice>? Devices { get; init; }

    /// <summary>The monitors of a seat on this computer's own, the primary first; null for a seat with one picture.</summary>
    public IReadOnlyList<SeatMonitor>? Monitors { get; init; }
}

/// <summary>A monitor of the seat, or one that it remembers.</summary>
/// <param name="Id">What it is remembered by.</param>
/// <param name="Name">What it calls itself, else the name of its socket.</param>
/// <param name="Connector">The socket that it is plugged into, such as <c>HDMI-A-1</c>; null for one that is not.</param>
/// <param name="Width">Pixels; 0 for one that is not plugged in.</param>
/// <param name="Shows"><c>primary</c>, <c>mirror</c>, <c>port</c> for one that shows a port of its own, or <c>absent</c> for one that would if it were plugged in.</param>
/// <param name="Port">The port that is seen on it, or would be.</param>
/// <param name="HasKeys">Keyboard and pointer go to what is seen on it.</param>
public sealed record SeatMonitor(string Id, string Name, string? Connector, int Width, int Height, string Shows, int Port, bool HasKeys);

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
public sealed record Snapshot(HostStatus Host, IReadOnlyList<VmStatus> Vms, SeatStatus? Seat)
{
    /// <summary>Null while nothing is known of it.</summary>
    public PowerState? Power { get; init; }

    /// <summary>Null in a daemon without power rules.</summary>
    public PolicyStatus? Policy { get; init; }
}

/// <summary>An error as the API answers it (RFC 9457 problem details, the members that are used here).</summary>
/// <param name="Title">One sentence: what failed.</param>
/// <param name="Detail">Why, and what follows from it.</param>
public sealed record Problem(string Title, string? Detail, int Status);
