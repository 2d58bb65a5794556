using System.Buffers;
using System.Text.Json;

namespace Hyperspace.Protocols.Qmp;

/// <summary>What QEMU sent cannot be understood, or it refused a command. The message is for people.</summary>
public sealed class QmpException : Exception
{
    public QmpException(string message) : base(message) { }

    public QmpException(string message, Exception inner) : base(message, inner) { }
}

public enum QmpKind { Greeting, Return, Error, Event }

/// <summary>One message of the QEMU Machine Protocol (QEMU documentation, "QMP specification"), decoded once, here.</summary>
/// <param name="Id">The command's number; null for events and greetings.</param>
/// <param name="Name">The event's name or the error's class.</param>
/// <param name="Data">The return value, the event's data or the greeting's version; undefined when there is none.</param>
/// <param name="Text">The error's description.</param>
public sealed record QmpMessage(QmpKind Kind, long? Id, string Name, JsonElement Data, string Text)
{
    /// <summary>The longest line that is accepted, in bytes.</summary>
    public const int MaxLineBytes = 1 << 20;

    /// <summary>Errors carry texts of at most so many characters; the rest is cut off.</summary>
    public const int MaxTextLength = 2000;

    /// <exception cref="QmpException">The line is not a message.</exception>
    public static QmpMessage Parse(ReadOnlySpan<byte> untrustedLine)
    {
        try
        {
            return Read(JsonElement.Parse(untrustedLine));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A text that is no Unicode is found only when it is taken, as an InvalidOperationException.
            throw new QmpException("QEMU sent a line that is not JSON.", e);
        }
    }

    private static QmpMessage Read(JsonElement untrusted)
    {
        if (untrusted.ValueKind != JsonValueKind.Object)
        {
            throw new QmpException($"QEMU sent a JSON {untrusted.ValueKind}; expected an object.");
        }

        long? id = untrusted.TryGetProperty("id", out JsonElement number) && number.ValueKind == JsonValueKind.Number && number.TryGetInt64(out long value) ? value : null;
        if (untrusted.TryGetProperty("return", out JsonElement result))
        {
            return new QmpMessage(QmpKind.Return, id, "", result, "");
        }

        if (untrusted.TryGetProperty("error", out JsonElement error))
        {
            return new QmpMessage(QmpKind.Error, id, Member(error, "class"), default, Member(error, "desc"));
        }

        if (untrusted.TryGetProperty("event", out JsonElement name) && name.ValueKind == JsonValueKind.String)
        {
            untrusted.TryGetProperty("data", out JsonElement data);
            return new QmpMessage(QmpKind.Event, null, name.GetString()!, data, "");
        }

        return untrusted.TryGetProperty("QMP", out JsonElement greeting)
            ? new QmpMessage(QmpKind.Greeting, null, "", greeting, "")
            : throw new QmpException("QEMU sent an object that is no message of its protocol.");
    }

    /// <summary>A command as a line.</summary>
    /// <param name="arguments">Writes the members of the arguments' object; null for none.</param>
    public static ReadOnlyMemory<byte> Command(long id, string name, Action<Utf8JsonWriter>? arguments)
    {
        var buffer = new ArrayBufferWriter<byte>(128);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("execute", name);
            writer.WriteNumber("id", id);
            if (arguments is not null)
            {
                writer.WriteStartObject("arguments");
                arguments(writer);
                writer.WriteEndObject();
            }

            writer.WriteEndObject();
        }

        buffer.Write("\n"u8);
        return buffer.WrittenMemory;
    }

    /// <summary>A text member of an object, without control characters and not longer than <see cref="MaxTextLength"/>; empty when it is missing or of another type.</summary>
    /// <exception cref="InvalidOperationException">The text is no Unicode.</exception>
    public static string Member(JsonElement untrusted, string member)
    {
        if (untrusted.ValueKind != JsonValueKind.Object || !untrusted.TryGetProperty(member, out JsonElement value) || value.ValueKind != JsonValueKind.String)
        {
            return "";
        }

        string text = value.GetString()!;
        return string.Concat(text.Take(MaxTextLength).Select(c => char.IsControl(c) ? ' ' : c));
    }
}
