using System.Globalization;
using Hyperspace.Linux.Files;
using Hyperspace.Machines.Engines;
using Hyperspace.Machines.Instant;
using Hyperspace.Protocols.Control;

namespace Hyperspace.Machines.Supervision;

/// <summary>
/// How far a guest's boot is. It is up when it says its <c>ready</c> text on the first serial line, or, without such a text, when its CPUs rest. How far it is on the way is told by the CPU time that
/// its last boot has taken, which, unlike the time on the clock, does not depend on what else the host does. One thread at a time.
/// </summary>
internal sealed class BootWatch
{
    /// <summary>A guest without a ready text is up when it uses less than this share of one CPU for that long.</summary>
    private const double RestingShare = 0.1;
    private static readonly TimeSpan RestingFor = TimeSpan.FromSeconds(4);

    /// <summary>A guest that has used less CPU time than this has not begun yet.</summary>
    private const double LeastCpuSeconds = 1;

    private readonly ReadyText? _ready;
    private readonly string? _record;
    private readonly double? _lastBoot;
    private readonly TimeProvider _clock;
    private long _restingSince;
    private double _cpuThen;

    /// <param name="ready">The text on the serial line, or null.</param>
    /// <param name="serial">The serial line's log.</param>
    /// <param name="record">Where the CPU time of this VM's last boot is kept; null to keep none.</param>
    public BootWatch(string? ready, string serial, string? record, TimeProvider clock)
    {
        _ready = ready is null ? null : new ReadyText(serial, ready);
        (_record, _clock, _restingSince) = (record, clock, clock.GetTimestamp());
        _lastBoot = Read(record);
    }

    public BootStatus Status { get; private set; } = new(false, null);

    /// <param name="use">What the run has used up to now; null when it cannot be measured.</param>
    /// <returns>Whether <see cref="Status"/> is another one now.</returns>
    public bool Look(MachineUse? use)
    {
        if (Status.IsUp)
        {
            return false;
        }

        double cpu = use?.CpuSeconds ?? 0;
        bool up = _ready?.Look() ?? Rests(cpu);
        if (up)
        {
            Note(cpu);
        }

        BootStatus now = up ? BootStatus.Up : new BootStatus(false, _lastBoot is { } last && use is not null ? (int)Math.Clamp(100 * cpu / last, 0, 99) : null);
        bool other = now != Status;
        Status = now;
        return other;
    }

    private bool Rests(double cpu)
    {
        long now = _clock.GetTimestamp();
        TimeSpan passed = _clock.GetElapsedTime(_restingSince, now);
        if (cpu < LeastCpuSeconds || cpu - _cpuThen > RestingShare * RestingFor.TotalSeconds)
        {
            (_restingSince, _cpuThen) = (now, cpu);
            return false;
        }

        return passed >= RestingFor;
    }

    /// <summary>A third of what is new goes in, so that one odd boot does not count for much.</summary>
    private void Note(double cpu)
    {
        if (_record is null || cpu <= 0)
        {
            return;
        }

        try
        {
            double kept = _lastBoot is { } last ? last + (cpu - last) / 3 : cpu;
            AtomicFile.WriteAllText(_record, kept.ToString("0.00", CultureInfo.InvariantCulture) + "\n");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Then the next boot shows no percentage.
        }
    }

    private static double? Read(string? record)
    {
        try
        {
            return record is not null && double.TryParse(File.ReadAllText(record), CultureInfo.InvariantCulture, out double seconds) && seconds > 0 ? seconds : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
