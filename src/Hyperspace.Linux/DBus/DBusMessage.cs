using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hyperspace.Linux.DBus;

/// <summary>A received message, valid for the length of the callback that it was given to. Reading goes forward through the arguments.</summary>
public readonly unsafe ref struct DBusMessage
{
    private readonly nint _message;

    internal DBusMessage(nint message) => _message = message;

    /// <summary>The member as UTF-8, or empty.</summary>
    public ReadOnlySpan<byte> Member => Text(SdBus.GetMember(_message));

    /// <summary>The interface as UTF-8, or empty.</summary>
    public ReadOnlySpan<byte> Interface => Text(SdBus.GetInterface(_message));

    /// <summary>The object's path as UTF-8, or empty.</summary>
    public ReadOnlySpan<byte> Path => Text(SdBus.GetPath(_message));

    public bool IsMethodCall => Type() == 1;

    public bool IsSignal => Type() == 4;

    /// <summary>True when this is an error in place of a reply.</summary>
    public bool IsError => SdBus.IsMethodError(_message, null) > 0;

    public bool ExpectsReply => SdBus.GetExpectReply(_message) > 0;

    public uint ReadUInt32() => (uint)Read((byte)'u');

    public ulong ReadUInt64() => Read((byte)'t');

    public byte ReadByte() => (byte)Read((byte)'y');

    public int ReadInt32() => (int)Read((byte)'i');

    public bool ReadBoolean() => (int)Read((byte)'b') != 0;

    public string ReadString() => Encoding.UTF8.GetString(ReadText((byte)'s'));

    /// <summary>A string's bytes, valid as long as the message.</summary>
    public ReadOnlySpan<byte> ReadUtf8() => ReadText((byte)'s');

    /// <summary>An array of bytes, valid as long as the message.</summary>
    public ReadOnlySpan<byte> ReadBytes()
    {
        void* data;
        nuint size;

        // SAFETY: sd-bus gives a pointer into the message, which lives for the length of the callback; so does this ref struct.
        Check(SdBus.ReadArray(_message, (byte)'y', &data, &size));
        return new ReadOnlySpan<byte>(data, checked((int)size));
    }

    /// <summary>A descriptor that came with the message, duplicated (close-on-exec): the caller's own.</summary>
    public SafeFileHandle ReadFd()
    {
        int fd = (int)Read((byte)'h');
        int copy = Libc.Fcntl(fd, 1030, 3);
        return copy >= 0 ? new SafeFileHandle(copy, ownsHandle: true) : throw LinuxException.Last("duplicating a received descriptor");
    }

    /// <summary>Enters an array, variant, struct or dictionary entry; false at an array's end.</summary>
    /// <param name="type"><c>a v r e</c> as sd_bus_message_enter_container(3) has them.</param>
    public bool TryEnter(char type, ReadOnlySpan<byte> contents)
    {
        // SAFETY: `contents` is a NUL-terminated literal, pinned for the call.
        fixed (byte* c = contents)
        {
            int r = SdBus.EnterContainer(_message, (byte)type, c);
            return r >= 0 ? r > 0 : throw Bad(r);
        }
    }

    public void Exit()
    {
        int r = SdBus.ExitContainer(_message);
        if (r < 0)
        {
            throw Bad(r);
        }
    }

    /// <summary>Skips the next complete types, e.g. <c>"v"u8</c>.</summary>
    public void Skip(ReadOnlySpan<byte> types)
    {
        // SAFETY: a NUL-terminated literal, pinned for the call.
        fixed (byte* t = types)
        {
            int r = SdBus.Skip(_message, t);
            if (r < 0)
            {
                throw Bad(r);
            }
        }
    }

    /// <summary>Answers a method call with no values.</summary>
    public void Reply()
    {
        using DBusWriter writer = NewReply();
        writer.Send();
    }

    /// <summary>Begins an answer with values.</summary>
    public DBusWriter NewReply()
    {
        int r = SdBus.NewMethodReturn(_message, out nint reply);
        if (r < 0)
        {
            throw new DBusException("a reply cannot be made", -r);
        }

        return new DBusWriter(0, reply);
    }

    /// <summary>Answers a method call with an error; <paramref name="text"/> is taken literally, it must not contain '%'.</summary>
    public void ReplyError(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        // SAFETY: NUL-terminated literals, pinned for the call; the function is variadic, and a text without '%' uses no further argument.
        fixed (byte* n = name, t = text)
        {
            _ = SdBus.ReplyMethodError(_message, n, t);
        }
    }

    private ulong Read(byte type)
    {
        ulong value = 0;

        // SAFETY: eight bytes are room for every fixed-size basic type; the machine is little-endian, so a smaller one lands in the low bytes.
        Check(SdBus.ReadBasic(_message, type, &value));
        return value;
    }

    private ReadOnlySpan<byte> ReadText(byte type)
    {
        byte* text;

        // SAFETY: sd-bus gives a pointer into the message, which lives for the length of the callback.
        Check(SdBus.ReadBasic(_message, type, &text));
        return Text(text);
    }

    private byte Type()
    {
        byte type;

        // SAFETY: one byte into a local.
        return SdBus.GetType(_message, &type) >= 0 ? type : (byte)0;
    }

    // SAFETY: sd-bus gives NULL or a NUL-terminated string that lives as long as the message.
    private static ReadOnlySpan<byte> Text(byte* text) => text == null ? default : MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text);

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw Bad(result);
        }

        if (result == 0)
        {
            throw new DBusException("a message has fewer arguments than expected", 61);
        }
    }

    private static DBusException Bad(int result) => new("a message does not have the arguments expected", -result);
}

