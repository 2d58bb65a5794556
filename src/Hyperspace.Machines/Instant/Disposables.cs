using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;

namespace Hyperspace.Machines.Instant;

/// <summary>What a daemon must know of a disposable that an earlier one has opened. It lies in the disposable's state folder, which is removed with all that is in it when it ends.</summary>
internal sealed record DisposableRecord(string Of, string Label, string Color, int? Port)
{
    private const string File = "disposable.json";

    /// <summary>Null for a VM that is none.</summary>
    public static DisposableRecord? Read(HyperspacePaths paths, string name)
    {
        try
        {
            return JsonSerializer.Deserialize(System.IO.File.ReadAllBytes(Path.Combine(paths.VmState(name), File)), DisposableJson.Default.DisposableRecord);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Whether a folder of state is a disposable's, also when its record cannot be read: the machine lost its power meanwhile.</summary>
    public static bool IsThere(HyperspacePaths paths, string name) => System.IO.File.Exists(Path.Combine(paths.VmState(name), File));

    /// <summary>Whether nothing lies in a name's folder of state that anybody would miss: a VM whose file was deleted may have left its disks there.</summary>
    public static bool MayHave(HyperspacePaths paths, string name)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(paths.VmState(name)).Select(path => Path.GetFileName(path))
                .All(entry => entry is "user" || entry.StartsWith(File, StringComparison.Ordinal) || entry.StartsWith("overlay-", StringComparison.Ordinal) || entry.EndsWith(".log", StringComparison.Ordinal));
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
    }

    /// <summary>It need not outlive the machine's power: not synced, because an open waits for it.</summary>
    public void Write(HyperspacePaths paths, string name)
    {
        Directory.CreateDirectory(paths.VmState(name));
        string file = Path.Combine(paths.VmState(name), File);
        System.IO.File.WriteAllBytes(file + ".new", JsonSerializer.SerializeToUtf8Bytes(this, DisposableJson.Default.DisposableRecord));
        System.IO.File.Move(file + ".new", file, overwrite: true);
    }
}

[JsonSerializable(typeof(DisposableRecord))]
internal sealed partial class DisposableJson : JsonSerializerContext;

/// <summary>Names and definitions of disposables.</summary>
internal static class Disposables
{
    private const int MaxName = 31;
    private const int MaxLabel = 40;

    /// <summary>The number of disposables of one VM at a time, with the VM itself.</summary>
    public const int MaxAtOnce = 99;

    /// <summary>The names of disposables of a VM in the order in which they are given: <c>NAME-2</c>, <c>NAME-3</c> and so on. A long name loses its end.</summary>
    public static IEnumerable<string> Names(string vm) => Enumerable.Range(2, MaxAtOnce - 1).Select(number => Name(vm, number));

    public static string Name(string vm, int number)
    {
        string suffix = string.Create(CultureInfo.InvariantCulture, $"-{number}");
        return vm[..Math.Min(vm.Length, MaxName - suffix.Length)] + suffix;
    }

    /// <summary>The lowest port from 1 to 9 that nobody has; null when all are taken.</summary>
    public static int? FreePort(IEnumerable<int?> taken) => Enumerable.Range(1, 9).Except(taken.OfType<int>()).Select(port => (int?)port).FirstOrDefault();

    /// <summary>A disposable's definition: the VM's own, but for what there can be only one of.</summary>
    public static VmDefinition Of(VmDefinition vm, string name, int? port, HyperspacePaths paths)
    {
        string number = name[(name.LastIndexOf('-') + 1)..];
        string label = vm.Label[..Math.Min(vm.Label.Length, MaxLabel - number.Length - 1)];
        return Moved(vm, name, paths) with
        {
            Label = $"{label} {number}", Port = port, Autostart = false, CloneOf = vm.Name, Restart = new RestartDefinition(RestartPolicy.Never, 1),
        };
    }

    /// <summary>The same machine under another name: the host's ports that lead into it stay with the VM itself, and arguments of the user's that name its folders name the other's.</summary>
    public static VmDefinition Moved(VmDefinition vm, string name, HyperspacePaths paths) => vm with
    {
        Name = name,
        Network = vm.Network with { Forwards = [] },
        Extra = [.. vm.Extra.Select(argument => argument.Replace(paths.VmRuntime(vm.Name) + "/", paths.VmRuntime(name) + "/", StringComparison.Ordinal))],
    };

    /// <summary>Why there can be no disposables of a VM, and no template that is used more than once; null when there can.</summary>
    public static string? Obstacle(VmDefinition vm) => vm.Disks.FirstOrDefault(disk => disk.Mode == DiskMode.Persistent) is { } disk
        ? $"its disk {disk.File} is persistent, and a template that is used again would destroy what is on it; expected mode ephemeral or read-only (\"hyperspace vm checkpoint {vm.Name}\" saves such a VM once)"
        : null;
}
