using System.Text;
using Hyperspace.Protocols.Terminal;

namespace Hyperspace.Tests.Unit.Terminal;

/// <summary>Writes down what a terminal sends, a word an event.</summary>
internal sealed class RecordingTerminalEvents : ITerminalEvents
{
    private readonly List<string> _words = [];

    public string Text => string.Join(' ', _words);

    public void Key(in TerminalKey key)
    {
        string modifiers = key.Modifiers == TerminalModifiers.None ? "" : key.Modifiers.ToString().Replace(", ", "+") + "+";
        string name = key.Code is > ' ' and < 0x7F ? ((char)key.Code).ToString() : $"{key.Code}";
        string basis = key.BaseCode == 0 ? "" : $"({(char)key.BaseCode})";
        _words.Add($"{(key.IsText ? "t:" : "k:")}{modifiers}{name}{basis}{key.Action switch { TerminalKeyAction.Press => "", TerminalKeyAction.Repeat => "~", _ => "^" }}");
    }

    public void Mouse(in TerminalMouse mouse) => _words.Add($"m:{mouse.Action}:{mouse.Button}@{mouse.X},{mouse.Y}{(mouse.Modifiers == 0 ? "" : $":{mouse.Modifiers}")}");

    public void Paste(string text, bool isComplete) => _words.Add($"paste[{text}]{(isComplete ? "" : "...")}");

    public void Focus(bool hasFocus) => _words.Add(hasFocus ? "in" : "out");

    public void Reply(in TerminalReply reply) => _words.Add($"r:{reply.Kind}:{reply.First},{reply.Second}{(reply.Text is null ? "" : $":{reply.Text}")}");

    public static string Of(ReadOnlySpan<byte> bytes, bool flush = true)
    {
        var events = new RecordingTerminalEvents();
        var decoder = new TerminalDecoder(events);
        decoder.Feed(bytes);
        if (flush)
        {
            decoder.Flush();
        }

        return events.Text;
    }

    public static string Of(string text, bool flush = true) => Of(Encoding.UTF8.GetBytes(text), flush);
}
