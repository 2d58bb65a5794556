using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Input;

/// <summary>A device node of /dev/input read directly: another program beside the seat, for tests that hold that it sees nothing.</summary>
public sealed unsafe partial class Evdev : IDisposable
{
    private readonly int _fd;

    private Evdev(int fd) => _fd = fd;

    /// <param name="node">Such as <c>event3</c>.</param>
    public static Evdev Open(string node)
    {
        int fd = new DirectDeviceOpener().Open($"/dev/input/{node}", 0x802);
        return fd >= 0 ? new Evdev(fd) : throw new LinuxException($"opening /dev/input/{node}", -fd);
    }

    /// <summary>The node of the device with that name; empty when there is none.</summary>
    public static string NodeOf(string name)
    {
        foreach (string folder in Directory.EnumerateDirectories("/sys/class/input", "event*"))
        {
            string file = Path.Combine(folder, "device", "name");
            if (File.Exists(file) && File.ReadAllText(file).TrimEnd('\n') == name)
            {
                return Path.GetFileName(folder);
            }
        }

        return "";
    }

    /// <summary>Makes the device this reader's alone; false when it is somebody else's.</summary>
    public bool TryGrab() => IoControl(_fd, LibInputContext.Grab, 1) == 0;

    /// <summary>Whether there is anything to read.</summary>
    public bool HasEvents()
    {
        byte* buffer = stackalloc byte[24 * 16];

        // SAFETY: a local of the size that is asked for; the descriptor does not block.
        return Libc.Read(_fd, buffer, 24 * 16) > 0;
    }

    public void Dispose() => _ = Libc.Close(_fd);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoControl(int fd, nuint request, nint argument);
}
