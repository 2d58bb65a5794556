using Hyperspace.Linux;
using Hyperspace.Linux.Files;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>
/// The users that QEMUs run as when the daemon is root: one for each VM, from a range that no distribution gives to people or services. A file in the VM's
/// folder of state belongs to it, which is how the number is remembered; its disks and its folder of sockets belong to it too.
/// </summary>
internal static class QemuUser
{
    public const uint First = 700_000;
    public const uint Count = 65_536;

    /// <summary>Whether a process of that user can be a VM of ours: anybody may give a process any name and arguments.</summary>
    public static bool MayRunVms(uint? owner) => owner is { } user && (user == ProcessInfo.User(Environment.ProcessId) || (Environment.IsPrivilegedProcess && user is >= First and < First + Count));

    /// <summary>Null when this process is not root: VMs then run as its own user.</summary>
    public static uint? Of(HyperspacePaths paths, string name)
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return null;
        }

        string marker = Path.Combine(paths.VmState(name), "user");
        Directory.CreateDirectory(paths.VmState(name));
        if (FileOwner.Of(marker) is >= First and < First + Count and var known)
        {
            return known;
        }

        uint user = Free(paths);
        File.WriteAllText(marker, "This file belongs to the user that this VM runs as.\n");
        FileOwner.Give(marker, user);
        return user;
    }

    private static uint Free(HyperspacePaths paths)
    {
        HashSet<uint> taken = [.. Directory.EnumerateDirectories(Path.Combine(paths.State, "vms"))
            .Select(folder => FileOwner.Of(Path.Combine(folder, "user")) ?? 0)];
        for (uint user = First; user < First + Count; user++)
        {
            if (!taken.Contains(user))
            {
                return user;
            }
        }

        throw new MachineException($"All {Count} users for VMs are taken; delete the folders of VMs that are no more in {paths.State}/vms.");
    }
}
