using System.Runtime.InteropServices;
using System.Text;

namespace Hyperspace.Linux.Terminal;

/// <summary>
/// Starts a program in a session of its own with chosen descriptors (posix_spawn(3)), which <see cref="System.Diagnostics.Process"/> cannot. All
/// descriptors of this process are close-on-exec, so that the child gets those three and no other.
/// </summary>
internal static unsafe partial class Spawn
{
    private const short SetDefaultSignals = 0x04, SetSession = 0x80;

    /// <summary>What a descriptor of the child is: a path opened for reading and writing, or a copy of one of ours.</summary>
    /// <param name="Controlling">Whether a terminal of that name becomes the new session's controlling one.</param>
    internal readonly record struct Stream(string? Path, int Fd, bool Controlling = false);

    /// <returns>The child's pid; the caller reaps it with <see cref="Reap"/>.</returns>
    internal static int Start(IReadOnlyList<string> command, IEnumerable<string> environment, params ReadOnlySpan<Stream> streams)
    {
        // SAFETY: posix_spawnattr_t has 336 bytes, posix_spawn_file_actions_t 80 and sigset_t 128 in glibc; the buffers are larger, aligned, and live until
        // all calls are done. Strings are copied by the calls that take them; argv and envp live until posix_spawn has returned.
        byte* attributes = stackalloc byte[1024];
        byte* actions = stackalloc byte[512];
        byte* signals = stackalloc byte[256];
        Check(AttrInit(attributes), "posix_spawnattr_init");
        Check(ActionsInit(actions), "posix_spawn_file_actions_init");
        byte** argv = Strings(command), envp = Strings(environment);
        try
        {
            // What this process ignores, or the shell that started it in the background, is not the child's business.
            _ = SigFillSet(signals);
            Check(AttrSetSignals(attributes, signals), "posix_spawnattr_setsigdefault");
            Check(AttrSetFlags(attributes, SetSession | SetDefaultSignals), "posix_spawnattr_setflags");
            for (int fd = 0; fd < streams.Length; fd++)
            {
                Check(
                    streams[fd].Path is { } path ? ActionsAddOpen(actions, fd, path, LibTerminal.ReadWrite | (streams[fd].Controlling ? 0 : LibTerminal.NoControllingTerminal), 0) : ActionsAddDup2(actions, streams[fd].Fd, fd),
                    "posix_spawn_file_actions");
            }

            Check(PosixSpawn(out int pid, command[0], actions, attributes, argv, envp), $"start {command[0]}");
            return pid;
        }
        finally
        {
            Free(argv);
            Free(envp);
            _ = ActionsDestroy(actions);
            _ = AttrDestroy(attributes);
        }
    }

    /// <summary>Waits for the end of a child that is about to end.</summary>
    /// <returns>wait(2)'s status.</returns>
    internal static int Reap(int pid)
    {
        int status;
        while (WaitPid(pid, out status, 0) < 0 && Marshal.GetLastPInvokeError() == Libc.EINTR)
        {
        }

        return status;
    }

    private static byte** Strings(IEnumerable<string> strings)
    {
        string[] all = [.. strings];
        var array = (byte**)NativeMemory.AllocZeroed((nuint)all.Length + 1, (nuint)sizeof(byte*));
        for (int i = 0; i < all.Length; i++)
        {
            int length = Encoding.UTF8.GetByteCount(all[i]);
            array[i] = (byte*)NativeMemory.AllocZeroed((nuint)length + 1);
            Encoding.UTF8.GetBytes(all[i], new Span<byte>(array[i], length));
        }

        return array;
    }

    private static void Free(byte** strings)
    {
        for (byte** s = strings; *s != null; s++)
        {
            NativeMemory.Free(*s);
        }

        NativeMemory.Free(strings);
    }

    private static void Check(int errno, string what)
    {
        if (errno != 0)
        {
            throw new LinuxException(what, errno);
        }
    }

    [LibraryImport("libc", EntryPoint = "posix_spawnp", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int PosixSpawn(out int pid, string file, byte* actions, byte* attributes, byte** argv, byte** envp);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    private static partial int AttrInit(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    private static partial int AttrSetFlags(byte* attributes, short flags);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    private static partial int AttrSetSignals(byte* attributes, byte* signals);

    [LibraryImport("libc", EntryPoint = "sigfillset")]
    private static partial int SigFillSet(byte* signals);

    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    private static partial int AttrDestroy(byte* attributes);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    private static partial int ActionsInit(byte* actions);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_addopen", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ActionsAddOpen(byte* actions, int fd, string path, int flags, uint mode);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    private static partial int ActionsAddDup2(byte* actions, int fd, int newFd);

    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    private static partial int ActionsDestroy(byte* actions);

    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    private static partial int WaitPid(int pid, out int status, int options);
}
