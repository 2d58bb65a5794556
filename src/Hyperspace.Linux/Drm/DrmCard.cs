using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using static Hyperspace.Linux.Drm.LibDrm;

namespace Hyperspace.Linux.Drm;

/// <summary>A graphics card as the kernel's mode setting shows it: connectors, CRTCs, planes, buffers, and the events that say that a frame is shown.</summary>
public sealed unsafe class DrmCard : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly byte[] _events = new byte[1024];
    private readonly uint[] _crtcIds;

    /// <param name="file">An open card; taken over.</param>
    /// <param name="path">Its name, for messages.</param>
    /// <exception cref="DrmException">It cannot show pixels; says why.</exception>
    public DrmCard(SafeFileHandle file, string path, bool allowAtomic = true)
    {
        (_file, Path) = (file, path);
        try
        {
            if (GetCap(file, CapDumbBuffer, out ulong dumb) != 0 || dumb == 0)
            {
                throw new DrmException($"{path} cannot show pixels that the CPU draws (its driver has no dumb buffers).");
            }

            // Each is asked for in turn: an old kernel refuses what it does not know, and what is left is used.
            bool universal = SetClientCap(file, ClientUniversalPlanes, 1) == 0;
            IsAtomic = allowAtomic && universal && SetClientCap(file, ClientAtomic, 1) == 0;
            if (IsAtomic)
            {
                _ = SetClientCap(file, ClientCursorPlaneHotspot, 1);
            }

            CursorWidth = GetCap(file, CapCursorWidth, out ulong width) == 0 ? (int)width : 64;
            CursorHeight = GetCap(file, CapCursorHeight, out ulong height) == 0 ? (int)height : 64;
            _crtcIds = ReadCrtcIds();
            Crtcs = [.. _crtcIds.Select((id, index) => new DrmCrtc(id, index, IsAtomic ? ReadProperties(id, ObjectCrtc) : new DrmProperties(new Dictionary<string, (uint, ulong)>())))];
            Planes = IsAtomic ? ReadPlanes() : [];
        }
        catch (DllNotFoundException e)
        {
            file.Dispose();
            throw new DrmException($"{Library} is not installed; it is in the package libdrm2.", e);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Such as <c>/dev/dri/card0</c>.</summary>
    public string Path { get; }

    /// <summary>For epoll: readable when <see cref="ReadEvents"/> has something. Valid as long as this object is.</summary>
    public int Fd => (int)_file.DangerousGetHandle();

    /// <summary>Whether changes are made all together or not at all (atomic mode setting); if not, the older way is used.</summary>
    public bool IsAtomic { get; }

    public IReadOnlyList<DrmCrtc> Crtcs { get; }

    /// <summary>Empty without <see cref="IsAtomic"/>.</summary>
    public IReadOnlyList<DrmPlane> Planes { get; }

    /// <summary>The size that pointer pictures have, in pixels.</summary>
    public int CursorWidth { get; }

    public int CursorHeight { get; }

    internal SafeFileHandle File => _file;

    /// <summary>Becomes the one who may show pixels; the first who opens a card is it already.</summary>
    /// <returns>False when somebody else is, or this user may not.</returns>
    public bool TryBecomeMaster() => IsMaster(_file) != 0 || SetMaster(_file) == 0;

    /// <summary>The connectors as they are now; the kernel looks anew what is plugged in.</summary>
    public IReadOnlyList<DrmConnector> ReadConnectors()
    {
        // SAFETY: libdrm returns null, or a structure whose arrays have the lengths beside them and live until the free below.
        Resources* resources = GetResources(_file);
        if (resources is null)
        {
            throw new DrmException($"{Path} has no connectors: it calculates pictures and shows none ({Libc.ErrorText(Marshal.GetLastPInvokeError())}).");
        }

        try
        {
            var connectors = new List<DrmConnector>();
            foreach (uint id in new ReadOnlySpan<uint>(resources->Connectors, resources->ConnectorCount))
            {
                if (ReadConnector(id) is { } connector)
                {
                    connectors.Add(connector);
                }
            }

            return connectors;
        }
        finally
        {
            FreeResources(resources);
        }
    }

    public DumbBuffer CreateBuffer(int width, int height) => new(_file, width, height, FormatXrgb8888);

    /// <summary>A buffer for a pointer picture, with transparency.</summary>
    public DumbBuffer CreateCursorBuffer() => new(_file, CursorWidth, CursorHeight, FormatArgb8888);

    /// <summary>Gives the kernel a value that is too large for a property itself; it is freed with <see cref="DestroyBlob"/>.</summary>
    public uint CreateBlob<T>(in T value) where T : unmanaged
    {
        fixed (T* data = &value)
        {
            return CreatePropertyBlob(_file, data, (nuint)sizeof(T), out uint id) == 0 ? id : 0;
        }
    }

    /// <summary>A rectangle of damage as a blob; 0 when the kernel takes none.</summary>
    public uint CreateDamage(int left, int top, int right, int bottom) => CreateBlob(new Rect { X1 = left, Y1 = top, X2 = right, Y2 = bottom });

    public void DestroyBlob(uint id)
    {
        if (id != 0)
        {
            _ = DestroyPropertyBlob(_file, id);
        }
    }

    /// <summary>The older way to light a monitor.</summary>
    /// <returns>0, or an errno.</returns>
    public int SetMode(uint crtc, uint connector, uint frameBuffer, DrmMode mode)
    {
        return LibDrm.SetCrtc(_file, crtc, frameBuffer, 0, 0, &connector, 1, &mode) == 0 ? 0 : Marshal.GetLastPInvokeError();
    }

    /// <summary>The older way to dark a monitor.</summary>
    public void SwitchOff(uint crtc) => _ = LibDrm.SetCrtc(_file, crtc, 0, 0, 0, null, 0, null);

    /// <summary>The older way to show the next frame; an event follows.</summary>
    /// <returns>0, or an errno.</returns>
    public int Flip(uint crtc, uint frameBuffer) =>
        LibDrm.PageFlip(_file, crtc, frameBuffer, FlagPageFlipEvent, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();

    /// <summary>Tells an older driver that a frame buffer has new pixels, where it wants to know that.</summary>
    public void Dirty(uint frameBuffer) => _ = DirtyFb(_file, frameBuffer, null, 0);

    /// <summary>Takes what the card has said; calls <paramref name="shown"/> with the CRTC whose frame is on its monitor, and since when: nanoseconds of CLOCK_MONOTONIC, by the kernel's own count.</summary>
    /// <returns>False when the card is gone.</returns>
    public bool ReadEvents(Action<uint, long> shown)
    {
        nint count;
        fixed (byte* buffer = _events)
        {
            // SAFETY: the kernel writes whole events and at most as many bytes as the array has.
            count = Libc.Read(Fd, buffer, (nuint)_events.Length);
        }

        if (count <= 0)
        {
            return count < 0 && Marshal.GetLastPInvokeError() is Libc.EAGAIN or Libc.EINTR;
        }

        ReadOnlySpan<byte> rest = _events.AsSpan(0, (int)count);
        while (rest.Length >= 8)
        {
            int length = MemoryMarshal.Read<int>(rest[4..]);
            if (length < 8 || length > rest.Length)
            {
                break;
            }

            if (length >= sizeof(FlipEvent) && MemoryMarshal.Read<FlipEvent>(rest) is { Type: EventFlipComplete } flip)
            {
                shown(flip.CrtcId, flip.Seconds * 1_000_000_000L + flip.Microseconds * 1000L);
            }

            rest = rest[length..];
        }

        return true;
    }

    private uint[] ReadCrtcIds()
    {
        Resources* resources = GetResources(_file);
        if (resources is null)
        {
            throw new DrmException($"{Path} has no connectors: it calculates pictures and shows none ({Libc.ErrorText(Marshal.GetLastPInvokeError())}).");
        }

        uint[] ids = new ReadOnlySpan<uint>(resources->Crtcs, resources->CrtcCount).ToArray();
        FreeResources(resources);
        return ids;
    }

    private DrmConnector? ReadConnector(uint id)
    {
        Connector* connector = GetConnector(_file, id);
        if (connector is null)
        {
            // It went away between the two questions: a dock was unplugged.
            return null;
        }

        try
        {
            DrmProperties properties = ReadProperties(id, ObjectConnector);
            return new DrmConnector(
                id, DrmNames.OfConnector(connector->Type, connector->TypeId), connector->Connection == 1, (int)connector->WidthMillimetres, (int)connector->HeightMillimetres,
                new ReadOnlySpan<DrmMode>(connector->Modes, connector->ModeCount).ToArray(),
                CrtcsOf(new ReadOnlySpan<uint>(connector->Encoders, connector->EncoderCount)), ReadBlob((uint)(properties.ValueOf("EDID") ?? 0)), properties);
        }
        finally
        {
            FreeConnector(connector);
        }
    }

    private uint CrtcsOf(ReadOnlySpan<uint> encoders)
    {
        uint crtcs = 0;
        foreach (uint id in encoders)
        {
            Encoder* encoder = GetEncoder(_file, id);
            if (encoder is not null)
            {
                crtcs |= encoder->PossibleCrtcs;
                FreeEncoder(encoder);
            }
        }

        return crtcs;
    }

    private List<DrmPlane> ReadPlanes()
    {
        var planes = new List<DrmPlane>();
        PlaneResources* resources = GetPlaneResources(_file);
        if (resources is null)
        {
            return planes;
        }

        foreach (uint id in new ReadOnlySpan<uint>(resources->Planes, (int)resources->Count))
        {
            Plane* plane = GetPlane(_file, id);
            if (plane is not null)
            {
                DrmProperties properties = ReadProperties(id, ObjectPlane);
                var kind = (DrmPlaneKind)Math.Min(properties.ValueOf("type") ?? 0, 2);
                planes.Add(new DrmPlane(id, kind, plane->PossibleCrtcs, new ReadOnlySpan<uint>(plane->Formats, (int)plane->FormatCount).ToArray(), properties));
                FreePlane(plane);
            }
        }

        FreePlaneResources(resources);
        return planes;
    }

    private DrmProperties ReadProperties(uint id, uint type)
    {
        var found = new Dictionary<string, (uint, ulong)>();
        ObjectProperties* properties = GetProperties(_file, id, type);
        if (properties is not null)
        {
            for (uint i = 0; i < properties->Count; i++)
            {
                Property* property = GetProperty(_file, properties->Properties[i]);
                if (property is not null)
                {
                    found[DrmNames.Text(new ReadOnlySpan<byte>(property->Name, 32))] = (property->Id, properties->Values[i]);
                    FreeProperty(property);
                }
            }

            FreeProperties(properties);
        }

        return new DrmProperties(found);
    }

    private byte[] ReadBlob(uint id)
    {
        PropertyBlob* blob = id == 0 ? null : GetPropertyBlob(_file, id);
        if (blob is null)
        {
            return [];
        }

        byte[] data = new ReadOnlySpan<byte>(blob->Data, (int)Math.Min(blob->Length, 64 << 10)).ToArray();
        FreePropertyBlob(blob);
        return data;
    }

    public void Dispose() => _file.Dispose();
}
