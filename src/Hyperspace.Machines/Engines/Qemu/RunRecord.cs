using System.Text.Json;
using System.Text.Json.Serialization;
using Hyperspace.Linux;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>What a daemon must know to go on with a VM that an earlier one started.</summary>
/// <param name="Pid">QEMU itself, not what surrounds it.</param>
/// <param name="StartTime">The process's, in clock ticks since boot: a process that has the number by chance has another one.</param>
/// <param name="BootId">The boot of this machine that the two mean something in. With HYPERSPACE_HOME a record can survive a boot.</param>
internal sealed record RunRecord(int Pid, ulong StartTime, string BootId, int Generation, DateTimeOffset StartedAt, string Accelerator)
{
    /// <summary>See <see cref="Hyperspace.Protocols.Control.VmStatus.StartedBy"/>.</summary>
    public string StartedBy { get; init; } = "cold";

    /// <summary>Null when there is none of this boot or it is damaged.</summary>
    public static RunRecord? Read(string file)
    {
        try
        {
            RunRecord? record = JsonSerializer.Deserialize(File.ReadAllText(file), RunRecordJson.Default.RunRecord);
            return record?.BootId == ProcessInfo.BootId ? record : null;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>
    /// Reads it off a living QEMU's arguments and its times, for one whose record could not be written: the daemon was killed between the two, or the disk was full. A process can lie about its
    /// arguments, so a record comes first.
    /// </summary>
    public static RunRecord? Guess(int pid)
    {
        if (ProcessInfo.StartTime(pid) is not { } start)
        {
            return null;
        }

        // Generations count tenths of a second, as Machine does; start times hundredths. An unknown one must only differ from those that the seat may have seen.
        TimeSpan age = TimeSpan.FromMilliseconds(Environment.TickCount64) - TimeSpan.FromMilliseconds(start * 10.0);
        bool kvm = ProcessInfo.UntrustedArguments(pid).Any(argument => argument.StartsWith("kvm", StringComparison.Ordinal));
        return new RunRecord(pid, start, ProcessInfo.BootId, (int)(start / 10), DateTimeOffset.UtcNow - age, kvm ? "kvm" : "tcg");
    }

    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(string file)
    {
        string temporary = file + ".new";
        File.WriteAllText(temporary, JsonSerializer.Serialize(this, RunRecordJson.Default.RunRecord));
        File.Move(temporary, file, overwrite: true);
    }
}

[JsonSerializable(typeof(RunRecord))]
internal sealed partial class RunRecordJson : JsonSerializerContext;
