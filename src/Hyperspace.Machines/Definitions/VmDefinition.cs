using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Definitions;

/// <summary>What starts the guest.</summary>
public enum Firmware { Uefi, Bios, Linux }

public enum DiskFormat { Qcow2, Raw }

/// <summary>What becomes of what the guest writes.</summary>
public enum DiskMode
{
    /// <summary>It is kept.</summary>
    Persistent,
    /// <summary>It is refused.</summary>
    ReadOnly,
    /// <summary>It goes to an overlay that is thrown away when the VM stops.</summary>
    Ephemeral,
}

public enum NetworkMode
{
    None,
    /// <summary>QEMU's user network: outward only, but for the forwards.</summary>
    User,
}

public enum InputDevices { Virtio, Usb, Ps2 }

public enum AcceleratorChoice { Auto, Kvm, Tcg }

public enum RestartPolicy { Never, OnCrash }

/// <summary>Direct kernel boot. All paths absolute.</summary>
public sealed record KernelDefinition(string Image, string? Initrd, string Cmdline);

/// <param name="File">Absolute path.</param>
/// <param name="SizeBytes">The size to create the disk with when it does not exist and lies in the VM's state folder; null: it must exist.</param>
public sealed record DiskDefinition(string File, DiskFormat Format, DiskMode Mode, long? SizeBytes);

/// <summary>A TCP or UDP port of this host (on 127.0.0.1) that leads into the guest.</summary>
/// <param name="Protocol"><c>tcp</c> or <c>udp</c>.</param>
public sealed record PortForward(string Protocol, int HostPort, int GuestPort);

public sealed record NetworkDefinition(NetworkMode Mode, IReadOnlyList<PortForward> Forwards);

/// <summary>The size that the guest's screen starts with, in pixels: 640x400 to 7680x4320.</summary>
public sealed record DisplayDefinition(int Width, int Height);

/// <param name="On">It has a sound card; a microphone it never has.</param>
/// <param name="Background">What is heard of it while another VM has the focus.</param>
public sealed record SoundDefinition(bool On, BackgroundSound Background);

/// <summary>Which ways text may take through its clipboard, each time by the user's own gesture (docs/clipboard.md).</summary>
[Flags]
public enum ClipboardWays
{
    /// <summary>None: it has no channel for it.</summary>
    Off = 0,
    In = 1,
    Out = 2,
    Both = In | Out,
}

/// <param name="Maximum">Restarts within ten minutes before it stays crashed: 1 to 100.</param>
public sealed record RestartDefinition(RestartPolicy Policy, int Maximum);

/// <summary>How an instant VM is opened and what becomes of what is done in it.</summary>
/// <param name="Warm">Engines kept ready for the next opens: 0 to 4.</param>
/// <param name="KeepsHome">Whether it gets a disk of its own, labelled hs-home, that outlives it.</param>
public sealed record InstantDefinition(int Warm, bool KeepsHome);
/// <summary>What a VM's battery, AC adapter and lid are.</summary>
public enum PowerMode
{
    /// <summary>This machine's.</summary>
    Mirror,
    /// <summary>There are none, and no ACPI table that could describe some.</summary>
    None,
    /// <summary>What the definition says.</summary>
    Fixed,
}

/// <param name="Fixed">With <see cref="PowerMode.Fixed"/> alone.</param>
public sealed record PowerDefinition(PowerMode Mode, Hyperspace.Protocols.Control.PowerState? Fixed)
{
    public static PowerDefinition Mirror { get; } = new(PowerMode.Mirror, null);
}

