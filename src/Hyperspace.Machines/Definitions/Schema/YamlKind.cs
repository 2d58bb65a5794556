using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Hyperspace.Machines.Definitions.Schema;

/// <summary>What kind of value a YAML scalar is.</summary>
internal enum ScalarKind { Text, Number, Truth, Nothing }

/// <summary>
/// The core schema of YAML 1.2 (section 10.3.2), which editors check a JSON Schema against: what stands in quotes is text, <c>12</c> is a number, and <c>yes</c> is text too.
/// The parser goes by the same rules, so that both accept the same files.
/// </summary>
internal static partial class YamlKind
{
    public static ScalarKind Of(YamlScalarNode scalar) => scalar.Style is ScalarStyle.Plain or ScalarStyle.Any ? OfPlain(scalar.Value ?? "") : ScalarKind.Text;

    /// <summary>What the text would be without quotes.</summary>
    public static ScalarKind OfPlain(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => ScalarKind.Nothing,
        "true" or "True" or "TRUE" or "false" or "False" or "FALSE" => ScalarKind.Truth,
        _ => Number().IsMatch(text) ? ScalarKind.Number : ScalarKind.Text,
    };

    /// <summary>The value as messages show it, clipped.</summary>
    /// <param name="wantsText">False where no text is right, so that quotes around a number are worth a word.</param>
    public static string Shown(YamlNode node, bool wantsText)
    {
        if (node is not YamlScalarNode scalar)
        {
            return node is YamlSequenceNode ? "a list" : "a group of keys";
        }

        string text = DefinitionErrors.Clipped(scalar.Value ?? "", 60);
        return Of(scalar) switch
        {
            ScalarKind.Nothing => "no value",
            ScalarKind.Number or ScalarKind.Truth => text,
            _ when !wantsText && OfPlain(text) is ScalarKind.Number or ScalarKind.Truth => $"\"{text}\", a text because of its quotes,",
            _ => $"\"{text}\"",
        };
    }

    [GeneratedRegex(@"^([-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))\z")]
    private static partial Regex Number();
}
