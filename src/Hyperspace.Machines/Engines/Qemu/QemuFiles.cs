using Hyperspace.Linux;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>
/// A VM's files. What QEMU may write are single files in folders that it does not own, so that it can put nothing else in their place; its sockets alone
/// are in a folder of its own.
/// </summary>
/// <param name="warm">For one that is started before anybody opens it: its logs have names of their own, and those of the last run stay.</param>
internal sealed class QemuFiles(HyperspacePaths paths, string name, bool warm = false)
{
    private const string SocketsFolder = "qemu";
    private const string QmpSocket = "qmp.sock";

    public string Name { get; } = name;
    public bool IsWarm => warm;
    public string State { get; } = paths.VmState(name);
    public string Runtime { get; } = paths.VmRuntime(name);

    /// <summary>The folder that QEMU may write to.</summary>
    public string Sockets => Path.Combine(Runtime, SocketsFolder);

    /// <summary>Linux allows 107 bytes for a socket's path (unix(7)).</summary>
    public string Qmp => Path.Combine(Sockets, QmpSocket);

    /// <summary>The power mailbox: the UART behind the ACPI table.</summary>
    public string Power => Path.Combine(Sockets, "power");

    /// <summary>The ACPI table of batteries, AC and lid.</summary>
    public string PowerTable => Path.Combine(Runtime, "power.aml");

    /// <summary>The channel of the guest's SPICE agent: its clipboard.</summary>
    public string Clipboard => Path.Combine(Sockets, "clipboard.sock");

    public string RunRecord => Path.Combine(Runtime, "run.json");

    /// <summary>The guest agent's end of a virtio-serial port.</summary>
    public string Agent => Path.Combine(Sockets, "agent.sock");

    /// <summary>Is there while a QEMU of this name waits to be opened: it is no VM yet.</summary>
    public string WarmMark => Path.Combine(Runtime, "warm");

    /// <summary>What <see cref="SystemCallFilter"/> says, for bubblewrap.</summary>
    public string Filter => Path.Combine(Runtime, "filter.bpf");

    public string Serial => Path.Combine(State, warm ? "serial.warm.log" : "serial.log");
    public string QemuLog => Path.Combine(State, warm ? "qemu.warm.log" : "qemu.log");

    /// <summary>The disk of an instant VM that keeps its home.</summary>
    public string Home => Path.Combine(State, "home.raw");

    public string Variables => Path.Combine(State, "uefi-variables.fd");

    /// <summary>Takes the place of an ephemeral disk while the VM runs.</summary>
    public string Overlay(int disk) => Path.Combine(State, $"overlay-{disk}.qcow2");

    /// <summary>The name of the VM whose monitor a path is; null when it is none of ours.</summary>
    public static string? NameOfQmp(HyperspacePaths paths, string path)
    {
        string[] parts = path.Split('/');
        return parts.Length > 3 && parts[^1] == QmpSocket && parts[^2] == SocketsFolder && new QemuFiles(paths, parts[^3]).Qmp == path ? parts[^3] : null;
    }
}
