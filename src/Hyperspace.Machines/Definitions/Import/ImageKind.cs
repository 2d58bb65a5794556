using System.Diagnostics;

namespace Hyperspace.Machines.Definitions.Import;

/// <summary>What a file that is to be imported is.</summary>
public enum ImportKind { Qcow2, Raw, Iso, Libvirt }

/// <summary>Tells the kind of a file by its first bytes, and what starts a disk.</summary>
public static class ImageKind
{
    /// <summary>Formats that look like raw images and are not, by their first bytes or those at an offset.</summary>
    private static readonly (int Offset, byte[] Magic, string Format)[] Foreign =
    [
        (0, [.. "KDMV"u8], "VMDK"), (0, [.. "# Disk DescriptorFile"u8], "VMDK"), (0x40, [0x7F, 0x10, 0xDA, 0xBE], "VDI"), (0, [.. "vhdxfile"u8], "VHDX"), (0, [.. "conectix"u8], "VHD"), (0, [.. "QED\0"u8], "QED"),
        (0, [0x1F, 0x8B], "a gzip archive"), (0, [0xFD, .. "7zXZ"u8], "an xz archive"), (0, [0x28, 0xB5, 0x2F, 0xFD], "a zstd archive"), (0, [.. "BZh"u8], "a bzip2 archive"), (0, [.. "PK\x03\x04"u8], "a zip archive"),
        (257, [.. "ustar"u8], "a tar archive (an OVA is one too)"),
    ];

    /// <exception cref="MachineException">It cannot be read, or is of a kind that cannot be imported.</exception>
    public static ImportKind Of(string file)
    {
        try
        {
            return Read(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{file} cannot be read: {e.Message}", e);
        }
    }

    /// <summary>
    /// What starts a disk: UEFI when it has an EFI system partition (UEFI 2.10, 5.3 and 13.3.3), BIOS when it has only a boot sector; null when it has neither.
    /// </summary>
    public static async Task<Firmware?> FirmwareOfAsync(string image, DiskFormat format, CancellationToken cancel)
    {
        const int sectors = 34;
        byte[] start = format == DiskFormat.Raw ? First(image, sectors * 512) : await FirstOfQcow2Async(image, sectors, cancel);
        if (start.Length < 512 || start[510] != 0x55 || start[511] != 0xAA)
        {
            return null;
        }

        // The type of an EFI system partition: C12A7328-F81F-11D2-BA4B-00A0C93EC93B, in GPT's mixed byte order.
        ReadOnlySpan<byte> efi = [0x28, 0x73, 0x2A, 0xC1, 0x1F, 0xF8, 0xD2, 0x11, 0xBA, 0x4B, 0x00, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B];
        bool gpt = start.AsSpan(512).StartsWith("EFI PART"u8) && start.AsSpan(1024).IndexOf(efi) >= 0;
        bool mbr = Enumerable.Range(0, 4).Any(i => start[446 + (16 * i) + 4] == 0xEF);
        return gpt || mbr ? Firmware.Uefi : Firmware.Bios;
    }

    private static ImportKind Read(string file)
    {
        if (DiskMagic.IsQcow2(file) == true)
        {
            return ImportKind.Qcow2;
        }

        if (DiskMagic.IsIso(file))
        {
            return ImportKind.Iso;
        }

        byte[] start = First(file, 512);
        if (start.Length == 0)
        {
            throw new MachineException($"{file} is empty; expected an image, an ISO or the XML of a libvirt domain.");
        }

        if (start.AsSpan(start.AsSpan().StartsWith([(byte)0xEF, (byte)0xBB, (byte)0xBF]) ? 3 : 0).TrimStart(" \t\r\n"u8).StartsWith("<"u8))
        {
            return ImportKind.Libvirt;
        }

        if (Array.Find(Foreign, f => start.Length >= f.Offset + f.Magic.Length && start.AsSpan(f.Offset).StartsWith(f.Magic)) is { Format: { } format })
        {
            string remedy = format.Contains("archive", StringComparison.Ordinal) ? "unpack it first" : "\"qemu-img convert -O qcow2\" makes an image that is possible";
            throw new MachineException($"{file} is {format}; expected qcow2, a raw image, an ISO or the XML of a libvirt domain: {remedy}.");
        }

        return new FileInfo(file).Length % 512 == 0
            ? ImportKind.Raw
            : throw new MachineException($"{file} is no disk image: its size is not a multiple of 512 bytes. Expected qcow2, a raw image, an ISO or the XML of a libvirt domain.");
    }

    private static byte[] First(string file, int count)
    {
        var bytes = new byte[count];
        using FileStream stream = File.OpenRead(file);
        return bytes[..stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false)];
    }

    private static async Task<byte[]> FirstOfQcow2Async(string image, int sectors, CancellationToken cancel)
    {
        string folder = Directory.CreateTempSubdirectory("hyperspace-").FullName;
        string part = Path.Combine(folder, "start");
        try
        {
            var start = new ProcessStartInfo("qemu-img", ["dd", "-f", "qcow2", "-O", "raw", "bs=512", $"count={sectors}", $"if={image}", $"of={part}"]) { RedirectStandardError = true, RedirectStandardOutput = true };
            using Process process = Process.Start(start)!;
            await process.WaitForExitAsync(cancel);
            return process.ExitCode == 0 ? First(part, sectors * 512) : [];
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return [];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
