using Hyperspace.Machines.Definitions.Schema;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Hyperspace.Machines.Definitions;

/// <summary>Looks at YAML before a tree is made of it: finds what a definition never needs and what can be made to explode, and keys that stand twice.</summary>
internal static class YamlCheck
{
    private const int MaxDepth = 16;

    /// <summary>A list or a group that is being read.</summary>
    /// <param name="Keys">Those of a group with their lines; null for a list.</param>
    private sealed record Frame(Dictionary<string, int>? Keys, string Path)
    {
        public int Items { get; set; }

        public bool IsKeyNext => Keys is not null && Items % 2 == 0;

        public string Current { get; set; } = "";
    }

    /// <summary>False after errors were reported: anchors, aliases, tags, too many levels, duplicate keys.</summary>
    /// <param name="example">Of what would be right.</param>
    /// <exception cref="YamlException">It is not YAML.</exception>
    public static bool IsHarmless(string untrustedText, DefinitionErrors errors, string example)
    {
        var frames = new Stack<Frame>();
        var parser = new Parser(new StringReader(untrustedText));
        int before = errors.All.Count;
        while (parser.MoveNext())
        {
            ParsingEvent e = parser.Current!;
            if (Forbidden(e, frames.Count) is { } problem)
            {
                errors.AddAt((int)e.Start.Line, problem, example);
                return false;
            }

            switch (e)
            {
                case MappingStart or SequenceStart:
                    string path = Enter(frames, null, 0, errors);
                    frames.Push(new Frame(e is MappingStart ? [] : null, path));
                    break;
                case MappingEnd or SequenceEnd:
                    frames.Pop();
                    break;
                case Scalar scalar:
                    Enter(frames, scalar.Value, (int)scalar.Start.Line, errors);
                    break;
            }
        }

        return errors.All.Count == before;
    }

    private static string? Forbidden(ParsingEvent e, int depth) => e switch
    {
        AnchorAlias or NodeEvent { Anchor.IsEmpty: false } => "Anchors (&) and aliases (*) are not allowed in definitions; expected the value itself.",
        NodeEvent { Tag.IsEmpty: false } => "Tags (!) are not allowed in definitions; expected the value itself.",
        MappingStart or SequenceStart when depth >= MaxDepth => $"It is nested deeper than {MaxDepth} levels; expected at most 3.",
        _ => null,
    };

    /// <summary>Counts a node of the innermost group or list.</summary>
    /// <param name="key">The node's text when it is a scalar.</param>
    /// <returns>The node's path.</returns>
    private static string Enter(Stack<Frame> frames, string? key, int line, DefinitionErrors errors)
    {
        if (!frames.TryPeek(out Frame? frame))
        {
            return "";
        }

        if (frame.IsKeyNext)
        {
            frame.Current = $"{frame.Path}{(frame.Path.Length > 0 ? "." : "")}{key}";
            if (key is not null && !frame.Keys!.TryAdd(key, line))
            {
                errors.Add(line, frame.Current, $"this key stands in line {frame.Keys[key]} already; expected it once.", null);
            }
        }
        else if (frame.Keys is null)
        {
            frame.Current = $"{frame.Path}[{frame.Items}]";
        }

        frame.Items++;
        return frame.Current;
    }
}
