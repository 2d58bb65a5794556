using System.Diagnostics;

namespace Hyperspace.Machines.Instant;

/// <summary>The disk of an instant VM that keeps its home: an ext4 file system labelled <c>hs-home</c> in a file with holes, made when it is first needed.</summary>
internal static class HomeDisk
{
    /// <summary>It cannot grow beyond this, in bytes; it takes of the host what is in it.</summary>
    public const long Bytes = 4L << 30;

    /// <summary>Users have no sbin in their path.</summary>
    private static readonly string[] Programs = ["/usr/sbin/mkfs.ext4", "/sbin/mkfs.ext4"];

    /// <exception cref="MachineException">It cannot be made.</exception>
    public static async Task PrepareAsync(string file, CancellationToken cancel)
    {
        if (File.Exists(file))
        {
            return;
        }

        string temporary = file + ".new";
        try
        {
            await using (FileStream stream = File.Create(temporary))
            {
                stream.SetLength(Bytes);
            }

            File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            using Process process = Process.Start(new ProcessStartInfo(Programs.FirstOrDefault(File.Exists) ?? "mkfs.ext4", ["-q", "-F", "-L", "hs-home", "-m", "0", temporary]) { RedirectStandardError = true })!;
            string error = await process.StandardError.ReadToEndAsync(cancel);
            await process.WaitForExitAsync(cancel);
            if (process.ExitCode != 0)
            {
                throw new MachineException($"The disk of the home, {file}, cannot be made: {error.Trim()}");
            }

            await using (FileStream made = File.Open(temporary, FileMode.Open, FileAccess.ReadWrite))
            {
                made.Flush(flushToDisk: true);
            }

            File.Move(temporary, file);
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new MachineException($"The disk of the home, {file}, cannot be made: the program mkfs.ext4 (package e2fsprogs) is not installed.", e);
        }
        finally
        {
            File.Delete(temporary);
        }
    }
}
