using System.Buffers.Binary;
using System.Text;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions;

namespace Hyperspace.Tests.Unit.Definitions;

/// <summary>A Hyperspace of its own in a temporary folder, on a machine with 8 GiB and 4 CPUs.</summary>
internal sealed class Home : IDisposable
{
    public Home()
    {
        Folder = Directory.CreateTempSubdirectory("hs-").FullName;
        Paths = HyperspacePaths.Of(name => name == "HYPERSPACE_HOME" ? Folder : null, root: false);
        Directory.CreateDirectory(Paths.Definitions);
    }

    public static HostFacts Host { get; } = new(8L << 30, 4);

    public string Folder { get; }

    public HyperspacePaths Paths { get; }

    public DefinitionStore Store => new(Paths, Host);

    /// <summary>Writes a definition and returns its file.</summary>
    public string Define(string name, string text) => Put(Path.Combine(Paths.Definitions, name + ".yaml"), text);

    /// <summary>Writes any file, its folders too, and returns its path.</summary>
    public string Put(string path, string text = "x")
    {
        string file = Path.Combine(Folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, Encoding.UTF8.GetBytes(text));
        return file;
    }

    /// <summary>Writes the header of a qcow2 image.</summary>
    /// <param name="backing">The name of a backing file.</param>
    public string PutQcow2(string path, string? backing = null, bool externalData = false)
    {
        var header = new byte[512];
        "QFI\xFB"u8[..3].CopyTo(header);
        header[3] = 0xFB;
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), 3);
        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(24), 20L << 30);
        if (backing is not null)
        {
            BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(8), 112);
            BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(16), backing.Length);
            Encoding.ASCII.GetBytes(backing).CopyTo(header, 112);
        }

        BinaryPrimitives.WriteInt64BigEndian(header.AsSpan(72), externalData ? 4 : 0);
        string file = Put(path, "");
        File.WriteAllBytes(file, header);
        return file;
    }

    public LoadedDefinition Read(string text) => Store.Reader.Read(Path.Combine(Paths.Definitions, "demo.yaml"), text);

    /// <summary>All files below, by their paths relative to the folder.</summary>
    public string[] Files() => [.. Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Folder, f)).Order(StringComparer.Ordinal)];

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
