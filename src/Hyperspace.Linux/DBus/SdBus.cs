using System.Runtime.InteropServices;

namespace Hyperspace.Linux.DBus;

/// <summary>libsystemd's sd-bus(3), the functions that peer-to-peer connections need. Results below 0 are negated errno values.</summary>
internal static unsafe partial class SdBus
{
    private const string Library = "libsystemd.so.0";

    [LibraryImport(Library, EntryPoint = "sd_bus_new")]
    internal static partial int New(out nint bus);

    [LibraryImport(Library, EntryPoint = "sd_bus_set_fd")]
    internal static partial int SetFd(nint bus, int input, int output);

    [LibraryImport(Library, EntryPoint = "sd_bus_negotiate_fds")]
    internal static partial int NegotiateFds(nint bus, int yes);

    /// <param name="id">An sd_id128_t: 16 bytes by value, passed like two 64-bit integers, as a Guid is.</param>
    [LibraryImport(Library, EntryPoint = "sd_bus_set_server")]
    internal static partial int SetServer(nint bus, int yes, Guid id);

    [LibraryImport(Library, EntryPoint = "sd_bus_set_bus_client")]
    internal static partial int SetBusClient(nint bus, int yes);

    [LibraryImport(Library, EntryPoint = "sd_bus_start")]
    internal static partial int Start(nint bus);

    [LibraryImport(Library, EntryPoint = "sd_bus_is_ready")]
    internal static partial int IsReady(nint bus);

    [LibraryImport(Library, EntryPoint = "sd_bus_close_unref")]
    internal static partial nint CloseUnref(nint bus);

    [LibraryImport(Library, EntryPoint = "sd_bus_add_filter")]
    internal static partial int AddFilter(nint bus, nint* slot, delegate* unmanaged<nint, nint, nint, int> callback, nint userData);

    [LibraryImport(Library, EntryPoint = "sd_bus_process")]
    internal static partial int Process(nint bus, nint* message);

    [LibraryImport(Library, EntryPoint = "sd_bus_get_events")]
    internal static partial int GetEvents(nint bus);

    [LibraryImport(Library, EntryPoint = "sd_bus_get_timeout")]
    internal static partial int GetTimeout(nint bus, ulong* microseconds);

    [LibraryImport(Library, EntryPoint = "sd_bus_get_n_queued_write")]
    internal static partial int GetQueuedWrite(nint bus, ulong* count);

    [LibraryImport(Library, EntryPoint = "sd_bus_send")]
    internal static partial int Send(nint bus, nint message, ulong* cookie);

    [LibraryImport(Library, EntryPoint = "sd_bus_call_async")]
    internal static partial int CallAsync(
        nint bus, nint* slot, nint message, delegate* unmanaged<nint, nint, nint, int> callback, nint userData, ulong microseconds);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_new_method_call")]
    internal static partial int NewMethodCall(nint bus, out nint message, byte* destination, byte* path, byte* @interface, byte* member);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_new_signal")]
    internal static partial int NewSignal(nint bus, out nint message, byte* path, byte* @interface, byte* member);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_new_method_return")]
    internal static partial int NewMethodReturn(nint call, out nint message);

    [LibraryImport(Library, EntryPoint = "sd_bus_reply_method_errorf")]
    internal static partial int ReplyMethodError(nint call, byte* name, byte* text);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_unref")]
    internal static partial nint MessageUnref(nint message);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_set_expect_reply")]
    internal static partial int SetExpectReply(nint message, int yes);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_get_expect_reply")]
    internal static partial int GetExpectReply(nint message);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_get_type")]
    internal static partial int GetType(nint message, byte* type);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_get_member")]
    internal static partial byte* GetMember(nint message);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_get_interface")]
    internal static partial byte* GetInterface(nint message);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_get_path")]
    internal static partial byte* GetPath(nint message);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_is_method_error")]
    internal static partial int IsMethodError(nint message, byte* name);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_read_basic")]
    internal static partial int ReadBasic(nint message, byte type, void* value);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_read_array")]
    internal static partial int ReadArray(nint message, byte type, void** data, nuint* size);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_enter_container")]
    internal static partial int EnterContainer(nint message, byte type, byte* contents);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_exit_container")]
    internal static partial int ExitContainer(nint message);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_skip")]
    internal static partial int Skip(nint message, byte* types);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_append_basic")]
    internal static partial int AppendBasic(nint message, byte type, void* value);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_append_array")]
    internal static partial int AppendArray(nint message, byte type, void* data, nuint size);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_open_container")]
    internal static partial int OpenContainer(nint message, byte type, byte* contents);

    [LibraryImport(Library, EntryPoint = "sd_bus_message_close_container")]
    internal static partial int CloseContainer(nint message);
}
