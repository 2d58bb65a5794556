namespace Hyperspace.Machines.Definitions;

/// <summary>Tells a disk image's format by its first bytes. A raw image's guest could write any of them, so a format is said by the user and this only finds contradictions.</summary>
public static class DiskMagic
{
    private static ReadOnlySpan<byte> Qcow2 => [(byte)'Q', (byte)'F', (byte)'I', 0xFB];

    private static ReadOnlySpan<byte> Elf => [0x7F, (byte)'E', (byte)'L', (byte)'F'];

    /// <summary>True for qcow2 (QEMU documentation, "qcow2 image format"), false for anything else, null when it cannot be read.</summary>
    public static bool? IsQcow2(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            Span<byte> first = stackalloc byte[4];
            return stream.ReadAtLeast(first, 4, throwOnEndOfStream: false) == 4 && first.SequenceEqual(Qcow2);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether the file is an ELF file, as an unpacked kernel is (System V ABI, "ELF identification"); false when it cannot be read.</summary>
    public static bool IsElf(string file)
    {
        try
        {
            using FileStream stream = File.OpenRead(file);
            Span<byte> first = stackalloc byte[4];
            return stream.ReadAtLeast(first, 4, throwOnEndOfStream: false) == 4 && first.SequenceEqual(Elf);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Whether the file is an ISO 9660 image (ECMA-119, 8.1: "CD001" in the first volume descriptor).</summary>
    public static bool IsIso(string file)
    {
        using FileStream stream = File.OpenRead(file);
        Span<byte> id = stackalloc byte[5];
        stream.Position = 0x8001;
        return stream.ReadAtLeast(id, 5, throwOnEndOfStream: false) == 5 && id.SequenceEqual("CD001"u8);
    }
}
