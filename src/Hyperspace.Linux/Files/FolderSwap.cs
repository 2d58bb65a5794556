using System.Runtime.InteropServices;

namespace Hyperspace.Linux.Files;

/// <summary>Puts a new folder in an old one's place in one step: renameat2(2).</summary>
public static partial class FolderSwap
{
    private const int CurrentFolder = -100;
    private const uint Exchange = 2;

    /// <summary>Gives the new folder the place. The old one, if there is one, has the new one's name afterwards: at no time is there none, or half of one.</summary>
    /// <exception cref="IOException">The kernel or the file system refuses; nothing has changed.</exception>
    public static void Replace(string fresh, string place)
    {
        if (!Directory.Exists(place))
        {
            Directory.Move(fresh, place);
        }
        else if (RenameAt2(CurrentFolder, fresh, CurrentFolder, place, Exchange) < 0)
        {
            throw LinuxException.Last($"exchange of {fresh} and {place}");
        }

        AtomicFile.SyncFolder(Path.GetDirectoryName(place)!);
    }

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int oldFolder, string oldPath, int newFolder, string newPath, uint flags);
}
