using System.Text.Json;
using System.Text.Json.Serialization;
using Hyperspace.Linux.Files;
using Hyperspace.Seat.Display.Outputs;
using Hyperspace.Seat.Input.Sources;

namespace Hyperspace.Seat.Input.Trust;

/// <summary>A keyboard that somebody has accepted.</summary>
public sealed record KnownDevice(string Id, string Name, DateTimeOffset Accepted);

/// <summary>A monitor that shows a port of its own.</summary>
/// <param name="Port">1 to 9.</param>
public sealed record KnownMonitor(string Id, string Name, int Port);

/// <summary>What the seat's file holds.</summary>
/// <param name="LockedTo">The VM that alone may have the keyboard; null for none.</param>
/// <param name="Monitors">Those that do not mirror the primary; null in files of seats that knew no others.</param>
/// <param name="PrimaryMonitor">The id of the monitor that somebody has made the primary; null for none in particular.</param>
public sealed record SeatRecord(IReadOnlyList<KnownDevice> Devices, string? LockedTo, IReadOnlyList<KnownMonitor>? Monitors = null, string? PrimaryMonitor = null);

/// <summary>
/// What a seat remembers from one run to the next: accepted keyboards, the VM that it is locked to, which monitor is the primary, and which show a port of their own. Written atomically. A file that makes no sense is an empty one
/// with a sentence: nobody is trusted because of it. It is put aside before another is written in its place.
/// </summary>
public sealed class SeatMemory
{
    /// <summary>More keyboards than anybody has; the oldest are forgotten.</summary>
    public const int MaxDevices = 256;

    /// <summary>More monitors than anybody has; the oldest are forgotten.</summary>
    public const int MaxMonitors = 64;

    private const int MaxBytes = 1 << 20;

    private readonly string? _file;
    private SeatRecord _record = new([], null);

    /// <summary>The file holds what could not be understood.</summary>
    private bool _isSpoiled;

    private SeatMemory(string? file) => _file = file;

    public IReadOnlyList<KnownDevice> Devices => _record.Devices;

    public string? LockedTo => _record.LockedTo;

    /// <summary>Monitors with a port of their own, whether they are plugged in or not.</summary>
    public IReadOnlyList<KnownMonitor> Monitors => _record.Monitors ?? [];

    /// <summary>What the monitors are to show.</summary>
    public MonitorChoice MonitorChoice => new(PortOf, _record.PrimaryMonitor);

    /// <summary>A memory that lasts as long as the object.</summary>
    public static SeatMemory Transient() => new(null);

    /// <param name="problem">Why nothing of it is used, as a sentence; null when all is well, also without a file.</param>
    public static SeatMemory Load(string file, out string? problem)
    {
        var memory = new SeatMemory(file);
        problem = null;
        try
        {
            if (File.Exists(file))
            {
                byte[] text = new FileInfo(file).Length <= MaxBytes ? File.ReadAllBytes(file) : throw new IOException($"it is larger than {MaxBytes} bytes");
                SeatRecord? record = JsonSerializer.Deserialize(text, SeatMemoryJson.Default.SeatRecord);
                memory._record = record is not null && IsWhole(record) ? record : throw new JsonException("it lacks something");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            memory._isSpoiled = true;
            problem = $"The seat's memory {file} cannot be used ({e.Message}); keyboards that were accepted before are asked about again, and every monitor mirrors the primary. What is in it is kept as {SpoiledName(file)} when something new is remembered.";
        }

        return memory;
    }

    private static bool IsWhole(SeatRecord record) =>
        record is { Devices: not null } && record.Devices.All(static d => d is { Id.Length: > 0, Name: not null })
        && (record.Monitors ?? []).All(static m => m is { Id.Length: > 0, Name: not null, Port: >= 1 and <= 9 });

    private static string SpoiledName(string file) => $"{file}.bad";

    public bool Knows(string id) => _record.Devices.Any(d => d.Id == id);

    /// <returns>Null, or why it could not be written, as a sentence; it counts until the seat ends all the same.</returns>
    public string? Remember(string id, string untrustedName, DateTimeOffset now)
    {
        IEnumerable<KnownDevice> others = _record.Devices.Where(d => d.Id != id).TakeLast(MaxDevices - 1);
        return Write(_record with { Devices = [.. others, new KnownDevice(id, DeviceText.Name(untrustedName), now)] });
    }

    /// <inheritdoc cref="Remember"/>
    public string? Forget(string id) => Write(_record with { Devices = [.. _record.Devices.Where(d => d.Id != id)] });

    /// <summary>The port that the monitor shows; null for one that mirrors the primary.</summary>
    public int? PortOf(string monitor) => _record.Monitors?.FirstOrDefault(m => m.Id == monitor)?.Port;

    /// <inheritdoc cref="Remember"/>
    /// <param name="port">1 to 9; null for a mirror.</param>
    public string? ShowOn(string monitor, string untrustedName, int? port)
    {
        IEnumerable<KnownMonitor> others = Monitors.Where(m => m.Id != monitor).TakeLast(MaxMonitors - 1);
        return Write(_record with { Monitors = [.. others, .. port is { } own ? [new KnownMonitor(monitor, DeviceText.Name(untrustedName), own)] : Array.Empty<KnownMonitor>()] });
    }

    /// <inheritdoc cref="Remember"/>
    /// <summary>The monitor is the primary whenever it is plugged in; it has no port of its own any more.</summary>
    public string? MakePrimary(string monitor) => Write(_record with { Monitors = [.. Monitors.Where(m => m.Id != monitor)], PrimaryMonitor = monitor });

    /// <inheritdoc cref="Remember"/>
    public string? Lock(string? vm) => Write(_record with { LockedTo = vm });

    private string? Write(SeatRecord record)
    {
        _record = record;
        if (_file is null)
        {
            return null;
        }

        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_file)!);
            if (_isSpoiled && File.Exists(_file))
            {
                File.Move(_file, SpoiledName(_file), overwrite: true);
            }

            _isSpoiled = false;
            AtomicFile.WriteAllBytes(_file, JsonSerializer.SerializeToUtf8Bytes(record, SeatMemoryJson.Default.SeatRecord));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"This is remembered only until the seat ends: {_file} cannot be written ({e.Message}).";
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(SeatRecord))]
internal sealed partial class SeatMemoryJson : JsonSerializerContext;