/// <summary>A message that is being written. Ends with <see cref="Send"/>; disposing frees it.</summary>
public unsafe ref struct DBusWriter
{
    private readonly nint _bus;
    private nint _message;

    internal DBusWriter(nint bus, nint message)
    {
        _bus = bus;
        _message = message;
    }

    internal readonly nint Message => _message;

    // SAFETY (all below): sd-bus copies the value from the pointer before it returns.
    public readonly DBusWriter UInt32(uint value) => Append('u', &value);

    public readonly DBusWriter Int32(int value) => Append('i', &value);

    public readonly DBusWriter UInt64(ulong value) => Append('t', &value);

    public readonly DBusWriter Byte(byte value) => Append('y', &value);

    public readonly DBusWriter UInt16(ushort value) => Append('q', &value);

    public readonly DBusWriter Boolean(bool value)
    {
        int flag = value ? 1 : 0;
        return Append('b', &flag);
    }

    /// <summary>A descriptor; sd-bus duplicates it.</summary>
    public readonly DBusWriter Fd(SafeFileHandle value)
    {
        int fd = (int)value.DangerousGetHandle();
        return Append('h', &fd);
    }

    /// <summary>A string, UTF-8 and NUL-terminated (a u8 literal is).</summary>
    public readonly DBusWriter String(ReadOnlySpan<byte> text)
    {
        fixed (byte* t = text)
        {
            Check(SdBus.AppendBasic(_message, (byte)'s', t));
        }

        return this;
    }

    /// <summary>An array of bytes.</summary>
    public readonly DBusWriter Bytes(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* b = bytes)
        {
            Check(SdBus.AppendArray(_message, (byte)'y', b, (nuint)bytes.Length));
        }

        return this;
    }

    public readonly DBusWriter Open(char type, ReadOnlySpan<byte> contents)
    {
        fixed (byte* c = contents)
        {
            Check(SdBus.OpenContainer(_message, (byte)type, c));
        }

        return this;
    }

    public readonly DBusWriter Close()
    {
        Check(SdBus.CloseContainer(_message));
        return this;
    }

    /// <summary>Sends it without waiting for an answer. False when the connection is gone.</summary>
    public readonly bool Send() => SdBus.Send(_bus, _message, null) >= 0;

    public void Dispose()
    {
        if (_message != 0)
        {
            SdBus.MessageUnref(_message);
            _message = 0;
        }
    }

    private readonly DBusWriter Append(char type, void* value)
    {
        Check(SdBus.AppendBasic(_message, (byte)type, value));
        return this;
    }

    private static void Check(int result)
    {
        if (result < 0)
        {
            throw new DBusException("a message cannot be written", -result);
        }
    }
}

/// <summary>A D-Bus connection or message is not what was expected. The connection it came from is closed; nothing else is.</summary>
public sealed class DBusException : LinuxException
{
    public DBusException(string what, int errno)
        : base(what, errno)
    {
    }
}
