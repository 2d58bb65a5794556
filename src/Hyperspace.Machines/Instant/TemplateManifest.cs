using System.Text.Json;
using System.Text.Json.Serialization;
using Hyperspace.Linux.Files;

namespace Hyperspace.Machines.Instant;

/// <summary>A file as it was when a template was saved: another one of that name, or a changed one, is told from it.</summary>
internal sealed record FileIdentity(string Path, long Size, ulong Inode, long ModifiedNanoseconds)
{
    /// <summary>Null when there is no such file.</summary>
    public static FileIdentity? Of(string path) => FileStat.Of(path) is { } stat ? new FileIdentity(path, stat.Size, stat.Inode, stat.ModifiedNanoseconds) : null;

    /// <summary>What has become of it, as the rest of a sentence; null when it is the same.</summary>
    public string? Change() => Of(Path) switch
    {
        null => $"{Path} is gone",
        { } now when now.Size != Size => $"{Path} has another size",
        { } now when now.Inode != Inode => $"{Path} is another file",
        { } now when now.ModifiedNanoseconds != ModifiedNanoseconds => $"{Path} has been written to",
        _ => null,
    };
}

/// <summary>A file of a template.</summary>
/// <param name="Name">In the template's folder.</param>
/// <param name="Checksum">As <see cref="SparseFile.Checksum"/> makes it.</param>
internal sealed record TemplatePart(string Name, long Size, ulong Inode, long ModifiedNanoseconds, string Checksum)
{
    public FileIdentity In(string folder) => new(Path.Combine(folder, Name), Size, Inode, ModifiedNanoseconds);
}

/// <summary>What a saved machine fits to: where one of these is different, it cannot go on, or must not.</summary>
/// <param name="Engine">Such as <c>qemu 10.0.2</c>.</param>
/// <param name="Machine">The engine's machine type, with its version.</param>
/// <param name="CpuModel">The host's CPU for people; empty where its kind does not matter (TCG).</param>
/// <param name="CpuFlags">A checksum of its features; empty where they do not matter.</param>
/// <param name="Devices">A checksum of all that defines the machine's devices.</param>
internal sealed record TemplateHost(string Engine, string Machine, string Accelerator, string CpuModel, string CpuFlags, string Devices);

/// <summary>What a template's folder holds and what it depends on.</summary>
/// <param name="IsCheckpoint">It is used once: its disks go on from there.</param>
/// <param name="Files">What the guest has seen of the host: kernel, disks, firmware.</param>
/// <param name="Overlays">For each disk of the definition the overlay with what the guest has written; null for a disk that has none.</param>
internal sealed record TemplateManifest(
    int Format, TemplateHost Host, bool IsCheckpoint, DateTimeOffset SavedAt, double BootSeconds, long Bytes, IReadOnlyList<FileIdentity> Files, TemplatePart Ram, TemplatePart State,
    IReadOnlyList<TemplatePart?> Overlays)
{
    public const int CurrentFormat = 1;

    private const int MaxBytes = 1 << 20;

    [JsonIgnore]
    public IEnumerable<TemplatePart> Parts => [Ram, State, .. Overlays.OfType<TemplatePart>()];

    /// <exception cref="MachineException">It cannot be used; the message is the rest of a sentence.</exception>
    public static TemplateManifest Read(string file)
    {
        try
        {
            if (new FileInfo(file).Length > MaxBytes)
            {
                throw new MachineException("its manifest is damaged (it is too large)");
            }

            TemplateManifest manifest = JsonSerializer.Deserialize(File.ReadAllBytes(file), TemplateJson.Default.TemplateManifest) ?? throw new JsonException("It is null.");
            return manifest.Format == CurrentFormat ? manifest : throw new MachineException($"it was saved by another version of Hyperspace (format {manifest.Format}; this one has {CurrentFormat})");
        }
        catch (JsonException e)
        {
            throw new MachineException("its manifest is damaged", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"its manifest cannot be read: {e.Message}", e);
        }
    }

    public void Write(string file) => AtomicFile.WriteAllBytes(file, JsonSerializer.SerializeToUtf8Bytes(this, TemplateJson.Default.TemplateManifest));

    /// <summary>Why it does not fit to the host and the definition of now, as the rest of a sentence; null when it fits.</summary>
    public string? Misfit(TemplateHost now)
    {
        if (Host.Accelerator != now.Accelerator)
        {
            return $"it was saved with {Host.Accelerator}, and now it would run with {now.Accelerator}";
        }

        if (Host.CpuModel != now.CpuModel || Host.CpuFlags != now.CpuFlags)
        {
            return Host.CpuModel == now.CpuModel
                ? $"it was saved on a {Host.CpuModel} with other features than this one has"
                : $"it was saved on the CPU {Host.CpuModel}, and this is {now.CpuModel}";
        }

        // A checkpoint is worth more than a template: a newer QEMU still has the older machine type.
        if (Host.Engine != now.Engine && !IsCheckpoint)
        {
            return $"it was saved by {Host.Engine}, and this is {now.Engine}";
        }

        return Host.Devices != now.Devices
            ? "the definition has other devices now"
            : Files.Select(file => file.Change()).FirstOrDefault(change => change is not null);
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(TemplateManifest))]
internal sealed partial class TemplateJson : JsonSerializerContext;
