using System.Runtime.InteropServices;

namespace Hyperspace.Linux;

/// <summary>Random numbers of the kernel (getrandom(2)), not to be guessed. .NET's own generator needs OpenSSL's library, and ends the process where that is not installed.</summary>
public static unsafe partial class KernelRandom
{
    /// <summary>0 up to, but not including, <paramref name="end"/>; each as likely as the others.</summary>
    /// <param name="end">1 to 2^31 - 1.</param>
    /// <exception cref="LinuxException">The kernel gives none; there is nothing to go on with.</exception>
    public static int Below(int end)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(end);
        uint limit = uint.MaxValue - uint.MaxValue % (uint)end;
        while (true)
        {
            uint value;

            // SAFETY: four bytes of a local. Requests of up to 256 bytes are never answered in part.
            nint count = GetRandom((byte*)&value, sizeof(uint), 0);
            if (count == sizeof(uint))
            {
                if (value < limit)
                {
                    return (int)(value % (uint)end);
                }
            }
            else if (Marshal.GetLastPInvokeError() != Libc.EINTR)
            {
                throw LinuxException.Last("getrandom");
            }
        }
    }

    [LibraryImport("libc", EntryPoint = "getrandom", SetLastError = true)]
    private static partial nint GetRandom(byte* buffer, nuint count, uint flags);
}
