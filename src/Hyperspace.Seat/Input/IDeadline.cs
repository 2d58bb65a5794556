namespace Hyperspace.Seat.Input;

/// <summary>
/// Something that wants to be called at a time, without owning a timer: the seat arms one timer of its loop for it. Time comes in with the
/// calls, so that tests need no clock.
/// </summary>
public interface IDeadline
{
    /// <summary>The value of <see cref="Deadline"/> when there is nothing to wait for.</summary>
    public const long Never = long.MaxValue;

    /// <summary>When <see cref="Tick"/> wants to be called: nanoseconds of CLOCK_MONOTONIC, or <see cref="Never"/>. In the past means at once.</summary>
    long Deadline { get; }

    /// <summary>Set by the owner of the timer: <see cref="Deadline"/> has changed.</summary>
    Action? DeadlineChanged { get; set; }

    /// <summary>The time is now. Too early does nothing.</summary>
    /// <param name="now">Nanoseconds of CLOCK_MONOTONIC.</param>
    void Tick(long now);
}
