using System.Runtime.InteropServices;
using static Hyperspace.Linux.Drm.LibDrm;

namespace Hyperspace.Linux.Drm;

/// <summary>Changes of a card that are made together or not at all. One object serves for all frames: filling and committing it allocates nothing.</summary>
public sealed class AtomicCommit : IDisposable
{
    private readonly DrmCard _card;
    private readonly AtomicRequestHandle _request;

    public AtomicCommit(DrmCard card) => (_card, _request) = (card, AtomicAlloc());

    /// <summary>Begins anew.</summary>
    public void Clear() => AtomicSetCursor(_request, 0);

    /// <param name="property">0, a property that the object does not have, is left out.</param>
    public void Set(uint objectId, uint property, ulong value)
    {
        if (property != 0)
        {
            _ = AtomicAddProperty(_request, objectId, property, value);
        }
    }

    /// <summary>Shows a frame at the monitor's next refresh; an event follows.</summary>
    /// <returns>0, or an errno: EBUSY while the last frame is not shown yet, EACCES without the right to show.</returns>
    public int CommitFrame() => Commit(FlagNonBlock | FlagPageFlipEvent);

    /// <summary>Changes modes too; the monitor may go dark for a moment. Waits until it is done, without an event.</summary>
    /// <returns>0, or an errno.</returns>
    public int CommitModes() => Commit(FlagAllowModeset);

    private int Commit(uint flags) => LibDrm.AtomicCommit(_card.File, _request, flags, 0) == 0 ? 0 : Marshal.GetLastPInvokeError();

    public void Dispose() => _request.Dispose();
}
