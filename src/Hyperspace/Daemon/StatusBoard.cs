using Hyperspace.Machines.Supervision;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Daemon;

/// <summary>All that the daemon tells the outside, in one place: the fleet, and what the seat said last. Thread-safe.</summary>
internal sealed class StatusBoard : IDisposable
{
    private readonly IFleet _fleet;
    private readonly IPowerDesk _power;
    private readonly IPolicyDesk? _policy;
    private volatile SeatStatus? _seat;

    public StatusBoard(IFleet fleet, IPowerDesk? power = null, IPolicyDesk? policy = null)
    {
        (_fleet, _power, _policy) = (fleet, power ?? new NoPowerDesk(), policy);
        fleet.Changed += OnFleetChanged;
        _power.Changed += OnFleetChanged;
        if (policy is not null)
        {
            policy.Changed += OnFleetChanged;
        }
    }

    /// <summary>As it is now.</summary>
    public Snapshot Current => new(_fleet.Host, _fleet.Vms, _seat) { Power = _power.Current, Policy = _policy?.Status };

    /// <summary>Null while no seat is connected.</summary>
    public SeatStatus? Seat
    {
        get => _seat;
        set
        {
            bool moved = _seat?.Vm != value?.Vm;

            // A guest that draws or plays changes the status too, and is nobody at the keyboard.
            bool used = value is not null && (value.Inputs, value.Switches) != (_seat?.Inputs, _seat?.Switches);
            _seat = value;
            if (moved)
            {
                _fleet.FocusChanged(value?.Vm);
            }

            if (used)
            {
                _policy?.Touched();
            }

            Changed?.Invoke(BoardChange.Seat);
        }
    }

    /// <summary>Something is new. Raised on any thread; handlers must not block.</summary>
    public event Action<BoardChange>? Changed;

    private void OnFleetChanged() => Changed?.Invoke(BoardChange.Fleet);

    public void Dispose()
    {
        _fleet.Changed -= OnFleetChanged;
        _power.Changed -= OnFleetChanged;
        if (_policy is not null)
        {
            _policy.Changed -= OnFleetChanged;
        }
    }
}

/// <summary>Which part of a <see cref="StatusBoard"/> is new.</summary>
internal enum BoardChange { Fleet, Seat }
