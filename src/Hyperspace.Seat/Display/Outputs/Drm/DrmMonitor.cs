using Hyperspace.Linux.Drm;

namespace Hyperspace.Seat.Display.Outputs.Drm;

/// <summary>One lit monitor: two buffers that are shown by turns, each written only while the other one is shown.</summary>
internal sealed class DrmMonitor : IDisposable
{
    private readonly DrmCard _card;
    private readonly DrmPlane? _plane;
    private readonly CursorPlane? _cursor;
    private readonly AtomicCommit? _commit;
    private readonly DumbBuffer[] _buffers;
    private readonly uint _modeBlob;
    private int _shown;
    private uint _damageBlob;

    /// <summary>What the buffer that is not shown lacks of the last frame.</summary>
    private PixelRect _behind;

    /// <exception cref="LinuxException">There is no memory for its pixels.</exception>
    public DrmMonitor(DrmCard card, PlannedMonitor plan)
    {
        (_card, Plan) = (card, plan);
        _buffers = [card.CreateBuffer(plan.Mode.Width, plan.Mode.Height), card.CreateBuffer(plan.Mode.Width, plan.Mode.Height)];
        if (card.IsAtomic)
        {
            uint crtc = 1u << plan.Crtc.Index;
            _commit = new AtomicCommit(card);
            _modeBlob = card.CreateBlob(plan.Mode);
            _plane = card.Planes.FirstOrDefault(p => p.Kind == DrmPlaneKind.Primary && (p.Crtcs & crtc) != 0);
            DrmPlane? cursor = card.Planes.FirstOrDefault(p => p.Kind == DrmPlaneKind.Cursor && (p.Crtcs & crtc) != 0);
            _cursor = cursor is null || plan.Port is not null ? null : CursorPlane.TryCreate(card, cursor, plan.Crtc);
        }

        _behind = Bounds;
    }

    public PlannedMonitor Plan { get; }

    public PixelRect Bounds => new(0, 0, Plan.Mode.Width, Plan.Mode.Height);

    /// <summary>True from a frame's commit until the monitor shows it.</summary>
    public bool IsFlipping { get; private set; }

    public bool HasCursor => _cursor is not null;

    /// <summary>The pixels to draw the next frame into, and what of them is to be drawn when <paramref name="damage"/> is new.</summary>
    public PixelRect ToDraw(PixelRect damage) => _behind.Union(damage).Intersect(Bounds);

    public DumbBuffer Back => _buffers[1 - _shown];

    /// <summary>Lights the monitor with what is in the buffer that is not shown.</summary>
    /// <returns>0, or an errno.</returns>
    public int Light()
    {
        int error;
        if (_commit is null)
        {
            error = _card.SetMode(Plan.Crtc.Id, Plan.Connector.Id, Back.FrameBuffer, Plan.Mode);
        }
        else
        {
            _commit.Clear();
            _commit.Set(Plan.Connector.Id, Plan.Connector.Properties["CRTC_ID"], Plan.Crtc.Id);
            _commit.Set(Plan.Crtc.Id, Plan.Crtc.Properties["MODE_ID"], _modeBlob);
            _commit.Set(Plan.Crtc.Id, Plan.Crtc.Properties["ACTIVE"], 1);
            SetPlane(Back);
            _cursor?.AddTo(_commit);
            error = _commit.CommitModes();
        }

        if (error == 0)
        {
            // Nothing is known to be in the other one.
            _shown = 1 - _shown;
            (_behind, IsFlipping) = (Bounds, false);
        }

        return error;
    }

