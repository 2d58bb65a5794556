using System.Globalization;

namespace Hyperspace.Machines.Supervision;

/// <summary>What happened to a VM, one line each with its time, in <c>events.log</c> beside its other logs. A disk that is full costs lines and nothing else.</summary>
/// <param name="file">Null keeps nothing: of a disposable nothing stays.</param>
internal sealed class MachineLog(string? file, TimeProvider clock)
{
    /// <summary>A larger log is begun anew; one older one is kept.</summary>
    private const long MaxBytes = 1 << 20;

    private readonly Lock _lock = new();

    public void Write(string what)
    {
        if (file is null)
        {
            return;
        }

        string time = clock.GetLocalNow().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
        lock (_lock)
        {
            try
            {
                Directory.CreateDirectory(Path.GetDirectoryName(file)!);
                if (new FileInfo(file) is { Exists: true, Length: > MaxBytes })
                {
                    File.Move(file, Path.ChangeExtension(file, ".1.log"), overwrite: true);
                }

                File.AppendAllText(file, $"{time} {what}\n");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"hyperspace: {file} cannot be written ({e.Message}); it would say: {what}");
            }
        }
    }
}
