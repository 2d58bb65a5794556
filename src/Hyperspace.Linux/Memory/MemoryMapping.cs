using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Linux.Memory;

/// <summary>A mapping of a file (mmap(2), MAP_SHARED). The mapping outlives the descriptor that it was made from.</summary>
public sealed partial class MemoryMapping : IDisposable
{
    private readonly object _gate = new();
    private nint _address;

    /// <summary>Maps <paramref name="length"/> bytes from the start of the file.</summary>
    /// <param name="writable">False maps it for reading only.</param>
    /// <exception cref="LinuxException">The kernel refuses: no such memory, wrong access, too large.</exception>
    public MemoryMapping(SafeFileHandle file, long length, bool writable = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, int.MaxValue);
        _address = MMap(0, (nuint)length, writable ? 3 : 1, 1, file, 0);
        if (_address == -1)
        {
            _address = 0;
            throw LinuxException.Last($"mmap of {length} bytes");
        }

        Length = (int)length;
    }

    /// <summary>Bytes.</summary>
    public int Length { get; }

    /// <summary>The mapped bytes. Another process may change them at any moment; it is the caller's duty not to keep the span after <see cref="Dispose"/>.</summary>
    public unsafe Span<byte> Bytes
    {
        get
        {
            ObjectDisposedException.ThrowIf(_address == 0, this);

            // SAFETY: the mapping of Length bytes exists until Dispose; the file behind it is sealed against shrinking or is our own.
            return new Span<byte>((void*)_address, Length);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_address != 0)
            {
                _ = MUnmap(_address, (nuint)Length);
                _address = 0;
            }
        }

        GC.SuppressFinalize(this);
    }

    ~MemoryMapping() => Dispose();

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MMap(nint address, nuint length, int protection, int flags, SafeFileHandle file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int MUnmap(nint address, nuint length);
}
