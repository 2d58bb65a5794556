using Hyperspace.Machines.Power.Rules;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Power.Policy;

/// <summary>
/// Makes occasions of what the machine says: what flaps, repeats or is stale is none. No clock and no I/O of its own; times are since any fixed moment. Not thread-safe.
/// <para>The lid: a position counts when it has been the same for <see cref="LidSettle"/>, and only when it is another one than what counted last. So a lid that is still, or again, said to be closed after the machine
/// has resumed is nothing new: it counts only after it was seen open for that long. Within <see cref="LidGuard"/> after resuming a closing waits until the guard ends and is read again then: late events of
/// before do nothing, and a lid that really was opened and closed again counts a little later.</para>
/// <para>Buttons within <see cref="ButtonGuard"/> after resuming are the press that woke the machine.</para>
/// </summary>
internal sealed class OccasionFilter
{
    public static readonly TimeSpan LidSettle = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan AcSettle = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan LevelSettle = TimeSpan.FromSeconds(3);
    public static readonly TimeSpan LidGuard = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan ButtonGuard = TimeSpan.FromSeconds(3);
    public static readonly TimeSpan ButtonRepeat = TimeSpan.FromSeconds(1);

    /// <summary>The level must rise this far above a threshold before falling to it counts again, in percent.</summary>
    private const int Hysteresis = 2;

    private readonly Queue<Occasion> _presses = new();
    private readonly TimeSpan?[] _lastPress = new TimeSpan?[2];
    private Settling<bool?> _lid, _ac;
    private Settling<int> _depth;
    private int _worst;
    private TimeSpan? _resumed;

    public OccasionFilter(PowerState now, TimeSpan at)
    {
        _lid = new Settling<bool?>(now.LidOpen, now.LidOpen, at);
        _ac = new Settling<bool?>(now.AcOnline, now.AcOnline, at);
        _depth = new Settling<int>(0, 0, at);
    }

    /// <summary>The machine is like this now.</summary>
    public void Observe(PowerState now, int lowPercent, int criticalPercent, TimeSpan at)
    {
        _lid = _lid.See(now.LidOpen, at);
        _ac = _ac.See(now.AcOnline, at);
        if (!now.OnBattery || now.Battery?.LevelPercent is not { } level)
        {
            _depth = _depth.See(0, at);
            return;
        }

        int depth = level <= criticalPercent ? 2 : level <= lowPercent ? 1 : 0;
        int leaving = level <= criticalPercent + Hysteresis ? 2 : level <= lowPercent + Hysteresis ? 1 : 0;
        _depth = _depth.See(Math.Max(depth, Math.Min(leaving, _depth.Counted)), at);
    }

    /// <param name="sleep">The sleep button, else the power button.</param>
    /// <returns>False for one that does not count.</returns>
    public bool Press(bool sleep, TimeSpan at)
    {
        ref TimeSpan? last = ref _lastPress[sleep ? 1 : 0];
        bool counts = !(at - _resumed < ButtonGuard) && !(at - last < ButtonRepeat);
        last = at;
        if (counts)
        {
            _presses.Enqueue(new Occasion(sleep ? OccasionKind.SleepButton : OccasionKind.PowerButton));
        }

        return counts;
    }

    /// <summary>The machine has slept and is awake again. A battery that is critical still is an occasion again.</summary>
    public void Resumed(TimeSpan at)
    {
        _resumed = at;
        _presses.Clear();
        _worst = Math.Min(_worst, 1);
        _depth = new Settling<int>(_depth.Seen, Math.Min(_depth.Counted, 1), at);
    }

    /// <summary>The next occasion that counts by now; call it until there is none.</summary>
    public bool TryTake(TimeSpan at, out Occasion occasion)
    {
        if (DepthIsDue(at, out occasion) || _presses.TryDequeue(out occasion))
        {
            return true;
        }

        if (LidDue is { } lid && lid <= at)
        {
            bool was = _lid.Counted is not null;
            _lid = _lid.Count();
            occasion = new Occasion(_lid.Counted == true ? OccasionKind.LidOpened : OccasionKind.LidClosed);
            return (was && _lid.Counted is not null) || TryTake(at, out occasion);
        }

        if (_ac.Due(AcSettle) is { } ac && ac <= at)
        {
            bool was = _ac.Counted is not null;
            _ac = _ac.Count();
            occasion = new Occasion(_ac.Counted == true ? OccasionKind.AcPlugged : OccasionKind.AcUnplugged);
            return (was && _ac.Counted is not null) || TryTake(at, out occasion);
        }

        return false;
    }

    /// <summary>When <see cref="TryTake"/> may have one even if nothing happens; null for never.</summary>
    public TimeSpan? Next => new[] { LidDue, _ac.Due(AcSettle), _depth.Due(LevelSettle) }.Min();

    private bool DepthIsDue(TimeSpan at, out Occasion occasion)
    {
        occasion = default;
        if (!(_depth.Due(LevelSettle) <= at))
        {
            return false;
        }

        (int before, _depth) = (_worst, _depth.Count());
        _worst = _depth.Counted;
        occasion = new Occasion(_worst == 2 ? OccasionKind.BatteryCritical : OccasionKind.BatteryLow);
        return _worst > before;
    }

    /// <summary>A closing waits for the guard's end, an opening does not.</summary>
    private TimeSpan? LidDue => _lid.Due(LidSettle) is not { } due ? null : _lid.Seen == false && _resumed + LidGuard > due ? _resumed + LidGuard : due;

    /// <param name="Seen">What was said last.</param>
    /// <param name="Counted">What counted last.</param>
    /// <param name="Since">Since when it has been said.</param>
    private readonly record struct Settling<T>(T Seen, T Counted, TimeSpan Since)
    {
        public Settling<T> See(T now, TimeSpan at) => EqualityComparer<T>.Default.Equals(Seen, now) ? this : new Settling<T>(now, Counted, at);

        public Settling<T> Count() => this with { Counted = Seen };

        public TimeSpan? Due(TimeSpan settle) => EqualityComparer<T>.Default.Equals(Seen, Counted) ? null : Since + settle;
    }
}
