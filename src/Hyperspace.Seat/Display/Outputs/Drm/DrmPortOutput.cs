using Hyperspace.Linux.Drm;
using Hyperspace.Linux.Reactor;
using Hyperspace.Seat.Display.Compositor;
using Hyperspace.Seat.Display.Text;

namespace Hyperspace.Seat.Display.Outputs.Drm;

/// <summary>A monitor that shows a port of its own, with frames of its own. The pointer is drawn into them: planes for it are left to the primary.</summary>
internal sealed class DrmPortOutput : IOutput
{
    private readonly DrmMonitor _monitor;
    private readonly Action<int> _refused;
    private readonly ReactorTimer _flipTimer;
    private bool _active = true;
    private bool _presented;

    /// <param name="monitor">Lit; taken over.</param>
    /// <param name="refused">Takes the errno of a frame that the driver did not take for a reason other than that it is busy.</param>
    public DrmPortOutput(Reactor reactor, DrmMonitor monitor, FontSizes fonts, Action<int> refused)
    {
        (_monitor, _refused) = (monitor, refused);
        _flipTimer = reactor.Timer(Flipped);
        MillimetresPerPixel = PixelPitch.Of(monitor.Plan.Connector, monitor.Plan.Mode);
        Font = fonts.OfLine(PixelPitch.LeastLine(MillimetresPerPixel, Size.Width));
    }

    public string Kind => "drm";

    public uint Connector => _monitor.Plan.Connector.Id;

    public uint Crtc => _monitor.Plan.Crtc.Id;

    public (int Width, int Height) Size => (_monitor.Bounds.Width, _monitor.Bounds.Height);

    public double MillimetresPerPixel { get; }

    public (int Columns, int Rows) TextSize => ScreenCompositor.TextSize(Size, Font);

    public bool WantsPixelText => true;

    public PsfFont Font { get; }

    public bool IsReady => _active && !_monitor.IsFlipping;

    public Action? Resized { get; set; }

    public Action? ReadyAgain { get; set; }

    public Action<long>? Shown { get; set; }

    public void Present(Frame frame, PixelRect damage)
    {
        PixelRect drawn = _monitor.ToDraw(damage);
        if (!_active || drawn.IsEmpty)
        {
            return;
        }

        Mirror.Copy(frame, drawn, _monitor.Back);
        int error = _monitor.Flip(drawn, damage);
        if (error == 0)
        {
            _presented = true;
            _flipTimer.Arm(DrmOutput.FlipPatience);
        }
        else if (error == DrmOutput.Busy)
        {
            _flipTimer.Arm(DrmOutput.BusyTime);
        }
        else
        {
            _refused(error);
        }
    }

    /// <summary>The monitor shows the last frame.</summary>
    /// <param name="at">CLOCK_MONOTONIC, in nanoseconds.</param>
    public void Flipped(long at)
    {
        bool shown = _presented;
        Flipped();
        if (shown)
        {
            Shown?.Invoke(at);
        }
    }

    /// <summary>Its word for the last frame was lost, or the frame was not taken.</summary>
    private void Flipped()
    {
        _presented = false;
        _monitor.Flipped();
        _flipTimer.Disarm();
        if (_active)
        {
            ReadyAgain?.Invoke();
        }
    }

    /// <summary>Shows nothing any more; what it showed stays.</summary>
    public void Suspend()
    {
        _active = false;
        _flipTimer.Disarm();
    }

    public void SwitchOff() => _monitor.SwitchOff();

    public void Dispose()
    {
        Suspend();
        _flipTimer.Dispose();
        _monitor.Dispose();
    }
}
