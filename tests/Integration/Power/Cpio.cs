using System.Text;

namespace Hyperspace.Tests.Integration.Power;

/// <summary>Archives as the kernel unpacks them (Linux, Documentation/driver-api/early-userspace/buffer-format.rst, "newc").</summary>
internal static class Cpio
{
    /// <summary>One executable file.</summary>
    public static byte[] Of(string name, string text) => Of((name, Encoding.UTF8.GetBytes(text)));

    /// <summary>Executable files, all in the root.</summary>
    public static byte[] Of(params ReadOnlySpan<(string Name, byte[] Content)> files)
    {
        using var archive = new MemoryStream();
        foreach ((string name, byte[] content) in files)
        {
            Write(archive, name, content, 0x81ED);
        }

        Write(archive, "TRAILER!!!", [], 0);
        archive.SetLength((archive.Length + 511) / 512 * 512);
        return archive.ToArray();
    }

    private static void Write(MemoryStream archive, string name, byte[] content, int mode)
    {
        int[] fields = [1, mode, 0, 0, 1, 0, content.Length, 0, 0, 0, 0, name.Length + 1, 0];
        archive.Write(Encoding.ASCII.GetBytes("070701" + string.Concat(fields.Select(f => f.ToString("X8"))) + name + "\0"));
        Pad(archive);
        archive.Write(content);
        Pad(archive);
    }

    private static void Pad(MemoryStream archive)
    {
        while (archive.Length % 4 != 0)
        {
            archive.WriteByte(0);
        }
    }
}
