using Hyperspace.Linux;
using Hyperspace.Linux.Drm;

namespace Hyperspace.Seat.Display.Outputs.Drm;

/// <summary>
/// The pointer on a plane of its own, so that moving it draws nothing. The plane lies above everything, the trusted bar too, and a guest chooses its picture: so what would
/// lie outside of the guest's area is made transparent in the picture itself.
/// </summary>
internal sealed class CursorPlane : IDisposable
{
    private readonly DrmPlane _plane;
    private readonly DrmCrtc _crtc;
    private readonly DumbBuffer[] _buffers;
    private int _used;
    private CursorPicture? _drawn;
    private PixelRect _drawnPart;
    private CursorState _state;

    private CursorPlane(DrmPlane plane, DrmCrtc crtc, DumbBuffer[] buffers) => (_plane, _crtc, _buffers) = (plane, crtc, buffers);

    public bool IsBehind { get; private set; }

    /// <summary>Null when the driver gives no buffer of that kind: the pointer is drawn into the frames then.</summary>
    public static CursorPlane? TryCreate(DrmCard card, DrmPlane plane, DrmCrtc crtc)
    {
        DumbBuffer? first = null;
        try
        {
            first = card.CreateCursorBuffer();
            return new CursorPlane(plane, crtc, [first, card.CreateCursorBuffer()]);
        }
        catch (LinuxException)
        {
            first?.Dispose();
            return null;
        }
    }

    /// <returns>True when it differs from before.</returns>
    public bool Set(in CursorState state)
    {
        bool same = ReferenceEquals(state.Picture, _state.Picture) && (state.Picture is null || (state.X, state.Y, state.Area) == (_state.X, _state.Y, _state.Area));
        _state = state;
        IsBehind |= !same;
        return !same;
    }

    /// <summary>The part of a pointer's picture that may be seen, in the picture's own pixels.</summary>
    internal static PixelRect VisiblePart(in CursorState state, int bufferWidth, int bufferHeight)
    {
        if (state.Picture is not { } picture)
        {
            return default;
        }

        PixelRect place = new PixelRect(state.X, state.Y, Math.Min(picture.Width, bufferWidth), Math.Min(picture.Height, bufferHeight)).Intersect(state.Area);
        return place.IsEmpty ? default : place with { X = place.X - state.X, Y = place.Y - state.Y };
    }

    public void AddTo(AtomicCommit commit)
    {
        IsBehind = false;
        PixelRect part = VisiblePart(_state, _buffers[0].Width, _buffers[0].Height);
        if (part.IsEmpty)
        {
            AddRemovalTo(commit);
            return;
        }

        if (!ReferenceEquals(_drawn, _state.Picture) || part != _drawnPart)
        {
            // The other buffer: the one before may still be shown.
            _used = 1 - _used;
            Draw(_state.Picture!, part, _buffers[_used]);
            (_drawn, _drawnPart) = (_state.Picture, part);
        }

        DumbBuffer buffer = _buffers[_used];
        DrmProperties properties = _plane.Properties;
        commit.Set(_plane.Id, properties["FB_ID"], buffer.FrameBuffer);
        commit.Set(_plane.Id, properties["CRTC_ID"], _crtc.Id);
        commit.Set(_plane.Id, properties["CRTC_X"], (ulong)(long)_state.X);
        commit.Set(_plane.Id, properties["CRTC_Y"], (ulong)(long)_state.Y);
        commit.Set(_plane.Id, properties["CRTC_W"], (ulong)buffer.Width);
        commit.Set(_plane.Id, properties["CRTC_H"], (ulong)buffer.Height);
        commit.Set(_plane.Id, properties["SRC_X"], 0);
        commit.Set(_plane.Id, properties["SRC_Y"], 0);
        commit.Set(_plane.Id, properties["SRC_W"], (ulong)buffer.Width << 16);
        commit.Set(_plane.Id, properties["SRC_H"], (ulong)buffer.Height << 16);
    }

    public void AddRemovalTo(AtomicCommit commit)
    {
        commit.Set(_plane.Id, _plane.Properties["FB_ID"], 0);
        commit.Set(_plane.Id, _plane.Properties["CRTC_ID"], 0);
    }

    private static void Draw(CursorPicture picture, PixelRect part, DumbBuffer buffer)
    {
        buffer.Pixels.Clear();
        for (int y = part.Y; y < part.Bottom; y++)
        {
            picture.Pixels.AsSpan(y * picture.Width + part.X, part.Width).CopyTo(buffer.Pixels[(y * buffer.Stride + part.X)..]);
        }
    }

    public void Dispose()
    {
        _buffers[0].Dispose();
        _buffers[1].Dispose();
    }
}
