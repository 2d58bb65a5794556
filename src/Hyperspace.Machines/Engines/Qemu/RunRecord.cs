using System.Text.Json;
using System.Text.Json.Serialization;

namespace Hyperspace.Machines.Engines.Qemu;

/// <summary>What a daemon must know to go on with a VM that an earlier one started. Gone after a reboot, like the process.</summary>
/// <param name="Pid">QEMU itself, not what surrounds it.</param>
/// <param name="StartTime">The process's, in clock ticks since boot: a process that has the number by chance has another one.</param>
internal sealed record RunRecord(int Pid, ulong StartTime, int Generation, DateTimeOffset StartedAt, string Accelerator)
{
    /// <summary>Null when there is none or it is damaged.</summary>
    public static RunRecord? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(file), RunRecordJson.Default.RunRecord);
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Write(string file)
    {
        string temporary = file + ".new";
        File.WriteAllText(temporary, JsonSerializer.Serialize(this, RunRecordJson.Default.RunRecord));
        File.Move(temporary, file, overwrite: true);
    }
}

[JsonSerializable(typeof(RunRecord))]
internal sealed partial class RunRecordJson : JsonSerializerContext;
