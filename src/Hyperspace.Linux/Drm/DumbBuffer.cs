using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Hyperspace.Linux.Drm.LibDrm;

namespace Hyperspace.Linux.Drm;

/// <summary>Memory that a card can scan out and the CPU can write to, 32 bits a pixel, B G R X (or premultiplied A) in memory.</summary>
public sealed unsafe class DumbBuffer : IDisposable
{
    private const int ReadWrite = 3, Shared = 1;

    private readonly SafeFileHandle _card;
    private uint _handle;
    private nint _map;
    private nuint _mapped;

    internal DumbBuffer(SafeFileHandle card, int width, int height, uint format)
    {
        (_card, Width, Height) = (card, width, height);
        var create = new CreateDumb { Width = (uint)width, Height = (uint)height, BitsPerPixel = 32 };

        // SAFETY: each ioctl gets the structure that its number encodes the size of, a local.
        if (Ioctl(card, IoctlCreateDumb, &create) != 0)
        {
            throw LinuxException.Last($"A buffer of {width}x{height} pixels cannot be made");
        }

        _handle = create.Handle;
        try
        {
            (Stride, _mapped) = ((int)create.Pitch / 4, (nuint)create.Size);
            uint handle = create.Handle, pitch = create.Pitch, offset = 0;
            uint* handles = stackalloc uint[4] { handle, 0, 0, 0 }, pitches = stackalloc uint[4] { pitch, 0, 0, 0 }, offsets = stackalloc uint[4] { offset, 0, 0, 0 };
            if (AddFb2(card, (uint)width, (uint)height, format, handles, pitches, offsets, out uint id, 0) != 0)
            {
                throw LinuxException.Last($"A frame buffer of {width}x{height} pixels cannot be made");
            }

            FrameBuffer = id;
            Map(create);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public int Width { get; }

    public int Height { get; }

    /// <summary>Pixels from one row to the next.</summary>
    public int Stride { get; private set; }

    /// <summary>The kernel's number of it, as planes want it.</summary>
    public uint FrameBuffer { get; private set; }

    /// <summary>All rows, <see cref="Stride"/> pixels each; empty once disposed.</summary>
    public Span<uint> Pixels => _map == 0 ? default : new Span<uint>((void*)_map, Stride * Height);

    private void Map(CreateDumb create)
    {
        var map = new MapDumb { Handle = create.Handle };
        if (Ioctl(_card, IoctlMapDumb, &map) != 0)
        {
            throw LinuxException.Last("A buffer cannot be mapped");
        }

        // SAFETY: the mapping has the buffer's own size, at least Pitch * Height (drm_mode.h), and ends in Dispose, after which Pixels is empty.
        nint address = MMap(0, (nuint)create.Size, ReadWrite, Shared, _card, (long)map.Offset);
        if (address == -1 || (ulong)create.Pitch * create.Height > create.Size || create.Pitch % 4 != 0)
        {
            throw LinuxException.Last("A buffer cannot be mapped");
        }

        _map = address;
        Pixels.Clear();
    }

    public void Dispose()
    {
        if (_map != 0)
        {
            _ = MUnmap(_map, _mapped);
            _map = 0;
        }

        if (_card.IsClosed)
        {
            // The kernel has freed all that belonged to the card's descriptor.
            return;
        }

        if (FrameBuffer != 0)
        {
            _ = RmFb(_card, FrameBuffer);
            FrameBuffer = 0;
        }

        if (_handle != 0)
        {
            var destroy = new DestroyDumb { Handle = _handle };
            _ = Ioctl(_card, IoctlDestroyDumb, &destroy);
            _handle = 0;
        }
    }
}
