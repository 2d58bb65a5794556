using System.Diagnostics;
using Hyperspace.Machines.Definitions;
using Hyperspace.Machines.Instant;
using Hyperspace.Protocols.Qmp;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>Waits until a guest that boots out of sight is up: its text is on the serial line, or it has become quiet.</summary>
internal sealed class GuestBoot(VmDefinition vm, QemuLaunch launch, QemuFiles files)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(250);

    /// <summary>It has so long, and more when the host is so busy that the guest has not had that much of a CPU and still works.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(40);

    /// <summary>One that has been quiet for so long waits for something that does not come.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(1);

    /// <summary>Without a text it has to be quiet for so long, after which it is up.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(4);

    /// <summary>With one it is saved when what it was about to do is done, see <see cref="Rest"/>, or after this.</summary>
    private static readonly TimeSpan LongestSettling = TimeSpan.FromMinutes(1);

    /// <summary>A guest that uses less of a CPU is quiet.</summary>
    private const double QuietShare = 0.08;

    private volatile string? _end;

    /// <returns>Seconds that it took.</returns>
    /// <exception cref="MachineException">It does not come up.</exception>
    public async Task<double> WaitAsync(Action<int, string> progress, CancellationToken cancel)
    {
        launch.Qmp.Listen(message => _end ??= message.Name switch
        {
            "SHUTDOWN" => "the guest powered itself off while it booted",
            "GUEST_PANICKED" => "the guest's kernel panicked while it booted",
            _ => null,
        });
        var watch = Stopwatch.StartNew();
        ReadyText? ready = vm.Ready is { } text ? new ReadyText(files.Serial, text) : null;
        TimeSpan quietFor = TimeSpan.Zero, readyAt = TimeSpan.MaxValue;
        (TimeSpan At, double Cpu) last = (TimeSpan.Zero, 0);
        var rest = new Rest();
        while (true)
        {
            await Task.Delay(Poll, cancel);
            CheckLives();
            TimeSpan now = watch.Elapsed;
            double cpu = Hyperspace.Linux.ProcessInfo.CpuSeconds(launch.Process.Pid) ?? 0;
            quietFor = (cpu - last.Cpu) / (now - last.At).TotalSeconds < QuietShare ? quietFor + (now - last.At) : TimeSpan.Zero;
            last = (now, cpu);
            bool rests = rest.Add(now, cpu);
            if (now > Longest || (now > Long && (cpu > Long.TotalSeconds || quietFor > Idle)))
            {
                throw new MachineException(
                    $"the guest {(ready is null ? "did not become quiet" : $"did not write \"{vm.Ready}\" to its first serial port")} within {now.TotalMinutes:0} minutes. It wrote last: {LogTail.OneLine(files.Serial, 2, "nothing")}");
            }

            if (ready?.Look() == true && readyAt == TimeSpan.MaxValue)
            {
                readyAt = now;
            }

            bool up = ready is null ? quietFor >= Quiet : readyAt != TimeSpan.MaxValue && (rests || now - readyAt > LongestSettling);
            if (up)
            {
                return (ready is null ? now - Quiet : readyAt).TotalSeconds;
            }

            progress((int)(80 * (1 - Math.Exp(-now.TotalSeconds / 20))), $"{(readyAt == TimeSpan.MaxValue ? "booting" : "waiting until it is quiet")}, {now.TotalSeconds:0} s");
        }
    }

    private void CheckLives()
    {
        if (_end is not null || launch.Process.Exited.IsCompleted)
        {
            throw new MachineException($"{_end ?? "QEMU ended"}. {LogTail.OneLine(files.QemuLog, 3, "")} {LogTail.OneLine(files.Serial, 2, "")}".Trim());
        }
    }
}

/// <summary>
/// Whether a guest that is ready has done what it was about to do. What it does after it was saved it would do at every open, and where CPUs are emulated several times as slowly, because all code is translated anew.
/// A text console stands still at once; a desktop never does, so its bursts of work have to be over for a while.
/// </summary>
internal sealed class Rest
{
    /// <summary>It rests when it has used no more than that share of a CPU for that time.</summary>
    private static readonly (TimeSpan Time, double Share)[] Signs = [(TimeSpan.FromSeconds(1), 0.03), (TimeSpan.FromSeconds(10), 0.1)];

    private readonly Queue<(TimeSpan At, double Cpu)> _past = new();

    /// <param name="now">Since any moment; grows.</param>
    /// <param name="cpu">Seconds of CPU that the guest has used.</param>
    /// <returns>Whether it rests.</returns>
    public bool Add(TimeSpan now, double cpu)
    {
        // One that is older than the longest time stays: from there to now is that time.
        _past.Enqueue((now, cpu));
        while (_past.Count > 2 && now - _past.ElementAt(1).At >= Signs[^1].Time)
        {
            _past.Dequeue();
        }

        return Signs.Any(sign => Used(now, cpu, sign.Time) is { } share && share <= sign.Share);
    }

    /// <returns>The share of a CPU since the last look that is at least that long ago; null when there is none.</returns>
    private double? Used(TimeSpan now, double cpu, TimeSpan time)
    {
        (TimeSpan At, double Cpu)? since = null;
        foreach ((TimeSpan At, double Cpu) look in _past)
        {
            if (now - look.At >= time)
            {
                since = look;
            }
        }

        return since is { } from ? (cpu - from.Cpu) / (now - from.At).TotalSeconds : null;
    }
}