/// <summary>One VM, as its YAML file defines it: checked, complete, immutable. docs/definitions.md has the keys in words.</summary>
/// <param name="Name"><c>[a-z][a-z0-9-]{0,30}</c>; the file's name too.</param>
/// <param name="Color"><c>#rrggbb</c>.</param>
/// <param name="Port">1 to 9, or null.</param>
/// <param name="StopDeadline">How long an ACPI power-down may take before the process is ended.</param>
/// <param name="Extra">QEMU arguments passed as they are; they void the sandbox's promises about files they name.</param>
/// <param name="SourceFile">The YAML file.</param>
public sealed record VmDefinition(
    string Name,
    string Label,
    string Color,
    int? Port,
    int MemoryMiB,
    int Cpus,
    Firmware Firmware,
    KernelDefinition? Kernel,
    IReadOnlyList<DiskDefinition> Disks,
    string? Cdrom,
    NetworkDefinition Network,
    DisplayDefinition Display,
    InputDevices Input,
    bool Autostart,
    AcceleratorChoice Accelerator,
    TimeSpan StopDeadline,
    RestartDefinition Restart,
    IReadOnlyList<string> Extra,
    string Description,
    string SourceFile)
{
    /// <summary>Null for a VM that boots each time.</summary>
    public InstantDefinition? Instant { get; init; }

    /// <summary>A text on the first serial port that says that the guest is up; null when none does.</summary>
    public string? Ready { get; init; }

    /// <summary>The VM whose template this one is opened from, for a disposable, which has no file; null for a VM of its own. No key.</summary>
    public string? CloneOf { get; init; }

    /// <summary>It runs out of everybody's sight, to make a template. No key.</summary>
    public bool IsHidden { get; init; }

    /// <summary>Whether it gets the disk of a home: disposables and hidden runs do not.</summary>
    internal bool HasHome => Instant is { KeepsHome: true } && CloneOf is null && !IsHidden;

    /// <summary>Start it without a template, this time. No key.</summary>
    public bool Cold { get; init; }
    public PowerDefinition Power { get; init; } = PowerDefinition.Mirror;
    public SoundDefinition Sound { get; init; } = new(true, BackgroundSound.Duck);

    public ClipboardWays Clipboard { get; init; } = ClipboardWays.Both;

    /// <summary>Its firmware offers it S3; else it is paused where it is to sleep.</summary>
    public bool OffersS3 { get; init; }

    /// <summary>It may not get the seat's keyboard without asking.</summary>
    public bool AsksFocus { get; init; }
}

/// <summary>An error in a definition file, with all that is needed to mend it.</summary>
/// <param name="Line">1-based; 0 when it concerns the whole file.</param>
/// <param name="Key">The key's path, such as <c>disks[0].file</c>.</param>
/// <param name="Problem">What is wrong and what was expected, one sentence.</param>
/// <param name="Example">YAML that would be right.</param>
public sealed record DefinitionError(string File, int Line, string Key, string Problem, string? Example)
{
    public override string ToString() =>
        $"{File}{(Line > 0 ? $":{Line}" : "")}: {(Key.Length > 0 ? $"{Key}: " : "")}{Problem}{(Example is null ? "" : $"\n    for example: {Example}")}";
}

/// <summary>A definition file as it was found.</summary>
/// <param name="Definition">Null when there are errors.</param>
public sealed record LoadedDefinition(string Name, string File, VmDefinition? Definition, IReadOnlyList<DefinitionError> Errors)
{
    /// <summary>Where keys stand, for errors between files: those of the top level, and <c>disks[0]</c>.</summary>
    internal IReadOnlyDictionary<string, int> Lines { get; init; } = new Dictionary<string, int>();
}

/// <summary>The definitions of this machine. Thread-safe.</summary>
public interface IDefinitionStore
{
    /// <summary>Reads all definitions and checks them, against each other and against this host too (memory, ports, disks). Never throws for bad files.</summary>
    IReadOnlyList<LoadedDefinition> Load();

    /// <summary>
    /// Gives VMs other ports, all at once: each file is rewritten atomically, with everything but its <c>port</c> line kept as the user wrote it.
    /// </summary>
    /// <exception cref="MachineException">A file cannot be written; the ones before are put back.</exception>
    void SetPorts(IReadOnlyDictionary<string, int?> ports);
}
