using Hyperspace.Linux.Reactor;

namespace Hyperspace.Seat.Display.Compositor;

/// <summary>
/// Says when the next frame is due: at once after a pause, at most <see cref="PerSecond"/> times a second under a stream of updates, and not
/// before the output is ready. What comes in between is one frame.
/// </summary>
internal sealed class FramePacer : IDisposable
{
    /// <summary>Frames a second at most: what monitors show.</summary>
    public const int PerSecond = 60;

    private const long Period = 1_000_000_000 / PerSecond;

    private readonly Func<bool> _ready;
    private readonly ReactorTimer _timer;
    private long _last = long.MinValue / 2;
    private bool _armed;

    /// <param name="ready">Whether the output can take a frame now; if not, <see cref="Ask"/> is to be called again when it can.</param>
    /// <param name="present">Composes and presents.</param>
    public FramePacer(Reactor reactor, Func<bool> ready, Action present)
    {
        _ready = ready;
        _timer = reactor.Timer(() =>
        {
            _armed = false;
            if (_ready())
            {
                present();
            }
        });
    }

    /// <summary>There is something to show.</summary>
    public void Ask()
    {
        if (!_armed && _ready())
        {
            _armed = true;
            _timer.ArmAt(Math.Max(Reactor.Now, _last + Period));
        }
    }

    /// <summary>A frame was presented now, asked for or not.</summary>
    public void Presented()
    {
        _last = Reactor.Now;
        if (_armed)
        {
            _armed = false;
            _timer.Disarm();
        }
    }

    public void Dispose() => _timer.Dispose();
}
