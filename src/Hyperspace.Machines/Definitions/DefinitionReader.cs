using System.Text;
using Hyperspace.Linux;
using Hyperspace.Machines.Definitions.Schema;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Hyperspace.Machines.Definitions;

/// <summary>Reads one definition: YAML, then keys, then what they mean together. All errors of a file are found at once.</summary>
public sealed class DefinitionReader(HyperspacePaths paths, HostFacts host)
{
    /// <summary>A definition larger than this is a mistake, in bytes.</summary>
    public const int MaxBytes = 256 << 10;

    private const string Example = "memory: 2GiB";

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file; never throws for what is in it.</summary>
    public LoadedDefinition ReadFile(string file)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        try
        {
            return Read(file, ReadText(file));
        }
        catch (DecoderFallbackException)
        {
            return Failed(name, file, "The file is not text in UTF-8; expected YAML.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Failed(name, file, $"The file cannot be read: {e.Message}");
        }
    }

    /// <summary>Reads a text as if it were the file.</summary>
    public LoadedDefinition Read(string file, string untrustedText)
    {
        string name = Path.GetFileNameWithoutExtension(file);
        var errors = new DefinitionErrors(file);
        if (LoadRoot(untrustedText, errors) is not { } root || VmSchema.Root.Read(root, "", errors) is not Group group)
        {
            return new LoadedDefinition(name, file, null, errors.All);
        }

        var builder = new DefinitionBuilder(group, paths, host, errors);
        VmDefinition definition = builder.Build(name, file);
        return new LoadedDefinition(name, file, errors.All.Count == 0 ? definition : null, errors.All) { Lines = builder.Lines };
    }

    /// <summary>The text of a definition's file, without a byte order mark.</summary>
    /// <exception cref="IOException">It cannot be read or is too large to be one.</exception>
    /// <exception cref="DecoderFallbackException">It is not UTF-8.</exception>
    internal static string ReadText(string file)
    {
        using FileStream stream = File.OpenRead(file);
        var bytes = new byte[MaxBytes + 1];
        int n = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (n > MaxBytes)
        {
            throw new IOException($"It is larger than {MaxBytes / 1024} KiB; a definition is not.");
        }

        ReadOnlySpan<byte> content = bytes.AsSpan(0, n);
        return StrictUtf8.GetString(content.StartsWith(Encoding.UTF8.Preamble) ? content[3..] : content);
    }

    /// <summary>The port that a text gives its VM, whatever else is wrong with it; null for none.</summary>
    internal static int? PortOf(string untrustedText) =>
        LoadRoot(untrustedText, new DefinitionErrors("")) is YamlMappingNode root
        && root.Children.FirstOrDefault(pair => pair.Key is YamlScalarNode { Value: "port" }).Value is YamlScalarNode { Value: { } value }
        && int.TryParse(value, out int port)
            ? port
            : null;

    /// <summary>The one document of a text; null after errors were reported.</summary>
    /// <param name="example">Of what would be right.</param>
    internal static YamlNode? LoadRoot(string untrustedText, DefinitionErrors errors, string example = Example)
    {
        try
        {
            if (!YamlCheck.IsHarmless(untrustedText, errors, example))
            {
                return null;
            }

            var stream = new YamlStream();
            stream.Load(new StringReader(untrustedText));
            switch (stream.Documents.Count)
            {
                case 1:
                    return stream.Documents[0].RootNode;
                case 0:
                    errors.AddAt(1, "The file is empty; expected keys and values.", example);
                    return null;
                default:
                    errors.AddAt((int)stream.Documents[1].RootNode.Start.Line, "A second document begins here; expected one definition a file.", example);
                    return null;
            }
        }
        catch (YamlException) when (TabbedLine(untrustedText) is > 0 and var line)
        {
            errors.AddAt(line, "This is not YAML: this line begins with a tab; expected spaces.", example);
            return null;
        }
        catch (YamlException e)
        {
            errors.AddAt((int)e.Start.Line, $"This is not YAML: {(e.InnerException?.Message ?? e.Message).TrimEnd('.')}; expected keys and values.", example);
            return null;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or FormatException or OverflowException or IndexOutOfRangeException)
        {
            // Garbage that YamlDotNet's scanner meets without a word of its own for it.
            errors.AddAt(1, $"This is not YAML: {e.Message.TrimEnd('.')}; expected keys and values.", example);
            return null;
        }
    }

    /// <summary>The first line with a tab among the white space at its beginning: what people who see only that it is indented do not find. 0 for none.</summary>
    private static int TabbedLine(string text) => Array.FindIndex(text.Split('\n'), line => line.AsSpan(0, line.Length - line.AsSpan().TrimStart(" \t").Length).Contains('\t')) + 1;

    private static LoadedDefinition Failed(string name, string file, string problem) => new(name, file, null, [new DefinitionError(file, 0, "", problem, Example)]);
}
