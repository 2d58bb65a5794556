namespace Hyperspace.Seat.Display.Guests;

/// <summary>A guest's monitor, in pixels and millimetres.</summary>
public readonly record struct MonitorSize(int Width, int Height, int WidthMillimetres, int HeightMillimetres)
{
    /// <summary>Pixels an inch that QEMU makes up while it has not been told (qemu_edid_generate).</summary>
    private const double MadeUp = 100;

    /// <summary>Whether a guest would draw letters of the same size on what QEMU makes up: systems double them from 150 pixels an inch or so.</summary>
    public bool HasOrdinaryPixels => WidthMillimetres == 0 || Width * 25.4 / WidthMillimetres is > MadeUp * 0.75 and < MadeUp * 1.25;
}

/// <summary>
/// Decides when a guest is told of its monitor. To the guest that is a monitor that was plugged in: it asks all of its outputs and draws everything anew, which takes seconds of an emulated CPU. So nothing is said when its
/// monitor is like that already: it was told so, or it has that size and ordinary pixels when the seat finds it, as one that goes on from a template has.
/// </summary>
/// <param name="tell">Tells the guest.</param>
internal sealed class GuestMonitor(Action<MonitorSize> tell)
{
    private MonitorSize? _wanted, _told, _has;

    /// <summary>The guest is to have that monitor.</summary>
    /// <param name="picture">What it shows now; null while that is not known, and it is told when it is.</param>
    public void Want(MonitorSize monitor, GuestSurface? picture)
    {
        _wanted = monitor;
        Check(picture);
    }

    /// <summary>The picture is another, of another size perhaps. One of firmware comes before a system that will ask for its monitor.</summary>
    public void PictureChanged(GuestSurface? picture)
    {
        if (picture is { IsFirmware: true })
        {
            _has = _told;
        }

        Check(picture);
    }

    private void Check(GuestSurface? picture)
    {
        if (_wanted is not { } wanted || _has == wanted || (_has is null && picture is null))
        {
            return;
        }

        bool isAsFound = _has is null && picture is { IsFirmware: false } && (picture.Width, picture.Height) == (wanted.Width, wanted.Height) && wanted.HasOrdinaryPixels;
        _has = wanted;
        if (!isAsFound)
        {
            _told = wanted;
            tell(wanted);
        }
    }
}
