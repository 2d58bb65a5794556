using System.Buffers.Binary;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>
/// The part of a qcow2 image's header that is needed before QEMU may see the image (QEMU documentation, "qcow2 image format", "Header"). A guest cannot write it, but a QEMU that
/// a guest has taken over can.
/// </summary>
/// <param name="UntrustedSize">Of the disk that the guest sees, in bytes.</param>
/// <param name="HasBackingFile">Whether the image is only the difference to another file.</param>
internal readonly record struct Qcow2Header(long UntrustedSize, bool HasBackingFile)
{
    /// <summary>Null for what is no qcow2 image.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static Qcow2Header? Read(string file)
    {
        using FileStream stream = File.OpenRead(file);
        Span<byte> header = stackalloc byte[32];
        if (stream.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length || BinaryPrimitives.ReadUInt32BigEndian(header) != 0x514649FB)
        {
            return null;
        }

        return new Qcow2Header(BinaryPrimitives.ReadInt64BigEndian(header[24..]), BinaryPrimitives.ReadUInt64BigEndian(header[8..]) != 0);
    }
}
