using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Input;

/// <summary>
/// Opens device nodes for the seat: directly where the process may, or through the session that owns the seat (libseat, logind). Called on the thread of the input's loop only.
/// </summary>
public interface IDeviceOpener
{
    /// <param name="path">Such as <c>/dev/input/event3</c>.</param>
    /// <param name="flags">open(2).</param>
    /// <returns>A descriptor, or a negative errno.</returns>
    int Open(string path, int flags);

    /// <summary>Closes what <see cref="Open"/> gave.</summary>
    void Close(int fd);
}

/// <summary>Opens device nodes as this process: as root, or as a member of the group <c>input</c>.</summary>
public sealed partial class DirectDeviceOpener : IDeviceOpener
{
    private const int CloseOnExec = 0x80000;

    public int Open(string path, int flags)
    {
        int fd = OpenNode(path, flags | CloseOnExec, 0);
        return fd >= 0 ? fd : -Marshal.GetLastPInvokeError();
    }

    public void Close(int fd) => _ = Libc.Close(fd);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int OpenNode(string path, int flags, uint mode);
}