    /// <summary>Shows the buffer that is not shown, with <paramref name="drawn"/> new in it, from the next refresh on.</summary>
    /// <param name="damage">What differs from the frame that is shown.</param>
    /// <returns>0, or an errno.</returns>
    public int Flip(PixelRect drawn, PixelRect damage)
    {
        int error;
        if (_commit is null)
        {
            _card.Dirty(Back.FrameBuffer);
            error = _card.Flip(Plan.Crtc.Id, Back.FrameBuffer);
        }
        else
        {
            _commit.Clear();
            _commit.Set(_plane!.Id, _plane.Properties["FB_ID"], Back.FrameBuffer);
            uint clips = _plane.Properties["FB_DAMAGE_CLIPS"];
            _card.DestroyBlob(_damageBlob);
            _damageBlob = clips == 0 ? 0 : _card.CreateDamage(drawn.X, drawn.Y, drawn.Right, drawn.Bottom);
            _commit.Set(_plane.Id, clips, _damageBlob);
            _cursor?.AddTo(_commit);
            error = _commit.CommitFrame();
        }

        if (error == 0)
        {
            _shown = 1 - _shown;
            (_behind, IsFlipping) = (damage, true);
        }

        return error;
    }

    /// <summary>The monitor shows the last frame.</summary>
    public void Flipped() => IsFlipping = false;

    /// <summary>Moves the pointer, or changes it, without a frame. Between a frame's commit and its showing the kernel takes no other; it goes with the next one then.</summary>
    /// <returns>0, or an errno.</returns>
    public int ShowCursor(in CursorState cursor)
    {
        if (_cursor is null || _commit is null || !_cursor.Set(cursor) || IsFlipping)
        {
            return 0;
        }

        _commit.Clear();
        _cursor.AddTo(_commit);
        int error = _commit.CommitFrame();
        IsFlipping = error == 0;
        return error;
    }

    /// <summary>Whether the pointer has changed since it was committed last.</summary>
    public bool CursorIsBehind => _cursor is { IsBehind: true };

    public int CommitCursor()
    {
        _commit!.Clear();
        _cursor!.AddTo(_commit);
        int error = _commit.CommitFrame();
        IsFlipping = error == 0;
        return error;
    }

    /// <summary>Leaves the monitor dark, so that its CRTC and planes are free.</summary>
    public void SwitchOff()
    {
        if (_commit is null)
        {
            _card.SwitchOff(Plan.Crtc.Id);
            return;
        }

        _commit.Clear();
        _commit.Set(Plan.Connector.Id, Plan.Connector.Properties["CRTC_ID"], 0);
        _commit.Set(Plan.Crtc.Id, Plan.Crtc.Properties["MODE_ID"], 0);
        _commit.Set(Plan.Crtc.Id, Plan.Crtc.Properties["ACTIVE"], 0);
        _commit.Set(_plane!.Id, _plane.Properties["FB_ID"], 0);
        _commit.Set(_plane.Id, _plane.Properties["CRTC_ID"], 0);
        _cursor?.AddRemovalTo(_commit);
        _ = _commit.CommitModes();
    }

    private void SetPlane(DumbBuffer buffer)
    {
        uint id = _plane!.Id;
        DrmProperties properties = _plane.Properties;
        _commit!.Set(id, properties["FB_ID"], buffer.FrameBuffer);
        _commit.Set(id, properties["CRTC_ID"], Plan.Crtc.Id);
        _commit.Set(id, properties["CRTC_X"], 0);
        _commit.Set(id, properties["CRTC_Y"], 0);
        _commit.Set(id, properties["CRTC_W"], Plan.Mode.Width);
        _commit.Set(id, properties["CRTC_H"], Plan.Mode.Height);

        // 16.16 fixed point (drm_plane.c, "standard plane properties").
        _commit.Set(id, properties["SRC_X"], 0);
        _commit.Set(id, properties["SRC_Y"], 0);
        _commit.Set(id, properties["SRC_W"], (ulong)Plan.Mode.Width << 16);
        _commit.Set(id, properties["SRC_H"], (ulong)Plan.Mode.Height << 16);
    }

    public void Dispose()
    {
        _cursor?.Dispose();
        _commit?.Dispose();
        _card.DestroyBlob(_damageBlob);
        _card.DestroyBlob(_modeBlob);
        foreach (DumbBuffer buffer in _buffers)
        {
            buffer.Dispose();
        }
    }
}
