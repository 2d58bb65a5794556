using Hyperspace.Linux;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>
/// A VM's files. What QEMU may write are single files in folders that it does not own, so that it can put nothing else in their place; its sockets alone
/// are in a folder of its own.
/// </summary>
internal sealed class QemuFiles(HyperspacePaths paths, string name)
{
    private const string SocketsFolder = "qemu";
    private const string QmpSocket = "qmp.sock";

    public string Name { get; } = name;
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

    public string RunRecord => Path.Combine(Runtime, "run.json");

    /// <summary>What <see cref="SystemCallFilter"/> says, for bubblewrap.</summary>
    public string Filter => Path.Combine(Runtime, "filter.bpf");

    public string Serial => Path.Combine(State, "serial.log");
    public string QemuLog => Path.Combine(State, "qemu.log");
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
