using System.Buffers.Binary;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Hyperspace.Linux.Files;

namespace Hyperspace.Machines.Definitions;

/// <summary>
/// Makes and copies disk images with qemu-img, each under a temporary name in the same folder until it is whole and synced. Nothing is overwritten, and what fails leaves nothing.
/// </summary>
public static class DiskImage
{
    private const int HeaderBytes = 104;

    /// <summary>Makes an empty image.</summary>
    /// <exception cref="MachineException">It exists already, or cannot be made.</exception>
    public static Task CreateAsync(string file, DiskFormat format, long bytes, CancellationToken cancel) =>
        MakeAsync(file, temporary => RunAsync(["create", "-q", "-f", Word(format), temporary, bytes.ToString(CultureInfo.InvariantCulture)], null, cancel));

    /// <summary>Copies an image with all that is in it; holes stay holes.</summary>
    /// <param name="from">An image that needs no other file, see <see cref="OtherFileOf"/>.</param>
    /// <param name="percent">Gets 0 to 100.</param>
    /// <exception cref="MachineException">It exists already, or cannot be copied.</exception>
    public static Task CopyAsync(string from, DiskFormat format, string to, Action<double>? percent, CancellationToken cancel) =>
        MakeAsync(to, temporary => RunAsync(["convert", "-p", "-f", Word(format), "-O", Word(format), from, temporary], percent, cancel));

    /// <summary>
    /// The backing file or external data file of a qcow2 image (QEMU documentation, "qcow2 image format"); null for one that stands alone. An image from elsewhere can name any file of this
    /// host there, so such images are not used.
    /// </summary>
    public static string? OtherFileOf(string file) => Header(file) is { } header ? OtherFile(file, header) : null;

    /// <summary>The size that a guest sees, in bytes; null when the file cannot be read.</summary>
    public static long? GuestSize(string file)
    {
        try
        {
            return Header(file) is { } header ? BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(24)) : new FileInfo(file).Length;
        }
        catch (IOException)
        {
            return null;
        }
    }

    private static string? OtherFile(string file, byte[] header)
    {
        long offset = BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(8));
        int length = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(16));
        bool externalData = BinaryPrimitives.ReadInt32BigEndian(header.AsSpan(4)) >= 3 && (BinaryPrimitives.ReadInt64BigEndian(header.AsSpan(72)) & 4) != 0;
        if (offset == 0)
        {
            return externalData ? "an external data file" : null;
        }

        // The format's limit for the name is 1023 bytes.
        var name = new byte[Math.Clamp(length, 0, 1023)];
        using FileStream stream = File.OpenRead(file);
        if (offset < 0 || offset > stream.Length)
        {
            return "one that it does not name rightly";
        }

        stream.Position = offset;
        int n = stream.ReadAtLeast(name, name.Length, throwOnEndOfStream: false);
        return string.Concat(Encoding.UTF8.GetString(name, 0, n).Select(c => char.IsControl(c) ? '\uFFFD' : c));
    }

    /// <summary>Null for a file that is not qcow2 or cannot be read.</summary>
    private static byte[]? Header(string file)
    {
        if (DiskMagic.IsQcow2(file) != true)
        {
            return null;
        }

        var header = new byte[HeaderBytes];
        using FileStream stream = File.OpenRead(file);
        stream.ReadAtLeast(header, HeaderBytes, throwOnEndOfStream: false);
        return header;
    }

    private static async Task MakeAsync(string file, Func<string, Task> make)
    {
        string folder = Path.GetDirectoryName(file)!;
        string temporary = Path.Combine(folder, $".{Path.GetFileName(file)}.{Guid.NewGuid():N}.new");
        if (File.Exists(file))
        {
            throw new MachineException($"{file} exists already, and nothing is overwritten.");
        }

        try
        {
            await make(temporary);
            using (FileStream stream = File.Open(temporary, FileMode.Open, FileAccess.ReadWrite))
            {
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, file, overwrite: false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new MachineException($"{file} cannot be made: {e.Message}", e);
        }
        finally
        {
            File.Delete(temporary);
        }

        AtomicFile.SyncFolder(folder);
    }

    private static async Task RunAsync(IReadOnlyList<string> arguments, Action<double>? percent, CancellationToken cancel)
    {
        var start = new ProcessStartInfo("qemu-img", arguments) { RedirectStandardError = true, RedirectStandardOutput = true };
        using Process process = Start(start);
        try
        {
            Task<string> error = process.StandardError.ReadToEndAsync(cancel);
            await ReadProgressAsync(process.StandardOutput, percent, cancel);
            string problem = (await error).Trim();
            await process.WaitForExitAsync(cancel);
            if (process.ExitCode != 0)
            {
                throw new MachineException($"qemu-img {arguments[0]} failed: {(problem.Length > 0 ? problem.ReplaceLineEndings(" ") : $"exit code {process.ExitCode}")}");
            }
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill();
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }
    }

    /// <summary>qemu-img writes <c>    (12.34/100%)</c> and a carriage return.</summary>
    private static async Task ReadProgressAsync(StreamReader output, Action<double>? percent, CancellationToken cancel)
    {
        var buffer = new char[256];
        int n;
        while ((n = await output.ReadAsync(buffer, cancel)) > 0)
        {
            string text = new(buffer, 0, n);
            int from = text.LastIndexOf('(') + 1;
            int to = from > 0 ? text.IndexOf('/', from) : -1;
            if (to > 0 && double.TryParse(text.AsSpan(from, to - from), NumberStyles.Float, CultureInfo.InvariantCulture, out double value))
            {
                percent?.Invoke(value);
            }
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new MachineException("The program qemu-img (package qemu-utils) is not installed, and without it no disk image can be made.", e);
        }
    }

    private static string Word(DiskFormat format) => format == DiskFormat.Qcow2 ? "qcow2" : "raw";
}
